"""A look at a lab host as data: its snapshot and what both servers answered. Pure.

``files/look-at-lab.sh`` looks, this module parses what it prints; `pushgateway_lab.course.questions` asks the host.
What it means is for the checks. Each answer is parsed once, when it arrives: one that is not what that
server says is left out, so that a check sees parsed answers or none.
"""

import math
import zlib
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from pushgateway_lab.facts import snapshot
from pushgateway_lab.facts.snapshot import Answer, Snapshot
from pushgateway_lab.formats import answers
from pushgateway_lab.formats.answers import AnswerError, Group, Result, Sample, Series, Target
from pushgateway_lab.settings import Settings

T = TypeVar("T")

# The questions: to Prometheus by their path, and to the Pushgateway.
TARGETS = "/api/v1/targets?state=active"
BUILD = "/api/v1/status/buildinfo"
GROUPS, STATUS = "groups", "status"
_QUERY = "/api/v1/query?query="

MOST_ANSWERED = 6_000_000
"""Bytes of what both servers answer that are read: a Pushgateway of 8,000 groups says less."""


class Verdict(NamedTuple):
    """What promtool says about the configuration file."""

    accepted: bool
    words: str


class Disk(NamedTuple):
    """The file system that Prometheus writes its samples to, in bytes."""

    free: int
    size: int


class Answers(NamedTuple):
    """The parsed answers of both servers; None, or missing, where there was none of that server.

    + groups: what the Pushgateway holds
    + status: its ``flags`` and ``build_information``
    + targets: the active targets of Prometheus
    + version: of the Prometheus that runs
    + results: of queries, by `path_of` the query
    + unread: what was answered but cannot be read -> why
    """

    groups: list[Group] | None
    status: Mapping[str, Mapping[str, str]] | None
    targets: list[Target] | None
    version: str | None
    results: Mapping[str, Result]
    unread: Mapping[str, str]


@dataclass(frozen=True)
class Look:
    """A lab host at one moment.

    + now: the host's own clock, in seconds since 1970
    + ahead: by how many seconds that clock is ahead of this machine's, 0 within what can be measured
    + began_at: when the course began, None where nobody noted it
    + verdict: None where promtool was not asked: Prometheus runs with the file as it is, or there is
      no promtool
    + reload_error: what Prometheus logged when it last refused its configuration
    + disk: None where Prometheus does not run
    + logs: service -> the end of its log, of those that are neither up nor were stopped
    + gateway_status: the HTTP status of the Pushgateway's answer; None if it gave none
    """

    settings: Settings
    snapshot: Snapshot
    now: float
    ahead: float
    began_at: float | None
    verdict: Verdict | None
    reload_error: str
    disk: Disk | None
    answers: Answers
    gateway_status: int | None = None
    logs: Mapping[str, str] = field(default_factory=dict)

    @property
    def groups(self) -> list[Group] | None:
        """What the Pushgateway holds; None if it does not answer."""
        return self.answers.groups

    @property
    def pushgateway_status(self) -> Mapping[str, Mapping[str, str]] | None:
        """The Pushgateway's ``flags`` and ``build_information``; None if it does not answer."""
        return self.answers.status

    @property
    def targets(self) -> list[Target]:
        """The targets of Prometheus."""
        return self.answers.targets or []

    @property
    def says_targets(self) -> bool:
        """Whether Prometheus said what its targets are."""
        return self.answers.targets is not None

    @property
    def prometheus_version(self) -> str | None:
        """Of the Prometheus that runs; None if it does not answer."""
        return self.answers.version

    @property
    def unread(self) -> Mapping[str, str]:
        """What was answered but cannot be read, and why."""
        return self.answers.unread

    def samples(self, query: str) -> list[Sample] | None:
        """What Prometheus answers to an instant query that a check named; None for no answer."""
        found = self.answers.results.get(path_of(query))
        return None if found is None else found.samples

    def series(self, query: str) -> list[Series] | None:
        """What it answers to an instant query for a range that a check named; None for no answer."""
        found = self.answers.results.get(path_of(query))
        return None if found is None else found.series


def path_of(query: str) -> str:
    """Return the path at which Prometheus is asked a query."""
    return f"{_QUERY}{quote(query, safe='')}"


def paths_of(queries: Sequence[str]) -> list[str]:
    """Return the paths of all that Prometheus is asked: what a look always asks, and these queries."""
    return [TARGETS, BUILD, *map(path_of, queries)]


