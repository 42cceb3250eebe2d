"""A deploy as a table of steps: the operations that a host gets, and steps whose predicate fails."""

from collections.abc import Iterable
from typing import Any

import pytest
from pyinfra.api.host import Host
from pyinfra.api.operation import OperationMeta

from pushgateway_lab.run import failure, steps
from pushgateway_lab.run.failure import reason_of
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.steps import Step
from pushgateway_lab.settings import Settings
from pushgateway_lab.tables import servers
from pushgateway_lab.tables.bootstrap import BOOTSTRAP
from snapshots import carry_out, host_in_run

SETTINGS = Settings()


class Table:
    """Steps with operations that only record their calls and arguments."""

    def __init__(self) -> None:
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.results: dict[str, OperationMeta] = {}
        self.looked: list[str] = []

    def step(
        self, name: str, is_done: bool | Exception = True, notes: Iterable[str] = (), **fields: Any
    ) -> Step:
        """Return a step that is done or not, or whose predicate raises an error."""

        def operation(**arguments: Any) -> OperationMeta:
            self.called.append((name, arguments))
            self.results[name] = OperationMeta(name, is_change=True)
            return self.results[name]

        def look(host: Host, settings: Settings) -> str:
            assert settings is SETTINGS
            self.looked.append(host.name)
            return f"seen for {name}"

        def decide(seen: str, settings: Settings) -> bool:
            assert (seen, settings) == (f"seen for {name}", SETTINGS)
            if isinstance(is_done, Exception):
                raise is_done
            return is_done

        def tell(seen: str, settings: Settings) -> Iterable[str]:
            assert (seen, settings) == (f"seen for {name}", SETTINGS)
            return notes

        return Step(name, operation, look, decide, tell, **fields)


@pytest.fixture
def stayed(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Replace `stays_right` and return the list of its calls' arguments."""
    noted: list[dict[str, Any]] = []
    monkeypatch.setattr(steps, "stays_right", lambda **arguments: noted.append(arguments))
    return noted


def test_a_host_on_which_all_is_done_gets_one_operation(stayed: list[dict[str, Any]]) -> None:
    table = Table()
    all_steps = [table.step("Check"), table.step("Install"), table.step("Run")]
    with host_in_run(executing=False):
        steps.take(SETTINGS, all_steps)
    assert table.called == []
    assert stayed == [{"name": "Check", "settings": SETTINGS, "steps": all_steps}]
    assert table.looked == ["a", "a", "a"]


@pytest.mark.parametrize(
    "is_done",
    [False, HostError("cannot be taken"), ZeroDivisionError("a mistake"), KeyError("x")],
    ids=repr,
)
@pytest.mark.parametrize("at", range(3))
def test_where_one_is_not_done_all_operations_are_noted_in_their_order(
    stayed: list[dict[str, Any]], is_done: bool | Exception, at: int
) -> None:
    table = Table()
    all_steps = [
        table.step(name, is_done if number == at else True)
        for number, name in enumerate(["Check", "Install", "Run"])
    ]
    with host_in_run(executing=False):
        steps.take(SETTINGS, all_steps)
    assert stayed == []
    assert table.called == [
        (name, {"name": name, "settings": SETTINGS}) for name in ("Check", "Install", "Run")
    ]


def test_an_operation_is_told_its_arguments_and_the_results_of_the_steps_it_comes_after() -> None:
    table = Table()
    first, second = table.step("First", is_done=False), table.step("Second")
    third = table.step("Third", arguments={"for_reset": True})
    last = table.step("Last", arguments={"x": 1}, after=(third, first))
    with host_in_run(executing=False):
        steps.take(SETTINGS, [first, second, third, last])
    given = dict(table.called)
    assert given["Third"] == {"name": "Third", "settings": SETTINGS, "for_reset": True}
    assert given["Last"] == {
        "name": "Last",
        "settings": SETTINGS,
        "x": 1,
        "after": [table.results["Third"], table.results["First"]],
    }
    assert "after" not in given["Second"]


def test_whatever_may_restart_a_server_is_proven_with_a_push() -> None:
    [proof] = [each for each in BOOTSTRAP if each.name == "Prove it with a push"]
    restarting = (servers.INSTALL, servers.RELEASES, servers.RESTRICT, servers.LISTEN, servers.RUN)
    assert {each.name for each in restarting} <= {each.name for each in proof.after}


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(failure, "say", lambda _, message, __: lines.append(message))
    return lines


def stays_right(host: Host, *all_steps: Step) -> bool:
    return carry_out(host, steps.stays_right._inner(settings=SETTINGS, steps=all_steps))


def test_a_host_that_stays_right_is_told_its_notes(said: list[str]) -> None:
    table = Table()
    all_steps = (table.step("A", notes=["one"]), table.step("B"), table.step("C", notes=["2", "3"]))
    with host_in_run() as host:
        assert stays_right(host, *all_steps)
        assert reason_of(host) == ""
    assert said == ["one", "2", "3"]
    said.clear()
    with host_in_run(executing=False) as host:
        assert stays_right(host, *all_steps)
    assert said == []


@pytest.mark.parametrize(
    ("is_done", "reason"),
    [
        (False, "This host needed no change when the run was prepared, but has drifted since."),
        (HostError("Its port is taken."), "Its port is taken."),
    ],
)
def test_a_host_that_drifted_fails(said: list[str], is_done: bool | Exception, reason: str) -> None:
    table = Table()
    with host_in_run() as host:
        assert not stays_right(host, table.step("A", notes=["one"]), table.step("B", is_done))
        assert reason_of(host).startswith(reason)
    assert "one" not in said


def test_all_steps_must_be_done() -> None:
    table = Table()
    with host_in_run() as host:
        assert steps.are_done(host, SETTINGS, [table.step("A"), table.step("B")])
        assert not steps.are_done(host, SETTINGS, [table.step("A", is_done=False), table.step("B")])
        assert not steps.are_done(host, SETTINGS, [table.step("A"), table.step("B", is_done=False)])
        with pytest.raises(HostError, match="cannot"):
            steps.are_done(host, SETTINGS, [table.step("A", HostError("cannot"))])
