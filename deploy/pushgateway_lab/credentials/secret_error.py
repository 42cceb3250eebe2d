"""The error about a secret that cannot be fetched."""


class SecretError(Exception):
    """A secret cannot be fetched; the message names its place and the next step, and never the secret."""
