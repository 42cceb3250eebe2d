"""A report in which each text is hostile, in all four formats: no text has an effect."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reports
from growth import is_linear
from hostile_texts import ALL, PIECES
from pushgateway_lab.lab.results import (
    CheckResult,
    Finding,
    HostResult,
    Report,
    State,
    TaskResult,
)

TEXTS = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(codec=None), max_size=5), max_size=6
).map("".join)
TIMES = st.none() | st.floats()


@st.composite
def hostile_reports(draw: st.DrawFn) -> Report:
    """Draw reports in which all hosts have the same tasks with the same checks."""
    tasks = draw(
        st.lists(
            st.tuples(
                TEXTS,
                TEXTS,
                st.none() | TEXTS,
                st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=2),
            ),
            max_size=2,
        )
    )
    findings = st.builds(Finding, st.sampled_from(State), TEXTS, st.none() | TEXTS, TIMES)

    def host() -> HostResult:
        return HostResult(
            draw(TEXTS),
            tuple(
                TaskResult(
                    name, title, stage, tuple(CheckResult(*each, draw(findings)) for each in checks)
                )
                for name, title, stage, checks in tasks
            ),
            draw(st.none() | TEXTS),
            draw(TIMES),
            draw(TIMES),
            draw(st.booleans()),
        )

    hosts = tuple(host() for _ in range(draw(st.integers(0, 2))))
    return Report(draw(st.floats(0, 1e12)), draw(st.none() | TEXTS), hosts)


def crowded(text: str, *states: State) -> Report:
    """Return a report on hosts of all kinds, with this text in each field that holds a text.

    + states: the states of each task's checks
    """
    finding = Finding(State.WRONG, text, text, 1.0)
    checks = tuple(
        CheckResult(text, text, finding._replace(state=state, at=None)) for state in states
    )
    tasks = (TaskResult(text, text, text, checks), TaskResult(text, text, None, checks))
    looked = HostResult(text, tasks, None, 1.0, 1.0, expected=False)
    return Report(
        1.0, text, (looked, looked._replace(problem=text), looked._replace(expected=True))
    )


@settings(deadline=None)
@given(hostile_reports())
def test_no_report_does_anything(made: Report) -> None:
    for assert_harmless in ALL:
        assert_harmless(made)


@pytest.mark.parametrize("piece", [*PIECES, "".join(PIECES), reports.HOSTILE])
def test_no_text_does_anything_in_any_field(piece: str) -> None:
    for assert_harmless in ALL:
        assert_harmless(crowded(piece, *State))


@pytest.mark.parametrize("piece", ["\x1b", "<", "\u65e5", "a ", "a.", "a\n"], ids=ascii)
def test_showing_takes_no_longer_than_the_texts(piece: str) -> None:
    small, large = (crowded(piece * (size // len(piece)), State.WRONG) for size in (2_500, 10_000))
    for assert_harmless in ALL:
        assert is_linear(partial(assert_harmless, small), partial(assert_harmless, large))
