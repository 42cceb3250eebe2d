"""A report for a terminal: a table of hosts by tasks, the findings that need attention, and a summary."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from pushgateway_lab.lab.results import (
    WORST_FIRST,
    Finding,
    HostResult,
    Report,
    State,
    TaskResult,
)
from pushgateway_lab.report.counts import counts, hosts_in_words, in_words, stages
from pushgateway_lab.run.visible import columns, one_line, visible

_COLORS = {State.DONE: "32", State.OPEN: "36", State.WRONG: "1;31", State.UNKNOWN: "33"}
_COMMAND, _HEADING = "1", "4"

_WORDS = {state: f"{state} " for state in State}
# For terminals that are too narrow for the words.
_MARKS = {State.DONE: "+", State.OPEN: ".", State.WRONG: "!", State.UNKNOWN: "?"}
_LEGEND = ", ".join(f"{mark} {state}" for state, mark in _MARKS.items())

_GAP = "  "
_LEAST_NAME = 12
"""The least columns of a host's name, even if the table becomes wider than the terminal."""


class _Cell(NamedTuple):
    """A cell of the table, coloured as its state."""

    text: str
    state: State | None = None


class _Concern(NamedTuple):
    """A finding that needs attention. Hosts with equal ones share one entry of the list."""

    state: State
    what: str
    says: str
    fix: str | None


def table(report: Report, *, color: bool, width: int | None = None) -> str:
    """Return a report as text; control characters from hosts are escaped.

    + color: whether to use ANSI colours
    + width: columns of the terminal; None: no line is wrapped
    """
    parts = (_matrix(report, color, width), _attention(report, color, width), _summary(report))
    return "\n\n".join(part for part in parts if part)


def _matrix(report: Report, color: bool, width: int | None) -> str:
    if not report.hosts:
        return ""
    rows, legend = _rows(report, _WORDS), ""
    if width is not None and sum(_widths(rows)) + len(_GAP) * (len(rows[0]) - 1) > width:
        rows, legend = _with_short_names(_rows(report, _MARKS), width), f"\n{_LEGEND}"
    widths = _widths(rows)
    return "\n".join(_line(row, widths, color) for row in rows) + legend


def _rows(report: Report, words: dict[State, str]) -> list[list[_Cell]]:
    heading = ["host", "stage", *(one_line(task.name) for task in report.hosts[0].tasks)]
    return [
        [_Cell(text) for text in heading],
        *([*_who(host, report), *_progress(host, words)] for host in report.hosts),
    ]


def _who(host: HostResult, report: Report) -> Iterator[_Cell]:
    yield _Cell(one_line(host.name), None if host.state is State.DONE else host.state)
    if host.problem is not None:
        yield _Cell("not looked at", State.UNKNOWN)
        return
    stage = one_line(in_words(host.stage, stages(report)))
    if host.expected:
        yield _Cell(stage)
    else:
        yield _Cell(f"{stage} ({'behind' if report.expected else 'broken'})", State.WRONG)


def _progress(host: HostResult, words: dict[State, str]) -> Iterator[_Cell]:
    for task in host.tasks:
        state = task.state
        shows = host.problem is None and state is not State.DONE
        amount = f"{task.done}/{len(task.checks)}" if shows else ""
        yield _Cell(f"{words[state]}{amount}".strip(), state)


def _with_short_names(rows: list[list[_Cell]], width: int) -> list[list[_Cell]]:
    others = sum(_widths(rows)[1:]) + len(_GAP) * (len(rows[0]) - 1)
    room = max(width - others, _LEAST_NAME)
    return [[row[0]._replace(text=_shortened(row[0].text, room)), *row[1:]] for row in rows]


