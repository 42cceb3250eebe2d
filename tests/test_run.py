"""The object of one run: its parts, its actions when a host disconnects, and its actions at the end."""

from collections.abc import Callable

import pytest

from local_hosts import disconnected, host_of, state_of
from pushgateway_lab.run.run import Run


class Notes:
    """A part of the run, as a package of the toolkit has it."""

    made = 0

    def __init__(self, run: Run) -> None:
        Notes.made += 1
        self.run = run
        self.lines: list[str] = []


def test_a_state_has_one_run() -> None:
    state, other = state_of({"a": {}}), state_of({"a": {}})
    assert Run.of(state) is Run.of(state)
    assert Run.of(state) is not Run.of(other)
    assert Run.of(state).state is state
    assert len(state.callback_handlers) == 1


def test_a_part_is_made_once_a_run_and_not_shared() -> None:
    Notes.made = 0
    run, other = Run.of(state_of({"a": {}})), Run.of(state_of({"a": {}}))
    run.part(Notes).lines.append("x")
    assert run.part(Notes).lines == ["x"]
    assert other.part(Notes).lines == []
    assert (run.part(Notes).run, other.part(Notes).run) == (run, other)
    assert Notes.made == 2


def test_a_part_that_cannot_be_made_is_tried_again() -> None:
    tries = []

    class Unready:
        def __init__(self, run: Run) -> None:
            tries.append(run)
            if len(tries) == 1:
                raise ValueError

    run = Run.of(state_of({"a": {}}))
    with pytest.raises(ValueError):  # noqa: PT011 - its own
        run.part(Unready)
    assert run.part(Unready) is run.part(Unready)
    assert tries == [run, run]


def calls() -> tuple[list[str], Callable[[str], Callable[[], None]]]:
    """Return a list, and a function that makes functions which append a word to it."""
    noted: list[str] = []
    return noted, lambda word: lambda: noted.append(word)


def test_the_end_comes_once_after_the_last_host_in_the_order_of_registration() -> None:
    state = state_of({"a": {}, "b": {}, "c": {}})
    noted, note = calls()
    Run.of(state).at_end(note("first"))
    disconnected(state, "b", "b", "a")
    assert noted == []
    Run.of(state).at_end(note("second"))
    disconnected(state, "c")
    assert noted == ["first", "second"]
    disconnected(state, "a", "b", "c")
    assert noted == ["first", "second"]


def test_a_host_that_was_never_reached_is_not_waited_for() -> None:
    state = state_of({"a": {}, "b": {}})
    state.activated_hosts.remove(host_of(state, "b"))
    noted, note = calls()
    Run.of(state).at_end(note("end"))
    disconnected(state, "a")
    assert noted == ["end"]


def test_an_end_that_fails_costs_no_other() -> None:
    state = state_of({"a": {}})
    noted, note = calls()

    def fail() -> None:
        raise OSError("no terminal")

    for act in (note("first"), fail, note("last")):
        Run.of(state).at_end(act)
    with pytest.raises(OSError, match="no terminal"):
        disconnected(state, "a")
    assert noted == ["first", "last"]


def test_a_host_is_cleaned_up_before_the_end_of_the_run() -> None:
    state = state_of({"a": {}, "b": {}})
    noted, note = calls()
    run = Run.of(state)
    run.at_end(note("end"))
    run.on_disconnect(host_of(state, "b"), note("b: made first"))
    run.on_disconnect(host_of(state, "b"), note("b: made last"))
    take_back = run.on_disconnect(host_of(state, "a"), note("a"))
    disconnected(state, "b")
    assert noted == ["b: made last", "b: made first"]
    take_back()
    take_back()
    disconnected(state, "a")
    assert noted == ["b: made last", "b: made first", "end"]


def test_what_is_taken_back_is_one_registration() -> None:
    state = state_of({"a": {}})
    noted, note = calls()
    act = note("x")
    run, host = Run.of(state), host_of(state, "a")
    take_back = run.on_disconnect(host, act)
    run.on_disconnect(host, act)
    take_back()
    take_back()
    disconnected(state, "a")
    assert noted == ["x"]


def test_a_clean_up_that_fails_costs_neither_another_nor_the_end() -> None:
    state = state_of({"a": {}})
    noted, note = calls()
    run, host = Run.of(state), host_of(state, "a")

    def fail() -> None:
        raise EOFError

    run.at_end(note("end"))
    for act in (note("other"), fail):
        run.on_disconnect(host, act)
    with pytest.raises(EOFError):
        disconnected(state, "a")
    assert noted == ["other", "end"]
