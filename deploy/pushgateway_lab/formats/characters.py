"""Characters that no setting may hold, and values as an error message shows them.

A setting ends up in shell scripts, in files that are read line by line, in terminals and in pages. In
each of them some characters do something (NUL ends a text, U+2028 ends a line, ESC drives a terminal,
U+202E turns the direction of writing), and some cannot be seen, so that two texts look the same.
"""

import re
import reprlib

LONGEST = 1000
"""Characters of the longest text that a setting may hold."""

SHOWN = 80
"""Characters of a value that an error message shows at most."""

# What str.isprintable lets pass although nothing is seen of it: Default_Ignorable_Code_Point of
# Unicode 16 (DerivedCoreProperties.txt) without what is no letter or mark anyway, and U+2800, a blank.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = _repr.maxlong = SHOWN


def check_characters(text: str) -> None:
    """Check that each character of a text can be seen and has no effect where it is written or shown.

    Refused are control and format characters (bidi marks, zero-width characters), line and paragraph
    separators, blanks other than the ASCII one, lone surrogates, and what Unicode does not assign.

    Raises:
        ValueError: with the first character that is refused, or with the length.
    """
    if len(text) > LONGEST:
        raise ValueError(f"has {len(text)} characters; {LONGEST} are the most")
    if text.isprintable() and not _UNSEEN.search(text):
        return
    bad = next(each for each in text if not each.isprintable() or _UNSEEN.match(each))
    raise ValueError(
        f"holds U+{ord(bad):04X}, a character that cannot be seen or that controls how text is read"
    )


def shown(value: object) -> str:
    """Return the repr of a value for an error message: escaped, and cut at `SHOWN` characters."""
    try:
        text = _repr.repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits
        text = f"a {type(value).__name__} too long to show"
    text = "".join(
        each if each.isprintable() and not _UNSEEN.match(each) else _escaped(each) for each in text
    )
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
