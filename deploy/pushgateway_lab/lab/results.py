"""The result of a verification as data: findings of checks, checks of tasks, tasks of hosts."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """The result of a check."""

    DONE = "done"  # the condition is met
    OPEN = "open"  # nobody has done it yet
    WRONG = "wrong"  # somebody did something else, or there is a fault
    UNKNOWN = "unknown"  # the look does not show it


WORST_FIRST = (State.WRONG, State.UNKNOWN, State.OPEN, State.DONE)


class Finding(NamedTuple):
    """The result of one check on one host.

    + says: one or more sentences, plain text of one or more lines
    + fix: shell commands for somebody on the host, one on each line; None if there is none
    + at: when it happened, in seconds since 1970; None if unknown
    """

    state: State
    says: str
    fix: str | None = None
    at: float | None = None


class CheckResult(NamedTuple):
    """A check of a task and its finding: ``name`` is for programs, ``title`` for people."""

    name: str
    title: str
    finding: Finding


class TaskResult(NamedTuple):
    """A task of the lab on one host: ``name`` (``4.2.1``) and ``title`` as on the lab's page.

    + stage: the stage of a host on which this task and all tasks before it are done; None: no stage
    """

    name: str
    title: str
    stage: str | None
    checks: tuple[CheckResult, ...]

    @property
    def state(self) -> State:
        """The worst state of its checks."""
        return worst(check.finding.state for check in self.checks)

    @property
    def done(self) -> int:
        """The number of its checks that are done."""
        return sum(check.finding.state is State.DONE for check in self.checks)


class HostResult(NamedTuple):
    """A host with all tasks, in their order. All hosts of a report have the same tasks.

    + problem: why the look at the host failed, in one line; None if it did not fail
    + looked_at: the time of the look, in seconds since 1970; None if it failed
    + began_at: when the course began there, in seconds since 1970, as prepare or reset recorded; else None
    + expected: whether it has reached `Report.expected`; if that is None, whether nothing of Host is wrong
    """

    name: str
    tasks: tuple[TaskResult, ...]
    problem: str | None = None
    looked_at: float | None = None
    began_at: float | None = None
    expected: bool = True

    @property
    def stage(self) -> str | None:
        """The last stage that the host has reached; None before the first."""
        reached = None
        for task in self.tasks:
            if task.stage is None:
                continue
            if task.state is not State.DONE:
                break
            reached = task.stage
        return reached

    @property
    def state(self) -> State:
        """The worst state of its tasks."""
        return worst(task.state for task in self.tasks)


class Report(NamedTuple):
    """All hosts of a run.

    + made_at: the time of the report, in seconds since 1970
    + expected: the stage that each host should have reached; None: any
    """

    made_at: float
    expected: str | None
    hosts: tuple[HostResult, ...]


def worst(states: Iterable[State]) -> State:
    """Return the first state in `WORST_FIRST`; done if there are no states."""
    return min(states, key=WORST_FIRST.index, default=State.DONE)
