"""The command of a systemd unit, as its files have it. Pure functions on text.

systemctl shows a command without its quotes, so the text of the files is parsed here (systemd.syntax(7),
systemd.service(5), "Command lines").
"""

import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Sequence

from pushgateway_lab.facts.snapshot import UnitFile
from pushgateway_lab.installations.flags import Flag, FlagError, parse_flags
from pushgateway_lab.settings.values import check_word

_TOKEN = re.compile(r"""(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+""")
"""One word of a command with its quotes."""

_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)\}")
"""A whole word that is a variable: without braces, its value is split at blanks."""


def exec_start(files: Iterable[UnitFile]) -> str | None:
    r"""Return the command of a unit as written, in one line; None if there is none.

    + files: the unit and its drop-ins, in the order in which systemd reads them

    Example:
        >>> exec_start([UnitFile("/x", "[Service]\nExecStart=/bin/a --b\n")])
        '/bin/a --b'
    """
    found = [value for name, value in _assignments(files) if name == "ExecStart"]
    # An empty assignment removes those before it.
    return found[-1] or None if found else None


def flags_of(command: str, files: Iterable[UnitFile]) -> tuple[Flag, ...]:
    """Return the flags of a command, with the variables that `files` set in it.

    Raises:
        FlagError: its quotes are not valid.
    """
    variables = dict(_environment(files))
    words: list[str] = []
    for token in tokens(command)[1:]:
        if match := _VARIABLE.fullmatch(token):
            value = variables.get(match[1] or match[2], "")
            words += value.split() if match[1] else [value]
        else:
            words += _split(token)
    return parse_flags(words)


def with_flags(command: str, wanted: Sequence[Flag], files: Iterable[UnitFile]) -> str:
    """Return a command with other flags; what stays is as it was written.

    + wanted: all flags, of which those that `flags_of` returns are there already

    Raises:
        FlagError: a flag that has to go is in a variable, or a new one has a character that systemd interprets.
    """
    files = tuple(files)
    present = flags_of(command, files)
    going = {each.name for each in present if each not in wanted}
    kept = " ".join(_without(tokens(command), going))
    if stuck := going & {each.name for each in flags_of(kept, files)}:
        raise FlagError(f"--{min(stuck)} is in a variable of the command")
    added = [str(each) for each in wanted if each not in present]
    for word in added:
        _check(word)
    return " ".join([kept, *added])


def tokens(command: str) -> list[str]:
    """Return the words of a command with their quotes.

    Raises:
        FlagError: its quotes are not valid.
    """
    if rest := _TOKEN.sub("", command).strip():
        raise FlagError(f"the quotes in the command are not valid: {rest[:80]!r}")
    return _TOKEN.findall(command)


def _without(found: Sequence[str], going: Collection[str]) -> list[str]:
    """Return the tokens without the flags of these names, and their values."""
    kept: list[str] = []
    skips = False
    for token in found:
        word = next(iter(_split(token)), "")
        if skips and not word.startswith("-"):
            skips = False
            continue
        skips = False
        name, equals, _ = word.lstrip("-").partition("=")
        if word.startswith("-") and (name in going or name.removeprefix("no-") in going):
            skips = not equals
            continue
        kept.append(token)
    return kept


def _split(token: str) -> list[str]:
    try:
        return shlex.split(token)
    except ValueError as error:
        raise FlagError(f"{token[:80]!r}: {error}") from error


def _check(word: str) -> None:
    try:
        check_word(word)
    except ValueError as error:
        raise FlagError(f"{word[:80]!r} {error}") from error
    if re.search(r"[\s%$\"'\\;]", word):
        raise FlagError(f"{word[:80]!r} has a character that systemd interprets")


def _assignments(files: Iterable[UnitFile]) -> Iterator[tuple[str, str]]:
    """Yield the assignments in the section Service."""
    for file in files:
        section = ""
        for line in _lines(file.text):
            if line.startswith("["):
                section = line.strip()
            elif section == "[Service]" and "=" in line:
                name, _, value = line.partition("=")
                yield name.strip(), value.strip()


def _lines(text: str) -> Iterator[str]:
    """Yield the lines, with those that end in a backslash joined; without comments."""
    begun = ""
    for line in text.splitlines():
        if line.lstrip().startswith(("#", ";")):
            continue
        if line.endswith("\\"):
            begun += f"{line[:-1]} "
        else:
            yield (begun + line).strip()
            begun = ""
    if begun:
        yield begun.strip()


def _environment(files: Iterable[UnitFile]) -> Iterator[tuple[str, str]]:
    for name, value in _assignments(files):
        if name == "Environment":
            for word in _split(value):
                key, _, text = word.partition("=")
                yield key, text
