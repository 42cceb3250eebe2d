"""The lines of the prune's log.

Anybody who pushes can choose the labels of a group. So each value and each line is cut, and each line is escaped.
"""

from __future__ import annotations

import sys
import time

from pushgateway_lab.formats import grouping
from pushgateway_lab.run.visible import VALUE, cut, one_line

LINE = 1000
"""The largest number of characters of a line in the log."""


def say(message: str) -> None:
    """Write a line to standard output, unbuffered, because a run may be interrupted."""
    print(one_line(cut(message, LINE)), flush=True)


def complain(message: str) -> None:
    """Write a line to standard error."""
    print(one_line(cut(message, LINE)), file=sys.stderr)


def shown_key(key: tuple[tuple[str, str], ...]) -> str:
    """Return labels in Prometheus's notation, job first."""
    return grouping.written({cut(name, VALUE): cut(value, VALUE) for name, value in key})


def ago(pushed: float) -> str:
    """Return a phrase with the time of the last push to a group."""
    if not pushed:
        return "never pushed to"
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(pushed))
    return f"last pushed to at {when}, {time.time() - pushed:.0f} s ago"
