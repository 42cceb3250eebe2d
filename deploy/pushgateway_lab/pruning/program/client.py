"""The prune's requests to one Pushgateway: list its groups, and delete a group.

Any program may answer at its address. So each request has a deadline, each answer has a size limit, and a
password goes over plain HTTP only to a listener that root has checked to be the Pushgateway's
(`pushgateway_lab.pruning.program.listening`).
"""

from __future__ import annotations

import base64
import http.client
import signal
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pushgateway_lab.formats import answers
from pushgateway_lab.formats.answers import AnswerError
from pushgateway_lab.formats.characters import shown
from pushgateway_lab.formats.grouping import UTF8_NAMES, base64_path, is_ambiguous
from pushgateway_lab.formats.sockets import loopback_of, port_of
from pushgateway_lab.pruning.program.listening import NOTED, lines_of, listeners

REQUEST_TIMEOUT = 30
"""Seconds for a whole request, from connecting to the last byte."""

RUN_TIMEOUT = 240
"""Seconds for a whole run; the next run continues the work. The timer starts a run every 300 seconds."""

LATE = f"not done within {RUN_TIMEOUT} s; the next run goes on"

ANSWER_LIMIT = 32 << 20
"""Bytes of the largest list of groups: about 40,000 groups."""

SHORT_LIMIT = 64 << 10
"""Bytes of the largest answer to any other request."""

PATH_LIMIT = 1_000_000
"""Characters of the longest request path: Go closes the connection if a header is larger than 1 MB."""

TRUST = 0.2
"""Seconds for which a list of push times is valid, in addition to the time that the request takes."""

# The labels of a group as sorted pairs, for use as a dictionary key.
Key = tuple[tuple[str, str], ...]
# Each group -> its last push, in seconds since 1970.
Pushes = dict[Key, float]

# The metrics that each group must have: the times of the last successful and of the last failed push.
_TIMES = ("push_time_seconds", "push_failure_time_seconds")
_LATEST = 1 << 38
"""The largest valid push time, in seconds since 1970: in the year 10680."""


class GatewayError(Exception):
    """The Pushgateway gave no answer or an invalid one."""


class RefusedError(GatewayError):
    """The Pushgateway answered with an error status."""


@contextmanager
def limited(seconds: float, error: Exception) -> Iterator[None]:
    """Raise `error` in the block after so many seconds.

    It uses a signal, which also interrupts a read whose bytes all arrive in time. Blocks cannot be nested.
    """

    def ring(*_: object) -> None:
        raise error

    signal.signal(signal.SIGALRM, ring)
    # Zero would turn the timer off.
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Look(NamedTuple):
    """The groups in one answer of the Pushgateway."""

    pushes: Pushes
    good_until: float
    """The time, on the monotonic clock, after which no group may be deleted because of this answer."""


class SeenConnection(http.client.HTTPConnection):
    """A connection without TLS to a listener that root has checked to be the Pushgateway's.

    + noted: the checked listeners, see `lines_of`
    """

    def __init__(self, host: str, port: int, noted: set[str]) -> None:
        self._noted = noted
        super().__init__(host, port, timeout=REQUEST_TIMEOUT)

    def connect(self) -> None:
        """Connect, and check that the noted listeners still listen.

        If they do, they also did when this connected: no other program can have had the port in between.

        Raises:
            GatewayError: they do not.
        """
        super().connect()
        there = lines_of(each for each in listeners() if each.port == self.port)
        if not self._noted or not self._noted <= there:
            self.close()
            raise GatewayError(
                f"what listens on port {self.port} has changed since it was seen to be the "
                "Pushgateway, so the password was not sent"
            )


