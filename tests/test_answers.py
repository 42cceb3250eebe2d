"""Valid answers are parsed; all others raise `AnswerError`."""

import copy
import json
import tracemalloc
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from attackers import Attacker
from growth import is_linear
from labhost import Host
from pushgateway_lab.formats import answers
from pushgateway_lab.formats.answers import AnswerError, Group, Metric, Sample, Series, Target
from pushgateway_lab.http.api import ApiError, Prometheus, Pushgateway

GAUGE = {"type": "GAUGE", "help": "h", "metrics": [{"labels": {"job": "a"}, "value": "4"}]}
TIME = {"type": "GAUGE", "metrics": [{"labels": {"instance": "", "job": "a"}, "value": "1.8e+09"}]}
HISTOGRAM = {"type": "HISTOGRAM", "metrics": [{"labels": {"job": "a"}, "count": "1", "sum": "2"}]}
OWN = {"push_time_seconds": TIME, "last_push_successful": True}

# For each function: answers of the servers, and the parsed results.
READ: list[tuple[Callable[[Any], Any], Any, Any]] = [
    (answers.groups, None, []),
    (
        answers.groups,
        [
            {"labels": {"job": "a"}, "m": GAUGE, "h": HISTOGRAM, "later": [1], **OWN},
            {"labels": GAUGE, **OWN},
            {"labels": {"job": "a"}},
            {"labels": {"job": "a"}},
        ],
        [
            Group(
                {"job": "a"},
                1.8e9,
                0,
                {
                    "m": Metric("gauge", (Sample({"job": "a"}, "4"),)),
                    "h": Metric("histogram", (Sample({"job": "a"}, ""),)),
                },
            ),
            Group({"job": "a"}, 1.8e9),
            Group({"job": "a"}, 0),
            Group({"job": "a"}, 0),
        ],
    ),
    (answers.samples, {"resultType": "matrix", "result": []}, []),
    (
        answers.samples,
        {
            "resultType": "vector",
            "result": [
                {"metric": {"job": "ä"}, "value": [1.5, "NaN"]},
                {"metric": {}, "histogram": [1, {}]},
            ],
        },
        [Sample({"job": "ä"}, "NaN")],
    ),
    (answers.series, {"resultType": "scalar", "result": [1, "1"]}, []),
    (
        answers.series,
        {
            "resultType": "matrix",
            "result": [{"metric": {"a": "b"}, "values": [[1, "2"], [2.5, "+Inf"]]}, {"metric": {}}],
        },
        [Series({"a": "b"}, ((1, "2"), (2.5, "+Inf"))), Series({}, ())],
    ),
    (
        answers.targets,
        {
            "activeTargets": [
                {
                    "discoveredLabels": {"job": "x"},
                    "labels": {"job": "y"},
                    "scrapePool": "p",
                    "scrapeUrl": "http://h",
                    "lastError": "",
                    "health": "up",
                    "lastScrape": "2026-11-24T05:00:00.123456789Z",
                },
                {
                    "discoveredLabels": {"job": "x"},
                    "scrapeUrl": "http://h",
                    "lastError": "e",
                    "health": "down",
                    "lastScrape": "0001-01-01T00:00:00Z",
                },
            ]
        },
        [
            Target("p", "http://h", "up", "", 1795496400.123456, {"job": "y"}),
            Target("x", "http://h", "down", "e"),
        ],
    ),
    (
        answers.status,
        {"flags": {"a": "b"}, "build_information": {"version": "1"}, "start_time": 5},
        {"flags": {"a": "b"}, "build_information": {"version": "1"}},
    ),
    (answers.version, {"version": "2.42.0"}, "2.42.0"),
    (answers.config, {"yaml": "a: b\n"}, "a: b\n"),
]
FUNCTIONS = [answers.groups, answers.samples, answers.series, answers.targets, answers.status,
             answers.version, answers.config]  # fmt: skip

