"""The lab's tasks and those in a trainer's file: what they may hold, and what happens if a check breaks."""

import re
from pathlib import Path

import pytest

from looks import NOW, look
from pushgateway_lab.lab.checks import Check, Task, done, judged, query
from pushgateway_lab.lab.results import State
from pushgateway_lab.lab.tasks import (
    TASKS,
    jobs_of,
    queries_of,
    tasks,
)
from pushgateway_lab.settings import SettingsError

DOCS = Path(__file__).parents[1] / "docs" / "verify.md"


def answer_of(labels: dict[str, str]) -> dict[str, object]:
    return {"resultType": "vector", "result": [{"metric": labels, "value": [NOW, "1"]}]}


def test_a_query_of_a_trainer_is_done_when_there_is_a_sample() -> None:
    check = query("up", "It is up", "up == 1", done="It is.", otherwise="It is not.", fix="do it")
    asked = "/api/v1/query?query=up%20%3D%3D%201"
    silent = check.judge(look())
    assert silent.state is State.UNKNOWN
    assert "up == 1" in silent.says
    up = check.judge(look(said={asked: answer_of({"job": "x"})}))
    assert (up.state, up.says, up.fix) == (State.DONE, "It is.", None)
    nothing = {"resultType": "vector", "result": []}
    down = check.judge(look(said={asked: nothing}))
    assert (down.state, down.says, down.fix) == (State.OPEN, "It is not.", "do it")


def test_a_check_that_breaks_hides_no_other() -> None:
    def breaks(looked: object) -> None:
        raise ZeroDivisionError(str(looked)[:0])

    def returns_nothing(looked: object) -> None:
        del looked

    judges = [breaks, returns_nothing, lambda _: done("yes")]
    checks = tuple(Check(str(n), "a", judge) for n, judge in enumerate(judges))  # type: ignore[arg-type]
    found = [each.finding for each in judged(Task("x", "x", checks), look()).checks]
    assert [each.state for each in found] == [State.UNKNOWN, State.UNKNOWN, State.DONE]
    assert f"{__file__}, line " in found[0].says
    assert "returned None" in found[1].says


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
        ("", "TASKS is missing"),
        ("TASKS = {}['x']", "line 1: KeyError: 'x'"),
        ("from pushgateway_lab.lab.pushes import *\nTASKS=[\n", "line 2: SyntaxError: '['"),
        (
            "from pushgateway_lab.lab.pushes import *\nTASKS = [pushed_checks('m', Pushed('m', 1, {'job': 'x'}, 'guage'))]",
            "line 2: ValueError: m has the type 'guage'",
        ),
        (
            "from pushgateway_lab.lab.checks import *\nTASKS = [Task('5', 'x', (Check('a', 'a', print, ('up')),))]",
            "the check a has 'up'",
        ),
        (
            "from pushgateway_lab.lab.pushes import *\nTASKS = [pushed_checks('m', Pushed('m', 1, {}))]",
            "line 2: GroupingError",
        ),
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