class Gateway:
    """Requests to one Pushgateway, over one connection."""

    def __init__(self, url: str, username: str | None, credentials: Path | None) -> None:
        self.url = url.rstrip("/")
        self._deadline = time.monotonic() + RUN_TIMEOUT
        parts = urlsplit(self.url)
        self._prefix = parts.path
        self._headers = _authorization(username, credentials)
        host = parts.hostname or ""
        self._connection: http.client.HTTPConnection
        if parts.scheme == "https":
            self._connection = http.client.HTTPSConnection(
                host, parts.port, timeout=REQUEST_TIMEOUT, context=_tls(credentials)
            )
        elif username is not None:
            # An address instead of a name: a name may resolve to several listeners.
            address = loopback_of(self.url)
            if address is None:
                raise GatewayError(
                    f"{self.url} is neither https nor on loopback, so the password was not sent"
                )
            self._connection = SeenConnection(str(address), port_of(self.url), _noted())
        else:
            self._connection = http.client.HTTPConnection(host, parts.port, timeout=REQUEST_TIMEOUT)

    def request(self, method: str, path: str, body: str | None = None) -> bytes:
        """Send a request, and return the body of the answer.

        Raises:
            GatewayError: the request failed, or the answer is an error (`RefusedError`).
        """
        with self._in_time():
            return self._request(method, path, SHORT_LIMIT, body)

    def look(self) -> Look:
        """Return the time of the last push of every group, as of now.

        Raises:
            GatewayError: the request failed, or the answer is not from a Pushgateway.
        """
        started = time.monotonic()
        with self._in_time():
            answer = self._request("GET", "/api/v1/metrics", ANSWER_LIMIT)
            try:
                pushes = last_pushes(answer)
            except AnswerError as error:
                raise GatewayError(
                    f"what answers at {self.url} is no Pushgateway: {error}"
                ) from error
        took = time.monotonic() - started
        # Counted from the start of the request. On a large Pushgateway, listing the groups takes half of the run.
        return Look(pushes, started + took + max(TRUST, took))

    def delete(self, key: Key) -> None:
        """Delete exactly the group with these labels. The Pushgateway queues the deletion."""
        labels = dict(key)
        decodes_names = is_ambiguous(labels) and self._decodes_names()
        path = f"/metrics{base64_path(labels, decodes_names=decodes_names)}"
        if len(path) > PATH_LIMIT:
            raise RefusedError("its labels are too long for a request")
        self.request("DELETE", path)

    def _decodes_names(self) -> bool:
        try:
            flags = answers.status(answers.parse_answer(self.request("GET", "/api/v1/status")))[
                "flags"
            ]
        except AnswerError as error:
            raise GatewayError(f"what answers at {self.url} is no Pushgateway: {error}") from error
        return flags.get(UTF8_NAMES) == "true"

    def seconds_left(self) -> float:
        """Return the seconds that remain for the run.

        Raises:
            GatewayError: none remain.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise GatewayError(LATE)
        return left

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        seconds = min(self.seconds_left(), REQUEST_TIMEOUT)
        late = f"the Pushgateway at {self.url} did not finish an answer within {seconds:.0f} s"
        try:
            with limited(seconds, GatewayError(late)):
                yield
        except MemoryError as error:
            raise GatewayError(f"the answer at {self.url} does not fit into memory") from error

    def _request(self, method: str, path: str, limit: int, body: str | None = None) -> bytes:
        try:
            self._connection.request(method, self._prefix + path, body, self._headers)
            response = self._connection.getresponse()
            data = self._body(response, limit)
        except (OSError, http.client.HTTPException) as error:
            raise GatewayError(f"the Pushgateway does not answer at {self.url}: {error}") from error
        if response.status >= http.client.MULTIPLE_CHOICES:
            words = data.decode(errors="replace").strip() or response.reason
            raise RefusedError(f"the Pushgateway at {self.url} answered {response.status}: {words}")
        return data

    def _body(self, response: http.client.HTTPResponse, limit: int) -> bytes:
        """Return a whole body.

        Raises:
            GatewayError: the body is longer than `limit` bytes, incomplete or compressed.
        """
        encoding = response.getheader("Content-Encoding", "identity")
        if encoding != "identity":
            raise GatewayError(f"the answer at {self.url} is compressed, which was not requested")
        data = bytearray()
        while block := response.read(1 << 16):
            data += block
            if len(data) > limit:
                raise GatewayError(f"the answer at {self.url} is longer than {limit} bytes")
        if response.length:  # the bytes that were announced, but did not arrive
            raise GatewayError(f"the answer at {self.url} was cut off")
        return bytes(data)


def _noted() -> set[str]:
    try:
        return set(NOTED.read_text(encoding="ascii").splitlines())
    except FileNotFoundError as error:
        raise GatewayError(
            f"there is no {NOTED}, so the password was not sent; --check-listener writes it"
        ) from error


def _authorization(username: str | None, credentials: Path | None) -> dict[str, str]:
    if username is None:
        return {}
    password = _credential(credentials, "password")
    text = password.read_text(encoding="utf-8").rstrip("\r\n") if password else ""
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{text}".encode()).decode()}


def _tls(credentials: Path | None) -> ssl.SSLContext:
    authorities, client = (_credential(credentials, name) for name in ("ca.pem", "client.pem"))
    context = ssl.create_default_context(cafile=str(authorities) if authorities else None)
    # Python 3.13 and later are stricter than curl and the Pushgateway. A trainer's own certificate authority must
    # work on every release of Debian.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if client:
        context.load_cert_chain(client)
    return context


def _credential(directory: Path | None, name: str) -> Path | None:
    """Return the file of a credential; None if it is missing or empty."""
    path = directory / name if directory else None
    return path if path and path.exists() and path.stat().st_size else None


def last_pushes(answer: bytes) -> Pushes:
    """Return the time of the last push to each group in the Pushgateway's list of metrics.

    A failed push counts, too: it shows that somebody still uses the group.

    Raises:
        AnswerError: the answer is not such a list.
    """
    data = answers.parse_answer(
        answer, ANSWER_LIMIT, most_values=None, object_hook=_without_metrics
    )
    pushes: Pushes = {}
    for said, group in zip(data or (), answers.groups(data)):
        first, pushed = sorted((group.pushed_at, group.failed_at))
        # A group without a time would count as the oldest.
        if "job" not in group.labels or not _has_times(said) or not 0 <= first <= pushed <= _LATEST:
            raise AnswerError(f"expected a group with a job and push times, not {shown(said)}")
        key = tuple(sorted(group.labels.items()))
        # Two groups may have equal labels in the list (see answers.groups): both count as the younger one.
        pushes[key] = max(pushed, pushes.get(key, 0))
    return pushes


def _without_metrics(found: dict[str, Any]) -> dict[str, Any]:
    """Drop the metrics of a group while JSON is parsed, because they may be large."""
    # In the labels, push_time_seconds would be a text and not a dict.
    if isinstance(found.get(_TIMES[0]), dict):
        return {name: found[name] for name in ("labels", *_TIMES) if name in found}
    return found


def _has_times(said: dict[str, Any]) -> bool:
    return _TIMES[0] in said and all(said[name].get("metrics") for name in _TIMES if name in said)
