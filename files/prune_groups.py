#!/usr/bin/python3
"""Delete the groups of a Pushgateway to which nobody has pushed for a while.

Python 3.9 and its standard library, and ``matchers.py`` beside it. A timer runs it on the Pushgateway's own host; by
hand, with what is in its file of arguments and nothing deleted:

    prune_groups.py @/etc/pushgateway-lab/prune.arguments --dry-run

It logs each group that it deletes. Exit code: 0 it did what it was to do, 1 the Pushgateway did not
answer, refused, or still has a deleted group, 2 wrong arguments.

What answers may be anybody, and what a group's labels hold was chosen by whoever pushed it. So each
request has a deadline, each answer a limit, each line of the log is escaped and cut, and a password goes
over plain HTTP only to a listener that ``prune_listener.py`` has seen to be the Pushgateway's.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import io
import json
import os
import re
import signal
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from pushgateway_lab.matchers import Matcher, parse
else:
    # With -I, Python does not look beside the program. The directory is root's alone, and is to stay as
    # it was installed also when root runs this by hand.
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    sys.dont_write_bytecode = True
    from matchers import Matcher, parse

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

VALUE_SHOWN, LINE_SHOWN = 200, 1000
"""Characters of a label's value, and of a line, that the log shows."""

TRUST = 0.2
"""Seconds for which a look at the push times is believed, beyond what it takes itself."""

GONE_TIMEOUT = 30
"""Seconds for the deletions, which are queued, to be done."""

REPORT_JOB = "pushgateway_lab_prune"
LISTENERS = Path("/run/pushgateway-lab-prune.listeners")
"""Where ``prune_listener.py`` notes the sockets to which the password may go."""

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

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}


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
        """All of a body; an error if it is longer than `limit` bytes, or cut off, or compressed."""
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
    """Whether this is a loopback address; a name is none."""
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
    """A file that a credential is in; one that is empty means that there is none."""
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
    """An object of the list as it is kept: of a group, only what is needed. Its metrics may be large."""
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


def seconds(duration: str) -> float:
    """Seconds of a Prometheus duration such as 24h or 1d12h; more than none."""
    parts = re.findall(r"(\d+)(ms|[smhdwy])", duration)
    total = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != duration or total <= 0:
        raise argparse.ArgumentTypeError(f"{duration!r} is no duration such as 24h or 1d12h")
    return total


def matchers(text: str) -> list[Matcher]:
    """Matchers that all must match, in braces or bare: ``{job="backup", instance=~"db.*"}``."""
    try:
        return parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def is_kept(key: Key, keep: list[list[Matcher]]) -> bool:
    """Whether a group is to stay whatever its age."""
    labels = dict(key)
    return any(all(matcher.matches(labels) for matcher in each) for each in keep)


def too_old(pushes: Pushes, limit: float) -> list[Key]:
    """The groups to which nobody has pushed within `limit` seconds, the oldest first."""
    before = time.time() - limit
    return sorted(
        (key for key, pushed in pushes.items() if pushed < before), key=pushes.__getitem__
    )


class Outcome(NamedTuple):
    """What a prune did: the last pushes of the groups it deleted, and counts of the others."""

    deleted: Pushes
    left: int
    failed: int


def prune(gateway: Gateway, options: argparse.Namespace) -> Outcome:
    """Delete what is too old, and see that it is gone.

    A group that was pushed to again since the look is not deleted. Between the last look and a
    deletion a fraction of a second remains: the Pushgateway has no deletion with a condition.
    """
    first = now = gateway.look()
    deleted: Pushes = {}
    failed = 0
    for key in too_old(first.pushes, options.older_than):
        # Linear in its labels, of which there may be 32 MB.
        with limited(gateway.seconds_left(), GatewayError(LATE)):
            kept = is_kept(key, options.keep)
        if kept:
            continue
        if time.monotonic() > now.good_until and not options.dry_run:
            now = gateway.look()
        if now.pushes.get(key) != first.pushes[key]:
            continue
        try:
            if not options.dry_run:
                gateway.delete(key)
        except RefusedError as error:
            log(f"cannot delete {written(key)}: {error}")
            failed += 1
            continue
        deleted[key] = first.pushes[key]
        log(
            f"{'would delete' if options.dry_run else 'deleted'} {written(key)}, {ago(deleted[key])}"
        )
    if options.dry_run:
        return Outcome(deleted, len(first.pushes), failed)
    return see_them_gone(gateway, Outcome(deleted, 0, failed))


