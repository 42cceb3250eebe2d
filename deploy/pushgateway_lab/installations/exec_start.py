"""The command of a systemd unit, as its files have it. Pure functions on text.

systemctl shows a command without its quotes, so the text of the files is parsed here (systemd.syntax(7),
systemd.service(5), "Command lines").
"""

import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from pushgateway_lab.facts.found import UnitFile
from pushgateway_lab.installations.flags import Flag, FlagError, minus, parse_flags, same
from pushgateway_lab.settings.values import check_word

_BLANKS = " \t"

_TOKEN = re.compile(r"""(?:[^ \t"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+""")
"""One word of a command with its quotes."""

_PREFIX = re.compile(r"[-@:+!|]*")
"""The characters before the path of a program that change how it is run."""

_VARIABLE = re.compile(r"\$([A-Za-z0-9_]+)")
"""A whole word that is a variable: its value is split at blanks."""

_REFERENCE = re.compile(r"\$(?:\{([A-Za-z0-9_]+)\}|\$)")
"""A variable in a word, whose value is not split; or a dollar sign, doubled."""

_SPECIFIER = re.compile(r"%(.?)")


def exec_start(files: Iterable[UnitFile]) -> str | None:
    r"""Return the command of a unit as written, in one line; None if there is none.

    + files: the unit and its drop-ins, in the order in which systemd reads them

    Example:
        >>> exec_start([UnitFile("/x", "[Service]\nExecStart=/bin/a --b\n")])
        '/bin/a --b'
    """
    found = _values(files, "ExecStart")
    return found[-1] if found else None


def flags_of(command: str, files: Iterable[UnitFile]) -> tuple[Flag, ...]:
    """Return the flags of a command, with the variables that `files` set in it.

    Raises:
        FlagError: its quotes are not valid, or it has something whose value these files do not tell.
    """
    first, *_ = [*tokens(command), ""]
    prefix = _PREFIX.match(first)
    given = prefix[0] if prefix else ""
    variables = None if ":" in given else _Variables(tuple(files))
    words: list[str] = []
    # With @, the word after the program is the name of the process.
    for token in tokens(command)[2 if "@" in given else 1 :]:
        if variables and (match := _VARIABLE.fullmatch(token)):
            words += _split(variables[match[1]])
        else:
            for word in map(_specified, _split(token)):
                words.append(variables.replaced(word) if variables else word)
    return parse_flags(words)


def with_flags(command: str, wanted: Sequence[Flag], files: Iterable[UnitFile]) -> str:
    """Return a command with other flags; what stays is as it was written.

    + wanted: all flags, of which those that `flags_of` returns are there already

    Raises:
        FlagError: a flag that has to go is in a variable, or a new one has a character that systemd interprets.
    """
    files = tuple(files)
    going = {each.name for each in minus(flags_of(command, files), wanted)}
    kept = " ".join(_without(tokens(command), going))
    left = flags_of(kept, files)
    if stuck := going & {each.name for each in left}:
        raise FlagError(f"--{min(stuck)} is in a variable of the command")
    added = [str(each) for each in minus(wanted, left)]
    for word in added:
        _check(word)
    changed = " ".join([kept, *added])
    if not same(flags_of(changed, files), wanted):
        raise FlagError("a word of it would become the value of a flag before it")
    return changed


def tokens(command: str) -> list[str]:
    """Return the words of a command with their quotes.

    Raises:
        FlagError: its quotes are not valid.
    """
    if rest := _TOKEN.sub("", command).strip(_BLANKS):
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


def _split(text: str) -> list[str]:
    if "\\" in text:
        raise FlagError(f"{text[:80]!r} has a backslash")
    try:
        return shlex.split(text)
    except ValueError as error:
        raise FlagError(f"{text[:80]!r}: {error}") from error


def _specified(word: str) -> str:
    """Return a word with ``%`` for ``%%``; what other specifiers stand for is unknown."""
    for match in _SPECIFIER.finditer(word):
        if match[1] != "%":
            raise FlagError(f"{word[:80]!r} has a specifier of systemd ({match[0]})")
    return word.replace("%%", "%")


class _Variables:
    """The variables of a unit, as far as its files tell their values."""

    def __init__(self, files: Sequence[UnitFile]) -> None:
        self._values: Mapping[str, str] = _environment(files)
        self._has_further = bool(_values(files, "EnvironmentFile"))

    def __getitem__(self, name: str) -> str:
        if name not in self._values and self._has_further:
            raise FlagError(f"the value of ${name} may be in an EnvironmentFile")
        return self._values.get(name, "")

    def replaced(self, word: str) -> str:
        """Return a word with the values of its variables."""
        return _REFERENCE.sub(lambda match: self[match[1]] if match[1] else "$", word)


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
                section = line
            elif section == "[Service]" and "=" in line:
                name, _, value = line.partition("=")
                yield name.strip(_BLANKS), value.strip(_BLANKS)


def _values(files: Iterable[UnitFile], name: str) -> list[str]:
    """Return the values that are assigned to a name. An empty assignment removes those before it."""
    found: list[str] = []
    for each, value in _assignments(files):
        if each == name:
            found = [*found, value] if value else []
    return found


def _lines(text: str) -> Iterator[str]:
    """Yield the lines, with those that end in a backslash joined; without comments."""
    begun = ""
    for line in re.split(r"[\n\r\0]", text):
        stripped = line.lstrip(_BLANKS)
        if stripped.startswith(("#", ";")):
            continue
        backslashes = len(line) - len(line.rstrip("\\"))
        if backslashes % 2:
            begun += f"{stripped[:-1]} "
        else:
            yield (begun + stripped).strip(_BLANKS)
            begun = ""
    if begun:
        yield begun.strip(_BLANKS)


def _environment(files: Iterable[UnitFile]) -> dict[str, str]:
    variables: dict[str, str] = {}
    for value in _values(files, "Environment"):
        for word in map(_specified, _split(value)):
            key, _, text = word.partition("=")
            variables[key] = text
    return variables
