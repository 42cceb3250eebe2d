"""What both servers answer, as data. Pure: `pushgateway_lab.api` asks, and so does a look at a host."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from pushgateway_lab.grouping import escaped

# What a group has beside its metrics in the Pushgateway's answer to /api/v1/metrics.
_NO_METRICS = {"labels", "last_push_successful", "push_time_seconds", "push_failure_time_seconds"}


class Sample(NamedTuple):
    """One sample: of an instant query to Prometheus, or as it was pushed."""

    labels: dict[str, str]
    value: str

    def __str__(self) -> str:
        labels = dict(self.labels)
        name = labels.pop("__name__", "")
        inner = ", ".join(f'{key}="{escaped(value)}"' for key, value in sorted(labels.items()))
        return f"{name}{{{inner}}} {self.value}"


class Metric(NamedTuple):
    """A metric of a group: its type (``counter``, ``untyped``, ...) and what was pushed."""

    type: str
    samples: tuple[Sample, ...]


class Group(NamedTuple):
    """A group of the Pushgateway: its grouping key, when it was last pushed to, and what it holds."""

    labels: dict[str, str]
    pushed_at: float
    """Seconds since 1970; 0 if no push to it ever succeeded."""
    failed_at: float = 0
    """When a push to it was last refused, in seconds since 1970; 0 if none ever was."""
    metrics: Mapping[str, Metric] = MappingProxyType({})


class Series(NamedTuple):
    """One series as Prometheus returns it for a range."""

    labels: dict[str, str]
    values: tuple[tuple[float, str], ...]
    """Time in seconds since 1970, and the value then."""


class Target(NamedTuple):
    """A scrape target as Prometheus sees it."""

    job: str
    url: str
    health: str
    last_error: str
    last_scrape: float = 0
    """Seconds since 1970; 0 before the first."""
    labels: Mapping[str, str] = MappingProxyType({})
    """Those that its samples get, where they have no other."""


def groups(data: Iterable[Mapping[str, Any]] | None) -> list[Group]:
    """The groups in the Pushgateway's answer to ``/api/v1/metrics``."""
    return [
        Group(
            labels=_grouping_key(each),
            pushed_at=_time(each, "push_time_seconds"),
            failed_at=_time(each, "push_failure_time_seconds"),
            metrics={name: _metric(said) for name, said in each.items() if _is_metric(name, said)},
        )
        for each in data or ()
    ]


def _grouping_key(group: Mapping[str, Any]) -> dict[str, str]:
    """The labels of a group, also where a metric that is called "labels" took their place."""
    labels: dict[str, Any] = group["labels"]
    if not isinstance(labels.get("metrics"), list):
        return labels
    labels = group["push_time_seconds"]["metrics"][0]["labels"]
    # There, a group without an instance has an empty one.
    return {name: value for name, value in labels.items() if name != "instance" or value}


def _time(group: Mapping[str, Any], name: str) -> float:
    metrics = group.get(name, {}).get("metrics") or [{"value": 0}]
    return float(metrics[0]["value"])


def _is_metric(name: str, said: Any) -> bool:
    return name not in _NO_METRICS and isinstance(said, dict) and "metrics" in said


def _metric(said: Mapping[str, Any]) -> Metric:
    samples = (Sample(each["labels"], str(each.get("value", ""))) for each in said["metrics"])
    return Metric(str(said.get("type", "")).lower(), tuple(samples))


def samples(data: Mapping[str, Any]) -> list[Sample]:
    """The samples in Prometheus's answer to an instant query; none if it asked for a range."""
    if data["resultType"] != "vector":
        return []
    return [Sample(each["metric"], each["value"][1]) for each in data["result"]]


def series(data: Mapping[str, Any]) -> list[Series]:
    """The series in Prometheus's answer for a range; none if it asked for a moment."""
    if data["resultType"] != "matrix":
        return []
    return [
        Series(each["metric"], tuple((float(at), value) for at, value in each["values"]))
        for each in data["result"]
    ]


def targets(data: Mapping[str, Any]) -> list[Target]:
    """The active targets in Prometheus's answer to ``/api/v1/targets``."""
    return [
        Target(
            # Not its label job, which the scrape config may set to another.
            job=each.get("scrapePool") or each["discoveredLabels"].get("job", ""),
            url=each["scrapeUrl"],
            health=each["health"],
            last_error=each["lastError"],
            last_scrape=max(0.0, _seconds(each.get("lastScrape", ""))),
            labels=each.get("labels", {}),
        )
        for each in data["activeTargets"]
    ]


def _seconds(written: str) -> float:
    """Seconds since 1970 of a time such as ``2026-11-24T05:00:00.123456789Z``; 0 for none."""
    try:
        return datetime.fromisoformat(written).timestamp()
    except (ValueError, OverflowError):  # the year 1, which stands for never
        return 0


def about_itself(data: Any) -> Mapping[str, Any]:
    """What a server says about itself: texts, and mappings of texts, as its flags.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(data, dict):
        raise ValueError("what a server says about itself is a mapping")  # noqa: TRY004
    for value in data.values():
        inner = value.values() if isinstance(value, dict) else (value,)
        if not all(isinstance(each, str) for each in inner):
            raise ValueError("what a server says about itself is texts")
    return data
