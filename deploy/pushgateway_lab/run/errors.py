"""The error that fails one host."""


class HostError(Exception):
    """What is wrong on one host: the place, the tool's own words, and the next step."""
