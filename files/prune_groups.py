#!/usr/bin/python3
"""Delete the groups of a Pushgateway to which nobody has pushed for a while.

Stands alone: Python 3.9 and its standard library. A timer runs it on the Pushgateway's own host; by
hand, with what is in its file of arguments and nothing deleted:

    prune_groups.py @/etc/pushgateway-lab/prune.arguments --dry-run

It logs each group that it deletes. Exit code: 0 it did what it was to do, 1 the Pushgateway did not
answer, refused, or still has a deleted group, 2 wrong arguments.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import re
import ssl
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

TIMEOUT = 30
"""Seconds without an answer that end a request."""

TRUST = 0.2
"""Seconds for which a look at the push times is believed, beyond what it takes itself."""

GONE_TIMEOUT = 30
"""Seconds for the deletions, which are queued, to be done."""

REPORT_JOB = "pushgateway_lab_prune"

# Labels as sorted pairs: a key of dictionaries.
Key = tuple[tuple[str, str], ...]
# The last push of each group, in seconds since 1970.
Pushes = dict[Key, float]

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_MATCHER = re.compile(
    r'[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*(=~|!~|!=|=)[ \t]*("(?:[^"\\\n]|\\["\\n])*")[ \t]*(,|$)'
)


class GatewayError(Exception):
    """The Pushgateway did not answer as it should."""


class RefusedError(GatewayError):
    """The Pushgateway answered with an error."""


class Matcher(NamedTuple):
    """One matcher of PromQL: a label, an operator, a value. A label that is missing is empty."""

    name: str
    operator: str
    value: str

    def matches(self, labels: dict[str, str]) -> bool:
        """Whether a group with these labels is one of those meant."""
        value = labels.get(self.name, "")
        if self.operator in ("=", "!="):
            return (value == self.value) is (self.operator == "=")
        found = re.fullmatch(self.value, value, re.DOTALL) is not None
        return found is (self.operator == "=~")


class Look(NamedTuple):
    """The groups as one answer of the Pushgateway had them."""

    pushes: Pushes
    good_until: float
    """When this is too old to delete by, on the monotonic clock."""


class Gateway:
    """Requests to one Pushgateway, over one connection."""

    def __init__(self, url: str, username: str | None, credentials: Path | None) -> None:
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        self._prefix = parts.path
        self._headers = _authorization(username, credentials)
        host = parts.hostname or ""
        if parts.scheme == "https":
            context = _tls(credentials)
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, parts.port, timeout=TIMEOUT, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT)

    def request(self, method: str, path: str, body: str | None = None) -> bytes:
        """Send a request and return the body of its answer; a `GatewayError` if it is an error."""
        try:
            self._connection.request(method, self._prefix + path, body, self._headers)
            response = self._connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise GatewayError(f"the Pushgateway does not answer at {self.url}: {error}") from error
        if response.status >= http.client.MULTIPLE_CHOICES:
            words = data.decode(errors="replace").strip() or response.reason
            raise RefusedError(f"the Pushgateway answered {response.status}: {words}")
        return data

    def look(self) -> Look:
        """The last push of every group, now."""
        started = time.monotonic()
        answer = self.request("GET", "/api/v1/metrics")
        pushes: Pushes = {}
        try:
            for group in json.loads(answer)["data"] or ():
                key = _key(group)
                # Two groups that look alike (see _key): neither is older than the younger one.
                pushes[key] = max(_last_push(group), pushes.get(key, 0))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise GatewayError(
                f"what answers at {self.url} is no Pushgateway: {error!r}"
            ) from error
        took = time.monotonic() - started
        # From the start, when this was certainly so. On a large Pushgateway, half of the time goes
        # into looking.
        return Look(pushes, started + took + max(TRUST, took))

    def delete(self, key: Key) -> None:
        """Delete exactly the group with these labels. Deletion is queued."""
        self.request("DELETE", group_path(key))


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


def _key(group: dict[str, Any]) -> Key:
    """The labels of a group, also where a metric that is called "labels" took their place.

    Then they come from its push time, where a group without an instance has an empty one.
    """
    labels = group["labels"]
    if isinstance(labels.get("metrics"), list):
        labels = dict(group["push_time_seconds"]["metrics"][0]["labels"])
        if not labels.get("instance"):
            labels.pop("instance", None)
    return tuple(sorted(labels.items()))


def _last_push(group: dict[str, Any]) -> float:
    """When somebody last pushed to a group, also in vain: then somebody still cares for it."""
    return max(
        float(group[name]["metrics"][0]["value"])
        for name in ("push_time_seconds", "push_failure_time_seconds")
        if name in group
    )


def seconds(duration: str) -> float:
    """Seconds of a Prometheus duration such as 24h or 1d12h; more than none."""
    parts = re.findall(r"(\d+)(ms|[smhdwy])", duration)
    total = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != duration or total <= 0:
        raise argparse.ArgumentTypeError(f"{duration!r} is no duration such as 24h or 1d12h")
    return total


def matchers(text: str) -> list[Matcher]:
    """Matchers that all must match, in braces or bare: ``{job="backup", instance=~"db.*"}``."""
    bare = re.fullmatch(r"[ \t]*\{(.*)\}[ \t]*", text)
    rest = bare[1] if bare else text
    found: list[Matcher] = []
    while rest or not found:
        match = _MATCHER.match(rest)
        if not match or (match[4] and match.end() == len(rest)):
            raise argparse.ArgumentTypeError(f'{text!r} is no list of matchers as job="backup"')
        matcher = Matcher(match[1], match[2], json.loads(match[3]))
        try:
            re.compile(matcher.value if "~" in matcher.operator else "")
        except re.error as error:
            raise argparse.ArgumentTypeError(f"{match[3]}: {error}") from error
        found.append(matcher)
        rest = rest[match.end() :]
    return found


def is_kept(key: Key, keep: list[list[Matcher]]) -> bool:
    """Whether a group is to stay whatever its age."""
    labels = dict(key)
    return any(all(matcher.matches(labels) for matcher in each) for each in keep)


def too_old(pushes: Pushes, limit: float, keep: list[list[Matcher]]) -> list[Key]:
    """The groups to delete, the oldest first."""
    before = time.time() - limit
    old = [key for key, pushed in pushes.items() if pushed < before and not is_kept(key, keep)]
    return sorted(old, key=lambda key: pushes[key])


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
    for key in too_old(first.pushes, options.older_than, options.keep):
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
    """Labels in Prometheus's notation, job first."""
    pairs = sorted(key, key=lambda pair: (pair[0] != "job", pair[0]))
    return (
        "{"
        + ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in pairs)
        + "}"
    )


def ago(pushed: float) -> str:
    """When a group was last pushed to, for the log."""
    if not pushed:
        return "never pushed to"
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(pushed))
    return f"last pushed to at {when}, {time.time() - pushed:.0f} s ago"


def log(message: str) -> None:
    """Write a line to the journal, at once: a run may be interrupted."""
    print(message, flush=True)


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
    try:
        gateway = Gateway(options.url, options.username, options.credentials)
        outcome = prune(gateway, options)
        if options.report and not options.dry_run:
            report(gateway, outcome, options.older_than)
    except (GatewayError, OSError) as error:  # OSError: a credential that cannot be read
        print(error, file=sys.stderr)
        return 1
    verb = "would be deleted" if options.dry_run else "deleted"
    log(f"{len(outcome.deleted)} groups {verb}, {outcome.left} are there")
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    sys.exit(main())
