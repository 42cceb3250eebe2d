r"""Text from hosts, such that all of it can be seen and none of it does anything.

A host may say what it likes: sequences that drive a terminal, marks that turn the direction of
writing, blanks of no width. Here, they become what people know from string literals, as ``\x1b``.
A text that is too long to be read is cut, and says by how much.
"""

import unicodedata

MESSAGE = 2_000
"""Characters of a message that somebody reads: some forty lines."""

VALUE = 200
"""Characters of a value inside a message."""

_LAYOUT = "\n\t"


def visible(text: str) -> str:
    """A text whose line breaks and tabs stay."""
    return _escaped(text, keep=_LAYOUT)


def one_line(text: str) -> str:
    """A text on one line: line breaks and tabs are escaped, too."""
    return _escaped(text, keep="")


def cut(text: str, length: int) -> str:
    """Return a text of that many characters at most, and what says how many more there were."""
    return text if len(text) <= length else f"{text[:length]}... ({len(text) - length} more)"


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
