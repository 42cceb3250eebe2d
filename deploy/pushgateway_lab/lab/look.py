"""One look at a lab host: its snapshot and what both servers say, in one round trip.

``files/look-at-lab.sh`` looks, this module reads what it prints. What it means is for the checks.
"""

import math
import zlib
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote
from weakref import WeakKeyDictionary

from pyinfra.api.host import Host
from pyinfra.context import ctx_host

from pushgateway_lab import installations
from pushgateway_lab.formats import answers
from pushgateway_lab.formats.answers import AnswerError, Group, Sample, Series, Target
from pushgateway_lab.host import looking, snapshot
from pushgateway_lab.host.looking import Answer
from pushgateway_lab.host.snapshot import Snapshot
from pushgateway_lab.pushgateway.client import client
from pushgateway_lab.run.host_files import script
from pushgateway_lab.settings import Settings

T = TypeVar("T")

COURSE = "/var/lib/pushgateway-lab/course-began"
"""Notes when the course began on a host, in seconds since 1970: later history is the trainee's."""

_TARGETS = "/api/v1/targets?state=active"
_BUILD = "/api/v1/status/buildinfo"
_GROUPS, _STATUS = "groups", "status"

_MOST_ANSWERED = 6_000_000
"""Bytes of what both servers answer that are read: a Pushgateway of 8,000 groups says less."""


class Verdict(NamedTuple):
    """What promtool says about the configuration file."""

    accepted: bool
    words: str


class Disk(NamedTuple):
    """The file system that Prometheus writes its samples to, in bytes."""

    free: int
    size: int


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
    + said: what each server answered to each question; one that was not answered, or not as that
      server does, is missing
    + logs: service -> the end of its log, of those that are neither up nor were stopped
    + gateway_status: the HTTP status of the Pushgateway's answer; None if it gave none
    + unread: what was answered but cannot be read -> why
    """

    settings: Settings
    snapshot: Snapshot
    now: float
    ahead: float
    began_at: float | None
    verdict: Verdict | None
    reload_error: str
    disk: Disk | None
    said: Mapping[str, Any]
    gateway_status: int | None = None
    logs: Mapping[str, str] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def groups(self) -> list[Group] | None:
        """What the Pushgateway holds; None if it does not answer."""
        return answers.groups(self.said[_GROUPS]) if _GROUPS in self.said else None

    @property
    def pushgateway_status(self) -> Mapping[str, Any] | None:
        """The Pushgateway's ``flags`` and ``build_information``; None if it does not answer."""
        return self.said.get(_STATUS)

    @cached_property
    def targets(self) -> list[Target]:
        """The targets of Prometheus."""
        return answers.targets(self.said[_TARGETS]) if _TARGETS in self.said else []

    @property
    def says_targets(self) -> bool:
        """Whether Prometheus said what its targets are."""
        return _TARGETS in self.said

    @property
    def prometheus_version(self) -> str | None:
        """Of the Prometheus that runs; None if it does not answer."""
        version: str | None = self.said.get(_BUILD, {}).get("version")
        return version

    def samples(self, query: str) -> list[Sample] | None:
        """What Prometheus answers to an instant query that a check named; None for no answer."""
        return self._read(_path_of(query), answers.samples)

    def series(self, query: str) -> list[Series] | None:
        """What it answers to an instant query for a range that a check named; None for no answer."""
        return self._read(_path_of(query), answers.series)

    def _read(self, path: str, read: Callable[[Any], list[T]]) -> list[T] | None:
        if path not in self.said:
            return None
        key = (path, read)
        if key not in self._found:
            self._found[key] = read(self.said[path])
        found: list[T] = self._found[key]
        return found

    @cached_property
    def _found(self) -> dict[Any, Any]:
        """Parsed answers, so that each is parsed once."""
        return {}


# With each look, the snapshot that came with it: once that is forgotten, the look is, too.
_looks: WeakKeyDictionary[Host, Look] = WeakKeyDictionary()


def look(settings: Settings, queries: Sequence[str]) -> Look:
    """A look at the host in context; taken now, unless a good one is remembered.

    + queries: instant queries in PromQL, in which ``[LAB_AGEms]`` stands for the range since the course
      began

    Raises:
        HostError: the host could not be looked at; nothing is known about it.
    """
    host = ctx_host.get()
    seen = looking.remembered()
    if seen is not None and host in _looks and _looks[host].snapshot is seen:
        return _looks[host]
    looked = looking.remember(lambda: _look(host, settings, queries), lambda taken: taken.snapshot)
    _looks[host] = looked
    return looked


def _look(host: Host, settings: Settings, queries: Sequence[str]) -> Look:
    paths = [_TARGETS, _BUILD, *map(_path_of, queries)]
    looked = looking.ask(
        settings, lambda answer: _read(settings, answer, paths), _further(settings, paths)
    )
    if _asked_apart(settings) and looked.snapshot.is_root:
        return replace(looked, said={**looked.said, **_ask_pushgateway(host, settings, looked)})
    return looked


