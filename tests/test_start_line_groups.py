"""The groups that prepare and reset delete, and those that a restart may lose."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pyinfra.api.host import Host

from pushgateway_lab.course import start_line
from pushgateway_lab.run.failure import reason_of
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings
from snapshots import (
    BOTH,
    carry_out,
    host_in_run,
)
from starts import CLOSED, FOREIGN, OURS, RESET, RESTARTED, TRAINING, WIPE, at_start


def test_the_groups_are_deleted_that_were_found(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = at_start(TRAINING, FOREIGN, data=RESET)
    deleted: list[list[str]] = []
    said: list[str] = []

    def delete_all(host: Host, given: Settings, going: Sequence[Any]) -> None:
        assert (host.name, given) == ("a", looked.settings)
        deleted.append([each.labels["job"] for each in going])

    monkeypatch.setattr(start_line, "look_for_start", lambda *_: looked)
    monkeypatch.setattr(start_line, "tell", lambda _, notes: said.extend(notes))
    monkeypatch.setattr("pushgateway_lab.groups.delete_all", delete_all)
    with host_in_run() as host:
        operation = start_line.groups_deleted._inner(settings=looked.settings, for_reset=True)
        assert carry_out(host, operation)
    assert deleted == [["prometheus_training"]]
    assert len(said) == 1
    assert "backup" in said[0]


def test_before_a_run_a_silent_pushgateway_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = at_start(answers=False)
    monkeypatch.setattr(start_line, "look_for_start", lambda *_: looked)
    with host_in_run(executing=False) as host:
        assert list(start_line.groups_deleted._inner(settings=looked.settings)) == []
        assert reason_of(host) == ""
    with host_in_run() as host:
        assert not carry_out(host, start_line.groups_deleted._inner(settings=looked.settings))
        assert "does not answer, so its groups are unknown" in reason_of(host)


@pytest.mark.parametrize(
    ("labels", "data", "may_go"),
    [
        (TRAINING, {}, False),
        (OURS[0], {}, False),
        (TRAINING, WIPE, False),
        (TRAINING, RESET, True),
        (OURS[0], RESET, True),
        (OURS[1], RESET, True),
        (FOREIGN, RESET, False),
        (FOREIGN, RESET | WIPE, True),
    ],
)
def test_which_groups_a_restart_may_lose(
    labels: Mapping[str, object], data: Mapping[str, Any], *, may_go: bool
) -> None:
    looked = at_start(labels, data=data)
    assert looked.groups
    assert start_line.may_lose(looked.groups[0], looked.settings) == may_go


def has_nothing_to_lose(*groups: Mapping[str, object], **fields: Any) -> bool:
    looked = at_start(*groups, **fields)
    return start_line.has_nothing_to_lose(looked, looked.settings)


def test_groups_are_deleted_before_a_restart_only_if_prepare_may_delete_them() -> None:
    assert not has_nothing_to_lose(TRAINING, data=RESET, lines=RESTARTED)
    assert not has_nothing_to_lose(FOREIGN, data=RESET | WIPE, lines=RESTARTED)
    assert has_nothing_to_lose(TRAINING, data=RESET)
    assert has_nothing_to_lose(TRAINING, lines=RESTARTED)
    assert has_nothing_to_lose(OURS[1], data=RESET, lines=RESTARTED)
    assert has_nothing_to_lose(answers=False, data=RESET)
    # Somebody pushed since the host was checked.
    with pytest.raises(
        HostError, match=r"do not belong to the lab.*No group was deleted.*lab_wipe"
    ):
        has_nothing_to_lose(FOREIGN, TRAINING, data=RESET, lines=RESTARTED)
    with pytest.raises(HostError, match="does not answer"):
        has_nothing_to_lose(answers=False, data=RESET, lines=RESTARTED)
    # This run takes the password away by the restart, which is refused if it would lose groups.
    assert has_nothing_to_lose(answers=False, data=RESET, lines=(*RESTARTED, *CLOSED))


@pytest.mark.parametrize("executing", [False, True])
@pytest.mark.parametrize(("lines", "at"), [(RESTARTED, 0), (BOTH, 1)])
def test_groups_are_deleted_once_before_the_restart_or_without_one(
    monkeypatch: pytest.MonkeyPatch, lines: Sequence[str], at: int, *, executing: bool
) -> None:
    looked = at_start(TRAINING, data=RESET, lines=lines)
    deleted: list[str] = []
    monkeypatch.setattr(start_line, "look_for_start", lambda *_: looked)
    monkeypatch.setattr(start_line, "_delete", lambda *_: deleted.append("once"))
    operations = (
        start_line.deleted_before_restart._inner(settings=looked.settings),
        start_line.groups_deleted._inner(settings=looked.settings),
    )
    with host_in_run(executing=executing) as host:
        for number, commands in enumerate(operations):
            # While the run executes, the second one sees another look.
            assert (executing and number != at) or carry_out(host, commands)
    assert deleted == ["once"]


def test_before_a_run_unknown_groups_are_no_error_before_a_restart_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked = at_start(answers=False, data=RESET, lines=RESTARTED)
    monkeypatch.setattr(start_line, "look_for_start", lambda *_: looked)
    with host_in_run(executing=False) as host:
        assert list(start_line.deleted_before_restart._inner(settings=looked.settings)) == []
        assert reason_of(host) == ""
    with host_in_run() as host:
        operation = start_line.deleted_before_restart._inner(settings=looked.settings)
        assert not carry_out(host, operation)
        assert "does not answer, so its groups are unknown" in reason_of(host)
