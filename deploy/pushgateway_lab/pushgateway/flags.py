"""The Pushgateway's command line: reading it, merging ours into it, editing Debian's ``ARGS``.

Pure functions on text. Debian's unit starts ``/usr/bin/prometheus-pushgateway $ARGS`` with ``ARGS``
from ``/etc/default/prometheus-pushgateway``, a file that belongs to the host's administrator.
"""

import re
import shlex
from collections import deque
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from pushgateway_lab.formats.characters import shown
from pushgateway_lab.settings import Settings
from pushgateway_lab.settings.values import check_word

LISTEN_ADDRESS = "web.listen-address"
ADMIN_API = "web.enable-admin-api"

# An assignment as systemd reads it from an EnvironmentFile (systemd.exec(5)): quoted, possibly over
# several lines, or plain. A line that starts with # or ; is a comment. Possessive, or a line of
# blanks would take time that grows with its square.
_ASSIGNMENT = re.compile(
    r"""^[ \t]*+ARGS[ \t]*+=[ \t]*+
        (?P<value> "(?:[^"\\]|\\.)*+" | '[^']*+' | (?:[^"'\s\\]|\\.|[^\S\n]++(?!$))*+ )
        [ \t]*+$""",
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_ANY_ASSIGNMENT = re.compile(r"^[ \t]*ARGS[ \t]*=", re.MULTILINE)


LONGEST = 65536
"""Characters of the longest EnvironmentFile that is read: Linux takes 128 KiB in one variable."""


class FlagError(ValueError):
    """A command line or an ARGS that cannot be read or written safely."""


class Flag(NamedTuple):
    """One flag as written: ``--name``, ``--no-name`` or ``--name=value``."""

    name: str
    value: str | bool

    def __str__(self) -> str:
        if not self.name:
            return str(self.value)
        if isinstance(self.value, bool):
            return f"--{self.name}" if self.value else f"--no-{self.name}"
        return f"--{self.name}={self.value}"


def parse(words: Sequence[str]) -> tuple[Flag, ...]:
    """The flags in a list of arguments, as Pushgateway's parser (kingpin) reads them.

    A flag's value stands behind ``=`` or in the next word. ``--no-x`` turns a switch off. What is no
    flag is kept as one with an empty name, so that nothing gets lost in a comparison.
    """
    flags: list[Flag] = []
    rest = deque(words)
    while rest:
        word = rest.popleft()
        name, equals, value = word.lstrip("-").partition("=")
        if not word.startswith("-"):
            flags.append(Flag("", word))
        elif equals:
            flags.append(Flag(name, value))
        elif rest and not rest[0].startswith("-"):
            flags.append(Flag(name, rest.popleft()))
        elif name.startswith("no-"):
            flags.append(Flag(name.removeprefix("no-"), value=False))
        else:
            flags.append(Flag(name, value=True))
    return tuple(flags)


def merge(present: Sequence[Flag], settings: Settings) -> tuple[Flag, ...]:
    """The flags the Pushgateway is to run with.

    What an administrator wrote stays. A setting that somebody gave replaces the flag of that name; a
    default is added only where there is none.
    """
    wanted = [
        (Flag(LISTEN_ADDRESS, settings.pushgateway_listen_address), "pushgateway_listen_address"),
        (Flag(ADMIN_API, settings.pushgateway_admin_api), "pushgateway_admin_api"),
        *(
            (Flag(name, value), "pushgateway_extra_flags")
            for name, value in settings.pushgateway_extra_flags.items()
        ),
    ]
    merged = list(present)
    for flag, key in wanted:
        if key in settings.given:
            merged = _replace(merged, flag)
        elif all(each.name != flag.name for each in merged):
            merged.append(flag)
    return tuple(merged)


def _replace(flags: list[Flag], flag: Flag) -> list[Flag]:
    """Put `flag` where its name stands first, and drop further ones: repeating a flag is fatal."""
    if flag in flags and sum(each.name == flag.name for each in flags) == 1:
        return flags
    at = next((i for i, each in enumerate(flags) if each.name == flag.name), len(flags))
    others = [each for each in flags if each.name != flag.name]
    others.insert(at, flag)
    return others


def same(one: Iterable[Flag], other: Iterable[Flag]) -> bool:
    """Whether two command lines mean the same: order and notation do not matter."""
    return sorted(map(str, one)) == sorted(map(str, other))


def arguments(defaults: str | None) -> tuple[str, ...]:
    """The words of ``ARGS`` in the text of an EnvironmentFile, split as systemd does.

    Raises:
        FlagError: with the line.
    """
    match = _assignment(defaults or "")
    if match is None:
        return ()
    return _words(_unquote(match["value"]))


def edit(defaults: str | None, flags: Sequence[Flag]) -> str:
    """The text of the EnvironmentFile with `flags` in ``ARGS`` and nothing else changed.

    Raises:
        FlagError: a value holds a character that systemd or a shell would not take literally.
    """
    text = defaults or ""
    match = _assignment(text)
    present = parse(_words(_unquote(match["value"]))) if match else ()
    if match and same(present, flags):
        return text
    if match is None:
        separator = "" if not text or text.endswith("\n") else "\n"
        return f'{text}{separator}ARGS="{_joined(flags)}"\n'
    start, end = match.span("value")
    value = _joined(flags)
    if flags[: len(present)] == present and match["value"][:1] == '"':
        # Only additions: what the administrator wrote stays letter for letter.
        value = " ".join(filter(None, (match["value"][1:-1], _joined(flags[len(present) :]))))
    return f'{text[:start]}"{value}"{text[end:]}'


def _assignment(text: str) -> re.Match[str] | None:
    """The assignment that counts: the last one."""
    if len(text) > LONGEST:
        raise FlagError(f"the file is longer than {LONGEST} characters")
    matches = list(_ASSIGNMENT.finditer(text))
    starts = [match.start() for match in _ANY_ASSIGNMENT.finditer(text)]
    if starts and (not matches or matches[-1].start() != starts[-1]):
        line = text.count("\n", 0, starts[-1]) + 1
        raise FlagError(f"line {line}: ARGS has quotes that do not make one value")
    return matches[-1] if matches else None


def _unquote(value: str) -> str:
    if value[:1] == "'":
        return value[1:-1]
    body = value[1:-1] if value[:1] == '"' else value
    return re.sub(r'\\(\n|["$`\\])', lambda match: match[1].strip("\n"), body)


@lru_cache(maxsize=32)  # the hosts of a class mostly have the same
def _words(value: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise FlagError(f"ARGS cannot be split into words: {error}") from error


def _joined(flags: Sequence[Flag]) -> str:
    return " ".join(_quoted(str(flag)) for flag in flags)


def _quoted(word: str) -> str:
    try:
        check_word(word)
    except ValueError as error:
        raise FlagError(f"{shown(word)} {error}") from error
    return f"'{word}'" if not word or " " in word else word


def command_line(exec_start: str, defaults_arguments: Sequence[str]) -> tuple[Flag, ...] | None:
    """The flags that a unit's ExecStart yields with these ``ARGS``.

    Returns:
        None if ExecStart does not use ``$ARGS``: then nothing in ARGS has an effect.
    """
    words = exec_start.split()[1:]
    if "$ARGS" not in words:
        return None
    at = words.index("$ARGS")
    return parse([*words[:at], *defaults_arguments, *words[at + 1 :]])
