"""The verdict on each host of a run, its exit code and its report, without any host."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyinfra import logger
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state

from local_hosts import disconnected, host_of, state_of
from looks import look
from pushgateway_lab.course import questions, verify
from pushgateway_lab.lab import tasks
from pushgateway_lab.lab.checks import Check, Task, done, still_open, unknown, wrong
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.results import CheckResult, Finding, HostResult, TaskResult
from pushgateway_lab.lab.results import State as Progress
from pushgateway_lab.run import deadline
from pushgateway_lab.run.failure import reason_of
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.host_settings import settings_of
from pushgateway_lab.settings import STAGES, SettingsError, parse_settings
from snapshots import carry_out

FINDINGS: dict[str, Finding] = {
    "done": done("yes"),
    "open": still_open("not yet"),
    "wrong": wrong("port 9091 is taken"),
    "unknown": unknown("cannot be seen"),
}


def result(stage: str | None, host: str = "done") -> HostResult:
    """Return a host at a stage whose task Host has a check in this state."""
    reached = 0 if stage is None else STAGES.index(stage) + 1
    return HostResult(
        "a",
        tuple(
            TaskResult(
                str(number),
                "a task",
                name,
                (
                    CheckResult("good", "a check", FINDINGS["done"]),
                    CheckResult(
                        "x",
                        "a check",
                        FINDINGS[host]
                        if number == 0 and host != "done"
                        else FINDINGS["done" if number < reached else "open"],
                    ),
                ),
            )
            for number, name in enumerate(STAGES)
        ),
    )


@pytest.mark.parametrize("expected", STAGES)
@pytest.mark.parametrize("reached", [None, *STAGES])
def test_a_host_is_expected_that_has_the_stage_or_a_later_one(
    reached: str | None, expected: str
) -> None:
    found = result(reached)
    assert found.stage == reached
    order = [None, *STAGES]
    is_expected = order.index(reached) >= order.index(expected)
    assert verify._is_expected(found, expected) == is_expected
    if not is_expected:
        assert verify._why(found, expected) == (
            f"expected stage: {expected}, but the host is {reached or 'not prepared'}: see below"
        )


@pytest.mark.parametrize(
    ("state", "is_expected"), [("done", True), ("open", True), ("unknown", True), ("wrong", False)]
)
def test_where_no_stage_is_expected_a_host_must_not_be_broken(
    state: str, *, is_expected: bool
) -> None:
    found = result(None, host=state)
    assert verify._is_expected(found, None) == is_expected
    if not is_expected:
        assert verify._why(found, None) == "This host is broken: port 9091 is taken"


def test_a_mistake_in_a_later_task_does_not_break_the_host() -> None:
    first, second, *rest = result("prepared").tasks
    mistaken = second._replace(checks=(CheckResult("x", "a check", FINDINGS["wrong"]),))
    assert verify._is_expected(HostResult("a", (first, mistaken, *rest)), None)


def test_a_host_of_which_nothing_is_known_is_nowhere() -> None:
    found = verify._not_looked_at("a", "No answer.\nAt all.", tasks.TASKS)
    assert not found.expected
    assert (found.stage, found.looked_at, found.problem) == (None, None, "No answer.\nAt all.")
    assert [task.name for task in found.tasks] == [task.name for task in tasks.TASKS]
    assert {task.state for task in found.tasks} == {Progress.UNKNOWN}
    assert "No answer." in found.tasks[0].checks[0].finding.says
    for expected in (None, "prepared"):
        assert verify._why(found, expected) == found.problem
    assert not verify._is_expected(found, "prepared")


def test_a_problem_is_cut() -> None:
    problem = verify._not_looked_at("a", "x" * 5000, tasks.TASKS).problem
    assert problem is not None
    assert "x" * verify.PROBLEM in problem
    assert "x" * (verify.PROBLEM + 1) not in problem


Looks = dict[str, Look | Exception]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """A mapping from a host's name to the result, or the error, of the look at it."""
    seen: Looks = {}

    def take(host: Any, settings: Any, queries: Any, *, follow: bool) -> Look:
        assert follow  # the file that Prometheus reads is the one to look at
        del queries
        found = seen[host.name]
        if isinstance(found, Exception):
            raise found
        return replace(found, settings=settings)

    monkeypatch.setattr(questions, "look_at_lab", take)
    return seen


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A list of the reports that were shown on the terminal."""
    reports: list[Any] = []
    monkeypatch.setattr(verify, "_show", reports.append)
    return reports


def has_a_file(looked: Look) -> Finding:
    return done("it is there") if looked.snapshot.config else still_open("no file")


ALL_TASKS = (
    Task("Host", "x", (Check("host", "x", lambda _: done("yes")),), stage="prepared"),
    Task("1", "x", (Check("file", "x", has_a_file),), stage="configured"),
)


def verified(state: State, *names: str) -> dict[str, str]:
    """Run both operations on hosts as pyinfra does; return why each failed, empty if it did not."""
    state.is_executing = True
    for operation in (verify.examine, verify.conclude):
        for name in names:
            host = host_of(state, name)
            with ctx_state.use(state), ctx_host.use(host):
                settings = settings_of(host)
                commands = operation._inner(settings=settings, all_tasks=ALL_TASKS)
                carry_out(host, commands)
    return {name: reason_of(host_of(state, name)) for name in names}


def run_of(*names: str, **data: Any) -> State:
    state = state_of(dict.fromkeys(names, data))
    verify.begin(state, parse_settings(data))
    return state


@pytest.fixture(autouse=True)
def small_lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A lab of two tasks, on a machine without logs."""
    monkeypatch.setattr(tasks, "TASKS", ALL_TASKS)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def student() -> Look:
    looked = look()
    return replace(looked, snapshot=looked.snapshot._replace(is_root=False, user="student"))


