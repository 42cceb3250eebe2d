"""Which file, and which of its lines, promtool rejects."""

import re
from typing import NamedTuple

_CHECKING = re.compile(r"Checking (.+)")
_LINE = re.compile(r"\bline (\d{1,7})\b|(?<=: )(\d{1,7}):\d{1,7}(?=: )")


class Rejected(NamedTuple):
    """The place of an error that promtool found: the file, and the line if promtool says it."""

    path: str
    line: int | None


def rejected(words: str, path: str) -> Rejected:
    r"""Return the place of the first error in promtool's output for ``promtool check config``.

    promtool prints "Checking PATH" before each file, the configuration first, and "FAILED" before its errors.

    + words: the output
    + path: the configuration file, to which an error belongs that no other file is named for

    Example:
        >>> rejected("Checking a.yml\n SUCCESS\nChecking b.rules\n  FAILED:\nb.rules: yaml: line 2: bad", "a.yml")
        Rejected(path='b.rules', line=2)
    """
    checked = path
    lines = words.split("\n")
    for number, line in enumerate(lines):
        if match := _CHECKING.fullmatch(line.strip()):
            checked = match[1]
        elif "FAILED" in line:
            return Rejected(checked, line_in("\n".join(lines[number:])))
    return Rejected(path, line_in(words))


def line_in(words: str) -> int | None:
    """Return the first number of a line in an error message; None if there is none."""
    match = _LINE.search(words)
    return int(match[1] or match[2]) if match else None
