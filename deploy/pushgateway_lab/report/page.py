"""A report as one HTML page without further files: for a projector, a phone, and paper.

``files/report.html`` is its template; ``report.css`` and ``report.js`` are put inside. Without its script,
which filters, copies and reloads, the page shows everything, too.
"""

from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from pushgateway_lab.lab.results import WORST_FIRST, HostResult, Report, State, TaskResult
from pushgateway_lab.report.counts import Counts, counts, hosts_in_words, in_words, stages
from pushgateway_lab.report.moments import in_utc
from pushgateway_lab.run.host_files import host_file
from pushgateway_lab.run.visible import visible

if TYPE_CHECKING:
    from jinja2 import Template

EVERY = 15.0
"""Seconds after which the page reloads itself, unless the reader chooses others."""

CHOICES = (5.0, 15.0, 30.0, 60.0)
"""The seconds that the reader can choose from."""


class Segment(NamedTuple):
    """A part of the bar: the hosts at one stage.

    + label: the stage, in words
    + hosts: their number
    + start, length: in percent of the bar's length
    + strength: the progress of the stage, from 0 to 1; None: hosts whose look failed
    """

    label: str
    hosts: int
    start: float
    length: float
    strength: float | None


def text(report: Report, *, every: float | None = EVERY) -> str:
    """Return a report as an HTML page.

    + every: seconds between two reports, after which the page reloads itself; None: it reloads only if
      the reader chooses seconds
    """
    found = counts(report)
    return _template().render(
        report=report,
        counts=found,
        title=_title(found),
        stages=stages(report),
        segments=list(_segments(report, found)),
        every=every or 0,
        choices=sorted({*CHOICES, *([every] if every else [])}),
    )


@cache
def _template() -> "Template":
    """Return the template, with its style, its script and its functions."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Every text of the template passes here, so none is shown unescaped. Markup is our own.
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    style, script = host_file("report.css"), host_file("report.js")
    environment.globals |= {
        "style": Markup(style),  # noqa: S704 - a file of ours
        "script": Markup(script),  # noqa: S704 - a file of ours
        "style_hash": _hash(style),
        "script_hash": _hash(script),
        "states": WORST_FIRST,
        "states_of": _states_of,
        "worst_first": _worst_first,
        "in_utc": in_utc,
        "hosts_in_words": hosts_in_words,
        "in_words": in_words,
    }
    return environment.from_string(host_file("report.html"))


def _hash(source: str) -> str:
    """Return the hash that allows a style or a script in a Content-Security-Policy."""
    return f"sha256-{b64encode(sha256(source.encode()).digest()).decode()}"


def _title(found: Counts) -> str:
    """Return the title, the most important words first: a browser's tab shows few."""
    parts = [
        f"{found.wrong} wrong" if found.wrong else "",
        f"{found.unreached} not looked at" if found.unreached else "",
        hosts_in_words(found.hosts),
    ]
    return f"{', '.join(part for part in parts if part)} - Prometheus lab"


def _states_of(host: HostResult) -> str:
    """Return the states of a host's checks, each once."""
    found: set[State] = {check.finding.state for task in host.tasks for check in task.checks}
    return " ".join(state for state in WORST_FIRST if state in found)


def _worst_first(tasks: tuple[TaskResult, ...]) -> list[TaskResult]:
    return sorted(tasks, key=lambda task: WORST_FIRST.index(task.state))


def _segments(report: Report, found: Counts) -> Iterator[Segment]:
    order = stages(report)
    parts: list[tuple[str, int, float | None]] = [
        (in_words(stage, order), number, rank / len(order) if order else 0)
        for rank, (stage, number) in enumerate(found.stages.items())
    ]
    start = 0.0
    for label, number, strength in [*parts, ("not looked at", found.unreached, None)]:
        length = 100 * number / (found.hosts or 1)
        yield Segment(label, number, start, length, strength)
        start += length