HOSTILE: list[Any] = [
    None, True, 0, -1, 1.5, float("nan"), float("inf"), 10**4000, "", "x", "NaN", "1e999", "\ud800", "\0\x1b]52;c;",
    [], {}, [[]], [None], [{}], {"a": 1}, {"\ud800": ""}, {"metrics": 5}, {"metrics": [5]}, {"metrics": [{}]}, "x" * 10**6,
    [1], [1, 2, 3], ["NaN", "1"], [1, "x"], [1e400, "1"],
]  # fmt: skip


def assert_good(value: Any) -> None:
    """Fail for a text that cannot be written as UTF-8, and for an infinite number."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, Mapping):
        for name, each in value.items():
            assert_good(name)
            assert_good(each)
    elif isinstance(value, list | tuple):
        for each in value:
            assert_good(each)
    else:
        assert isinstance(value, int | float)
        assert abs(value) < float("inf")
    if isinstance(value, Sample):
        assert value.value == "" or isinstance(float(value.value), float)
    if isinstance(value, Series):
        assert all(isinstance(float(each), float) for _, each in value.values)


def assert_read_or_refused(function: Callable[[Any], Any], said: Any) -> None:
    try:
        read = function(said)
    except AnswerError as refused:
        words = str(refused)
    else:
        assert_good(read)
        return
    assert words.isprintable()
    assert len(words) < 200


@pytest.mark.parametrize(("function", "said", "expected"), READ)
def test_what_servers_answer_is_read(
    function: Callable[[Any], Any], said: Any, expected: Any
) -> None:
    assert (
        function(answers.parse_answer(json.dumps({"status": "success", "data": said}).encode()))
        == expected
    )


def places(value: Any) -> list[list[Any]]:
    """Return the path of each value inside a value, and the empty path of the value itself."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [[], *([key, *path] for key, each in inner for path in places(each))]


def changed(value: Any, path: list[Any], new: Any) -> Any:
    if not path:
        return new
    value = copy.copy(value)
    value[path[0]] = changed(value[path[0]], path[1:], new)
    return value


def without(value: Any, path: list[Any]) -> Any:
    value = copy.copy(value)
    if len(path) == 1:
        del value[path[0]]
    else:
        value[path[0]] = without(value[path[0]], path[1:])
    return value


@pytest.mark.parametrize(("function", "said"), [(function, said) for function, said, _ in READ])
def test_anything_in_any_place_is_read_or_refused(
    function: Callable[[Any], Any], said: Any
) -> None:
    for path in places(said):
        for hostile in HOSTILE:
            assert_read_or_refused(function, changed(said, path, hostile))
        if path:
            assert_read_or_refused(function, without(said, path))


KEYS = st.sampled_from(
    ["labels", "metrics", "value", "values", "metric", "result", "resultType", "push_time_seconds", "activeTargets",
     "flags", "build_information", "version", "yaml", "type", "scrapeUrl", "discoveredLabels", "job", "\ud800"]
)  # fmt: skip
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))
    | KEYS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(), inner, max_size=6)
    ),
)


