"""Made-up reports for tests of the formats, which need no host."""

from collections.abc import Iterable

from pushgateway_lab.lab.results import (
    CheckResult,
    Finding,
    HostResult,
    Report,
    State,
    TaskResult,
)

MADE_AT = 1_795_500_000.25
"""2026-11-24 06:00:00.25 UTC."""

HOSTILE = (
    "<script>alert(1)</script> \"'&amp; </td></script><!-- ]]> {{ 7 * 7 }} "
    "\x1b[31mred\x1b]0;title\x07 \u202eback\u2066wards \x00 \ud800 \ufffe \u2028 \r \u200b"
)
"""A hostile label value."""

_TASKS = (
    ("Host", "What the lab stands on", "prepared", 8),
    ("4.2.1", "Install and configure Pushgateway", "configured", 6),
    ("4.2.2", "Push metrics to Pushgateway", "pushed", 4),
    ("4.2.3", "Delete Pushgateway metrics", "cleaned", 3),
)
_TITLES = (
    "Prometheus runs",
    "The admin API is on",
    "The scrape job keeps the labels of pushes",
    "Prometheus has loaded its configuration",
    "The target is up",
    "A push has arrived",
    "The clock",
    "Room for samples",
)
_SAYS = {
    State.DONE: "Everything is as the page of the lab has it.",
    State.OPEN: "Nobody did it yet: there is no job named pushgateway in /etc/prometheus/prometheus.yml.",
    State.WRONG: "The job pushgateway has no honor_labels: true, so what is pushed arrives with the "
    "labels exported_job and exported_instance.\nPrometheus has been running with it for 12 minutes.",
    State.UNKNOWN: "The Pushgateway does not answer, so this cannot be seen.",
}
_FIXES = {
    State.DONE: None,
    State.OPEN: "sudoedit /etc/prometheus/prometheus.yml\nsudo systemctl reload prometheus",
    State.WRONG: "sudoedit /etc/prometheus/prometheus.yml   # honor_labels: true",
    State.UNKNOWN: "sudo journalctl -u prometheus-pushgateway -n 20",
}
_FULL = ("d" * 8, "d" * 6, "d" * 4, "d" * 3)


def finding(state: State, says: str | None = None, fix: str | None = None) -> Finding:
    """Return a realistic finding with this state."""
    at = MADE_AT - 300 if state is State.DONE else None
    return Finding(state, says or _SAYS[state], fix or _FIXES[state], at)


def host(
    name: str,
    states: Iterable[str] = _FULL,
    *,
    says: str | None = None,
    fix: str | None = None,
    expected: bool = True,
) -> HostResult:
    """Return a host; for each task, a text with the first letter of each check's state.

    + says, fix: of the checks that are not done
    """
    by_letter = {state.value[0]: state for state in State}
    tasks = []
    for (task, title, stage, _), letters in zip(_TASKS, states, strict=True):
        checks = []
        for number, letter in enumerate(letters):
            state = by_letter[letter]
            own = finding(state) if state is State.DONE else finding(state, says, fix)
            checks.append(CheckResult(f"check_{number}", _TITLES[number], own))
        tasks.append(TaskResult(task, title, stage, tuple(checks)))
    return HostResult(name, tuple(tasks), None, MADE_AT - 1, MADE_AT - 5000, expected)


def unreached(name: str, problem: str = "Connection refused on port 22") -> HostResult:
    """Return a host whose look failed."""
    looked = host(name, ["u" * total for *_, total in _TASKS], says=problem)
    return looked._replace(problem=problem, looked_at=None, began_at=None, expected=False)


def report(*hosts: HostResult, expected: str | None = None) -> Report:
    """Return a report on hosts."""
    return Report(MADE_AT, expected, hosts)


BEGUN = ("d" * 8, "dddooo", "oooo", "ooo")
STUCK = ("d" * 8, "ddwowd", "oooo", "ooo")
HALF = (*_FULL[:2], "ddoo", "ooo")
UNSEEN = ("dduddddd", "dddddd", "uudd", "ooo")
UNTOUCHED = ("d" * 8, "oooooo", "oooo", "ooo")


def a_class() -> Report:
    """Return a report on twelve hosts, as in the middle of a course."""
    return report(
        host("vm01.example.org"),
        host("vm02.example.org", HALF),
        host("vm03.example.org", STUCK, expected=False),
        host("vm04.example.org", HALF),
        host("vm05.example.org", BEGUN, expected=False),
        unreached("vm06.example.org", "Timed out after 4 s while connecting to port 22"),
        host("vm07.example.org"),
        host("vm08.example.org", UNSEEN, expected=False),
        host("vm09.example.org", HALF),
        host("vm10.example.org", UNTOUCHED, expected=False),
        host(
            "vm11.example.org", (*_FULL[:2], "wwdd", "ooo"), says="A push went to job=ex\u00e4mple."
        ),
        host("vm12.example.org", HALF),
        expected="configured",
    )


def a_crowd(number: int = 200) -> Report:
    """Return a report on the hosts of a large course, at all stages."""
    kinds = (_FULL, HALF, STUCK, BEGUN, UNSEEN, UNTOUCHED)
    return report(*(host(f"vm{n:03}.example.org", kinds[n % len(kinds)]) for n in range(number)))
