"""The end of a run: its summary names each host that is not done, with the reason, and no other host."""

import logging
from collections.abc import Iterator

import click
import pytest
from pyinfra import logger
from pyinfra.api.command import FunctionCommand
from pyinfra.api.operation import OperationMeta
from pyinfra.api.state import State, StateOperationHostData, StateOperationMeta
from pyinfra.connectors.util import CommandOutput

from local_hosts import disconnected, host_of, state_of
from pushgateway_lab.run import ending, failure, unreached
from pushgateway_lab.run.host_error import INTERRUPTED


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Return the logged text, without colours."""
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(click.unstyle(record.getMessage()))

    handler = Handler()
    logger.addHandler(handler)
    with caplog.at_level(logging.INFO, logger.name):
        yield lines
    logger.removeHandler(handler)


def with_operation(state: State, name: str, **succeeded: bool | None) -> None:
    """Add an operation that succeeded (True), failed (False) or was not run (None) on each host."""
    op_hash = f"hash of {name}"
    state.op_meta[op_hash] = StateOperationMeta((0,))
    state.op_meta[op_hash].names.add(name)
    for host_name, success in succeeded.items():
        host = host_of(state, host_name)
        meta = OperationMeta(op_hash, is_change=True)
        if success is not None:
            meta.set_complete(success, [], CommandOutput([]))
        state.ops[host][op_hash] = StateOperationHostData(lambda: iter(()), {}, meta)  # type: ignore[typeddict-item]
        if success is False:
            state.failed_hosts.add(host)
            state.trigger_callbacks("operation_host_error", host, op_hash, 0, 0)


def state_to_tell_of(*names: str) -> State:
    state = state_of({name: {} for name in names})
    ending.tell_at_end(state)
    ending.tell_at_end(state)  # as the deploy of each host does
    return state


def test_a_run_in_which_all_is_done_says_so(told: list[str]) -> None:
    state = state_to_tell_of("a", "b")
    state.is_executing = True
    with_operation(state, "Install", a=True, b=True)
    disconnected(state, "a", "b")
    assert told == ["--> 2 hosts: all as they should be; nothing was changed"]


def test_a_dry_run_and_verify_do_not_say_so(told: list[str]) -> None:
    state = state_to_tell_of("a")
    disconnected(state, "a")
    state = state_to_tell_of("a")
    ending.tell_at_end(state, also_if_done=False)
    state.is_executing = True
    with_operation(state, "Look", a=True)
    disconnected(state, "a")
    assert told == []


@pytest.mark.parametrize(
    ("hosts", "changed", "says"),
    [
        (1, [], "1 host: as it should be; nothing was changed"),
        (1, ["a"], "1 host: as it should be; it was changed"),
        (2, ["a"], "2 hosts: all as they should be; changed: a"),
        (2, ["a", "b"], "2 hosts: all as they should be; all were changed"),
        (
            20,
            [f"vm{n}" for n in range(12)],
            "20 hosts: all as they should be; changed: vm0, vm1, vm2, vm3, vm4, vm5, vm6, vm7, vm8, vm9 and 2 more",
        ),
    ],
)
def test_the_last_line_names_what_was_changed(hosts: int, changed: list[str], says: str) -> None:
    assert ending.all_done(hosts, changed) == says


def test_what_became_of_each_host_is_told_once_in_the_order_of_the_inventory(
    told: list[str],
) -> None:
    state = state_to_tell_of("failed", "mute", "gone", "good", "unfinished")
    state.is_executing = True
    state.activated_hosts.remove(host_of(state, "gone"))
    with_operation(state, "Install", failed=True, mute=True, good=True, unfinished=True)
    failed = host_of(state, "failed")
    unreached.note(host_of(state, "gone"), "connection refused")
    assert not failure._fail(state, failed, "It is broken:\n  no disk\nMend it.")
    with_operation(state, "Run it", failed=False, mute=False, good=True, unfinished=None)
    told.clear()
    disconnected(state, "good", "unfinished", "mute")
    assert told == []
    disconnected(state, "failed")
    assert [" ".join(line.split()) for line in told] == [
        "--> Hosts that are not done:",
        "[failed] failed at: Run it: It is broken: no disk",
        "[mute] failed at: Run it",
        "[gone] not reached: connection refused",
        "[unfinished] not finished: run this again",
    ]


def test_what_was_interrupted_is_not_finished_whether_its_operation_failed_or_not(
    told: list[str],
) -> None:
    state = state_to_tell_of("a")
    state.is_executing = True
    assert not failure._fail(state, host_of(state, "a"), INTERRUPTED)
    with_operation(state, "Prove it", a=False)
    told.clear()
    disconnected(state, "a")
    assert [" ".join(line.split()) for line in told][1:] == ["[a] not finished: run this again"]


def test_a_host_out_of_the_limit_is_not_told_of(told: list[str]) -> None:
    state = state_to_tell_of("a", "other")
    state.limit_hosts = [host_of(state, "a")]
    state.activated_hosts.remove(host_of(state, "other"))
    disconnected(state, "a")
    assert told == []


def test_a_dry_run_tells_what_would_fail(told: list[str]) -> None:
    state = state_to_tell_of("a", "b", "c")
    with_operation(state, "Install", a=None, b=None, c=None)
    for name in "ab":
        state.failed_hosts.add(host_of(state, name))
    failure._note_reason(host_of(state, "a"), "No root.")
    disconnected(state, "a", "b", "c")
    assert told == ["--> Hosts that are not done:", "[a] would fail: No root.", "[b] failed"]


def test_reasons_are_those_of_one_run(told: list[str]) -> None:
    state, other = state_to_tell_of("a"), state_to_tell_of("a")
    host = host_of(state, "a")
    FunctionCommand(failure._fail, ("No root.",), {}).execute(state, host, {})
    assert failure.reason_of(host) == "No root."
    assert failure.reason_of(host_of(other, "a")) == ""
    assert told == ["[a] No root."]
