"""A metric that people push: find it in the Pushgateway's groups.

`pushgateway_lab.lab.history` finds it in Prometheus, `pushgateway_lab.lab.pushes` judges the result.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from math import isnan
from typing import NamedTuple

from pushgateway_lab.formats.answers import Group, Sample
from pushgateway_lab.formats.grouping import check_labels, group_path
from pushgateway_lab.lab.commands import quoted

# Prometheus, "Data model": metric names that need no quotes in PromQL and in a push.
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_TYPES = ("", "counter", "gauge", "histogram", "summary", "untyped")


class Pushed(NamedTuple):
    """A metric that a task asks people to push.

    + metric: its name, one that needs no quotes in PromQL
    + value: its value, not NaN
    + labels: the grouping key of the push, with the job
    + type: ``counter``, ``gauge``, ``histogram``, ``summary`` or ``untyped``; empty: any

    Example:
        Pushed("backup_files", 42, {"job": "backup", "instance": "db1"}, type="gauge")
    """

    metric: str
    value: float
    labels: dict[str, str]
    type: str = ""

    def __str__(self) -> str:
        return f"{self.metric} {self.number}"

    @property
    def number(self) -> str:
        """The value as people write it, with all its digits."""
        value = float(self.value)
        return str(int(value)) if value.is_integer() else repr(value)

    def command(self, curl: str, url: str) -> str:
        """Return the command that pushes the metric.

        It is one line: the page indents commands, and an indented here-document has no end.

        + curl: see `pushgateway_lab.lab.gateway.curl`
        + url: see `pushgateway_lab.lab.gateway.url`
        """
        address = shlex.quote(f"{url}/metrics{group_path(self.labels)}")
        push = f"{curl} --data-binary @- {address}"
        if not self.type:
            is_plain = _METRIC.fullmatch(self.metric)
            said = f'echo "{self}"' if is_plain else f"printf '%s\\n' {quoted(str(self))}"
            return f"{said} | {push}"
        metric = self.metric.replace("\\", "\\\\").replace("%", "%%")  # for printf
        text = f"# TYPE {metric} {self.type}\\n{metric} {self.number}\\n"
        return f"printf {quoted(text)} | {push}"

    @property
    def history(self) -> str:
        """The query for all samples of the metric since the course began."""
        return history_of(self.metric)


def history_of(metric: str) -> str:
    """Return the query for all samples of a metric since the course began."""
    return f"{metric}[LAB_AGEms]"


class Held(NamedTuple):
    """A sample in the Pushgateway, and its group."""

    group: Group
    sample: Sample

    @property
    def labels(self) -> dict[str, str]:
        """The sample's labels as Prometheus would scrape them: without empty ones."""
        return {name: value for name, value in self.sample.labels.items() if value}


def held_of(groups: Sequence[Group], metric: str) -> Iterator[Held]:
    """Yield all samples of a metric in the Pushgateway's groups."""
    for group in groups:
        if metric in group.metrics:
            yield from (Held(group, sample) for sample in group.metrics[metric].samples)


def held_as(groups: Sequence[Group], wanted: Pushed) -> Held | None:
    """Return the sample with the wanted labels, whether pushed in the URL's path or in the body."""
    held = (each for each in held_of(groups, wanted.metric) if each.labels == wanted.labels)
    return next(held, None)


def group_of(groups: Sequence[Group], wanted: Pushed) -> Group | None:
    """Return the group to delete: the one that holds the metric, else the one with its grouping key."""
    held = held_as(groups, wanted)
    return held.group if held else next((g for g in groups if g.labels == wanted.labels), None)


def check_pushed(wanted: Pushed) -> None:
    """Check a metric that a trainer wrote in a file of tasks.

    Raises:
        TypeError, ValueError: it cannot be pushed; the message names the field.
    """
    check_labels(wanted.labels)
    if not isinstance(wanted.metric, str) or not _METRIC.fullmatch(wanted.metric):
        raise ValueError(f"{wanted.metric!r} is not a metric name: letters, digits, _ and :")
    if isinstance(wanted.value, bool) or not isinstance(wanted.value, int | float):
        raise TypeError(f"{wanted.metric} has the value {wanted.value!r}, which is not a number")
    if isnan(wanted.value):
        raise ValueError(f"{wanted.metric} has the value nan, which equals no pushed value")
    if wanted.type not in _TYPES:
        raise ValueError(
            f"{wanted.metric} has the type {wanted.type!r}, which is none of {', '.join(_TYPES[1:])}"
        )


def has_type(group: Group, wanted: Pushed) -> bool:
    """Return whether a group has the metric with the wanted type; any type is right if none is wanted."""
    return not wanted.type or group.metrics[wanted.metric].type == wanted.type
