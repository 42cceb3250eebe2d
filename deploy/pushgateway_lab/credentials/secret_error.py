"""The error about a secret that cannot be had."""


class SecretError(Exception):
    """A secret cannot be had; the message names its place and the next step, and never the secret."""