def parse_look(settings: Settings, answer: Answer, paths: Sequence[str]) -> Look:
    """Parse what a host printed.

    + paths: those that Prometheus was asked, see `paths_of`

    Raises:
        ValueError, KeyError, IndexError, TypeError: ``look-at-lab.sh`` prints something else.
    """
    said = answer.said
    seen = snapshot.parse_snapshot(said)
    now = _number(said.get("now", [str(answer.latest)])[0])
    # In the order in which the script asks.
    names = [
        *(paths if "asked" in said and "prometheus" in said["asked"] else []),
        *([GROUPS, STATUS] if "asked" in said and "pushgateway" in said["asked"] else []),
    ]
    heard = _hear(names, said.get("answers", [""])[0], answer.mark)
    verdict = None
    if "promtool_exit" in said:
        words = snapshot.decoded(said["promtool_said"][0])
        verdict = Verdict(said["promtool_exit"] == ["0"], words)
    return Look(
        settings=settings,
        snapshot=seen,
        now=now,
        ahead=_beyond(now, answer.earliest, answer.latest),
        began_at=_number(said["course_began"][0]) if "course_began" in said else None,
        verdict=verdict,
        reload_error=snapshot.decoded(said.get("reload_error", [""])[0]),
        disk=_disk(said.get("tsdb_blocks", [])),
        answers=parse_answers(heard.said, heard.unread),
        gateway_status=heard.statuses.get(STATUS) or None,
        logs={
            name: snapshot.decoded(log)
            for name, _, log in (value.partition(" ") for value in said.get("service_log", ()))
        },
    )


def parse_answers(said: Mapping[str, Any], unread: Mapping[str, str]) -> Answers:
    """Parse the data of answers, by their question; what is not that server's answer becomes unread.

    + unread: what could not even be read as data
    """
    wrong = dict(unread)

    def parsed(name: str, read: Callable[[Any], T]) -> T | None:
        try:
            return read(said[name]) if name in said else None
        except AnswerError as error:
            wrong[name] = str(error)
            return None

    results = {
        path: parsed(path, answers.result)
        for path in said
        if path not in (GROUPS, STATUS, TARGETS, BUILD)
    }
    return Answers(
        groups=parsed(GROUPS, answers.groups),
        status=parsed(STATUS, answers.status),
        targets=parsed(TARGETS, answers.targets),
        version=parsed(BUILD, answers.version),
        results={path: found for path, found in results.items() if found is not None},
        unread=wrong,
    )


def _number(text: str) -> float:
    """Return a finite number that a host printed."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]!r} is no time")
    return number


def _beyond(now: float, earliest: float, latest: float) -> float:
    """By how much a time is outside the time in which it must have been."""
    return now - min(max(now, earliest), latest)


def _disk(blocks: Sequence[str]) -> Disk | None:
    if not blocks:
        return None
    free, size, bytes_each = map(int, blocks[0].split())
    return Disk(free * bytes_each, size * bytes_each)


class _Heard(NamedTuple):
    """The answers as they came: the data in each, its HTTP status, and why others are no data."""

    said: dict[str, Any]
    statuses: dict[str, int]
    unread: dict[str, str]


def _hear(names: Sequence[str], encoded: str, mark: str) -> _Heard:
    """Take apart what ``look-at-lab.sh`` prints: another program on the port may answer anything."""
    heard = _Heard({}, {}, {})
    told = _unpacked(b64decode(encoded, validate=True))
    body, *parts = told.split(f"\n{mark} ".encode())
    for name, part in zip(names, parts, strict=False):
        status, _, following = part.partition(b"\n")
        heard.statuses[name] = int(status)
        if body:
            try:
                heard.said[name] = answers.parse_answer(body)
            except AnswerError as error:
                heard.unread[name] = str(error)
        body = following
    if len(told) >= MOST_ANSWERED:
        for name in names[len(parts) :]:
            heard.unread[name] = f"there was more than {MOST_ANSWERED} bytes"
    return heard


def _unpacked(data: bytes) -> bytes:
    """Unpack what the host packed, and no more than it was told to send: a few bytes may stand for GBs."""
    if not data:
        return b""
    try:
        return zlib.decompressobj(wbits=31).decompress(data, MOST_ANSWERED)
    except zlib.error as error:
        raise ValueError(f"the answers cannot be unpacked: {error}") from error