def see_them_gone(gateway: Gateway, outcome: Outcome) -> Outcome:
    """Wait until each deleted group is gone, or was pushed to anew."""
    deadline = time.monotonic() + GONE_TIMEOUT
    while True:
        pushes = gateway.look().pushes
        there = [key for key, pushed in outcome.deleted.items() if pushes.get(key) == pushed]
        if not there or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    for key in there:
        hint = (
            "; a value that is no Unicode only goes with a wipe" if "\ufffd" in written(key) else ""
        )
        log(f"{written(key)} was deleted, but the Pushgateway still has it{hint}")
    gone = {key: pushed for key, pushed in outcome.deleted.items() if key not in there}
    return Outcome(gone, len(pushes), outcome.failed + len(there))


def report(gateway: Gateway, outcome: Outcome, limit: float) -> None:
    """Push what was done, as a group of its own."""
    values = {
        "deleted_groups": len(outcome.deleted),
        "left_groups": outcome.left,
        "failed_groups": outcome.failed,
        "limit_seconds": limit,
    }
    names = {f"{REPORT_JOB}_{name}": value for name, value in values.items()}
    lines = [f"# TYPE {name} gauge\n{name} {value}\n" for name, value in names.items()]
    gateway.request("PUT", group_path((("job", REPORT_JOB),)), "".join(lines))


def written(key: Key) -> str:
    """Labels in Prometheus's notation, job first, as the log shows them."""
    pairs = sorted(key, key=lambda pair: (pair[0] != "job", pair[0]))
    return (
        "{"
        + ", ".join(
            f"{cut(name, VALUE_SHOWN)}={json.dumps(cut(value, VALUE_SHOWN), ensure_ascii=False)}"
            for name, value in pairs
        )
        + "}"
    )


def cut(text: str, length: int) -> str:
    """A text of which at most so many characters are shown."""
    return text if len(text) <= length else f"{text[:length]}... ({len(text)} characters)"


def visible(text: str) -> str:
    """A text on one line of bounded length, in which nothing drives a terminal."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode()
        for each in cut(text, LINE_SHOWN)
    )


def ago(pushed: float) -> str:
    """When a group was last pushed to, for the log."""
    if not pushed:
        return "never pushed to"
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(pushed))
    return f"last pushed to at {when}, {time.time() - pushed:.0f} s ago"


def log(message: str) -> None:
    """Write a line to the journal, at once: a run may be interrupted."""
    print(visible(message), flush=True)


def parse_arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The arguments; wrong ones end the program with 2."""
    parser = argparse.ArgumentParser(
        description="Delete the groups of a Pushgateway to which nobody has pushed for a while.",
        fromfile_prefix_chars="@",
        allow_abbrev=False,
    )
    parser.add_argument("--url", required=True, help="where it answers, http or https")
    parser.add_argument(
        "--older-than", required=True, type=seconds, metavar="DURATION", help="such as 24h or 1d12h"
    )
    parser.add_argument(
        "--keep", action="append", default=[], type=matchers, metavar="MATCHERS",
        help='groups to keep, as job="backup"; may be given several times',
    )  # fmt: skip
    parser.add_argument("--username", help="for basic authentication")
    parser.add_argument(
        "--credentials", type=Path, default=os.environ.get("CREDENTIALS_DIRECTORY"),
        help="directory with the files password, ca.pem and client.pem, any of them empty or absent",
    )  # fmt: skip
    parser.add_argument(
        "--report", action="store_true", help=f"push what was done as job {REPORT_JOB}"
    )
    parser.add_argument("--dry-run", action="store_true", help="tell, and delete nothing")
    return parser.parse_args(words)


def main() -> int:
    """Prune once; returns the exit code."""
    options = parse_arguments()
    for stream in (sys.stdout, sys.stderr):
        # With another locale than UTF-8, too, what is said can be written.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        gateway = Gateway(options.url, options.username, options.credentials)
        outcome = prune(gateway, options)
        if options.report and not options.dry_run:
            report(gateway, outcome, options.older_than)
    except (GatewayError, OSError, UnicodeError) as error:  # also a credential that cannot be read
        print(visible(str(error)), file=sys.stderr)
        return 1
    verb = "would be deleted" if options.dry_run else "deleted"
    log(f"{len(outcome.deleted)} groups {verb}, {outcome.left} are there")
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    sys.exit(main())
