"""One gate for all that reaches the terminal, at every verbosity.

What the toolkit says passes `pushgateway_lab.run.visible` when it is said. What pyinfra says by itself (a
command's output, what a login shell prints, why a connection failed) passes here: `pyinfra.api.output.set_echo`
is its seam for output, a `logging.Filter` the one for what it logs. Only the colours that pyinfra uses stay.
"""

import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from pyinfra import logger
from pyinfra.api import output

from pushgateway_lab.run.visible import cut, visible

LENGTH = 4_000
"""Characters of a line: a message of ours, and what pyinfra puts around it."""

LINES = 400
"""Lines of one log record that are shown; -vv shows whole scripts, and the longest has fewer."""

# Reset, bold, red to cyan: what pyinfra styles with. No others: text may be hidden by them.
_COLOUR = re.compile(r"(\x1b\[(?:[01]|3[1-6])m)")
_RESET = "\x1b[0m"


def passed(text: str) -> str:
    """Return what may be shown of a text of pyinfra's: its colours, all else escaped and cut."""
    lines = text.split("\n")
    shown = [_line(line) for line in lines[:LINES]]
    if len(lines) > LINES:
        shown.append(f"… ({len(lines) - LINES:,} more lines)")
    return "\n".join(shown)


def _line(text: str) -> str:
    if text.isprintable() and len(text) <= LENGTH:
        return text
    # Odd parts are the colours, which cost no length.
    parts = _COLOUR.split(cut(text, LENGTH))
    shown = "".join(part if i % 2 else visible(part) for i, part in enumerate(parts))
    return shown if len(parts) == 1 or shown.endswith(_RESET) else f"{shown}{_RESET}"


def close() -> None:
    """Let nothing pass but by the gate from now on; may be called again."""
    if output.is_output_active():
        output.set_echo(_gated(output._echo))  # noqa: SLF001 - it can be set, not asked for
    for filterable in (logger, logging.lastResort, *logging.getLogger().handlers):
        if filterable is not None and _RECORDS not in filterable.filters:
            filterable.addFilter(_RECORDS)


def _gated(echo: Callable[..., None]) -> Callable[..., None]:
    if hasattr(echo, "__wrapped__"):
        return echo

    @wraps(echo)
    def gated(message: Any = None, **options: Any) -> None:
        echo(passed(str(message)) if message is not None else None, **options)

    return gated


class _Records(logging.Filter):
    """Replaces what a log record says by what may be shown of it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let each record pass, changed."""
        if record.exc_info and not record.exc_text:
            record.exc_text = passed(logging.Formatter().formatException(record.exc_info))
        # Its pieces as one text: pyinfra puts them together itself, with %.
        record.msg, record.args = passed(record.getMessage()), ()
        return True


_RECORDS = _Records()