def _shortened(name: str, room: int) -> str:
    """Return a name without its middle: names of a class differ at the start or at the end."""
    if columns(name) <= room:
        return name
    start = _beginning(name, (room - 2) // 2)
    end = _beginning(name[::-1], room - 2 - columns(start))[::-1]
    return f"{start}..{end}"


def _beginning(name: str, room: int) -> str:
    """Return the longest beginning of a name that fits into `room` columns."""
    for length, taken in enumerate(accumulate(map(columns, name))):
        if taken > room:
            return name[:length]
    return name


def _widths(rows: Sequence[Sequence[_Cell]]) -> list[int]:
    return [max(columns(cell.text) for cell in cells) for cells in zip(*rows, strict=True)]


def _line(row: Sequence[_Cell], widths: Sequence[int], color: bool) -> str:
    padded = (
        _painted(cell.text, _COLORS[cell.state] if cell.state else "", color)
        + " " * (width - columns(cell.text))
        for cell, width in zip(row, widths, strict=True)
    )
    return _GAP.join(padded).rstrip()


def _attention(report: Report, color: bool, width: int | None) -> str:
    """Return the findings that need attention, worst first; equal ones of several hosts as one."""
    hosts: dict[_Concern, list[str]] = {}
    for name, concern in _concerns(report):
        hosts.setdefault(concern, []).append(one_line(name))
    ranked = sorted(hosts, key=lambda concern: WORST_FIRST.index(concern.state))
    return "\n".join(
        line for concern in ranked for line in _told(concern, hosts[concern], color, width)
    )


def _concerns(report: Report) -> Iterator[tuple[str, _Concern]]:
    for host in report.hosts:
        if host.problem is not None:
            # One entry: all its checks have the same finding.
            yield host.name, _Concern(State.UNKNOWN, "not looked at", host.problem, None)
            continue
        yield from ((host.name, concern) for concern in _troubles(host))
        yield from ((host.name, concern) for concern in _next_step(host))


def _troubles(host: HostResult) -> Iterator[_Concern]:
    """Yield wrong and unknown findings, and notes; of several unknown ones with the same reason, the first."""
    told: set[tuple[str, str | None]] = set()
    # On a host that is not prepared, most is unknown, and the next step tells why.
    is_bare = bool(host.tasks) and any(
        check.finding.state is State.OPEN for check in host.tasks[0].checks
    )
    for task in host.tasks:
        for check in task.checks:
            state, says, fix, _ = check.finding
            if state is State.WRONG or (state is State.DONE and fix is not None):
                yield _concern(task, check.title, check.finding)
            elif state is State.UNKNOWN and not is_bare and (says, fix) not in told:
                told.add((says, fix))
                yield _concern(task, check.title, check.finding)


def _next_step(host: HostResult) -> Iterator[_Concern]:
    """Yield the first open check of the first unfinished task: the step that comes next."""
    for task in host.tasks:
        if task.state is not State.DONE:
            for check in task.checks:
                if check.finding.state is State.OPEN:
                    yield _concern(task, check.title, check.finding)
                    return
            return


def _concern(task: TaskResult, title: str, finding: Finding) -> _Concern:
    return _Concern(finding.state, f"{task.name}: {title}", finding.says, finding.fix)


def _told(concern: _Concern, hosts: list[str], color: bool, width: int | None) -> Iterator[str]:
    who = ", ".join(hosts)
    word = "note" if concern.state is State.DONE else concern.state
    heading = f"{word}: {who}: {one_line(concern.what)}"
    for number, line in enumerate(_wrapped(heading, width, "  ")):
        yield _painted(line, _COLORS[concern.state], color) if number == 0 else line
    for paragraph in visible(concern.says).splitlines():
        yield from _wrapped(f"    {paragraph.expandtabs(4)}", width, "    ")
    # Not wrapped, because people copy it. Without tabs, with which a shell would complete words.
    for line in visible(concern.fix or "").expandtabs(4).splitlines():
        yield f"      {_painted(line, _COMMAND, color)}"


def _wrapped(text: str, width: int | None, indent: str) -> Iterable[str]:
    """Return the lines of a text; a word longer than a line stays whole: it may be a path."""
    if width is None or columns(text) <= width:
        return [text]
    margin = text[: len(text) - len(text.lstrip(" "))]
    lines, line = [], margin
    for word in text.split():
        longer = f"{line} {word}" if line.strip() else f"{line}{word}"
        if columns(longer) > width and line.strip():
            lines.append(line)
            line = f"{indent}{word}"
        else:
            line = longer
    return [*lines, line]


def _summary(report: Report) -> str:
    found = counts(report)
    order = stages(report)
    at = [
        f"{number} {one_line(in_words(stage, order))}"
        for stage, number in found.stages.items()
        if number
    ]
    parts = [
        ", ".join(at),
        f"{found.unreached} not looked at" if found.unreached else "",
        f"{found.wrong} with something wrong",
        f"{found.behind} behind {one_line(report.expected)}" if report.expected else "",
    ]
    return f"{hosts_in_words(found.hosts)}: {'; '.join(part for part in parts if part)}."


def _painted(text: str, code: str, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if color and code and text else text
