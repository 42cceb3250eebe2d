"""A look at a lab host as data: its snapshot and the answers of both servers. Pure.

`pushgateway_lab.course.questions` runs ``files/look-at-lab.sh`` on the host, this module parses its output,
and the checks judge it. Each answer is parsed once, when it arrives. An answer of unexpected form is noted
in `Answers.unread` and left out, so a check sees parsed answers only.
"""

import math
import zlib
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from pushgateway_lab.facts import look_output
from pushgateway_lab.facts.look_output import Answer
from pushgateway_lab.facts.program import Program, parse_programs
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.facts.snapshot_parser import parse_snapshot
from pushgateway_lab.formats import answers
from pushgateway_lab.formats.answers import AnswerError, Group, Result, Sample, Series, Target
from pushgateway_lab.formats.telemetry import Telemetry, parse_telemetry
from pushgateway_lab.installations.in_use import settings_in_use
from pushgateway_lab.settings import Settings

T = TypeVar("T")

# The names of the questions: a path of Prometheus, or a word for the Pushgateway.
TARGETS = "/api/v1/targets?state=active"
BUILD = "/api/v1/status/buildinfo"
GROUPS, STATUS, TELEMETRY = "groups", "status", "telemetry"
_QUERY = "/api/v1/query?query="

_OLDEST = "prometheus_tsdb_lowest_timestamp_seconds"

MOST_ANSWERED = 6_000_000
"""The most bytes of both servers' answers that are read: enough for a Pushgateway with 8,000 groups."""


class Verdict(NamedTuple):
    """The result of promtool for the configuration file: whether it accepts it, and its output."""

    accepted: bool
    words: str


class Disk(NamedTuple):
    """The file system of Prometheus's samples: free and total bytes."""

    free: int
    size: int


class Answers(NamedTuple):
    """The parsed answers of both servers; None, or missing, for a question without an answer.

    + groups: the groups of the Pushgateway
    + status: the Pushgateway's ``flags`` and ``build_information``
    + telemetry: the Pushgateway's metrics about itself
    + targets: the active targets of Prometheus
    + version: the version of the running Prometheus
    + results: `path_of` a query -> its result
    + unread: question -> why its answer could not be parsed
    """

    groups: list[Group] | None
    status: Mapping[str, Mapping[str, str]] | None
    telemetry: Telemetry | None
    targets: list[Target] | None
    version: str | None
    results: Mapping[str, Result]
    unread: Mapping[str, str]


