"""One gate that escapes and cuts all text before it reaches the terminal, at every verbosity.

The toolkit escapes its own messages with `pushgateway_lab.run.visible`. pyinfra prints other text from hosts:
command output, the output of login shells, connection errors. This text passes the gate, which is installed
with `pyinfra.api.output.set_echo` and, for log records, as a `logging.Filter`. Only the colours that pyinfra
uses are kept.
"""

import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from pyinfra import logger
from pyinfra.api import output

from pushgateway_lab.formats.words import further
from pushgateway_lab.run.visible import cut, visible

LENGTH = 4_000
"""The largest number of characters of a line: room for a message of ours and pyinfra's prefix."""

LINES = 400
"""The largest number of lines of one log record; -vv shows whole scripts, and the longest has fewer."""

# Reset, bold, red to cyan: the codes that pyinfra uses. Other codes could hide text.
_COLOUR = re.compile(r"(\x1b\[(?:[01]|3[1-6])m)")
_RESET = "\x1b[0m"


def passed(text: str) -> str:
    """Return a text of pyinfra's, cut, with everything but pyinfra's colours escaped."""
    lines = text.split("\n")
    shown = [_line(line) for line in lines[:LINES]]
    if len(lines) > LINES:
        shown.append(f"… ({further(len(lines) - LINES, 'line')})")
    return "\n".join(shown)


def _line(text: str) -> str:
    if text.isprintable() and len(text) <= LENGTH:
        return text
    # re.split puts the colour codes at the odd indexes.
    parts = _COLOUR.split(cut(text, LENGTH))
    shown = "".join(part if i % 2 else visible(part) for i, part in enumerate(parts))
    return shown if len(parts) == 1 or shown.endswith(_RESET) else f"{shown}{_RESET}"


def close() -> None:
    """Install the gate for output and log records; a second call changes nothing."""
    if output.is_output_active():
        output.set_echo(_gated(output._echo))  # noqa: SLF001 - pyinfra has no getter for it
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
    """Escapes and cuts the text of log records."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record, and keep it."""
        if record.exc_info and not record.exc_text:
            record.exc_text = passed(logging.Formatter().formatException(record.exc_info))
        # One text without arguments: pyinfra applies % to the message itself.
        record.msg, record.args = passed(record.getMessage()), ()
        return True


_RECORDS = _Records()
