"""Requests of the prune to one Pushgateway: what its groups are, and deleting one.

Python 3.9 and its standard library; installed beside ``prune_groups.py``, which decides what to delete.

What answers may be anybody. So each request has a deadline, each answer a limit, and a password goes over
plain HTTP only to a listener that ``prune_listener.py`` has seen to be the Pushgateway's.
"""

from __future__ import annotations

import base64
import http.client
import json
import signal
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

REQUEST_TIMEOUT = 30
"""Seconds for a whole request, however much of its answer has come."""

RUN_TIMEOUT = 240
"""Seconds for a whole run; what it did not reach is for the next one. The timer starts one every 300."""

LATE = f"not done within {RUN_TIMEOUT} s; the next run goes on"

ANSWER_LIMIT = 32 << 20
"""Bytes of the largest answer that is read: some 40,000 groups."""

SHORT_LIMIT = 64 << 10
"""Bytes of the largest answer to anything but a look."""

PATH_LIMIT = 1_000_000
"""Characters of the longest path of a request: Go refuses a header of more than 1 MB, and hangs up."""

TRUST = 0.2
"""Seconds for which a look at the push times is believed, beyond what it takes itself."""

LISTENERS = Path("/run/pushgateway-lab-prune.listeners")
"""File in which ``prune_listener.py`` notes the sockets that may get the password."""

# Labels as sorted pairs: a key of dictionaries.
Key = tuple[tuple[str, str], ...]
# The last push of each group, in seconds since 1970.
Pushes = dict[Key, float]

# What a group is looked at for.
_NEEDED = ("labels", "push_time_seconds", "push_failure_time_seconds")
_LATEST = 1 << 38
"""Seconds since 1970 of the last push time that is believed: the year 10680."""
# What goes wrong when something is read that is no list of groups.
_UNREADABLE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


class GatewayError(Exception):
    """The Pushgateway did not answer as it should."""


class RefusedError(GatewayError):
    """The Pushgateway answered with an error."""


@contextmanager
def limited(seconds: float, error: Exception) -> Iterator[None]:
    """Raise `error` in the block once it has taken so many seconds, whatever it does.

    By a signal, which ends also a read of which each byte is in time. Blocks cannot be nested.
    """

    def ring(*_: object) -> None:
        raise error

    signal.signal(signal.SIGALRM, ring)
    # Zero would mean: never.
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Look(NamedTuple):
    """The groups as one answer of the Pushgateway had them."""

    pushes: Pushes
    good_until: float
    """When this is too old to delete by, on the monotonic clock."""


class SeenConnection(http.client.HTTPConnection):
    """A connection without TLS to a listener that was seen to be the Pushgateway's.

    + noted: the listeners that ``prune_listener.py`` has seen, see `listening`
    """

    def __init__(self, host: str, port: int, noted: set[str]) -> None:
        self._noted = noted
        super().__init__(host, port, timeout=REQUEST_TIMEOUT)

    def connect(self) -> None:
        """Connect; an error unless what was noted still listens.

        Then it did when this connected, too: nobody else can have had the port in between.
        """
        super().connect()
        if not self._noted or not self._noted <= listening(self.port):
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
            # Not by its name: that may stand for several addresses, each with a listener of its own.
            address = "127.0.0.1" if host == "localhost" else host
            if not is_loopback(address):
                raise GatewayError(
                    f"{self.url} is neither https nor on loopback, so the password was not sent"
                )
            self._connection = SeenConnection(address, parts.port or 80, _noted())
        else:
            self._connection = http.client.HTTPConnection(host, parts.port, timeout=REQUEST_TIMEOUT)

    def request(self, method: str, path: str, body: str | None = None) -> bytes:
        """Send a request and return the body of its answer; a `GatewayError` if it is an error."""
        with self._in_time():
            return self._request(method, path, SHORT_LIMIT, body)

    def look(self) -> Look:
        """The last push of every group, now."""
        started = time.monotonic()
        with self._in_time():
            answer = self._request("GET", "/api/v1/metrics", ANSWER_LIMIT)
            try:
                pushes = last_pushes(answer)
            except _UNREADABLE as error:
                raise GatewayError(
                    f"what answers at {self.url} is no Pushgateway: {error!r}"
                ) from error
        took = time.monotonic() - started
        # From the start, when this was certainly so. On a large Pushgateway, half of the time goes
        # into looking.
        return Look(pushes, started + took + max(TRUST, took))

    def delete(self, key: Key) -> None:
        """Delete exactly the group with these labels. Deletion is queued."""
        path = group_path(key)
        if len(path) > PATH_LIMIT:
            raise RefusedError("its labels are too long for a request")
        self.request("DELETE", path)

    def seconds_left(self) -> float:
        """Seconds that remain for the run; a `GatewayError` if there are none."""
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
        """Return a whole body; fail if it is longer than `limit` bytes, cut off, or compressed."""
        encoding = response.getheader("Content-Encoding", "identity")
        if encoding != "identity":
            raise GatewayError(f"the answer at {self.url} is encoded, which nobody asked for")
        data = bytearray()
        while block := response.read(1 << 16):
            data += block
            if len(data) > limit:
                raise GatewayError(f"the answer at {self.url} is longer than {limit} bytes")
        if response.length:  # of what was announced, this much did not come
            raise GatewayError(f"the answer at {self.url} was cut off")
        return bytes(data)


