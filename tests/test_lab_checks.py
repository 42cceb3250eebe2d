"""What the checks make of a look: the states that are hard to bring about on a real host."""

import re
import shlex
from pathlib import Path
from urllib.parse import quote

import pytest

from looks import NOW, look, status, unit
from pushgateway_lab.lab import host
from pushgateway_lab.lab.checks import Check, Task, done, judged
from pushgateway_lab.lab.look import Disk, Look
from pushgateway_lab.lab.pushes import deleted, pushed, seen
from pushgateway_lab.lab.results import State
from pushgateway_lab.lab.tasks import (
    LABS_COMPLETED,
    SOME_METRIC,
    TASKS,
    jobs_of,
    queries_of,
    tasks,
)
from pushgateway_lab.settings import SettingsError

DOCS = Path(__file__).parents[1] / "docs" / "verify.md"
GATEWAY = "prometheus-pushgateway.service"


@pytest.mark.parametrize(
    ("ahead", "state", "says"),
    [(0.0, State.DONE, "agrees"), (4.9, State.DONE, "agrees"), (-61.0, State.WRONG, "61 s behind")],
)
def test_a_clock_may_differ_by_five_seconds(ahead: float, state: State, says: str) -> None:
    finding = host.clock(look(ahead=ahead))
    assert finding.state is state
    assert says in finding.says


def test_too_little_room_is_wrong() -> None:
    assert host.disk_space(look()).state is State.DONE
    little = host.disk_space(look(disk=Disk(499_000_000, 10**10)))
    assert little.state is State.WRONG
    assert "0.5 of 10.0 GB" in little.says
    assert host.disk_space(look(disk=None)).state is State.UNKNOWN


@pytest.mark.parametrize(
    ("lines", "state", "fix"),
    [
        (unit(GATEWAY, load="masked", active="inactive"), State.WRONG, "unmask"),
        (unit(GATEWAY, active="failed"), State.WRONG, "enable --now"),
        (unit(GATEWAY, enabled="disabled"), State.WRONG, "systemctl enable prometheus-pushgateway"),
        (unit(GATEWAY, load="not-found", active="inactive"), State.OPEN, None),
        (unit(GATEWAY), State.WRONG, "journalctl"),  # active, but nothing answers
    ],
)
def test_a_unit_that_is_not_as_it_should_be(
    lines: list[str], state: State, fix: str | None
) -> None:
    finding = host.pushgateway_runs(look(*lines))
    assert finding.state is state
    assert fix is None if finding.fix is None else fix and fix in finding.fix


def test_the_admin_api_is_judged_by_the_running_flags() -> None:
    on = look(said={"status": status(**{"web.enable-admin-api": "true"})})
    off = look(said={"status": status(**{"web.enable-admin-api": "false"})})
    assert host.admin_api(on).state is State.DONE
    assert "404" in host.admin_api(off).says
    assert (
        host.admin_api(
            off._replace(settings=look(data={"pushgateway_admin_api": False}).settings)
        ).state
        is State.DONE
    )
    assert host.admin_api(look()).state is State.UNKNOWN


def group(
    labels: dict[str, str], failed: float = 0, **metrics: tuple[str, float]
) -> dict[str, object]:
    """A group as the Pushgateway shows it: metric -> type and value."""

    def metric(kind: str, value: float) -> dict[str, object]:
        return {"type": kind, "metrics": [{"labels": labels, "value": str(value)}]}

    return {
        "labels": labels,
        "push_time_seconds": metric("GAUGE", NOW - 60),
        "push_failure_time_seconds": metric("GAUGE", failed),
        **{name: metric(*said) for name, said in metrics.items()},
    }


LABS = group(
    {"job": "prometheus_training"}, prometheus_training_labs_completed_total=("UNTYPED", 4)
)


@pytest.mark.parametrize(
    ("groups", "state", "says"),
    [
        ([LABS], State.DONE, "was pushed"),
        ([], State.OPEN, "never pushed"),
        (
            [group({"job": "training"}, prometheus_training_labs_completed_total=("UNTYPED", 4))],
            State.WRONG,
            "job is 'training', not 'prometheus_training'",
        ),
        (
            [
                group(
                    {"job": "prometheus_training"}, prometheus_training_lab_completed=("UNTYPED", 4)
                )
            ],
            State.WRONG,
            "holds prometheus_training_lab_completed;",
        ),
        (
            [
                group(
                    {"job": "prometheus_training"},
                    prometheus_training_labs_completed_total=("UNTYPED", 5),
                )
            ],
            State.WRONG,
            "value 5, not 4",
        ),
        (
            [group({"job": "prometheus_training"}, failed=NOW)],
            State.WRONG,
            "was refused",
        ),
    ],
)
def test_what_was_pushed_instead_is_named(groups: list[object], state: State, says: str) -> None:
    finding = pushed(look(said={"groups": groups}), LABS_COMPLETED)
    assert finding.state is state, finding
    assert says in finding.says
    assert (finding.fix is None) == (state is State.DONE)


