"""Cut texts from hosts and pushers to a readable length, and say how much was left out.

A pushed label may be megabytes long, and stands in every report then. Control characters are made
visible where text is shown (`pushgateway_lab.run.visible`), not here.
"""

import heapq
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from math import isfinite
from typing import TypeVar

from pushgateway_lab.formats.grouping import escaped
from pushgateway_lab.lab.commands import LONGEST, is_shown
from pushgateway_lab.lab.results import Finding
from pushgateway_lab.run.visible import VALUE, cut

Item = TypeVar("Item")

SAYS, LINES = 2000, 40
"""Characters and lines of what a finding says."""

ITEMS = 10
"""Items that a sentence lists."""

_LATEST = 253_370_764_800
"""The year 9999, in seconds since 1970: calendars end there."""


def excerpt(text: object, most: int = VALUE) -> str:
    """Return the beginning of a text and how many characters were left out; a short one whole.

    + text: shown as `str` has it
    + most: characters of it that are shown
    """
    return cut(str(text), most)


def lines(text: str, most: int = LINES // 2, each: int = VALUE) -> str:
    """Return the first lines of a text, each as an `excerpt`, and how many were left out.

    + most: how many lines are shown
    + each: characters of a line that are shown
    """
    # A text of megabytes may be one line, or nothing but line ends: the rest is only counted.
    first = text.split("\n", most)
    shown = [excerpt(line, each) for line in first[:most]]
    if len(first) > most:
        shown.append(f"… ({first[most].count(chr(10)) + 1:,} more lines)")
    return "\n".join(shown)


def listed(items: Collection[Item], shown: Callable[[Item], str] = excerpt) -> str:
    """Return the first items as a list in a sentence, and how many more there are.

    + shown: how one item is shown
    """
    more = len(items) - ITEMS
    first = ", ".join(shown(item) for item in islice(items, ITEMS))
    return f"{first} and {more:,} more" if more > 0 else first


def first_sorted(items: Iterable[str]) -> list[str]:
    """Return as many items as `listed` shows, and those alone sorted, each once."""
    return heapq.nsmallest(ITEMS, items)


def shown_labels(labels: Mapping[str, str]) -> str:
    """Return labels as `pushgateway_lab.formats.grouping.written` does, for people: about `VALUE` characters.

    It does not name a group: two groups may look alike.
    """
    names = heapq.nsmallest(ITEMS, labels, key=lambda name: (name != "job", name))
    left = VALUE
    parts: list[str] = []
    for name in names:
        if left <= 0:
            break
        parts.append(f'{excerpt(name, left)}="{escaped(excerpt(labels[name], left))}"')
        left -= len(parts[-1])
    if len(labels) > len(parts):
        parts.append(f"… ({len(labels) - len(parts):,} more labels)")
    return "{" + ", ".join(parts) + "}"


def bounded(finding: Finding) -> Finding:
    """Return a finding that is short enough to be shown, with a fix that can be pasted, if any.

    What is not a moment between 1970 and the year 9999 is no time of anything.
    """
    says, fix, at = finding.says, finding.fix, finding.at
    left_out = ""
    if fix is not None and not is_shown(fix):
        left_out = f"\nThe command that mends it is left out: it cannot be shown in {LONGEST:,} characters."
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
