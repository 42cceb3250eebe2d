"""Flags in a variable of a file that systemd reads as an EnvironmentFile.

Pure functions on text. Debian's units start a server with ``$ARGS``, from a file below /etc/default that
belongs to the host's administrator.
"""

import re
import shlex
from collections.abc import Sequence
from functools import lru_cache

from pushgateway_lab.formats.characters import shown
from pushgateway_lab.installations.flags import Flag, FlagError, parse_flags, same
from pushgateway_lab.settings.values import check_word

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
    present = parse_flags(_words(_unquote(match["value"]))) if match else ()
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
    return parse_flags([*words[:at], *defaults_arguments, *words[at + 1 :]])