def prepared() -> Look:
    looked = look()
    return replace(looked, snapshot=looked.snapshot._replace(config=None))


def test_each_host_fails_for_itself(looks: Looks, shown: list[Any]) -> None:
    looks.update(
        ahead=look(),
        behind=prepared(),
        student=student(),
        silent=HostError("It connected, but did not answer."),
        puzzling=ZeroDivisionError("a mistake"),
    )
    state = run_of(*looks, lab_expect="configured")
    why = verified(state, *looks)
    assert why.pop("ahead") == ""
    assert why.pop("behind") == "expected stage: configured, but the host is prepared: see below"
    assert why.pop("student").startswith("Logged in as student, which is not root.")
    assert why.pop("silent") == "It connected, but did not answer."
    assert "Unexpected error in this program: ZeroDivisionError" in why.pop("puzzling")
    assert why == {}
    disconnected(state, *looks)
    (report,) = shown
    assert report.expected == "configured"
    assert {host.name: host.expected for host in report.hosts} == {
        name: name == "ahead" for name in looks
    }
    assert {host.name for host in report.hosts if host.problem is None} == {"ahead", "behind"}


def test_where_nothing_is_expected_no_stage_fails_a_host(looks: Looks, shown: list[Any]) -> None:
    looks.update(ahead=look(), behind=prepared(), silent=HostError("No answer."))
    state = run_of(*looks)
    assert verified(state, *looks) == {"ahead": "", "behind": "", "silent": "No answer."}
    disconnected(state, *looks)
    assert shown[0].expected is None


def test_hosts_that_were_not_reached_are_in_the_report(looks: Looks, shown: list[Any]) -> None:
    looks.update(here=look())
    state = run_of("here", "gone", "late")
    state.activated_hosts.remove(host_of(state, "gone"))
    verified(state, "here")
    disconnected(state, "here", "late")
    (report,) = shown
    assert {host.name: host.problem for host in report.hosts} == {
        "here": None,
        "gone": "Not reached: no connection",
        "late": "Not looked at: the run ended before.",
    }