@dataclass(frozen=True)
class Look:
    """A lab host at one moment.

    + now: the host's own clock, in seconds since 1970
    + ahead: seconds by which that clock is ahead of this machine's; 0 if the difference is too small to measure
    + began_at: when the course began, in seconds since 1970; None if prepare and reset did not record it
    + verdict: None if promtool was not run: Prometheus has loaded the file, or promtool is missing
    + reload_error: the log line of Prometheus's last failed reload
    + disk: None if Prometheus does not run
    + logs: title of a service -> the end of its log, for services that failed
    + programs: inode of a listening socket -> its program; only if a service does not run
    + history_began_at: the time of Prometheus's oldest sample, in seconds since 1970; in the future if it has
      none; None if unknown
    + file_of_settings: the configuration file that the settings of the host name, if the running Prometheus reads
      another one; then `settings` have the path of that one
    + gateway_status: the HTTP status of the Pushgateway's answer; None if there was no answer
    + gateway_error: why the Pushgateway was not asked, or its certificate not accepted, with the next step; empty otherwise
    + gateway_certificate: the certificate (PEM) that the Pushgateway shows, if it was not accepted; empty otherwise
    + start_digest: SHA-256 of the copy of the configuration file at the start line, in hexadecimal; None if there
      is no copy
    + statuses: question -> the HTTP status of its answer; 0, or missing, if there was none
    + prometheus_argv: the command line of a Prometheus that does not answer; empty otherwise
    + closed_ways: the directories on the way to the configuration file that Prometheus's user may not enter; none if
      it can read the file
    + config_link: the file to which a link leads that is the configuration file, if Prometheus's user cannot read it;
      None if it is no link
    + unwritable: the directory to which the running Pushgateway persists, if its user may not write there
    + changed_by: the files that change the Pushgateway's unit, if it may not write there
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
    gateway_error: str = ""
    gateway_certificate: str = ""
    logs: Mapping[str, str] = field(default_factory=dict)
    start_digest: str | None = None
    statuses: Mapping[str, int] = field(default_factory=dict)
    programs: Mapping[str, Program] = field(default_factory=dict)
    history_began_at: float | None = None
    file_of_settings: str | None = None
    prometheus_argv: tuple[str, ...] = ()
    closed_ways: tuple[str, ...] = ()
    config_link: str | None = None
    unwritable: str | None = None
    changed_by: tuple[str, ...] = ()

    @property
    def groups(self) -> list[Group] | None:
        """The groups of the Pushgateway; None if it does not answer."""
        return self.answers.groups

    @property
    def pushgateway_status(self) -> Mapping[str, Mapping[str, str]] | None:
        """The Pushgateway's ``flags`` and ``build_information``; None if it does not answer."""
        return self.answers.status

    @property
    def telemetry(self) -> Telemetry | None:
        """The Pushgateway's metrics about itself; None if it does not show them."""
        return self.answers.telemetry

    @property
    def targets(self) -> list[Target]:
        """The active targets of Prometheus; none if it does not answer."""
        return self.answers.targets or []

    def targets_of(self, job: str) -> list[Target]:
        """Return the active targets of a job."""
        return [each for each in self.targets if each.job == job]

    @property
    def says_targets(self) -> bool:
        """Return whether Prometheus answered the question for its targets."""
        return self.answers.targets is not None

    @property
    def prometheus_version(self) -> str | None:
        """The version of the running Prometheus; None if it does not answer."""
        return self.answers.version

    @property
    def unread(self) -> Mapping[str, str]:
        """Question -> why its answer could not be parsed."""
        return self.answers.unread

    def samples(self, query: str) -> list[Sample] | None:
        """Return Prometheus's samples for an instant query in a check's `queries`; None for no answer."""
        found = self.answers.results.get(path_of(query))
        return None if found is None else found.samples

    def series(self, query: str) -> list[Series] | None:
        """Return Prometheus's series for a range query in a check's `queries`; None for no answer."""
        found = self.answers.results.get(path_of(query))
        return None if found is None else found.series

    def status_of(self, query: str) -> int:
        """Return the HTTP status of Prometheus's answer to a query in a check's `queries`; 0 for no answer."""
        return self.statuses.get(path_of(query), 0)


def path_of(query: str) -> str:
    """Return the path of Prometheus's API for a query."""
    return f"{_QUERY}{quote(query, safe='')}"


def paths_of(queries: Sequence[str]) -> list[str]:
    """Return the paths of all questions to Prometheus: the two of every look, and these queries."""
    return [TARGETS, BUILD, *map(path_of, queries)]


