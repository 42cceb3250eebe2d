"""How many hosts are where: what every way to show a report begins or ends with."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from pushgateway_lab.lab.results import WORST_FIRST, Report, State


class Counts(NamedTuple):
    """Numbers of hosts.

    + stages: at each stage, in the order of the lab; None: before the first. Only hosts that could be
      looked at
    + states: by the worst that was found; all hosts
    + unreached: that could not be looked at
    + behind: that are not where they are expected to be, whether looked at or not
    """

    hosts: int
    stages: Mapping[str | None, int]
    states: Mapping[State, int]
    unreached: int
    behind: int

    @property
    def wrong(self) -> int:
        """With something wrong."""
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
    """The stages of the lab, in their order."""
    tasks = report.hosts[0].tasks if report.hosts else ()
    return tuple(dict.fromkeys(task.stage for task in tasks if task.stage is not None))


def in_words(stage: str | None, order: tuple[str, ...]) -> str:
    """Where a host is, for people: its stage, or what it is before the first of them.

    + order: see `stages`
    """
    if stage is not None:
        return stage
    return f"not {order[0]}" if order else "looked at"


def hosts_in_words(number: int) -> str:
    """A number of hosts, as people say it."""
    return "1 host" if number == 1 else f"{number} hosts"