@given(st.sampled_from(FUNCTIONS), ANY_JSON)
def test_any_json_is_read_or_refused(function: Callable[[Any], Any], said: Any) -> None:
    assert_read_or_refused(function, said)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_deep_is_refused(function: Callable[[Any], Any]) -> None:
    for wrap in (lambda inner: [inner], lambda inner: {"labels": inner, "metrics": inner}):
        said: Any = []
        for _ in range(100_000):
            said = wrap(said)
        assert_read_or_refused(function, said)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "JSON"),
        (b"<html>", "JSON, not '<html>'"),
        (b'{"status":"success","data":[', "JSON"),
        (b"\0" * 1000, "JSON"),
        (b"\xff\xfe{}", "JSON"),
        (b'{"data": NaN}', "JSON"),
        (b'{"data": -Infinity}', "JSON"),
        (b'{"data": ' + b"1" * 10_000 + b"}", "JSON"),
        (b'{"data": "\xed\xa0\x80"}', "JSON"),
        (b"[" * 100_000, "too deep"),
        (b'{"status":"success","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too deep"),
        (b'{"a":' * 100_000, "too deep"),
        (b"[]", "an answer"),
        (b"5", "an answer"),
        (b"{}", "data"),
        (b'{"status":"error","data":[]}', "success"),
        (b'{"status":[],"data":[]}', "success"),
        (b" " * (answers.LARGEST + 1), "larger than 8 MiB"),
        (b'{"data":[' + b"[]," * answers.MOST_VALUES + b"[]]}", "more than 500000 values"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value,
)  # fmt: skip
def test_what_is_no_answer_is_refused_and_named(body: bytes, says: str) -> None:
    with pytest.raises(AnswerError) as error:
        answers.parse_answer(body)
    assert says in str(error.value)
    assert len(str(error.value)) < 200


@given(st.binary())
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    assert_read_or_refused(answers.parse_answer, body)


def test_the_largest_answers_cost_little() -> None:
    """Time and memory at the limits, for answers that a pusher or another program may cause."""
    label = "\N{CJK UNIFIED IDEOGRAPH-4E00}" * 100
    group = {"labels": {"job": label}, "m": GAUGE, **OWN}
    size = len(json.dumps(group, ensure_ascii=False).encode())
    crowd = json.dumps({"data": [group] * (answers.LARGEST // (size + 9))}, ensure_ascii=False)
    lists = b'{"data":[' + b"{}," * (answers.MOST_VALUES // 2 - 9) + b"{}]}"
    wide = '{"data":"\N{GRINNING FACE}' + "a" * (answers.LARGEST - 50) + '"}'

    def read(body: bytes) -> None:
        assert_read_or_refused(answers.groups, answers.parse_answer(body))

    for body in (crowd.encode(), lists, wide.encode()):
        tracemalloc.start()
        answers.parse_answer(body)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 100 << 20
        assert is_linear(partial(json.loads, body), partial(read, body))


@pytest.mark.lab_host
def test_a_program_that_lies_is_named(lab_host: Host) -> None:
    attacker = Attacker(lab_host)
    lies = {"*": {"status": "success", "data": [{"labels": 5}]}}
    for port, behaviour in ((9091, "say"), (9092, "deep")):
        attacker.serve(port, behaviour, lies, "0.0.0.0")
        url = f"http://{lab_host.address}:{port}"
        gateway = Pushgateway(requests.Session(), url)
        prometheus = Prometheus(requests.Session(), url)
        asks: list[Callable[[], object]] = [
            gateway.groups,
            gateway.flags,
            prometheus.targets,
            prometheus.config,
            lambda prometheus=prometheus: prometheus.query("up"),  # type: ignore[misc]
        ]
        for ask in asks:
            with pytest.raises(
                ApiError, match=f"at {url} sent an invalid answer, an error of that server: "
            ) as error:
                ask()
            assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    ("body", "is_read"),
    [
        (b'{"data":1}'.rjust(8 * 1024 * 1024), True),
        (b'{"data":1}'.rjust(8 * 1024 * 1024 + 1), False),
        (b'{"data":[' + b"1," * 499_998 + b"1]}", True),
        (b'{"data":[' + b"1," * 499_999 + b"1]}", False),
    ],
    ids=["8 MiB", "more", "500,000 values", "more values"],
)
def test_an_answer_is_read_up_to_its_limits(body: bytes, is_read: bool) -> None:
    if is_read:
        assert answers.parse_answer(body)
    else:
        with pytest.raises(AnswerError):
            answers.parse_answer(body)


@pytest.mark.parametrize("instance", ["", "vm7"])
def test_a_metric_called_labels_does_not_hide_the_labels_of_its_group(instance: str) -> None:
    labels = {"job": "a", "instance": instance}
    pushed = {"metrics": [{"labels": labels, "value": "1"}]}
    found = answers.groups([{"labels": pushed, "push_time_seconds": pushed}])[0]
    assert found.labels == {name: value for name, value in labels.items() if value}
