"""Parse the answers of the Pushgateway and of Prometheus. Pure: this module sends no request.

Any program may listen on a server's port. Each function here accepts any JSON value, and either returns its
declared type or raises `AnswerError`. A result has no wrong type inside, no text that cannot be written as
UTF-8, and no infinite time.

Python 3.9 and its standard library, because the prune's program on the hosts uses this module.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

from pushgateway_lab.formats.characters import SHOWN, shown
from pushgateway_lab.formats.grouping import escaped

LARGEST = 8 << 20
"""The most bytes of an answer: about 11,000 groups of a Pushgateway."""

MOST_VALUES = 500_000
"""The most values in an answer. Without this limit, 8 MiB of ``[],[],[]`` would take 250 MB of memory."""

# The keys of a group that are not metrics, in the Pushgateway's answer to /api/v1/metrics.
_NO_METRICS = {"labels", "last_push_successful", "push_time_seconds", "push_failure_time_seconds"}


class AnswerError(ValueError):
    """An answer does not have the server's form; the message names the expected form."""


class Sample(NamedTuple):
    """One sample: of an instant query to Prometheus, or of a push."""

    labels: dict[str, str]
    value: str

    def __str__(self) -> str:
        labels = dict(self.labels)
        name = labels.pop("__name__", "")
        inner = ", ".join(f'{key}="{escaped(value)}"' for key, value in sorted(labels.items()))
        return f"{name}{{{inner}}} {self.value}"


class Metric(NamedTuple):
    """A metric of a group: its type (``counter``, ``untyped``, ...) and its samples."""

    type: str
    samples: tuple[Sample, ...]


class Group(NamedTuple):
    """A group of the Pushgateway: its grouping key, the times of its last pushes, and its metrics."""

    labels: dict[str, str]
    pushed_at: float
    """The last successful push, in seconds since 1970; 0 if there was none."""
    failed_at: float = 0
    """The last refused push, in seconds since 1970; 0 if there was none."""
    metrics: Mapping[str, Metric] = MappingProxyType({})


class Series(NamedTuple):
    """One series in Prometheus's answer to a range query."""

    labels: dict[str, str]
    values: tuple[tuple[float, str], ...]
    """Pairs of a time, in seconds since 1970, and a value."""


class Result(NamedTuple):
    """Prometheus's answer to a query: samples or series, see `result`."""

    samples: list[Sample]
    series: list[Series]


class Target(NamedTuple):
    """A scrape target as Prometheus sees it."""

    job: str
    url: str
    health: str
    last_error: str
    last_scrape: float = 0
    """Seconds since 1970; 0 before the first scrape."""
    labels: Mapping[str, str] = MappingProxyType({})
    """The labels that Prometheus adds to its samples."""
    address: str = ""
    """Its address before relabelling: HOST:PORT as in the configuration file."""


def parse_answer(
    body: bytes,
    largest: int = LARGEST,
    most_values: int | None = MOST_VALUES,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
) -> Any:
    """Return the ``data`` of an answer of either API: ``{"status": "success", "data": ...}``.

    + largest: the most bytes of the answer
    + most_values: the most values in it; None if the process has a memory limit
    + object_hook: as in `json.loads`: its result replaces each JSON object

    Raises:
        AnswerError: the answer is not JSON, has another form, or is beyond a limit.
    """
    if len(body) > largest:
        raise AnswerError(f"the answer is larger than {largest >> 20} MiB")
    if most_values is not None and _values_in(body) > most_values:
        raise AnswerError(f"the answer has more than {most_values} values")
    try:
        answer = json.loads(body.decode(), parse_constant=_refuse_constant, object_hook=object_hook)
    except RecursionError:
        raise AnswerError("the answer is nested too deep") from None
    except ValueError:  # also for bytes that are not UTF-8, and for numbers of thousands of digits
        raise _wrong("JSON", body[:SHOWN].decode(errors="replace")) from None
    envelope = _mapping(answer, "an answer")
    if envelope.get("status", "success") != "success" or "data" not in envelope:
        raise _wrong('an answer with the status "success" and data', answer)
    return envelope["data"]


