"""Secrets as lines of a script's standard input: ``files/secret-lines.sh`` reads them. Pure.

A secret is neither an argument nor a variable before a script, because every user of the host can read these, and no
file on the host holds it. The scripts hand a password to curl as its configuration, on a pipe.
"""

from base64 import b64encode
from collections.abc import Iterable
from typing import NamedTuple

from typing_extensions import override

END = "end"
"""The last line: what follows on standard input is no secret."""


class SecretLines(NamedTuple):
    """Lines of a name and a value, each without a newline. They are not shown."""

    lines: tuple[str, ...] = ()

    @override
    def __repr__(self) -> str:
        return f"SecretLines({len(self.lines)} lines)"


def to_compare(secrets: Iterable[tuple[str, bytes]]) -> SecretLines:
    """Return the lines with the wanted contents of files on the host, see ``look_at_files`` in ``files/snapshot.sh``.

    The host reports only whether both are equal: a digest would allow to guess a secret.

    + secrets: pairs of the path on the host, without blanks, and the content
    """
    return SecretLines(tuple(f"compare {path} {_encoded(data)}" for path, data in secrets))


def for_prometheus(username: str | None, password: str, authorities: str) -> SecretLines:
    """Return the lines with which the scripts ask Prometheus.

    + username: None: without a password
    + password: sent in UTF-8 (RFC 7617), as base64: no character of it has a meaning for the shell or for curl
    + authorities: the certificates to trust, in PEM; empty: those of the host

    Example:
        >>> for_prometheus("trainer", "secret", "").lines
        ('prometheus_login dHJhaW5lcjpzZWNyZXQ=',)
    """
    lines = []
    if username is not None:
        lines.append(f"prometheus_login {_encoded(f'{username}:{password}'.encode())}")
    if authorities:
        lines.append(f"prometheus_authorities {_encoded(authorities.encode())}")
    return SecretLines(tuple(lines))


def for_text(digest: str, expected: str = "") -> SecretLines:
    """Return the lines with the digests of a text that is written. It may have a password, which a digest helps to guess.

    + digest: SHA-256 of the new text in hexadecimal
    + expected: that of the text in whose place it comes, or ``absent``
    """
    return SecretLines((f"digest {digest}", *([f"expected {expected}"] if expected else [])))


def joined(*parts: SecretLines) -> SecretLines:
    """Return the lines of several parts."""
    return SecretLines(tuple(line for part in parts for line in part.lines))


def _encoded(data: bytes) -> str:
    return b64encode(data).decode()
