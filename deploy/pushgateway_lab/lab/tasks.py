"""The tasks of lab 4.2, and the tasks in a trainer's file."""

import runpy
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pushgateway_lab.formats.characters import shown
from pushgateway_lab.lab import scrape_job, scrapes, servers
from pushgateway_lab.lab.checks import Check, Task
from pushgateway_lab.lab.deletions import deleted_check
from pushgateway_lab.lab.excerpts import SAYS, excerpt
from pushgateway_lab.lab.pushed import Pushed
from pushgateway_lab.lab.pushes import pushed_checks
from pushgateway_lab.settings import SettingsError

LABS_COMPLETED = Pushed(
    "prometheus_training_labs_completed_total", 4, {"job": "prometheus_training"}
)
SOME_METRIC = Pushed(
    "some_metric_total",
    42,
    {"job": "prometheus_training", "instance": "myinstance"},
    type="counter",
)

TASKS = (
    Task("Host", "What the lab stands on", servers.CHECKS, stage="prepared"),
    Task(
        "4.2.1",
        "Install and configure Pushgateway",
        (*scrape_job.CHECKS, *scrapes.CHECKS),
        stage="configured",
    ),
    Task(
        "4.2.2",
        "Push metrics to Pushgateway",
        (
            *pushed_checks("labs_completed", LABS_COMPLETED),
            *pushed_checks("some_metric", SOME_METRIC),
        ),
        stage="pushed",
    ),
    Task(
        "4.2.3",
        "Delete Pushgateway metrics",
        (
            deleted_check("labs_completed", LABS_COMPLETED, [SOME_METRIC]),
            deleted_check("some_metric", SOME_METRIC, [LABS_COMPLETED]),
        ),
        stage="cleaned",
    ),
)
"""The tasks of lab 4.2, with the titles of its page."""


def tasks(path: str | None) -> tuple[Task, ...]:
    """Return the lab's tasks, followed by those of a trainer's file.

    + path: the setting ``lab_tasks``; None: no file

    Raises:
        SettingsError: the file cannot be run, or its TASKS cannot be used; with the line, if known.
    """
    return TASKS if path is None else (*TASKS, *_further(path))


class _TaskError(Exception):
    """A trainer's task cannot be used; the message says which, and why."""


@cache  # the file is run once, not once a host
def _further(path: str) -> tuple[Task, ...]:
    try:
        further = _listed(runpy.run_path(path))
        _check(further)
    except (Exception, SystemExit) as error:
        raise SettingsError(f"lab_tasks: {path}{_line(error, path)}: {_reason(error)}") from error
    return further


def _reason(error: BaseException) -> str:
    """Return an error in words: its text may quote anything that the file holds."""
    if isinstance(error, _TaskError):
        return excerpt(error, SAYS)
    if isinstance(error, OSError) and error.strerror:
        return f"it cannot be read: {error.strerror}"
    if isinstance(error, SystemExit):
        return "it ends the program; remove the call of exit"
    return f"{type(error).__name__}: {excerpt(getattr(error, 'msg', None) or error)}"


def _listed(defined: Mapping[str, Any]) -> tuple[Task, ...]:
    if "TASKS" not in defined:
        raise _TaskError("TASKS is missing, a list of Task")
    found = defined["TASKS"]
    if isinstance(found, Task) or not isinstance(found, list | tuple):
        raise _TaskError(f"TASKS is {shown(found)}, not a list of Task")
    return tuple(found)


def _line(error: BaseException, path: str) -> str:
    """Return the line of the file that caused an error, as ``, line 3``; nothing if it is unknown."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f", line {error.lineno}"
    line = None
    trace = error.__traceback__
    while trace:
        if Path(trace.tb_frame.f_code.co_filename) == Path(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f", line {line}" if line else ""


def _check(further: tuple[Task, ...]) -> None:
    names = [task.name for task in TASKS]
    for number, task in enumerate(further):
        if not isinstance(task, Task):
            raise _TaskError(
                f"TASKS[{number}] is {shown(task)}, not a Task. Write Task(NAME, TITLE, (CHECK, ...))"
            )
        if not _are_texts(task.name, task.title):
            raise _TaskError(
                f"TASKS[{number}] has the name {shown(task.name)} and the title {shown(task.title)}; write two texts"
            )
        _check_checks(task)
        if task.stage is not None:
            raise _TaskError(f"the task {task.name} has a stage; only the lab's own tasks have one")
        if task.name in names:
            raise _TaskError(f"there are two tasks with the name {task.name}")
        names.append(task.name)


def _check_checks(task: Task) -> None:
    if isinstance(task.checks, Check) or not isinstance(task.checks, tuple | list):
        raise _TaskError(
            f"the checks of the task {task.name} are {shown(task.checks)}, not a tuple of Checks. For one check, "
            "write (CHECK,)"
        )
    if not task.checks:
        raise _TaskError(f"the task {task.name} has no checks")
    for each in task.checks:
        if not isinstance(each, Check):
            hint = "; write * before it" if isinstance(each, tuple | list) else ""
            raise _TaskError(f"the task {task.name} has {shown(each)} among its checks{hint}")
        if not _are_texts(each.name, each.title):
            raise _TaskError(
                f"a check of the task {task.name} has the name {shown(each.name)} and the title "
                f"{shown(each.title)}; write two texts"
            )
        if not callable(each.judge):
            raise _TaskError(
                f"the check {each.name} has {shown(each.judge)} where a function is needed"
            )
        for texts in (each.queries, each.jobs):
            if not isinstance(texts, tuple) or not _are_texts(*texts):
                raise _TaskError(
                    f"the check {each.name} has {shown(texts)} where a tuple of texts is needed"
                )


def _are_texts(*values: object) -> bool:
    return all(isinstance(value, str) and value for value in values)


def queries_of(all_tasks: Iterable[Task]) -> tuple[str, ...]:
    """Return the queries of these tasks, each once."""
    checks = (check for task in all_tasks for check in task.checks)
    return tuple(dict.fromkeys(query for check in checks for query in check.queries))


def jobs_of(all_tasks: Iterable[Task]) -> frozenset[str]:
    """Return the job labels of the groups that people push for these tasks."""
    return frozenset(job for task in all_tasks for check in task.checks for job in check.jobs)
