r"""Escape and cut text from hosts, so that all of it is visible and none of it controls the terminal.

A host may send any text: terminal control sequences, marks that change the writing direction, spaces of zero
width. They are escaped as in Python string literals, such as ``\x1b``. A text that is too long is cut; it says
how many characters are missing.

Only Python 3.9 and its standard library: the prune's program uses this module for its log.
"""

from __future__ import annotations

import unicodedata

from pushgateway_lab.formats.words import further

MESSAGE = 2_000
"""The largest number of characters of a message: about forty lines."""

VALUE = 200
"""The largest number of characters of a value inside a message."""

_LAYOUT = "\n\t"


def visible(text: str) -> str:
    """Return a text, escaped except for its line breaks and tabs."""
    return _escaped(text, keep=_LAYOUT)


def one_line(text: str) -> str:
    """Return a text, escaped, including its line breaks and tabs."""
    return _escaped(text, keep="")


def cut(text: str, length: int) -> str:
    """Return a text unchanged if it is short, else its first characters and the number of the others."""
    if len(text) <= length:
        return text
    return f"{text[:length]}… ({further(len(text) - length, 'character')})"


def start_of(text: str | bytes, most: int) -> str:
    """Return the beginning of a server's text on one line: escaped, at most `most` characters."""
    if isinstance(text, bytes):
        text = text[: 4 * most].decode("utf-8", "replace")
    escaped = one_line(text[: most + 1])
    return escaped if len(escaped) <= most else f"{escaped[: most - 1]}…"


def value(text: str) -> str:
    """Return a value from a host for use inside a message: on one line, escaped, cut."""
    return one_line(cut(text, VALUE))


def message(text: str) -> str:
    """Return a text for use as a message: escaped, cut."""
    return visible(cut(text, MESSAGE))


def _escaped(text: str, keep: str) -> str:
    if text.isprintable():  # nearly all texts, and fast
        return text
    return "".join(
        each if each.isprintable() or each in keep else each.encode("unicode_escape").decode()
        for each in text
    )


def columns(text: str) -> int:
    """Return the number of terminal columns of a visible text: wide characters take two."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
