"""The error of everything that concerns a release archive."""


class ReleaseError(Exception):
    """A release archive cannot be had or used; the message says what is wrong, where, and the next step."""
