"""What a task is made of: checks, each of which makes a finding of a look at a host."""

import traceback
from collections.abc import Callable
from typing import NamedTuple

from pushgateway_lab.lab.excerpts import bounded, excerpt
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.results import CheckResult, Finding, State, TaskResult


class Check(NamedTuple):
    """One thing that is so on a host, or is not.

    + name: for programs: letters, digits and ``_``
    + title: for people
    + judge: what it makes of a look; it decides from that alone, and changes nothing
    + queries: what it needs Prometheus to be asked, see `pushgateway_lab.course.questions.look_at_lab`
    + jobs: the job labels of groups that people push for it: reset deletes these
    """

    name: str
    title: str
    judge: Callable[[Look], Finding]
    queries: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()


class Task(NamedTuple):
    """A task of the lab: its number and its title as on its page, and the stage it leads to."""

    name: str
    title: str
    checks: tuple[Check, ...]
    stage: str | None = None


def done(says: str, at: float | None = None) -> Finding:
    """It is as it should be."""
    return Finding(State.DONE, says, None, at)


def still_open(says: str, fix: str | None = None) -> Finding:
    """Nobody did it yet, or it waits for something."""
    return Finding(State.OPEN, says, fix)


def wrong(says: str, fix: str | None = None, at: float | None = None) -> Finding:
    """Somebody did something, but not this."""
    return Finding(State.WRONG, says, fix, at)


def unknown(says: str, fix: str | None = None) -> Finding:
    """It cannot be seen."""
    return Finding(State.UNKNOWN, says, fix)


def query(
    name: str, title: str, promql: str, *, done: str, otherwise: str, fix: str | None = None
) -> Check:
    """A check that is done when Prometheus answers an instant query with at least one sample.

    + promql: the query, as ``up{job="node"} == 1``
    + done, otherwise: the sentence for when it does, and for when it does not
    + fix: the command that would change that
    """

    def judge(look: Look) -> Finding:
        samples = look.samples(promql)
        if samples is None:
            return unknown(
                f"Prometheus does not answer: it does not run, or the query is wrong: {excerpt(promql)}"
            )
        return Finding(State.DONE, done) if samples else still_open(otherwise, fix)

    return Check(name, title, judge, queries=(promql,))


def judged(task: Task, look: Look) -> TaskResult:
    """Run the checks of a task on a look; each finding is `bounded`."""
    return _result(task, lambda check: _finding(check, look))


def _result(task: Task, find: Callable[[Check], Finding]) -> TaskResult:
    results = (
        CheckResult(check.name, excerpt(check.title), bounded(find(check))) for check in task.checks
    )
    return TaskResult(task.name, excerpt(task.title), task.stage, tuple(results))


def _finding(check: Check, look: Look) -> Finding:
    try:
        found: object = check.judge(look)
    except Exception as error:  # noqa: BLE001 - one check that breaks must not hide all others
        at = traceback.extract_tb(error.__traceback__)[-1]
        return unknown(
            f"This check broke, which is a mistake in it ({at.filename}, line {at.lineno}): "
            f"{excerpt(repr(error))}"
        )
    if not isinstance(found, Finding) or not _is_typed(found):
        return unknown(
            f"This check returned {excerpt(repr(found))} and no finding, which is a mistake in it."
        )
    return found


def _is_typed(found: Finding) -> bool:
    """Return whether the fields of a finding have their types: mypy does not check a trainer's file."""
    fields: tuple[object, ...] = found
    kinds = (State, str, str | None, float | int | None)
    return all(isinstance(field, kind) for field, kind in zip(fields, kinds, strict=True))


def not_looked_at(task: Task, problem: str) -> TaskResult:
    """A task of a host that could not be looked at."""
    return _result(task, lambda _: unknown(problem))
