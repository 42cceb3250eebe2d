"""The error that fails one host."""


class HostError(Exception):
    """A problem on one host; the message names the place, quotes the tool, and says the next step."""


INTERRUPTED = "Interrupted."
"""The message of the error that Ctrl-C raises in waiting operations."""