def test_no_table_is_shown_where_no_host_was_looked_at(looks: Looks, shown: list[Any]) -> None:
    assert looks == {}
    state = run_of("a")
    disconnected(state, "a")
    assert shown == []


def test_hosts_outside_of_the_limit_are_not_in_the_report(looks: Looks, shown: list[Any]) -> None:
    looks.update(a=look())
    state = state_of({"a": {}, "b": {"lab_tasks": "/nowhere"}})
    state.limit_hosts = [host_of(state, "a")]
    verify.begin(state, parse_settings({}))
    verified(state, "a")
    disconnected(state, "a", "b")
    assert [host.name for host in shown[0].hosts] == ["a"]


def test_hosts_that_are_expected_at_different_stages_have_no_stage_in_common(
    looks: Looks, shown: list[Any]
) -> None:
    looks.update(a=look(), b=prepared())
    state = state_of({"a": {"lab_expect": "configured"}, "b": {"lab_expect": "prepared"}})
    verify.begin(state, parse_settings({}))
    assert verified(state, "a", "b") == {"a": "", "b": ""}
    disconnected(state, "a", "b")
    assert shown[0].expected is None


@pytest.mark.parametrize("key", ["lab_tasks", "report"])
def test_what_all_hosts_share_must_not_differ(key: str) -> None:
    for other in ({}, {key: "/b"}):
        state = state_of({"a": {key: "/a"}, "b": other})
        with pytest.raises(SettingsError, match=f"{key} differs between hosts; set the same value"):
            verify.check_settings(state)
    assert verify.check_settings(state_of({"a": {"report": "/a"}, "b": {"report": "/a"}}))


def test_settings_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(SettingsError, match="b: lab_expect = 'done'"):
        verify.check_settings(state_of({"a": {}, "b": {"lab_expect": "done"}}))
    with pytest.raises(SettingsError, match="lab_tasks: /nowhere"):
        verify.check_settings(state_of({"a": {"lab_tasks": "/nowhere"}}))


def test_a_run_may_have_a_budget() -> None:
    state = run_of("a")
    assert deadline.seconds_left(state) == float("inf")
    state = run_of("a", lab_budget=30)
    assert 0 < deadline.seconds_left(state) <= 30


def test_a_report_that_cannot_be_written_fails_each_host(
    looks: Looks, shown: list[Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    looks.update(a=look(), b=HostError("No answer."))
    state = run_of("a", "b", report=str(tmp_path / "file"))
    why = verified(state, "a", "b")
    assert why["a"].startswith(f"The report could not be written to {tmp_path / 'file'}")
    assert why["a"].endswith("--data report=DIRECTORY")
    assert why["b"] == "No answer."
    assert shown == []
    # Also of a host that fails for itself.
    looks["a"] = prepared()
    with caplog.at_level(logging.INFO, logger.name):
        verified(run_of("a", report=str(tmp_path / "file"), lab_expect="configured"), "a")
    assert "expected stage: configured" in caplog.text
    assert "The report could not be written" in caplog.text


def test_the_report_is_written_once_for_all_that_is_known(
    looks: Looks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[list[str | None]] = []
    monkeypatch.setattr(
        "pushgateway_lab.report.write.write",
        lambda report, _: written.append([host.problem for host in report.hosts]),
    )
    looks.update(a=look(), b=look())
    state = run_of("a", "b", report=str(tmp_path))
    verified(state, "a")  # with --serial, hosts come one by one
    verified(state, "b")
    assert written == [[None, "Not looked at: the run ended before."], [None, None]]
    written.clear()
    verified(run_of("a", "b", report=str(tmp_path)), "a", "b")
    assert written == [[None, None]]


def test_while_a_run_is_prepared_nothing_is_told(looks: Looks) -> None:
    looks.update(a=prepared())
    state = run_of("a", lab_expect="configured")
    host = host_of(state, "a")
    with ctx_state.use(state), ctx_host.use(host):
        settings = settings_of(host)
        assert list(verify.conclude._inner(settings=settings, all_tasks=ALL_TASKS)) == []
    assert reason_of(host) == ""
