"""Characters that no setting may hold, and values in error messages.

A setting is written into shell scripts, files of lines, terminals and pages. In each of them some characters
have an effect (NUL ends a text, U+2028 ends a line, ESC controls a terminal, U+202E changes the direction of
writing). Others are invisible, so that two texts look the same.
"""

import re
import reprlib

LONGEST = 1000
"""The most characters of a text in a setting."""

SHOWN = 80
"""The most characters of a value in an error message."""

# Invisible characters for which str.isprintable is true: the letters and marks among
# Default_Ignorable_Code_Point of Unicode 16 (DerivedCoreProperties.txt), and U+2800, a blank.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = _repr.maxlong = SHOWN


def check_characters(text: str) -> None:
    """Check that each character of a text is visible and has no effect where it is written or shown.

    Refused are control and format characters (bidi marks, zero-width characters), line and paragraph
    separators, blanks other than the ASCII one, lone surrogates, and characters that Unicode has not
    assigned.

    Raises:
        ValueError: the text is longer than `LONGEST`, or holds one of these characters; the message
            names the first one.
    """
    if len(text) > LONGEST:
        raise ValueError(f"has {len(text)} characters; at most {LONGEST} are accepted")
    if text.isprintable() and not _UNSEEN.search(text):
        return
    bad = next(each for each in text if not each.isprintable() or _UNSEEN.match(each))
    raise ValueError(
        f"holds U+{ord(bad):04X}, a character that is invisible or controls how text is shown"
    )


def shown(value: object) -> str:
    """Return the repr of a value for an error message: escaped, and cut to `SHOWN` characters."""
    try:
        text = _repr.repr(value)
    except (ValueError, RecursionError):  # ValueError: a number of thousands of digits
        text = f"a {type(value).__name__} too long to show"
    text = "".join(
        each if each.isprintable() and not _UNSEEN.match(each) else _escaped(each) for each in text
    )
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
