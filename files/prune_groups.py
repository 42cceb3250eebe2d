#!/usr/bin/python3
"""Delete the groups of a Pushgateway to which nobody has pushed for a while.

Python 3.9 and its standard library, and three modules beside it: ``prune_gateway.py``, and the package's own
``matchers.py`` and ``durations.py``. A timer runs it on the Pushgateway's own host; by hand, with what is in
its file of arguments and nothing deleted:

    prune_groups.py @/etc/pushgateway-lab/prune.arguments --dry-run

It logs each group that it deletes. Exit code: 0 it did what it was to do, 1 the Pushgateway did not
answer, refused, or still has a deleted group, 2 wrong arguments.

What a group's labels hold was chosen by whoever pushed it, so each line of the log is escaped and cut.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pushgateway_lab.formats.durations import seconds_of
    from pushgateway_lab.formats.matchers import Matcher, parse
else:
    # With -I, Python does not look beside the program. The directory is root's alone, and is to stay as
    # it was installed also when root runs this by hand.
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    sys.dont_write_bytecode = True
    from durations import seconds_of
    from matchers import Matcher, parse

from prune_gateway import (
    LATE,
    Gateway,
    GatewayError,
    Key,
    Pushes,
    RefusedError,
    group_path,
    limited,
)

VALUE_SHOWN, LINE_SHOWN = 200, 1000
"""Characters of a label's value, and of a line, that the log shows."""

GONE_TIMEOUT = 30
"""Seconds for the deletions, which are queued, to be done."""

REPORT_JOB = "pushgateway_lab_prune"


def seconds(duration: str) -> float:
    """Return the seconds of a Prometheus duration such as 24h or 1d12h; more than none."""
    try:
        total = seconds_of(duration)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if total <= 0:
        raise argparse.ArgumentTypeError(f"{duration} is no time: it would delete every group")
    return total


def matchers(text: str) -> list[Matcher]:
    """Return matchers that all must match, in braces or bare: ``{job="backup", instance=~"db.*"}``."""
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
    """Return the first `length` characters of a text, and its length if it is longer."""
    return text if len(text) <= length else f"{text[:length]}... ({len(text)} characters)"


def visible(text: str) -> str:
    """Escape a text for one line of the log, and cut it."""
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
