"""The variable ``ARGS`` in a file that systemd reads as an EnvironmentFile. Pure functions on text.

Debian's units start a server with ``$ARGS``. The file is under /etc/default and belongs to the host's
administrator.
"""

import re
import shlex
from collections.abc import Sequence
from functools import lru_cache

from pushgateway_lab.formats.characters import shown
from pushgateway_lab.installations.flags import Flag, FlagError, parse_flags, same
from pushgateway_lab.settings.values import check_word

# An assignment in an EnvironmentFile (systemd.exec(5)): quoted, possibly over several lines, or plain. A line
# that starts with # or ; is a comment. Possessive quantifiers: without them, a line of blanks would take
# quadratic time.
_ASSIGNMENT = re.compile(
    r"""^[ \t]*+ARGS[ \t]*+=[ \t]*+
        (?P<value> "(?:[^"\\]|\\.)*+" | '[^']*+' | (?:[^"'\s\\]|\\.|[^\S\n]++(?!$))*+ )
        [ \t]*+$""",
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_ANY_ASSIGNMENT = re.compile(r"^[ \t]*ARGS[ \t]*=", re.MULTILINE)


LONGEST = 65536
"""Characters of the longest EnvironmentFile that is read: Linux allows 128 KiB in one variable."""


def arguments(defaults: str | None) -> tuple[str, ...]:
    """Return the words of ``ARGS`` in the text of an EnvironmentFile, split like systemd.

    + defaults: the text of the file; None: there is no file

    Raises:
        FlagError: the file is too long, or the quotes of ``ARGS`` are invalid; the message names the line.
    """
    match = _assignment(defaults or "")
    if match is None:
        return ()
    return _words(_unquote(match["value"]))


def edit(defaults: str | None, flags: Sequence[Flag]) -> str:
    """Return the text of an EnvironmentFile with `flags` in ``ARGS`` and nothing else changed.

    + defaults: the text of the file; None: there is no file

    Raises:
        FlagError: see `arguments`; or a value has a character that systemd or a shell would interpret.
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
        # Only additions: the administrator's text stays unchanged.
        value = " ".join(filter(None, (match["value"][1:-1], _joined(flags[len(present) :]))))
    return f'{text[:start]}"{value}"{text[end:]}'


@lru_cache(
    maxsize=32
)  # the steps of a host ask often, and the hosts of a class mostly have the same text
def _assignment(text: str) -> re.Match[str] | None:
    """Return the last assignment of ``ARGS``, which is the effective one; None if there is none."""
    if len(text) > LONGEST:
        raise FlagError(f"the file is longer than {LONGEST} characters")
    matches = list(_ASSIGNMENT.finditer(text))
    starts = [match.start() for match in _ANY_ASSIGNMENT.finditer(text)]
    if starts and (not matches or matches[-1].start() != starts[-1]):
        line = text.count("\n", 0, starts[-1]) + 1
        raise FlagError(f"line {line}: the quotes of ARGS are not valid")
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
    """Return the flags of a unit's ExecStart with these words for ``$ARGS``.

    Returns:
        None if ExecStart does not use ``$ARGS``: then ``ARGS`` has no effect.
    """
    words = exec_start.split()[1:]
    if "$ARGS" not in words:
        return None
    at = words.index("$ARGS")
    return parse_flags([*words[:at], *defaults_arguments, *words[at + 1 :]])
