"""Tasks and their checks. A check turns a look at a host into a finding."""

import traceback
from collections.abc import Callable
from typing import NamedTuple

from pushgateway_lab.lab.excerpts import bounded, excerpt
from pushgateway_lab.lab.look import Look, path_of
from pushgateway_lab.lab.results import CheckResult, Finding, State, TaskResult

_REJECTED = (400, 422)
"""Prometheus's answers to a query that cannot be parsed, or cannot be executed (its HTTP API, "Format overview")."""


class Check(NamedTuple):
    """One condition that a host meets or does not meet.

    + name: its name for programs: letters, digits and ``_``
    + title: its name for people
    + judge: function from a `Look` to a `Finding`; it depends on the look alone and changes nothing
    + queries: PromQL that the look must ask Prometheus; `Look.samples` and `Look.series` return the
      answers. ``LAB_AGEms`` in a query stands for the time since the course began, in milliseconds
    + jobs: job labels of the groups that people push for this check; reset deletes these groups

    Example:
        def is_right(look):
            return done("It is right.") if abs(look.ahead) < 5 else wrong("It is wrong.")

        Check("clock", "The clock", is_right)
    """

    name: str
    title: str
    judge: Callable[[Look], Finding]
    queries: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()


class Task(NamedTuple):
    """A task of the lab.

    + name: its number on the lab's page, as ``4.2.1``; each task has another one
    + title: its title on that page
    + checks: at least one
    + stage: the stage that a host reaches with this task; None in a trainer's tasks

    Example:
        Task("5.1", "Watch your backups", (query("up", "It is up", "up", done="Up.", otherwise="Down."),))
    """

    name: str
    title: str
    checks: tuple[Check, ...]
    stage: str | None = None


def done(says: str, at: float | None = None) -> Finding:
    """Return the finding of a condition that is met.

    + says: one or more sentences for people, plain text
    + at: when it was met, in seconds since 1970; None if unknown

    Example:
        done("Prometheus keeps two weeks.")
    """
    return Finding(State.DONE, says, None, at)


def noted(says: str, fix: str) -> Finding:
    """Return the finding of a condition that is met, and of which people should know more. verify shows it.

    + says: one or more sentences for people, plain text
    + fix: the shell command that changes it, at most 1,000 characters

    Example:
        noted("It runs, but will not after a reboot.", "sudo systemctl enable prometheus")
    """
    return Finding(State.DONE, says, fix)


def still_open(says: str, fix: str | None = None) -> Finding:
    """Return the finding of a step that nobody has done yet, or that waits for something.

    + says: one or more sentences for people, plain text
    + fix: the shell command that does it, at most 1,000 characters; None if there is none

    Example:
        still_open("The job is missing.", "sudoedit /etc/prometheus/prometheus.yml")
    """
    return Finding(State.OPEN, says, fix)


def wrong(says: str, fix: str | None = None, at: float | None = None) -> Finding:
    """Return the finding of a step that somebody did wrongly, or of a fault.

    + says: one or more sentences for people, plain text: the mistake and its place
    + fix: the shell command that corrects it, at most 1,000 characters; None if there is none
    + at: when it was done, in seconds since 1970; None if unknown

    Example:
        wrong("Prometheus is stopped.", "sudo systemctl start prometheus")
    """
    return Finding(State.WRONG, says, fix, at)


def unknown(says: str, fix: str | None = None) -> Finding:
    """Return the finding of a condition that the look does not show.

    + says: one or more sentences for people, plain text: the reason
    + fix: the shell command that makes it visible, at most 1,000 characters; None if there is none

    Example:
        unknown("Prometheus does not answer.")
    """
    return Finding(State.UNKNOWN, says, fix)


def query(
    name: str, title: str, promql: str, *, done: str, otherwise: str, fix: str | None = None
) -> Check:
    """Return a check that is done if Prometheus answers an instant query with at least one sample.

    + name, title: as in `Check`
    + promql: the query
    + done: the finding's sentence if there is a sample
    + otherwise: the finding's sentence if there is none
    + fix: the shell command shown with `otherwise`; None if there is none

    Example:
        query("node", "The node is up", 'up{job="node"} == 1', done="It is up.", otherwise="It is down.")
    """

    def judge(look: Look) -> Finding:
        samples = look.samples(promql)
        if samples is None:
            return unknown(_why_no_samples(look, promql))
        return Finding(State.DONE, done) if samples else still_open(otherwise, fix)

    return Check(name, title, judge, queries=(promql,))


def _why_no_samples(look: Look, promql: str) -> str:
    shown, status = excerpt(promql), look.status_of(promql)
    if status in _REJECTED:
        return f"Prometheus rejects the query {shown}: correct it in the file of tasks (lab_tasks)."
    if status >= 300:  # noqa: PLR2004 - curl has no answer to such a status
        return f"Prometheus answered {status} to the query {shown}."
    if why := look.unread.get(path_of(promql)):
        return f"Unexpected answer to the query {shown}: {excerpt(why)}."
    return f"Prometheus does not answer, so the result of {shown} is unknown."


def judged(task: Task, look: Look) -> TaskResult:
    """Run the checks of a task on a look and cut each finding to its limits (`bounded`)."""
    return _result(task, lambda check: _finding(check, look))


def _result(task: Task, find: Callable[[Check], Finding]) -> TaskResult:
    results = (
        CheckResult(check.name, excerpt(check.title), bounded(find(check))) for check in task.checks
    )
    return TaskResult(task.name, excerpt(task.title), task.stage, tuple(results))


def _finding(check: Check, look: Look) -> Finding:
    try:
        found: object = check.judge(look)
    except Exception as error:  # noqa: BLE001 - a check that raises must not hide the others
        at = traceback.extract_tb(error.__traceback__)[-1]
        return unknown(
            f"This check raised an error: {excerpt(repr(error))}. Correct the check: {at.filename}, "
            f"line {at.lineno}."
        )
    if not isinstance(found, Finding) or not _is_typed(found):
        return unknown(
            f"This check returned {excerpt(repr(found))} instead of a Finding. Correct the check."
        )
    return found


def _is_typed(found: Finding) -> bool:
    """Return whether each field of a finding has its type: mypy does not check a trainer's file."""
    fields: tuple[object, ...] = found
    kinds = (State, str, str | None, float | int | None)
    return all(isinstance(field, kind) for field, kind in zip(fields, kinds, strict=True))


def not_looked_at(task: Task, problem: str) -> TaskResult:
    """Return the result of a task on a host that could not be looked at, for the reason `problem`."""
    return _result(task, lambda _: unknown(problem))
