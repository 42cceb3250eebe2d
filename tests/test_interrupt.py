"""SIGINT ends all waits at once; the previous handler runs afterwards."""

import signal
import threading
from collections.abc import Iterator
from types import FrameType

import gevent
import pytest
from pyinfra.api.state import State

from local_hosts import state_of
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.interrupt import interruptible


@pytest.fixture
def interrupts() -> Iterator[list[int]]:
    """The signals that reached the previous handler; the fixture restores the real one."""
    noted: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        del frame
        noted.append(number)

    original = signal.signal(signal.SIGINT, note)
    handler = signal.getsignal(signal.SIGINT)
    yield noted
    assert signal.getsignal(signal.SIGINT) is handler
    signal.signal(signal.SIGINT, original)


def wait_through_a_signal(state: State) -> None:
    with interruptible(state):
        signal.raise_signal(signal.SIGINT)
        gevent.sleep(5)


def test_a_wait_ends_and_the_previous_handler_runs(interrupts: list[int]) -> None:
    state = state_of({"a": {}})
    with pytest.raises(HostError, match=r"^Interrupted\.$"):
        wait_through_a_signal(state)
    assert interrupts == [signal.SIGINT]
    signal.raise_signal(signal.SIGINT)
    assert len(interrupts) == 2


def test_a_wait_inside_another_one_ends_with_it(interrupts: list[int]) -> None:
    state = state_of({"a": {}})
    with interruptible(state):
        with interruptible(state):
            pass
        with pytest.raises(HostError, match=r"^Interrupted\.$"):
            wait_through_a_signal(state)
    assert interrupts == [signal.SIGINT]
    with pytest.raises(HostError, match=r"^Interrupted\.$"):
        wait_through_a_signal(state)


def test_all_that_wait_are_ended_and_no_other(interrupts: list[int]) -> None:
    state = state_of({"a": {}})
    ended = []

    def wait(name: str) -> None:
        try:
            with interruptible(state):
                gevent.sleep(5)
        except HostError:
            ended.append(name)

    def other() -> str:
        gevent.sleep(0.05)
        return "done"

    greenlets = [gevent.spawn(wait, name) for name in "ab"]
    others = gevent.spawn(other)
    gevent.sleep(0)
    signal.raise_signal(signal.SIGINT)
    gevent.joinall(greenlets, timeout=2, raise_error=True)
    assert sorted(ended) == ["a", "b"]
    assert others.get(timeout=2) == "done"
    assert interrupts == [signal.SIGINT]


def test_a_wait_that_ended_is_not_interrupted(interrupts: list[int]) -> None:
    state = state_of({"a": {}})
    with interruptible(state):
        pass
    signal.raise_signal(signal.SIGINT)
    gevent.sleep(0)
    assert interrupts == [signal.SIGINT]


@pytest.mark.parametrize("first_ends_first", [True, False])
def test_two_runs_share_the_one_handler_of_the_process(
    interrupts: list[int], first_ends_first: bool
) -> None:
    first, second = interruptible(state_of({"a": {}})), interruptible(state_of({"a": {}}))
    first.__enter__()
    second.__enter__()
    early, late = (first, second) if first_ends_first else (second, first)
    early.__exit__(None, None, None)
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(HostError):
        gevent.sleep(5)
    late.__exit__(None, None, None)
    assert interrupts == [signal.SIGINT]


def test_a_run_that_waits_again_below_another_is_no_circle(interrupts: list[int]) -> None:
    first, second = state_of({"a": {}}), state_of({"a": {}})
    with interruptible(first):
        later = interruptible(second)
        later.__enter__()
    with pytest.raises(HostError):
        wait_through_a_signal(first)
    later.__exit__(None, None, None)
    assert interrupts == [signal.SIGINT]
    with pytest.raises(HostError):
        wait_through_a_signal(first)
    assert len(interrupts) == 2


def test_a_signal_raises_one_error_whatever_waits_in_one_greenlet(interrupts: list[int]) -> None:
    states = [state_of({"a": {}}) for _ in range(2)]

    def wait_twice() -> None:
        with interruptible(states[0]), interruptible(states[1]):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            gevent.sleep(5)

    with pytest.raises(HostError):
        wait_twice()
    gevent.sleep(0.01)  # where a second error would be raised
    assert len(interrupts) == 2


def test_in_another_thread_it_waits_as_ever(interrupts: list[int]) -> None:
    state = state_of({"a": {}})
    handlers = []

    def wait() -> None:
        with interruptible(state):
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=wait)
    thread.start()
    thread.join()
    assert handlers == [signal.getsignal(signal.SIGINT)]
    assert interrupts == []
