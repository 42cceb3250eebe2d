r"""Text from hosts, such that all of it can be seen and none of it does anything.

A host may say what it likes: sequences that drive a terminal, marks that turn the direction of
writing, blanks of no width. Here, they become what people know from string literals, as ``\x1b``.
A text that is too long to be read is cut, and says by how much.

Python 3.9 and its standard library: the prune's program writes its log with it.
"""

from __future__ import annotations

import unicodedata

MESSAGE = 2_000
"""Characters of a message that somebody reads: some forty lines."""

VALUE = 200
"""Characters of a value inside a message."""

_LAYOUT = "\n\t"


def visible(text: str) -> str:
    """Escape a text; its line breaks and tabs stay."""
    return _escaped(text, keep=_LAYOUT)


def one_line(text: str) -> str:
    """Escape a text, its line breaks and tabs as well."""
    return _escaped(text, keep="")


def cut(text: str, length: int) -> str:
    """Return the first characters of a text, and how many more there were; a short text whole."""
    if len(text) <= length:
        return text
    return f"{text[:length]}… ({len(text) - length:,} more characters)"


def start_of(text: str | bytes, most: int) -> str:
    """Return the beginning of what a server sent, on one line, escaped, in `most` characters or fewer."""
    if isinstance(text, bytes):
        text = text[: 4 * most].decode("utf-8", "replace")
    escaped = one_line(text[: most + 1])
    return escaped if len(escaped) <= most else f"{escaped[: most - 1]}…"


def value(text: str) -> str:
    """Return a value from a host as it may stand inside a message: on one line, escaped, cut."""
    return one_line(cut(text, VALUE))


def message(text: str) -> str:
    """Return a text as it may be said to people: escaped, cut."""
    return visible(cut(text, MESSAGE))


def _escaped(text: str, keep: str) -> str:
    if text.isprintable():  # nearly all texts, and fast
        return text
    return "".join(
        each if each.isprintable() or each in keep else each.encode("unicode_escape").decode()
        for each in text
    )


def columns(text: str) -> int:
    """How many columns of a terminal a visible text takes: wide characters take two."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