def _values_in(body: bytes) -> int:
    """Return the approximate number of values in a JSON text.

    Each value follows one of these characters. Characters inside JSON strings count, too; the servers'
    answers have few of them there.
    """
    return body.count(b",") + body.count(b"[") + body.count(b"{")


def _refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise ValueError(name)


def groups(data: Any) -> list[Group]:
    """Return the groups in the Pushgateway's answer to ``/api/v1/metrics``.

    Raises:
        AnswerError: the data has another form.
    """
    return [_group(_mapping(each, "a group")) for each in _list(data, "groups")]


def _group(said: Mapping[str, Any]) -> Group:
    return Group(
        labels=_grouping_key(said),
        pushed_at=_time(said, "push_time_seconds"),
        failed_at=_time(said, "push_failure_time_seconds"),
        metrics={
            _text(name, "a metric's name"): _metric(metric)
            for name, metric in said.items()
            if name not in _NO_METRICS and isinstance(metric, dict) and "metrics" in metric
        },
    )


def _grouping_key(group: Mapping[str, Any]) -> dict[str, str]:
    """Return the labels of a group, even if a metric with the name "labels" has replaced them."""
    labels = _mapping(group.get("labels"), "the labels of a group")
    if not isinstance(labels.get("metrics"), list):
        return _labels(labels)
    pushed = _mapping(group.get("push_time_seconds"), "the time of a push")
    first, *_ = _list(pushed.get("metrics"), "the time of a push") or [None]
    own = _labels(_mapping(first, "the time of a push").get("labels"))
    # Here the Pushgateway writes an empty instance for a group without one.
    return {name: value for name, value in own.items() if name != "instance" or value}


def _time(group: Mapping[str, Any], name: str) -> float:
    """Return the value of a group's own metric, in seconds since 1970; 0 if it is missing."""
    metric = _mapping(group.get(name, {}), name)
    first, *_ = _list(metric.get("metrics"), name) or [{"value": "0"}]
    return _finite(_mapping(first, name).get("value"), name)


def _metric(metric: Mapping[str, Any]) -> Metric:
    samples = (_mapping(each, "a sample") for each in _list(metric["metrics"], "samples"))
    return Metric(
        _text(metric.get("type", ""), "a metric's type").lower(),
        tuple(Sample(_labels(each.get("labels")), _pushed_value(each)) for each in samples),
    )


def _pushed_value(sample: Mapping[str, Any]) -> str:
    """Return the value of a sample; an empty text for a histogram or a summary, which have none."""
    return _value(sample["value"]) if "value" in sample else ""


def samples(data: Any) -> list[Sample]:
    """Return the samples in Prometheus's answer to an instant query; none for a range query.

    Raises:
        AnswerError: the data has another form.
    """
    return [
        Sample(_labels(each.get("metric")), _point(each.get("value"))[1])
        for each in _result(data, "vector")
        if "value" in each or "histogram" not in each
    ]


def series(data: Any) -> list[Series]:
    """Return the series in Prometheus's answer to a range query; none for a query of one moment.

    Raises:
        AnswerError: the data has another form.
    """
    return [
        # A series with native histograms may have no values.
        Series(
            _labels(each.get("metric")),
            tuple(_point(point) for point in _list(each.get("values"), "values")),
        )
        for each in _result(data, "matrix")
    ]


def result(data: Any) -> Result:
    """Return the samples or the series in Prometheus's answer, according to its resultType.

    Both are empty for other types, for example a scalar.

    Raises:
        AnswerError: the data has another form.
    """
    return Result(samples(data), series(data))


def _result(data: Any, kind: str) -> Iterator[Mapping[str, Any]]:
    found = _mapping(data, "the result of a query")
    if _text(found.get("resultType"), "a resultType") != kind:
        return iter(())
    return (_mapping(each, "a series") for each in _list(found.get("result"), "a result"))


def _point(said: Any) -> tuple[float, str]:
    if not isinstance(said, list) or len(said) != 2:  # noqa: PLR2004 - a time and a value
        raise _wrong("a time and a value", said)
    return _finite(said[0], "a time"), _value(said[1])


