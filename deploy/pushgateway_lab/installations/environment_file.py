"""A variable with flags in a file that systemd reads as an EnvironmentFile. Pure functions on text.

Debian's units start a server with ``$ARGS`` from a file under /etc/default. The file belongs to the host's
administrator.
"""

import re
import shlex
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from pushgateway_lab.formats.characters import shown
from pushgateway_lab.installations.flags import Flag, FlagError, parse_flags, same
from pushgateway_lab.settings.values import check_word

# An assignment in an EnvironmentFile (systemd.exec(5)): quoted, possibly over several lines, or plain. A line
# that starts with # or ; is a comment. Possessive quantifiers: without them, a line of blanks would take
# quadratic time. The name of the variable comes before it.
_ASSIGNMENT = r"""[ \t]*+=[ \t]*+
        (?P<value> "(?:[^"\\]|\\.)*+" | '[^']*+' | (?:[^"'\s\\]|\\.|[^\S\n]++(?!$))*+ )
        [ \t]*+$"""

_VARIABLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
"""A word of a command that is a variable, whose value is split (systemd.service(5), "Command lines")."""

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""A variable in a word, whose value is not split."""

ARGS = "ARGS"
"""The name of the variable in the units of Debian's packages."""


LONGEST = 65536
"""Characters of the longest EnvironmentFile that is read: Linux allows 128 KiB in one variable."""


def arguments(defaults: str | None, name: str = ARGS) -> tuple[str, ...]:
    """Return the words of a variable in the text of an EnvironmentFile, split like systemd.

    + defaults: the text of the file; None: there is no file
    + name: of the variable

    Raises:
        FlagError: the file is too long, or the quotes of the variable are invalid; the message names the line.
    """
    match = _assignment(defaults or "", name)
    if match is None:
        return ()
    return _words(_unquote(match["value"]))


def edit(defaults: str | None, flags: Sequence[Flag], name: str = ARGS) -> str:
    """Return the text of an EnvironmentFile with `flags` in a variable and nothing else changed.

    + defaults: the text of the file; None: there is no file
    + name: of the variable

    Raises:
        FlagError: see `arguments`; or a value has a character that systemd or a shell would interpret.
    """
    text = defaults or ""
    match = _assignment(text, name)
    present = parse_flags(_words(_unquote(match["value"]))) if match else ()
    if match and same(present, flags):
        return text
    if match is None and not flags:
        return text
    if match is None:
        separator = "" if not text or text.endswith("\n") else "\n"
        return f'{text}{separator}{name}="{_joined(flags)}"\n'
    start, end = match.span("value")
    value = _joined(flags)
    if flags[: len(present)] == present and match["value"][:1] == '"':
        # Only additions: the administrator's text stays unchanged.
        value = " ".join(filter(None, (match["value"][1:-1], _joined(flags[len(present) :]))))
    return f'{text[:start]}"{value}"{text[end:]}'


@lru_cache(
    maxsize=32
)  # the steps of a host ask often, and the hosts of a class mostly have the same text
def _assignment(text: str, name: str) -> re.Match[str] | None:
    """Return the last assignment of a variable, which is the effective one; None if there is none."""
    if len(text) > LONGEST:
        raise FlagError(f"the file is longer than {LONGEST} characters")
    mode = re.VERBOSE | re.MULTILINE | re.DOTALL
    matches = list(re.finditer(rf"^[ \t]*+{name}{_ASSIGNMENT}", text, mode))
    starts = [match.start() for match in re.finditer(rf"^[ \t]*{name}[ \t]*=", text, re.MULTILINE)]
    if starts and (not matches or matches[-1].start() != starts[-1]):
        line = text.count("\n", 0, starts[-1]) + 1
        raise FlagError(f"line {line}: the quotes of {name} are not valid")
    return matches[-1] if matches else None


def _unquote(value: str) -> str:
    if value[:1] == "'":
        return value[1:-1]
    body = value[1:-1] if value[:1] == '"' else value
    return re.sub(r'\\(\n|["$`\\])', lambda match: match[1].strip("\n"), body)


@lru_cache(maxsize=32)
def _words(value: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise FlagError(f"the value cannot be split into words: {error}") from error


def _joined(flags: Sequence[Flag]) -> str:
    return " ".join(_quoted(str(flag)) for flag in flags)


def _quoted(word: str) -> str:
    try:
        check_word(word)
    except ValueError as error:
        raise FlagError(f"{shown(word)} {error}") from error
    return f"'{word}'" if not word or " " in word else word


class Around(NamedTuple):
    """A command that has its flags from a variable.

    + variable: the name of the variable
    + flags: those beside the variable
    """

    variable: str
    flags: tuple[Flag, ...]


def around_variable(command: str, defaults: str | None = None) -> Around | None:
    """Return the variable and the other flags of a command; None if it has no variable whose value is split.

    + command: as systemctl shows it
    + defaults: the text of the file with the values of further variables

    Example:
        >>> around_variable("/usr/bin/prometheus-pushgateway --log.level=warn $ARGS").variable
        'ARGS'

    Raises:
        FlagError: see `arguments`.
    """
    words = command.split()[1:]
    found = [(n, match) for n, word in enumerate(words) if (match := _VARIABLE.fullmatch(word))]
    if not found:
        return None
    (at, match), *_ = found
    beside = [*words[:at], *words[at + 1 :]]
    return Around(
        match[1], parse_flags([each for word in beside for each in _values(word, defaults)])
    )


def _values(word: str, defaults: str | None) -> Sequence[str]:
    """Return the words that a word of a command stands for."""
    if match := _VARIABLE.fullmatch(word):
        return arguments(defaults, match[1])
    return [_REFERENCE.sub(lambda match: _value(defaults, match[1]), word)]


def _value(defaults: str | None, name: str) -> str:
    match = _assignment(defaults or "", name)
    return _unquote(match["value"]) if match else ""
