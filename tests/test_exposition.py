"""Bodies that are checked before they are sent, and that no good one is refused."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from pushgateway_lab.formats.exposition import ExpositionError, check

GOOD = [
    "",
    "\n\n",
    "a 1\n",
    "  a\t 1\n",
    "a:b_c9 +Inf\n_ NaN\nx -1.5e-9\n",
    'a{} 1\na{b="c"} 1\na{b="d",} 1\na { b = "e" , d = "" } 1\n',
    'a{b="}{,\\"\\\\\\n#"} 1\n',
    'a{b="🔥"} 1\n',
    "# anything at all 'x\n#\n# HELP\ta some words\n# TYPE a gauge\na 1\n",
    "# TYPE some_metric_total counter\n# HELP This is just an example metric.\nsome_metric_total 42\n",
    "# TYPE a\n# HELP\n",
    '{"my.name", x="y"} 1\n',
    'a{"my.label"="y", z="1"} 1\n',
]

BAD = [
    ("a 1", 1, "must end with a newline"),
    ("a 1\nb 2", 2, "must end with a newline"),
    ("a 1\nb 2 1700000000000\n", 2, "no timestamps"),
    ("a 1 # comment\n", 1, "no timestamps"),
    ("a-b 1\n", 1, "'a-b' is no metric name"),
    ("1a 1\n", 1, "'1a' is no metric name"),
    ("ä 1\n", 1, "is no metric name"),
    ("\n\na\n", 3, "no value"),
    ("a one\n", 1, "'one' is no number"),
    ("a 1_000\n", 1, "'1_000' is no number"),
    ("a 1,5\n", 1, "'1,5' is no number"),
    ("a 1\r\nb 2\r\n", 1, "carriage return"),
    ('a{b="c" 1\n', 1, "no end"),
    ('a{b="c} 1\n', 1, "no end"),
    ("a{b=c} 1\n", 1, 'expected label="value"'),
    ("a{b='c'} 1\n", 1, 'expected label="value"'),
    ('a{b-c="d"} 1\n', 1, "'b-c' is no label name"),
    ('a{b="\\x"} 1\n', 1, "escapes"),
    ("a 1 \n", 1, "blanks after its value"),
    ("# TYPE a number\n", 1, "which is none of"),
    ("# HELP\ta-b c\n", 1, "'a-b' is no metric name"),
    ("# TYPE a-b gauge\n", 1, "'a-b' is no metric name"),
    ("a \ud800\n", 1, "no valid Unicode"),
]


@pytest.mark.parametrize("body", GOOD)
def test_good_bodies_pass(body: str) -> None:
    check(body)


@pytest.mark.parametrize(("body", "line", "says"), BAD)
def test_bad_bodies_name_their_line(body: str, line: int, says: str) -> None:
    with pytest.raises(ExpositionError) as error:
        check(body)
    assert str(error.value).startswith(f"line {line}: ")
    assert says in str(error.value)


@given(st.text(), st.floats())
def test_what_client_python_writes_passes(text: str, number: float) -> None:
    registry = CollectorRegistry()
    Gauge("a_gauge", text.replace("\r", ""), ["x"], registry=registry).labels(text).set(number)
    Counter("a_counter", "help", registry=registry).inc()
    Histogram("a_histogram", "help", registry=registry).observe(1)
    check(generate_latest(registry).decode())


@pytest.mark.parametrize("bad", ["\x1b]52;c;\x07", "\u202e", "x" * 10**6, "\\\x1b", "{\x9b"])
def test_what_is_wrong_is_shown_escaped_and_cut(bad: str) -> None:
    bodies = [
        "{} 1",
        "a {}",
        "a 1 {}",
        "# TYPE {} x",
        "# TYPE a {}",
        'a{{b="{}"}} x',
        'a{{{}="b"}} 1',
    ]
    for body in bodies:
        try:
            check(body.format(bad) + "\n")
        except ExpositionError as refused:
            words = str(refused)
        else:
            continue
        assert words.isprintable(), body
        assert len(words) < 300


def test_a_line_of_many_labels_takes_no_longer_than_it_is_long() -> None:
    started = time.process_time()
    check("a{" + 'b="c",' * 100_000 + "} 1\n")
    assert time.process_time() - started < 2