def parse_look(settings: Settings, answer: Answer, paths: Sequence[str]) -> Look:
    """Parse the output of ``look-at-lab.sh``.

    + paths: the questions to Prometheus, in order, see `paths_of`

    Raises:
        ValueError, KeyError, IndexError, TypeError: the output has another form.
    """
    said = answer.said
    seen = parse_snapshot(said)
    now = _number(said.get("now", [str(answer.latest)])[0])
    # The script asks in this order.
    names = [
        *(paths if "asked" in said and "prometheus" in said["asked"] else []),
        *(
            [GROUPS, STATUS, TELEMETRY]
            if "asked" in said and "pushgateway" in said["asked"]
            else []
        ),
    ]
    heard = _hear(names, said.get("answers", [""])[0], answer.mark)
    verdict = None
    if "promtool_exit" in said:
        words = look_output.decoded(said["promtool_said"][0])
        verdict = Verdict(said["promtool_exit"] == ["0"], words)
    configured = None
    if "config_followed" in said:
        configured = settings.prometheus_config_path
        running = look_output.decoded(said["config_followed"][0])
        settings = replace(settings, prometheus_config_path=running)
    elif seen.config_found is not None:
        configured = settings.prometheus_config_path
    settings = settings_in_use(seen, settings)
    return Look(
        settings=settings,
        snapshot=seen,
        now=now,
        ahead=_beyond(now, answer.earliest, answer.latest),
        began_at=_number(said["course_began"][0]) if "course_began" in said else None,
        verdict=verdict,
        reload_error=look_output.decoded(said.get("reload_error", [""])[0]),
        disk=_disk(said.get("tsdb_blocks", [])),
        answers=parse_answers(heard.said, heard.unread),
        gateway_status=heard.statuses.get(STATUS) or None,
        file_of_settings=configured,
        history_began_at=_number(said[_OLDEST][0]) if _OLDEST in said else None,
        logs={
            name.removesuffix(".service"): look_output.decoded(log)
            for name, _, log in (value.partition(" ") for value in said.get("service_log", ()))
        },
        statuses=heard.statuses,
        start_digest=said.get("start_file", [None])[0],
        programs=parse_programs(said.get("program", ())),
        prometheus_argv=next(map(look_output.argv_of, said.get("prometheus_argv", ())), ()),
        closed_ways=tuple(map(look_output.decoded, said.get("closed_way", ()))),
        config_link=next(map(look_output.decoded, said.get("config_link", ())), None),
        unwritable=next(map(look_output.decoded, said.get("unwritable", ())), None),
        changed_by=tuple(map(look_output.decoded, said.get("changed_by", ()))),
    )


def parse_answers(said: Mapping[str, Any], unread: Mapping[str, str]) -> Answers:
    """Parse the data of the answers. An answer that is not that server's goes to `Answers.unread`.

    + said: question -> data of its answer
    + unread: question -> why its answer is no JSON or too large
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
        if path not in (GROUPS, STATUS, TELEMETRY, TARGETS, BUILD)
    }
    return Answers(
        groups=parsed(GROUPS, answers.groups),
        status=parsed(STATUS, answers.status),
        telemetry=parsed(TELEMETRY, parse_telemetry),
        targets=parsed(TARGETS, answers.targets),
        version=parsed(BUILD, answers.version),
        results={path: found for path, found in results.items() if found is not None},
        unread=wrong,
    )


def _number(text: str) -> float:
    """Return a time that a host printed; raise ValueError for an infinite one."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]!r} is not a time")
    return number


def _beyond(now: float, earliest: float, latest: float) -> float:
    """Return the distance of a time from an interval, negative before it; 0 inside."""
    return now - min(max(now, earliest), latest)


def _disk(blocks: Sequence[str]) -> Disk | None:
    if not blocks:
        return None
    free, size, bytes_each = map(int, blocks[0].split())
    return Disk(free * bytes_each, size * bytes_each)


class _Heard(NamedTuple):
    """The answers before parsing: the data of each, its HTTP status, and why the others have no data."""

    said: dict[str, Any]
    statuses: dict[str, int]
    unread: dict[str, str]


def _hear(names: Sequence[str], encoded: str, mark: str) -> _Heard:
    """Split the answers that ``look-at-lab.sh`` prints: another program on the port may answer anything."""
    heard = _Heard({}, {}, {})
    told = _unpacked(b64decode(encoded, validate=True))
    body, *parts = told.split(f"\n{mark} ".encode())
    for name, part in zip(names, parts, strict=False):
        status, _, following = part.partition(b"\n")
        heard.statuses[name] = int(status)
        if body:
            try:
                is_text = name == TELEMETRY
                heard.said[name] = body if is_text else answers.parse_answer(body)
            except AnswerError as error:
                heard.unread[name] = str(error)
        body = following
    if len(told) >= MOST_ANSWERED:
        for name in names[len(parts) :]:
            heard.unread[name] = f"the answers have more than {MOST_ANSWERED} bytes"
    return heard


def _unpacked(data: bytes) -> bytes:
    """Unpack at most `MOST_ANSWERED` bytes: a few packed bytes may stand for gigabytes."""
    if not data:
        return b""
    try:
        return zlib.decompressobj(wbits=31).decompress(data, MOST_ANSWERED)
    except zlib.error as error:
        raise ValueError(f"the answers cannot be unpacked: {error}") from error
