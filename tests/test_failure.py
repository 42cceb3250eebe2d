"""An error on one host fails that host; the run goes on for all others."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyinfra import logger
from pyinfra.api.command import FunctionCommand, PyinfraCommand, StringCommand
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.host import Host
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state

from local_hosts import host_of, state_of
from pushgateway_lab.run import failure
from pushgateway_lab.run.failure import cleanly, function, reason_of
from pushgateway_lab.run.host_error import HostError


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[State]:
    """Return the state of a run that executes on the hosts a and b; a is the current host."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))  # for logs of errors
    state = state_of({"a": {}, "b": {}})
    state.is_executing = True
    with ctx_state.use(state), ctx_host.use(host_of(state, "a")):
        yield state


Generator = Callable[[], Iterator[PyinfraCommand]]


def raising(error: Exception) -> Generator:
    """Return an operation that yields one command, and then raises the error."""

    def operation() -> Iterator[PyinfraCommand]:
        yield StringCommand("true")
        raise error

    return cleanly(operation)


def is_failed(state: State, name: str, commands: list[PyinfraCommand]) -> bool:
    """Run the functions among commands on a host as pyinfra does; return whether one failed the host."""
    functions = [each for each in commands if isinstance(each, FunctionCommand)]
    return any(each.execute(state, host_of(state, name), {}) is False for each in functions)


@pytest.mark.parametrize("error", [HostError("No disk."), ValueError("No disk.")])
def test_an_error_while_it_is_decided_fails_the_host_alone(state: State, error: Exception) -> None:
    first, *rest = raising(error)()
    assert isinstance(first, StringCommand)
    assert is_failed(state, "a", rest)
    assert "No disk." in reason_of(host_of(state, "a"))
    assert reason_of(host_of(state, "b")) == ""
    assert state.failed_hosts == set()  # pyinfra adds it after a failed operation


def test_an_unexpected_error_is_called_ours(state: State) -> None:
    _, *rest = raising(ZeroDivisionError("x / 0"))()
    assert is_failed(state, "a", rest)
    reason = reason_of(host_of(state, "a"))
    assert reason.startswith("Unexpected error in this program: ZeroDivisionError('x / 0')")


def test_an_unexpected_error_while_it_is_done_fails_the_host_alone_with_a_log(
    state: State, tmp_path: Path
) -> None:
    def act(host: Host) -> None:
        raise ZeroDivisionError(host.name)

    assert is_failed(state, "a", list(function(act)))
    reason = reason_of(host_of(state, "a"))
    assert reason.startswith("Unexpected error in this program: ZeroDivisionError('a')")
    (log,) = tmp_path.glob("pushgateway-lab/*.log")
    assert "Traceback" in log.read_text()


def test_an_error_of_pyinfras_ends_the_run(state: State) -> None:
    assert state.is_executing
    with pytest.raises(PyinfraError, match="stop"):
        list(raising(PyinfraError("stop"))())


def test_an_error_while_it_is_done_fails_the_host_alone(state: State) -> None:
    def act(host: Host, word: str) -> None:
        if host.name == "a":
            raise HostError(f"{word}.")

    assert is_failed(state, "a", list(function(act, word="full")))
    assert not is_failed(state, "b", list(function(act, word="full")))
    assert reason_of(host_of(state, "a")) == "full."
    assert reason_of(host_of(state, "b")) == ""


def test_what_would_fail_is_told_once_and_counts_as_failed(
    state: State, caplog: pytest.LogCaptureFixture
) -> None:
    state.is_executing = False
    with caplog.at_level(logging.INFO, logger.name):
        for _ in range(2):
            list(raising(HostError("No disk."))())
    assert state.failed_hosts == {host_of(state, "a")}
    assert state.active_hosts == {host_of(state, "a"), host_of(state, "b")}
    assert reason_of(host_of(state, "a")) == "No disk."
    assert caplog.text.count("No disk.") == 1


def test_a_reason_is_the_first_line_and_what_it_announces() -> None:
    assert failure._in_short("It says:\n  no\nMend it.") == "It says: no"
    assert failure._in_short("No.\nMend it.") == "No."
    assert failure._in_short("It says:") == "It says:"
    assert len(failure._in_short("x" * 5000)) < 450


def test_notes_are_told_when_a_run_executes_and_not_before(
    state: State, caplog: pytest.LogCaptureFixture
) -> None:
    host = host_of(state, "a")
    with caplog.at_level(logging.INFO, logger.name):
        state.is_executing = False
        failure.tell(host, ["x", "y"])
        assert caplog.text == ""
        state.is_executing = True
        failure.tell(host, ["x", "y"])
    assert caplog.text.count("[a] ") == 2
