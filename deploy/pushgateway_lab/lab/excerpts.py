"""Cut texts from hosts and pushers to a readable length, and say how much was left out.

Without a cut, a pushed label of some megabytes would be in every report. This module does not escape
control characters; `pushgateway_lab.run.visible` does, where text is shown.
"""

import heapq
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from math import isfinite
from typing import TypeVar

from pushgateway_lab.formats.grouping import escaped, shown_name
from pushgateway_lab.formats.words import further
from pushgateway_lab.lab.commands import LONGEST, is_shown
from pushgateway_lab.lab.results import Finding
from pushgateway_lab.run.visible import VALUE, cut

Item = TypeVar("Item")

SAYS, LINES = 2000, 40
"""The most characters and lines of a finding's text."""

ITEMS = 10
"""The most items that a sentence lists."""

_DAY = 86400

_LATEST = 253_370_764_800
"""The year 9999, in seconds since 1970: `datetime` ends there."""


def excerpt(text: object, most: int = VALUE) -> str:
    """Return a short text whole, else its beginning and the number of characters left out.

    + text: any object; its `str` is shown
    + most: the most characters that are shown
    """
    return cut(str(text), most)


def lines(text: str, most: int = LINES // 2, each: int = VALUE) -> str:
    """Return the first lines of a text, each as an `excerpt`, and the number of lines left out.

    + most: the most lines that are shown
    + each: the most characters of a line that are shown
    """
    # Lines after the first are counted and not split: a text of megabytes may hold line ends alone.
    first = text.split("\n", most)
    shown = [excerpt(line, each) for line in first[:most]]
    if len(first) > most:
        shown.append(f"… ({further(first[most].count(chr(10)) + 1, 'line')})")
    return "\n".join(shown)


def listed(items: Collection[Item], shown: Callable[[Item], str] = excerpt) -> str:
    """Return the first `ITEMS` items as a list for a sentence, and the number of further ones.

    + shown: returns the text of one item
    """
    more = len(items) - ITEMS
    first = ", ".join(shown(item) for item in islice(items, ITEMS))
    return f"{first} and {more:,} more" if more > 0 else first


def first_sorted(items: Iterable[str]) -> list[str]:
    """Return the first `ITEMS` items in sorted order, without sorting all of them."""
    return heapq.nsmallest(ITEMS, items)


def shown_labels(labels: Mapping[str, str]) -> str:
    """Return labels as `pushgateway_lab.formats.grouping.written` does, cut to about `VALUE` characters.

    The text does not identify a group: two groups may have the same one.
    """
    names = heapq.nsmallest(ITEMS, labels, key=lambda name: (name != "job", name))
    left = VALUE
    parts: list[str] = []
    for name in names:
        if left <= 0:
            break
        parts.append(f'{excerpt(shown_name(name), left)}="{escaped(excerpt(labels[name], left))}"')
        left -= len(parts[-1])
    if len(labels) > len(parts):
        parts.append(f"… ({further(len(labels) - len(parts), 'label')})")
    return "{" + ", ".join(parts) + "}"


def lasting(seconds: float) -> str:
    """Return a duration for a sentence, in its largest unit: ``40 s``, ``12 min``, ``3 h``, ``2 days``.

    + seconds: of the duration; negative ones count as 0
    """
    for size, unit in ((_DAY, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{min(seconds, _LATEST) // size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def bounded(finding: Finding) -> Finding:
    """Return a finding cut to `SAYS` and `LINES`, without a fix that cannot be pasted.

    A time before 1970 or after the year 9999 becomes None.
    """
    says, fix, at = finding.says, finding.fix, finding.at
    left_out = ""
    if fix is not None and not is_shown(fix):
        left_out = f"\nThe command is left out: it has more than {LONGEST:,} characters, or unprintable ones."
        fix = None
    if at is not None and not (isfinite(at) and 0 <= at < _LATEST):
        at = None
    return finding._replace(says=_bounded(says, SAYS - len(left_out)) + left_out, fix=fix, at=at)


def _bounded(says: str, most: int) -> str:
    if says.count("\n") >= LINES - 1:
        says = lines(says, LINES - 2, most)
    if len(says) <= most:
        return says
    room = most - len(excerpt(says, 0))
    return excerpt(says, room) if room > 0 else says[:most]