def listening(port: int) -> set[str]:
    """The sockets that listen on a TCP port: address and inode of each, as the kernel writes them."""
    found = set()
    for name in ("tcp", "tcp6"):
        # Not /proc/net: in the sandbox of the service, /proc shows processes only.
        for line in Path("/proc/self/net", name).read_text(encoding="ascii").splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == "0A" and int(local.rpartition(":")[2], 16) == port:
                found.add(f"{local} {inode}")
    return found


def is_loopback(host: str) -> bool:
    """Return whether this is a loopback address; a name is none."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _noted() -> set[str]:
    try:
        return set(LISTENERS.read_text(encoding="ascii").splitlines())
    except FileNotFoundError as error:
        raise GatewayError(
            f"there is no {LISTENERS}, so the password was not sent; prune_listener.py writes it"
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
    # From Python 3.13 on strict, stricter than curl and the Pushgateway: an authority made by hand
    # is to be trusted on every release or on none.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if client:
        context.load_cert_chain(client)
    return context


def _credential(directory: Path | None, name: str) -> Path | None:
    """Return the file of a credential; None if it is missing or empty."""
    path = directory / name if directory else None
    return path if path and path.exists() and path.stat().st_size else None


def group_path(key: Key) -> str:
    """The path of a group, job first. As base64, every value is a safe segment of a path."""
    labels = dict(key)
    names = ["job", *sorted(name for name in labels if name != "job")]
    return "/metrics" + "".join(
        f"/{quote(name, safe='')}@base64/{base64.urlsafe_b64encode(labels[name].encode()).decode() or '='}"
        for name in names
    )


def last_pushes(answer: bytes) -> Pushes:
    """The groups in the Pushgateway's list of metrics; one of `_UNREADABLE` if it is something else."""
    groups = json.loads(answer, object_hook=_without_metrics)["data"]
    if not isinstance(groups, (list, type(None))):
        raise TypeError("its data is no list")
    pushes: Pushes = {}
    for group in groups or ():
        key = _key(group)
        # Two groups that look alike (see _key): neither is older than the younger one.
        pushes[key] = max(_last_push(group), pushes.get(key, 0))
    return pushes


def _without_metrics(found: dict[str, Any]) -> dict[str, Any]:
    """Drop the metrics of a group while JSON is parsed: they may be large."""
    # The values of labels are texts, also of one that is called push_time_seconds.
    if isinstance(found.get("push_time_seconds"), dict):
        return {name: found[name] for name in _NEEDED if name in found}
    return found


def _key(group: dict[str, Any]) -> Key:
    """The labels of a group, also where a metric that is called "labels" took their place.

    Then they come from its push time, where a group without an instance has an empty one.
    """
    labels = group["labels"]
    if isinstance(labels.get("metrics"), list):
        labels = dict(group["push_time_seconds"]["metrics"][0]["labels"])
        if not labels.get("instance"):
            labels.pop("instance", None)
    if "job" not in labels:
        raise KeyError("job")
    key = tuple(sorted(labels.items()))
    # Texts that a request can be made of: no numbers, and no halves of characters.
    "".join(part for pair in key for part in pair).encode()
    return key


def _last_push(group: dict[str, Any]) -> float:
    """When somebody last pushed to a group, also in vain: then somebody still cares for it."""
    pushed = max(float(group[name]["metrics"][0]["value"]) for name in _NEEDED[1:] if name in group)
    if not 0 <= pushed <= _LATEST:  # not a number is neither
        raise ValueError(f"{pushed} is no push time")
    return pushed