def targets(data: Any) -> list[Target]:
    """Return the active targets in Prometheus's answer to ``/api/v1/targets``.

    Raises:
        AnswerError: the data has another form.
    """
    said = _mapping(data, "targets")
    if "activeTargets" not in said:
        raise _wrong("activeTargets", data)
    return [
        _target(_mapping(each, "a target"))
        for each in _list(said["activeTargets"], "activeTargets")
    ]


def _target(said: Mapping[str, Any]) -> Target:
    discovered = _mapping(said.get("discoveredLabels", {}), "discoveredLabels")
    return Target(
        # Not the label job, which the scrape config may change.
        job=_text(said.get("scrapePool") or discovered.get("job", ""), "the job of a target"),
        url=_text(said.get("scrapeUrl"), "a scrapeUrl"),
        health=_text(said.get("health"), "the health of a target"),
        last_error=_text(said.get("lastError"), "a lastError"),
        last_scrape=max(0.0, _seconds(_text(said.get("lastScrape", ""), "a lastScrape"))),
        labels=_labels(said.get("labels", {})),
        address=_text(discovered.get("__address__", ""), "the address of a target"),
    )


def status(data: Any) -> dict[str, dict[str, str]]:
    """Return ``flags`` and ``build_information`` of the Pushgateway's ``/api/v1/status``.

    ``build_information`` has at least a ``version``.

    Raises:
        AnswerError: the data has another form.
    """
    said = _mapping(data, "a status")
    found = {name: _labels(said.get(name)) for name in ("flags", "build_information")}
    if "version" not in found["build_information"]:
        raise _wrong("a version", said)
    return found


def version(data: Any) -> str:
    """Return the version in Prometheus's answer to ``/api/v1/status/buildinfo``.

    Raises:
        AnswerError: the data has another form.
    """
    return _text(_mapping(data, "build information").get("version"), "a version")


def config(data: Any) -> str:
    """Return the YAML in Prometheus's answer to ``/api/v1/status/config``.

    Raises:
        AnswerError: the data has another form.
    """
    return _text(_mapping(data, "a configuration").get("yaml"), "a configuration")


def _seconds(written: str) -> float:
    """Return a time, as ``2026-11-24T05:00:00.123456789Z``, in seconds since 1970; 0 for other text."""
    try:
        return datetime.fromisoformat(written).timestamp()
    except (ValueError, OverflowError):  # also the year 1, which means never
        return 0


def _wrong(expected: str, said: Any) -> AnswerError:
    return AnswerError(f"expected {expected}, not {shown(said)}")


def _mapping(said: Any, expected: str) -> Mapping[str, Any]:
    if not isinstance(said, dict):
        raise _wrong(expected, said)
    return said


def _list(said: Any, expected: str) -> list[Any]:
    """Return a list; an empty one for null, which Go writes for it."""
    if said is None:
        return []
    if not isinstance(said, list):
        raise _wrong(f"a list of {expected}", said)
    return said


def _labels(said: Any) -> dict[str, str]:
    labels = _mapping(said, "labels")
    for name, value in labels.items():
        _text(name, "a label's name")
        _text(value, "the value of a label")
    return dict(labels)


def _text(said: Any, expected: str) -> str:
    """Return a text; raise AnswerError for lone surrogates, which JSON may hold as escapes."""
    if not isinstance(said, str):
        raise _wrong(f"{expected}, a text", said)
    if not said.isascii():
        try:
            said.encode()
        except UnicodeEncodeError:
            raise _wrong(f"{expected} in Unicode", said) from None
    return said


def _value(said: Any) -> str:
    """Return a sample's value as both servers write it: a text with a number, NaN or +Inf."""
    text = _text(said, "a value")
    _number(text, "a value")
    return text


def _finite(said: Any, expected: str) -> float:
    number = _number(said, expected)
    if not math.isfinite(number):
        raise _wrong(f"{expected}, a number", said)
    return number


def _number(said: Any, expected: str) -> float:
    if isinstance(said, (str, int, float)) and not isinstance(said, bool):
        try:
            return float(said)
        except (ValueError, OverflowError):
            pass
    raise _wrong(f"{expected}, a number", said)
