"""The error that fails one host."""


class HostError(Exception):
    """What is wrong on one host: the place, the tool's own words, and the next step."""


INTERRUPTED = "Interrupted."
"""The message of the error that ends what waits, where somebody presses Ctrl-C."""
