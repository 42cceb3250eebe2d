"""The lab's tasks and those in a trainer's file: what they may hold, and what happens if a check breaks."""

import re
from pathlib import Path

import pytest

from looks import NOW, look, path
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


ALL = (
    "from pushgateway_lab.lab.pushes import *; from pushgateway_lab.lab.checks import *\n"
    "UP = query('up', 'It is up', 'up', done='Up.', otherwise='Down.')\n"
)


def answer_of(labels: dict[str, str]) -> dict[str, object]:
    return {"resultType": "vector", "result": [{"metric": labels, "value": [NOW, "1"]}]}


def test_a_query_of_a_trainer_is_done_when_there_is_a_sample() -> None:
    check = query("up", "It is up", "up == 1", done="It is.", otherwise="It is not.", fix="do it")
    asked = "/api/v1/query?query=up%20%3D%3D%201"
    silent = check.judge(look())
    assert silent.state is State.UNKNOWN
    assert silent.says == "Prometheus does not answer, so the result of up == 1 is unknown."
    up = check.judge(look(said={asked: answer_of({"job": "x"})}))
    assert (up.state, up.says, up.fix) == (State.DONE, "It is.", None)
    nothing = {"resultType": "vector", "result": []}
    down = check.judge(look(said={asked: nothing}))
    assert (down.state, down.says, down.fix) == (State.OPEN, "It is not.", "do it")


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (400, "Prometheus rejects the query up ==: correct it in the file of tasks (lab_tasks)."),
        (422, "Prometheus rejects the query up ==: correct it in the file of tasks (lab_tasks)."),
        (503, "Prometheus answered 503 to the query up ==."),
        (0, "Prometheus does not answer, so the result of up == is unknown."),
    ],
)
def test_a_wrong_query_and_a_dead_prometheus_are_two_sentences(status: int, says: str) -> None:
    check = query("up", "It is up", "up ==", done="It is.", otherwise="It is not.")
    found = check.judge(look(statuses={path("up =="): status}))
    assert (found.state, found.says) == (State.UNKNOWN, says)


def test_an_answer_of_another_form_is_no_silence() -> None:
    check = query("up", "It is up", "1", done="It is.", otherwise="It is not.")
    looked = look(said={path("1"): {"resultType": "vector", "result": 5}}, all_read=False)
    assert "Unexpected answer to the query 1: " in check.judge(looked).says


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
        ("TASKS = [1]", "TASKS[0] is 1, not a Task."),
        ("TASKS = None", "TASKS is None, not a list of Task"),
        ("TASKS = 'abc'", "TASKS is 'abc', not a list of Task"),
        (f"{ALL}TASKS = Task('5', 'x', (UP,))", "TASKS is Task(name='5'"),
        (f"{ALL}TASKS = [UP]", "not a Task. Write Task(NAME, TITLE, (CHECK, ...))"),
        (f"{ALL}TASKS = [pushed_checks('m', Pushed('m', 1, {{'job': 'x'}}))]", "not a Task"),
        (f"{ALL}TASKS = [Task(5, 'x', (UP,))]", "TASKS[0] has the name 5"),
        (f"{ALL}TASKS = [Task('5', 'x', UP)]", "For one check, write (CHECK,)"),
        (f"{ALL}TASKS = [Task('5', 'x', (UP, (UP,)))]", "write * before it"),
        (f"{ALL}TASKS = [Task('5', 'x', (UP._replace(judge=1),))]", "where a function is needed"),
        (f"{ALL}TASKS = [Task('5', 'x', (UP._replace(title=1),))]", "the title 1; write two texts"),
        ("raise SystemExit", "line 1: it ends the program"),
        ("raise ValueError('x' * 5000)", "line 1: ValueError: xxx"),
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
    assert len(str(error.value)) < 500 + len(str(file))


def test_a_file_of_tasks_that_is_not_there_is_named() -> None:
    with pytest.raises(
        SettingsError,
        match=r"lab_tasks: /nowhere\.py: it cannot be read: No such file or directory$",
    ):
        tasks("/nowhere.py")
