"""Numbers of hosts by stage and state, for the summary of each format."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from pushgateway_lab.formats.words import counted
from pushgateway_lab.lab.results import WORST_FIRST, Report, State


class Counts(NamedTuple):
    """Numbers of hosts.

    + hosts: all hosts of the report
    + stages: stage -> hosts at it, in the order of the lab; None: before the first stage. Without
      hosts whose look failed
    + states: state -> hosts with this as their worst state
    + unreached: hosts whose look failed
    + behind: hosts with `HostResult.expected` false, hosts whose look failed included
    """

    hosts: int
    stages: Mapping[str | None, int]
    states: Mapping[State, int]
    unreached: int
    behind: int

    @property
    def wrong(self) -> int:
        """The number of hosts with a wrong check."""
        return self.states[State.WRONG]


def counts(report: Report) -> Counts:
    """Count the hosts of a report."""
    at = Counter(host.stage for host in report.hosts if host.problem is None)
    states = Counter(host.state for host in report.hosts)
    return Counts(
        hosts=len(report.hosts),
        stages={stage: at[stage] for stage in (None, *stages(report))},
        states={state: states[state] for state in WORST_FIRST},
        unreached=sum(host.problem is not None for host in report.hosts),
        behind=sum(not host.expected for host in report.hosts),
    )


def stages(report: Report) -> tuple[str, ...]:
    """Return the stages of the lab, in their order."""
    tasks = report.hosts[0].tasks if report.hosts else ()
    return tuple(dict.fromkeys(task.stage for task in tasks if task.stage is not None))


def in_words(stage: str | None, order: tuple[str, ...]) -> str:
    """Return a stage for people; before the first stage, its negation, as "not prepared".

    + order: see `stages`
    """
    if stage is not None:
        return stage
    return f"not {order[0]}" if order else "looked at"


def hosts_in_words(number: int) -> str:
    """Return a number of hosts with the word host or hosts."""
    return counted(number, "host")