def test_a_hostile_label_value_is_quoted_for_the_shell() -> None:
    name = {"job": "x'; touch /tmp/y; '", "a": "b c"}
    held = group(name, prometheus_training_labs_completed_total=("UNTYPED", 4))
    finding = pushed(look(said={"groups": [held]}), LABS_COMPLETED)
    assert finding.fix
    words = shlex.split(finding.fix.splitlines()[0])
    assert words[:3] == ["curl", "-X", "DELETE"]
    assert len(words) == 4
    assert re.fullmatch(r"http://localhost:9091/metrics/job@base64/[\w=-]+/a/b%20c", words[3])


def answer(*samples: tuple[dict[str, str], str]) -> dict[str, object]:
    result = [{"metric": labels, "value": [NOW, value]} for labels, value in samples]
    return {"resultType": "vector", "result": result}


def path(query: str) -> str:
    return f"/api/v1/query?query={quote(query, safe='')}"


def history(labels: dict[str, str], *values: tuple[float, float]) -> dict[str, object]:
    """What Prometheus saw: how many seconds ago, and with which value."""
    samples = [[NOW - ago, str(value)] for ago, value in values]
    return {"resultType": "matrix", "result": [{"metric": labels, "values": samples}]}


def remembered(past: dict[str, object]) -> Look:
    """A look at a host where nothing is pushed any more, and Prometheus remembers this."""
    return look(
        said={
            "groups": [],
            path(LABS_COMPLETED.history): past,
            path(LABS_COMPLETED.metric): answer(),
        }
    )


def test_what_was_right_once_stays_done_after_it_was_deleted() -> None:
    looked = remembered(history({"job": "prometheus_training"}, (90, 5), (60, 4), (30, 6)))
    once = pushed(looked, LABS_COMPLETED)
    assert (once.state, once.at) == (State.DONE, NOW - 60)
    assert seen(looked, LABS_COMPLETED).state is State.DONE
    gone = deleted(looked, LABS_COMPLETED, [SOME_METRIC])
    assert (gone.state, gone.at) == (State.DONE, NOW - 30)


@pytest.mark.parametrize(
    "past",
    [
        history({"job": "prometheus_training"}, (90, 5)),
        history({"exported_job": "prometheus_training", "job": "pushgateway"}, (90, 4)),
        history({"job": "prometheus_training", "instance": "vm01"}, (90, 4)),
        history({"job": "prometheus_training"}),
    ],
)
def test_another_value_or_label_in_the_history_is_not_done(past: dict[str, object]) -> None:
    looked = remembered(past)
    assert pushed(looked, LABS_COMPLETED).state is State.OPEN
    assert seen(looked, LABS_COMPLETED).state is State.OPEN


def test_a_check_that_breaks_hides_no_other() -> None:
    def breaks(looked: object) -> None:
        raise ZeroDivisionError(str(looked)[:0])

    task = Task("x", "x", (Check("a", "a", breaks), Check("b", "b", lambda _: done("yes"))))  # type: ignore[arg-type]
    states = [each.finding.state for each in judged(task, look()).checks]
    assert states == [State.UNKNOWN, State.DONE]


def test_names_of_checks_are_unique_and_jobs_are_the_labs() -> None:
    for task in TASKS:
        names = [check.name for check in task.checks]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in names)
    assert jobs_of(TASKS) == {"prometheus_training"}
    assert len(set(queries_of(TASKS))) == len(queries_of(TASKS))


def test_the_task_that_the_docs_show_can_be_used(tmp_path: Path) -> None:
    file = tmp_path / "my_tasks.py"
    file.write_text(re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)[0])
    added = tasks(str(file))[-1]
    assert added.name == "5.1"
    assert len(added.checks) == 5
    assert jobs_of([added]) == {"backup"}
    states = {each.name: each.finding.state for each in judged(added, look()).checks}
    assert states["retention"] is State.OPEN
    assert states["backup_pushed"] is State.UNKNOWN  # this Pushgateway does not answer


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no 'TASKS'"),
        ("TASKS = [\n  1 1]", "line 2"),
        ("import os\nos.nothing", "line 2"),
        ("TASKS = [1]", "not a Task"),
        (
            "from pushgateway_lab.lab.checks import Task\nTASKS = [Task('4.2.1', 'x', ())]",
            "no checks",
        ),
    ],
)
def test_a_file_of_tasks_that_cannot_be_used_says_why(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "my_tasks.py"
    file.write_text(text)
    with pytest.raises(SettingsError, match="lab_tasks") as error:
        tasks(str(file))
    assert says in str(error.value)
    assert str(file) in str(error.value)


def test_a_file_of_tasks_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match=r"lab_tasks: /nowhere\.py"):
        tasks("/nowhere.py")
