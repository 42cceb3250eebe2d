"""What a verification found out, as data: findings of checks, checks of tasks, tasks of hosts."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """How far somebody is with something."""

    DONE = "done"
    OPEN = "open"
    WRONG = "wrong"
    UNKNOWN = "unknown"


WORST_FIRST = (State.WRONG, State.UNKNOWN, State.OPEN, State.DONE)


class Finding(NamedTuple):
    """What is so about one thing on one host.

    + says: one or more sentences that can be read out, plain text, possibly over several lines
    + fix: a shell command, or several lines of them, for somebody on the host; None if there is none
    + at: when it happened, in seconds since 1970; None if that is not known
    """

    state: State
    says: str
    fix: str | None = None
    at: float | None = None


class CheckResult(NamedTuple):
    """A check of a task, and what it found: ``name`` is for programs, ``title`` for people."""

    name: str
    title: str
    finding: Finding


class TaskResult(NamedTuple):
    """A task of the lab on one host: ``name`` as on its page (``4.2.1``), ``title`` in its words.

    + stage: the stage a host has reached when this and all tasks before are done; None: no stage
    """

    name: str
    title: str
    stage: str | None
    checks: tuple[CheckResult, ...]

    @property
    def state(self) -> State:
        """The worst of its checks."""
        return worst(check.finding.state for check in self.checks)

    @property
    def done(self) -> int:
        """How many of its checks are done."""
        return sum(check.finding.state is State.DONE for check in self.checks)


class HostResult(NamedTuple):
    """A host: all tasks, in their order. The tasks of all hosts of a report are the same.

    + problem: why nothing is known about it, in one line; None if it could be looked at
    + looked_at: when, in seconds since 1970; None if it could not be
    + began_at: when the course began there, as prepare or reset noted; None if they did not
    + expected: whether it is where it is expected to be, see `Report.expected`
    """

    name: str
    tasks: tuple[TaskResult, ...]
    problem: str | None = None
    looked_at: float | None = None
    began_at: float | None = None
    expected: bool = True

    @property
    def stage(self) -> str | None:
        """The last stage it has reached; None before the first."""
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
        """The worst of its tasks."""
        return worst(task.state for task in self.tasks)


class Report(NamedTuple):
    """All hosts of a run.

    + made_at: in seconds since 1970
    + expected: the stage all hosts were to have reached; None: any
    """

    made_at: float
    expected: str | None
    hosts: tuple[HostResult, ...]


def worst(states: Iterable[State]) -> State:
    """The state that needs attention most; done if there is none."""
    return min(states, key=WORST_FIRST.index, default=State.DONE)
