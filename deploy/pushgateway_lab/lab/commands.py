"""Commands that people on a host are shown, to paste: safe whatever a host, a pusher or a setting says.

A command is made of words, each quoted for the shell. One that holds what a terminal could take for
more than text, as a line end within a word, is none.
"""

import shlex

LONGEST = 1000
"""Characters of a fix: nobody reads more than that before pasting it."""


def command(*words: str) -> str | None:
    """Return a command for a shell; None if a word is not printable, so that it cannot be shown.

    + words: the program and its arguments; they arrive as they are here
    """
    return " ".join(map(shlex.quote, words)) if all(map(_is_printable, words)) else None


def quoted(word: str) -> str:
    """Return a word in quotes, also where a shell needs none."""
    needed = shlex.quote(word)
    return needed if needed != word else f"'{word}'"


def join(separator: str, *commands: str | None) -> str | None:
    """Return commands as one; None if one of them is none.

    + separator: what stands between them: a line end, or an operator of the shell
    """
    known = [each for each in commands if each is not None]
    return separator.join(known) if len(known) == len(commands) else None


def is_shown(fix: str) -> bool:
    """Return whether a fix is printable and not longer than `LONGEST`."""
    return len(fix) <= LONGEST and all(map(_is_printable, fix.split("\n")))


def _is_printable(text: str) -> bool:
    # Marks that turn the direction of writing are not printable either, nor are half characters.
    return text.isprintable()
