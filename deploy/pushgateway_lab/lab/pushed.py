"""A metric that people push: where the Pushgateway holds it, and what Prometheus saw of it.

What that means for a task is for `pushgateway_lab.lab.pushes`.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from math import isnan, nan
from typing import NamedTuple

from pushgateway_lab.formats.answers import Group, Sample
from pushgateway_lab.formats.grouping import check_labels, group_path
from pushgateway_lab.lab import scrape_job
from pushgateway_lab.lab.commands import quoted
from pushgateway_lab.lab.look import Look

# Prometheus, "Data model": what needs no quotes in PromQL and in what is pushed.
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_TYPES = ("", "counter", "gauge", "histogram", "summary", "untyped")


class Pushed(NamedTuple):
    """A metric that is to be pushed.

    + metric: its name; value: what it is to be
    + labels: the grouping key it is to be pushed under, the job among them
    + type: ``counter``, ``gauge``, ...; empty: it does not matter
    """

    metric: str
    value: float
    labels: dict[str, str]
    type: str = ""

    def __str__(self) -> str:
        return f"{self.metric} {self.number}"

    @property
    def number(self) -> str:
        """Its value as people write it, with all its digits."""
        value = float(self.value)
        return str(int(value)) if value.is_integer() else repr(value)

    def command(self, curl: str, url: str) -> str:
        """The command that pushes it, on one line: a here-document cannot be copied with its margin.

        + curl: a command, see `pushgateway_lab.lab.gateway.curl`
        + url: where the Pushgateway answers, see `pushgateway_lab.lab.gateway.url`
        """
        address = shlex.quote(f"{url}/metrics{group_path(self.labels)}")
        push = f"{curl} --data-binary @- {address}"
        if not self.type:
            is_plain = _METRIC.fullmatch(self.metric)
            said = f'echo "{self}"' if is_plain else f"printf '%s\\n' {quoted(str(self))}"
            return f"{said} | {push}"
        metric = self.metric.replace("\\", "\\\\").replace("%", "%%")  # of printf's own
        text = f"# TYPE {metric} {self.type}\\n{metric} {self.number}\\n"
        return f"printf {quoted(text)} | {push}"

    @property
    def history(self) -> str:
        """The query for all that Prometheus saw of it since the course began, sample by sample."""
        return history_of(self.metric)


def history_of(metric: str) -> str:
    """The query for all samples of a metric since the course began."""
    return f"{metric}[LAB_AGEms]"


class Seen(NamedTuple):
    """A sample of Prometheus's history: when it was scraped, in seconds since 1970, and its value."""

    at: float
    value: float


class Held(NamedTuple):
    """A sample that the Pushgateway holds, and the group it is in."""

    group: Group
    sample: Sample

    @property
    def labels(self) -> dict[str, str]:
        """With which Prometheus would see it; an empty instance is none."""
        return {name: value for name, value in self.sample.labels.items() if value}


def past_of(look: Look, wanted: Pushed) -> list[Seen] | None:
    """What Prometheus saw of a metric under its own labels since the course began, oldest first.

    None if it does not say.
    """
    found = look.series(wanted.history)
    if found is None:
        return None
    added = scrape_job.labels_of_targets(look)
    return sorted(
        Seen(at, number_of(value))
        for series in found
        if _is_own(series.labels, wanted, added)
        for at, value in series.values
    )


def number_of(value: str) -> float:
    """The number that a sample's value is; nan, which is no value that was wanted, if it is none."""
    try:
        return float(value)
    except ValueError:
        return nan


def _is_own(labels: dict[str, str], wanted: Pushed, added: frozenset[str]) -> bool:
    """Whether these are the labels that were pushed, beside those that the scrape job adds."""
    own = {name: value for name, value in labels.items() if value and name != "__name__"}
    return wanted.labels.items() <= own.items() and own.keys() - wanted.labels.keys() <= added


def first_right(past: Sequence[Seen] | None, wanted: Pushed) -> Seen | None:
    """The first sample with the value that was to be pushed."""
    return next((each for each in past or () if each.value == wanted.value), None)


def held_of(groups: Sequence[Group], metric: str) -> Iterator[Held]:
    """All samples of a metric that the Pushgateway holds."""
    for group in groups:
        if metric in group.metrics:
            yield from (Held(group, sample) for sample in group.metrics[metric].samples)


def held_as(groups: Sequence[Group], wanted: Pushed) -> Held | None:
    """The sample with the labels that were wanted, whether they came in the path or in the body."""
    held = (each for each in held_of(groups, wanted.metric) if each.labels == wanted.labels)
    return next(held, None)


def group_of(groups: Sequence[Group], wanted: Pushed) -> Group | None:
    """The group to delete: the one that holds it, or one that was made for it."""
    held = held_as(groups, wanted)
    return held.group if held else next((g for g in groups if g.labels == wanted.labels), None)


def check_pushed(wanted: Pushed) -> None:
    """Check what a trainer wrote.

    Raises:
        TypeError, ValueError: it cannot be pushed.
    """
    check_labels(wanted.labels)
    if not isinstance(wanted.metric, str) or not _METRIC.fullmatch(wanted.metric):
        raise ValueError(f"{wanted.metric!r} is no metric name: letters, digits, _ and :")
    if isinstance(wanted.value, bool) or not isinstance(wanted.value, int | float):
        raise TypeError(f"{wanted.metric} has the value {wanted.value!r}, which is no number")
    if isnan(wanted.value):
        raise ValueError(f"{wanted.metric} has the value nan, which equals nothing")
    if wanted.type not in _TYPES:
        raise ValueError(f"{wanted.metric} has the type {wanted.type!r}; one of {_TYPES[1:]}")
