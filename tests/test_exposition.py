"""The validation of bodies before a push: invalid ones are refused, valid ones are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bodies import BAD, GOOD
from growth import is_linear
from pushgateway_lab.formats.exposition import ExpositionError, check_exposition


@pytest.mark.parametrize("body", GOOD)
def test_good_bodies_pass(body: str) -> None:
    check_exposition(body)


@pytest.mark.parametrize(("body", "line", "says"), BAD)
def test_bad_bodies_name_their_line(body: str, line: int, says: str) -> None:
    with pytest.raises(ExpositionError) as error:
        check_exposition(body)
    assert str(error.value).startswith(f"line {line}: ")
    assert says in str(error.value)


@given(st.text(), st.floats())
def test_what_client_python_writes_passes(text: str, number: float) -> None:
    registry = CollectorRegistry()
    Gauge("a_gauge", text.replace("\r", ""), ["x"], registry=registry).labels(text).set(number)
    Counter("a_counter", "help", registry=registry).inc()
    Histogram("a_histogram", "help", registry=registry).observe(1)
    check_exposition(generate_latest(registry).decode())


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
        if bad.isalpha() and body in ("{} 1", 'a{{{}="b"}} 1'):
            continue  # a name may be long
        with pytest.raises(ExpositionError) as refused:
            check_exposition(body.format(bad) + "\n")
        words = str(refused.value)
        assert words.isprintable(), body
        assert len(words) < 300


def test_a_line_of_many_labels_takes_no_longer_than_it_is_long() -> None:
    small, large = ("a{" + 'b="c",' * number + "} 1\n" for number in (25_000, 100_000))
    assert is_linear(lambda: check_exposition(small), lambda: check_exposition(large))
