"""The history of a pushed metric in Prometheus since the course began, under the labels that people pushed.

Prometheus may add labels to what it scrapes, and without ``honor_labels`` it renames ``job`` and ``instance``. Not
everything that it scraped is somebody's work: a group from before the course may be scraped anew.
"""

from collections.abc import Mapping, Sequence
from math import nan
from typing import NamedTuple

from pushgateway_lab.formats.answers import Sample, Series
from pushgateway_lab.formats.grouping import escaped
from pushgateway_lab.formats.telemetry import CLOCK
from pushgateway_lab.lab import scrapes
from pushgateway_lab.lab.identity import BUILD_INFO
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.pushed import Pushed, held_as

SCRAPED = f"max_over_time({BUILD_INFO}[LAB_AGEms])"
"""One sample for each Pushgateway that was scraped since the course began, with the labels that its job added."""

# The labels of the metric itself, in all releases.
_OWN = {"__name__", "branch", "goarch", "goos", "goversion", "revision", "tags", "version"}

_EXPORTED = {"exported_job": "job", "exported_instance": "instance"}


class Seen(NamedTuple):
    """A sample that Prometheus scraped.

    + at: the time of its scrape, in seconds since 1970
    + value: its value; nan if it is not a number
    + labels: its labels as they were pushed
    + is_exported: whether Prometheus has the pushed job as ``exported_job``
    """

    at: float
    value: float
    labels: Mapping[str, str]
    is_exported: bool


def push_times(job: str) -> str:
    """Return the query for the last push of each group with this job that was scraped since the course began."""
    quoted = f'"{escaped(job)}"'
    each = (
        f"max_over_time(push_time_seconds{{{name}={quoted}}}[LAB_AGEms])"
        for name in ("job", "exported_job")
    )
    return " or ".join(each)


def queries_of(wanted: Pushed) -> tuple[str, ...]:
    """Return the queries whose answers the functions of this module use."""
    return wanted.history, SCRAPED, push_times(wanted.labels["job"])


def samples_of(look: Look, wanted: Pushed) -> list[Seen] | None:
    """Return all samples of a metric since the course began, with whatever labels, oldest first.

    Without those of groups that were pushed before the course, and of another Pushgateway. None if Prometheus
    does not answer.
    """
    found = look.series(wanted.history)
    if found is None or scrapes.scraped_instead(look):
        return None if found is None else []
    added = _added_labels(look)
    return sorted(
        (
            seen
            for series in found
            for seen in _seen(series, wanted, added)
            if not _is_earlier_work(look, seen.labels) and not _is_of_another(look, seen, wanted)
        ),
        key=lambda seen: seen.at,
    )


def pushes_of(look: Look, wanted: Pushed) -> list[Seen] | None:
    """Return the samples with the wanted labels as people pushed them, oldest first; see `samples_of`."""
    found = samples_of(look, wanted)
    return None if found is None else [each for each in found if each.labels == wanted.labels]


def past_of(look: Look, wanted: Pushed) -> list[Seen] | None:
    """Return the samples with the wanted labels in Prometheus, oldest first; see `samples_of`."""
    found = pushes_of(look, wanted)
    return None if found is None else [each for each in found if not each.is_exported]


def first_right(past: Sequence[Seen] | None, wanted: Pushed) -> Seen | None:
    """Return the first sample with the wanted value."""
    return next((each for each in past or () if each.value == wanted.value), None)


def is_of_course(look: Look, at: float) -> bool:
    """Return whether a push at this time (seconds since 1970) belongs to the course, and not to earlier work."""
    began = look.began_at
    return began is None or began > look.now or at >= began


def is_before_course(look: Look, at: float) -> bool:
    """Return whether a time (seconds since 1970) is not later than the beginning of the course."""
    return look.began_at is not None and at <= look.began_at + CLOCK


def _added_labels(look: Look) -> frozenset[tuple[str, str]]:
    """Return the labels that the job adds to pushed metrics, or added when it was scraped."""
    name = look.settings.pushgateway_job_name
    earlier = (
        each.labels for each in look.samples(SCRAPED) or () if each.labels.get("job") == name
    )
    added = {
        label for labels in earlier for label in labels.items() if label[0] not in _OWN
    } | scrapes.labels_of_targets(look)
    return frozenset(label for label in added if label[0] not in ("job", "instance"))


def _seen(series: Series, wanted: Pushed, added: frozenset[tuple[str, str]]) -> Sequence[Seen]:
    labels = {name: value for name, value in series.labels.items() if value and name != "__name__"}
    is_exported = "exported_job" in labels and "exported_job" not in wanted.labels
    if is_exported:
        labels = {name: value for name, value in labels.items() if name not in _EXPORTED.values()}
        labels = {_EXPORTED.get(name, name): value for name, value in labels.items()}
    pushed = {
        name: value
        for name, value in labels.items()
        if name in wanted.labels or (name, value) not in added
    }
    return [Seen(at, number_of(value), pushed, is_exported) for at, value in series.values]


def _is_earlier_work(look: Look, labels: Mapping[str, str]) -> bool:
    """Return whether a group with these labels was scraped in the course, but last pushed before it."""
    pushed_at = [
        number_of(each.value)
        for each in look.samples(push_times(labels.get("job", ""))) or ()
        if _is_of_group(each, labels)
    ]
    return bool(pushed_at) and not is_of_course(look, max(pushed_at))


def _is_of_group(sample: Sample, labels: Mapping[str, str]) -> bool:
    own = {name: value for name, value in sample.labels.items() if value}
    if "exported_job" in own:
        own = {"job": own["exported_job"]} | (
            {"instance": own["exported_instance"]} if "exported_instance" in own else {}
        )
        return all(own.get(name) == labels.get(name) for name in ("job", "instance"))
    return labels.items() <= own.items() and own.get("instance") == labels.get("instance")


def _is_of_another(look: Look, seen: Seen, wanted: Pushed) -> bool:
    """Return whether a sample comes from another Pushgateway than the one of this host.

    It does if this one has run since before the scrape, and has accepted and deleted nothing.
    """
    telemetry = look.telemetry
    if telemetry is None or seen.at < telemetry.started_at + CLOCK:
        return False
    if telemetry.pushes or telemetry.deletions or telemetry.wipes:
        return False
    return held_as(look.groups or [], wanted) is None


def number_of(value: str) -> float:
    """Return the value of a sample as a number; nan, which equals no wanted value, for other text."""
    try:
        return float(value)
    except ValueError:
        return nan
