"""A report as one HTML page that needs nothing else: for a projector, a phone, and paper.

``files/report.html`` is its template, with the looks and the behaviour of ``report.css`` and
``report.js`` inside. The page is whole without its script, which filters, copies and reloads.
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
"""Seconds after which the page loads itself anew, unless its reader chose otherwise."""

CHOICES = (5.0, 15.0, 30.0, 60.0)
"""Seconds that a reader can choose from."""


class Segment(NamedTuple):
    """Hosts that are equally far, as a part of the bar, in percent of its length.

    + strength: how far they are, from 0 to 1; None: not looked at
    """

    label: str
    hosts: int
    start: float
    length: float
    strength: float | None


def text(report: Report, *, every: float | None = EVERY) -> str:
    """A report as an HTML page.

    + every: how often it is made anew, in seconds: the page loads itself as often; None: it does not,
      until its reader wants it to
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
    """The template, with all that is the same on each page."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Whatever a host says: no value can be forgotten, since all pass here. Markup is ours.
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
    """What a Content-Security-Policy allows a style or a script by."""
    return f"sha256-{b64encode(sha256(source.encode()).digest()).decode()}"


def _title(found: Counts) -> str:
    """What matters most comes first: a browser shows little of a title."""
    parts = [
        f"{found.wrong} wrong" if found.wrong else "",
        f"{found.unreached} not looked at" if found.unreached else "",
        hosts_in_words(found.hosts),
    ]
    return f"{', '.join(part for part in parts if part)} - Prometheus lab"


def _states_of(host: HostResult) -> str:
    """All states that some check of a host has."""
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
