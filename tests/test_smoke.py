"""The decision whether the smoke push is due."""

import pytest
from pyinfra.api.host import Host
from pyinfra.api.operation import OperationMeta

from pushgateway_lab.settings import Settings
from pushgateway_lab.smoke import push
from snapshots import carry_out, host_in_run, settings

CHANGED, UNCHANGED = (OperationMeta("x", is_change=is_change) for is_change in (True, False))


@pytest.mark.parametrize(
    ("smoke", "is_done"), [("auto", True), ("never", True), ("always", False), (None, True)]
)
def test_a_host_on_which_nothing_changes_needs_no_push_unless_it_is_always_wanted(
    smoke: str | None, *, is_done: bool
) -> None:
    assert push.is_done(None, settings(pushgateway_smoke=smoke)) == is_done


@pytest.mark.parametrize(
    ("smoke", "after", "is_due"),
    [
        ("auto", [], False),
        ("auto", [UNCHANGED, UNCHANGED], False),
        ("auto", [UNCHANGED, CHANGED], True),
        ("auto", [CHANGED, UNCHANGED], True),
        ("always", [], True),
        ("always", [UNCHANGED], True),
        ("always", [CHANGED], True),
        ("never", [], False),
        ("never", [CHANGED], False),
    ],
)
def test_it_is_pushed_after_a_change_or_always(
    monkeypatch: pytest.MonkeyPatch, smoke: str, after: list[OperationMeta], *, is_due: bool
) -> None:
    proven: list[tuple[str, Settings]] = []

    def prove(host: Host, given: Settings) -> None:
        proven.append((host.name, given))

    monkeypatch.setattr("pushgateway_lab.smoke.proof.prove", prove)
    given = settings(pushgateway_smoke=smoke)
    with host_in_run() as host:
        commands = list(push.push._inner(settings=given, after=after))
        assert proven == []
        assert carry_out(host, iter(commands))
    assert proven == ([("a", given)] if is_due else [])
    assert len(commands) == is_due
