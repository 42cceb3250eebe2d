"""The tasks of lab 4.2, and the tasks in a trainer's file."""

import runpy
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pushgateway_lab.lab import scrape_job, servers
from pushgateway_lab.lab.checks import Check, Task
from pushgateway_lab.lab.pushed import Pushed
from pushgateway_lab.lab.pushes import deleted_check, pushed_checks
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
    Task("4.2.1", "Install and configure Pushgateway", scrape_job.CHECKS, stage="configured"),
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


@cache  # the file is run once, not once a host
def _further(path: str) -> tuple[Task, ...]:
    try:
        further = _listed(runpy.run_path(path))
        _check(further)
    except Exception as error:
        says = f"{type(error).__name__}: {getattr(error, 'msg', None) or error}"
        raise SettingsError(f"lab_tasks: {path}{_line(error, path)}: {says}") from error
    return further


def _listed(defined: Mapping[str, Any]) -> tuple[Task, ...]:
    if "TASKS" not in defined:
        raise LookupError("TASKS is missing, a list of Task")
    return tuple(defined["TASKS"])


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
    for task in further:
        if not isinstance(task, Task) or not all(isinstance(each, Check) for each in task.checks):
            raise TypeError(f"{task!r} is not a Task with a tuple of Checks")
        for each in task.checks:
            for texts in (each.queries, each.jobs):
                if not isinstance(texts, tuple) or not all(isinstance(text, str) for text in texts):
                    raise TypeError(
                        f"the check {each.name} has {texts!r} where a tuple of texts is needed"
                    )
        if not task.checks:
            raise ValueError(f"the task {task.name} has no checks")
        if task.stage is not None:
            raise ValueError(f"the task {task.name} has a stage; only the lab's own tasks have one")
        if task.name in names:
            raise ValueError(f"there are two tasks with the name {task.name}")
        names.append(task.name)


def queries_of(all_tasks: Iterable[Task]) -> tuple[str, ...]:
    """Return the queries of these tasks, each once."""
    checks = (check for task in all_tasks for check in task.checks)
    return tuple(dict.fromkeys(query for check in checks for query in check.queries))


def jobs_of(all_tasks: Iterable[Task]) -> frozenset[str]:
    """Return the job labels of the groups that people push for these tasks."""
    return frozenset(job for task in all_tasks for check in task.checks for job in check.jobs)
