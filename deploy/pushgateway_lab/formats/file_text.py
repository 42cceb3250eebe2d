"""The text of a file on a host as bytes, and its digest.

Bytes that are no UTF-8 are surrogates in the text, so that each file keeps its bytes.
"""

from hashlib import sha256

ABSENT = "absent"
"""The digest of a file that is not there."""


def encoded(text: str) -> bytes:
    """Return the bytes of a text that was read from a file."""
    return text.encode("utf-8", "surrogateescape")


def digest_of(content: bytes | str | None) -> str:
    """Return the SHA-256 in hexadecimal, as ``sha256sum`` prints it; `ABSENT` for None, a file that is not there.

    Example:
        >>> digest_of(None)
        'absent'
    """
    if content is None:
        return ABSENT
    return sha256(encoded(content) if isinstance(content, str) else content).hexdigest()
