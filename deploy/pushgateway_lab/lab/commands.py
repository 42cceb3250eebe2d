"""Commands that people paste into a shell. No text of a host, a pusher or a setting can change them.

Each word of a command is quoted for the shell. A command with an unprintable character in a word, for
example a line end, is not shown at all.
"""

import shlex

LONGEST = 1000
"""The most characters of a fix: nobody reads more than that before pasting it."""


def command(*words: str) -> str | None:
    """Return a command for a shell; None if a word is not printable.

    + words: the program and its arguments, unquoted
    """
    return " ".join(map(shlex.quote, words)) if all(map(_is_printable, words)) else None


def quoted(word: str) -> str:
    """Return a word in quotes, even if a shell needs none."""
    needed = shlex.quote(word)
    return needed if needed != word else f"'{word}'"


def join(separator: str, *commands: str | None) -> str | None:
    """Return several commands as one text; None if one of them is None.

    + separator: the text between them: a line end, or an operator of the shell
    """
    known = [each for each in commands if each is not None]
    return separator.join(known) if len(known) == len(commands) else None


def is_shown(fix: str) -> bool:
    """Return whether a fix is printable, not longer than `LONGEST`, and has no line end inside quotes."""
    lines = fix.split("\n")
    return len(fix) <= LONGEST and all(_is_printable(each) and _is_complete(each) for each in lines)


def _is_complete(line: str) -> bool:
    try:
        return bool(shlex.split(line))
    except ValueError:
        return False


def _is_printable(text: str) -> bool:
    return text.isprintable()  # false for bidi marks and lone surrogates, too