def _further(settings: Settings, paths: Sequence[str]) -> str:
    gateway = settings.pushgateway_url or "found"
    return script(
        "look-at-lab.sh",
        {
            "course": COURSE,
            "most_answered": str(_MOST_ANSWERED),
            "gateway": "" if _asked_apart(settings) else gateway,
            "questions": "\n".join(f"{settings.prometheus_url}{path}" for path in paths),
        },
    )


def _asked_apart(settings: Settings) -> bool:
    """Whether the Pushgateway wants a password or a certificate, which no script shall hold."""
    url = settings.pushgateway_url or ""
    return url.startswith("https:") or settings.pushgateway_username is not None


def _ask_pushgateway(host: Host, settings: Settings, looked: Look) -> dict[str, Any]:
    from pushgateway_lab.http.api import ApiError

    address = installations.running_url(looked.snapshot, settings)
    gateway = client(host, settings, address)
    try:
        return {_GROUPS: gateway.contents(), _STATUS: gateway.status()}
    except ApiError:
        return {}


def _path_of(query: str) -> str:
    return f"/api/v1/query?query={quote(query, safe='')}"


def _read(settings: Settings, answer: Answer, paths: Sequence[str]) -> Look:
    said = answer.said
    seen = snapshot.parse(said)
    now = _number(said.get("now", [str(answer.latest)])[0])
    # In the order in which the script asks.
    names = [
        *(paths if "asked" in said and "prometheus" in said["asked"] else []),
        *([_GROUPS, _STATUS] if "asked" in said and "pushgateway" in said["asked"] else []),
    ]
    heard = _answers(names, said.get("answers", [""])[0], answer.mark)
    verdict = None
    if "promtool_exit" in said:
        words = snapshot.text_of(said["promtool_said"][0])
        verdict = Verdict(said["promtool_exit"] == ["0"], words)
    looked = Look(
        settings=settings,
        snapshot=seen,
        now=now,
        ahead=_beyond(now, answer.earliest, answer.latest),
        began_at=_number(said["course_began"][0]) if "course_began" in said else None,
        verdict=verdict,
        reload_error=snapshot.text_of(said.get("reload_error", [""])[0]),
        disk=_disk(said.get("tsdb_blocks", [])),
        said=heard.said,
        gateway_status=heard.statuses.get(_STATUS) or None,
        logs={
            name: snapshot.text_of(log)
            for name, _, log in (value.partition(" ") for value in said.get("service_log", ()))
        },
        unread=heard.unread,
    )
    return _readable(looked)


def _readable(looked: Look) -> Look:
    """Leave out what a server answered in another shape than it has: it is not that server's answer."""
    unread = {}
    for name in looked.said:
        try:
            _try_to_read(looked, name)
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            IndexError,
            OverflowError,
        ) as error:
            unread[name] = repr(error)
    if not unread:
        return looked
    kept = {name: data for name, data in looked.said.items() if name not in unread}
    return replace(looked, said=kept, unread={**looked.unread, **unread})


def _try_to_read(looked: Look, name: str) -> None:
    """Read an answer as the checks will.

    Raises:
        AnswerError: it is not what that server says.
    """
    if name == _GROUPS:
        _ = looked.groups
    elif name == _TARGETS:
        _ = looked.targets
    elif name == _STATUS:
        answers.status(looked.said[name])
    elif name == _BUILD:
        answers.version(looked.said[name])
    else:
        looked._read(name, answers.samples)  # noqa: SLF001 - of this module
        looked._read(name, answers.series)  # noqa: SLF001


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
    """The answers of both servers, see `Look`."""

    said: dict[str, Any]
    statuses: dict[str, int]
    unread: dict[str, str]


def _answers(names: Sequence[str], encoded: str, mark: str) -> _Heard:
    """Take apart what ``look-at-lab.sh`` prints: another program on the port may answer anything."""
    heard = _Heard({}, {}, {})
    told = _unpacked(b64decode(encoded, validate=True))
    body, *parts = told.split(f"\n{mark} ".encode())
    for name, part in zip(names, parts, strict=False):
        status, _, following = part.partition(b"\n")
        heard.statuses[name] = int(status)
        if body:
            try:
                heard.said[name] = answers.parse(body)
            except AnswerError as error:
                heard.unread[name] = str(error)
        body = following
    if len(told) >= _MOST_ANSWERED:
        for name in names[len(parts) :]:
            heard.unread[name] = f"there was more than {_MOST_ANSWERED} bytes"
    return heard


def _unpacked(data: bytes) -> bytes:
    """Unpack what the host packed, and no more than it was told to send: a few bytes may stand for GBs."""
    if not data:
        return b""
    try:
        return zlib.decompressobj(wbits=31).decompress(data, _MOST_ANSWERED)
    except zlib.error as error:
        raise ValueError(f"the answers cannot be unpacked: {error}") from error
