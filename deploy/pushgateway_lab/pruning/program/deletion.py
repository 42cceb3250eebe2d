"""Delete the groups to which nobody has pushed for a while, and wait until they are gone."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import NamedTuple

from pushgateway_lab.formats.grouping import group_path
from pushgateway_lab.formats.matchers import Matcher, matches_any
from pushgateway_lab.pruning.layout import REPORT_JOB
from pushgateway_lab.pruning.program.client import (
    LATE,
    Gateway,
    GatewayError,
    Key,
    Pushes,
    RefusedError,
    limited,
)
from pushgateway_lab.pruning.program.log import ago, say, shown_key

GONE_TIMEOUT = 30
"""Seconds to wait for the deletions, which the Pushgateway queues."""


def is_kept(key: Key, keep: list[list[Matcher]]) -> bool:
    """Return whether a group is kept at any age: it matches all matchers of one ``--keep``."""
    return matches_any(keep, dict(key))


def too_old(pushes: Pushes, limit: float) -> list[Key]:
    """Return the groups to which nobody has pushed within `limit` seconds, the oldest first."""
    before = time.time() - limit
    return sorted(
        (key for key, pushed in pushes.items() if pushed < before), key=pushes.__getitem__
    )


class Outcome(NamedTuple):
    """The result of a prune: the deleted groups, and the numbers of remaining groups and failed deletions."""

    deleted: Pushes
    left: int
    failed: int


def prune(gateway: Gateway, options: Namespace) -> Outcome:
    """Delete the old groups, and wait until they are gone.

    A group with a newer push is not deleted. A push in the fraction of a second between the last look and the
    deletion is lost, because the Pushgateway has no conditional deletion.
    """
    first = now = gateway.look()
    deleted: Pushes = {}
    failed = 0
    for key in too_old(first.pushes, options.older_than):
        # Takes time linear in the labels, which may have 32 MB.
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
            say(f"cannot delete {shown_key(key)}: {error}")
            failed += 1
            continue
        deleted[key] = first.pushes[key]
        say(
            f"{'would delete' if options.dry_run else 'deleted'} {shown_key(key)}, {ago(deleted[key])}"
        )
    if options.dry_run:
        return Outcome(deleted, len(first.pushes), failed)
    return see_them_gone(gateway, Outcome(deleted, 0, failed))


def see_them_gone(gateway: Gateway, outcome: Outcome) -> Outcome:
    """Wait until each deleted group is gone or has a newer push; return the final result."""
    deadline = time.monotonic() + GONE_TIMEOUT
    while True:
        pushes = gateway.look().pushes
        there = [key for key, pushed in outcome.deleted.items() if pushes.get(key) == pushed]
        if not there or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    for key in there:
        hint = (
            "; a group with a label value that is not Unicode can only be wiped"
            if "\ufffd" in shown_key(key)
            else ""
        )
        say(f"{shown_key(key)} was deleted, but the Pushgateway still has it{hint}")
    gone = {key: pushed for key, pushed in outcome.deleted.items() if key not in there}
    return Outcome(gone, len(pushes), outcome.failed + len(there))


def report(gateway: Gateway, outcome: Outcome, limit: float) -> None:
    """Push the result as a group of its own.

    + limit: the age in seconds after which groups are deleted
    """
    values = {
        "deleted_groups": len(outcome.deleted),
        "left_groups": outcome.left,
        "failed_groups": outcome.failed,
        "limit_seconds": limit,
    }
    names = {f"{REPORT_JOB}_{name}": value for name, value in values.items()}
    lines = [f"# TYPE {name} gauge\n{name} {value}\n" for name, value in names.items()]
    gateway.request("PUT", f"/metrics{group_path({'job': REPORT_JOB})}", "".join(lines))
