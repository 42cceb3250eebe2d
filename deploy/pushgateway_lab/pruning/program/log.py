"""The lines of the prune's log. What a group's labels hold was chosen by whoever pushed it.

So each value and each line is cut, and each line escaped.
"""

from __future__ import annotations

import sys
import time

from pushgateway_lab.formats import grouping
from pushgateway_lab.run.visible import VALUE, cut, one_line

LINE = 1000
"""Characters of a line that the log shows."""


def say(message: str) -> None:
    """Write a line to the journal, at once: a run may be interrupted."""
    print(one_line(cut(message, LINE)), flush=True)


def complain(message: str) -> None:
    """Write a line to standard error."""
    print(one_line(cut(message, LINE)), file=sys.stderr)


def shown_key(key: tuple[tuple[str, str], ...]) -> str:
    """Return labels in Prometheus's notation, job first."""
    return grouping.written({cut(name, VALUE): cut(value, VALUE) for name, value in key})


def ago(pushed: float) -> str:
    """Return when a group was last pushed to."""
    if not pushed:
        return "never pushed to"
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(pushed))
    return f"last pushed to at {when}, {time.time() - pushed:.0f} s ago"
