"""Task 4.2.3: the pushed metrics are deleted again.

A group that is gone was deleted only if somebody deleted it: a Pushgateway that is killed loses its groups.
"""

from collections.abc import Sequence

from pushgateway_lab.formats.answers import Group, Series
from pushgateway_lab.formats.telemetry import CLOCK
from pushgateway_lab.lab import gateway, history
from pushgateway_lab.lab.checks import Check, done, still_open, unknown, wrong
from pushgateway_lab.lab.corrections import delete_command, push_command, wipe_instead
from pushgateway_lab.lab.excerpts import lasting, shown_labels
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.pushed import Pushed, check_pushed, group_of
from pushgateway_lab.lab.results import Finding

_WIPES = 'pushgateway_http_requests_total{handler="wipe",code="202"}'
WIPES = f"{_WIPES} - ({_WIPES} offset LAB_AGEms or {_WIPES} * 0) > 0"
"""The number of wipes since the course began: a counter of the Pushgateway, as Prometheus scraped it."""

COUNTED = 'pushgateway_http_requests_total{handler=~"delete|wipe",code="202"}[LAB_AGEms]'
"""The numbers of deletions and wipes since the course began: none before the first of them."""


def deleted(look: Look, wanted: Pushed, others: Sequence[Pushed]) -> Finding:
    """Check that the metric's group existed, which Prometheus's history shows, and is deleted.

    + others: the task's other metrics, whose groups have to be deleted, too
    """
    if look.groups is None:
        return gateway.is_silent(look)
    name = shown_labels(wanted.labels)
    group = _group(look, wanted)
    if group is None:
        return _gone(look, wanted, others)
    instead = wipe_instead(look, group)
    gone = [
        other
        for other in others
        if history.pushes_of(look, other) and not (_group(look, other) or _is_lost(look, other))
    ]
    if gone:
        return wrong(
            f"{shown_labels(gone[0].labels)} is deleted, {name} is still there. A deletion is exact: it "
            "deletes only the group with the labels in the URL. Delete each group, or wipe "
            f"all.{instead}",
            delete_command(look, group),
        )
    past = history.past_of(look, wanted)
    if past is not None and not history.first_right(past, wanted):
        return still_open(
            f"{name} is still there, and Prometheus has to show it before it is deleted: see 4.2.2.{_wipe_refused(look)}"
        )
    return still_open(
        f"{name} is still there.{_came_back(look, group)}{instead}{_wipe_refused(look)}",
        delete_command(look, group),
    )


def _gone(look: Look, wanted: Pushed, others: Sequence[Pushed]) -> Finding:
    """Return the finding of a group that is not there."""
    past, name = history.pushes_of(look, wanted), shown_labels(wanted.labels)
    if past is None:
        return unknown(
            f"{name} is not there now. Prometheus does not answer, so it is unknown whether it was."
        )
    if not past:
        return still_open(f"Nothing to delete yet: Prometheus has not scraped {name}. See 4.2.2.")
    if lost := _lost(look, wanted, others):
        return lost
    how = ": all groups were wiped" if not look.groups and look.samples(WIPES) else ""
    return done(f"{name} was there, and is deleted{how}.", at=past[-1].at)


def _group(look: Look, wanted: Pushed) -> Group | None:
    """Return the group to delete: one that was pushed since the course began."""
    groups = (each for each in look.groups or [] if history.is_of_course(look, each.pushed_at))
    return group_of(list(groups), wanted)


def _lost(look: Look, wanted: Pushed, others: Sequence[Pushed]) -> Finding | None:
    """Return the finding of a group that the Pushgateway lost at a restart, before anybody deleted it."""
    telemetry = look.telemetry
    lost = [each for each in (wanted, *others) if _is_lost(look, each)]
    if telemetry is None or wanted not in lost:
        return None
    if telemetry.wipes or telemetry.deletions >= len(lost):
        return None  # somebody deleted them, perhaps in vain
    ago = lasting(look.now - telemetry.started_at)
    return still_open(
        f"{shown_labels(wanted.labels)} was there, but no deletion was counted: the Pushgateway restarted "
        f"{ago} ago and lost it. Push it again, wait for the next scrape, and delete it.",
        push_command(look, wanted),
    )


def _is_lost(look: Look, wanted: Pushed) -> bool:
    """Return whether a group is gone since a restart, and no deletion was counted before that restart."""
    past, telemetry = history.pushes_of(look, wanted), look.telemetry
    if not past or telemetry is None or _group(look, wanted):
        return False
    last = past[-1].at
    if telemetry.started_at + CLOCK <= last:
        return False  # the process that held the group still runs
    return not any(
        _has_risen(series, last, telemetry.started_at) for series in look.series(COUNTED) or ()
    )


def _came_back(look: Look, group: Group) -> str:
    """Return a sentence on a group that may have been deleted before a restart of a Pushgateway that persists."""
    telemetry = look.telemetry
    if telemetry is None or not any(
        _has_risen(series, group.pushed_at, telemetry.started_at)
        for series in look.series(COUNTED) or ()
    ):
        return ""
    ago = lasting(look.now - telemetry.started_at)
    return (
        f" If you deleted it before: the Pushgateway restarted {ago} ago, before it had written the deletion "
        "to its file."
    )


def _has_risen(series: Series, after: float, until: float) -> bool:
    """Return whether a counter rose after one time and before another, in seconds since 1970."""
    counted = [(at, history.number_of(value)) for at, value in series.values if at < until]
    before = max((value for at, value in counted if at <= after), default=0)
    return any(value > before for at, value in counted if at > after)


def _wipe_refused(look: Look) -> str:
    running = gateway.running_flags(look)
    if running is None or running.get("web.enable-admin-api") == "true":
        return ""
    return " A wipe would answer 404: the admin API is off. See Host."


def deleted_check(prefix: str, wanted: Pushed, others: Sequence[Pushed] = ()) -> Check:
    """Return the check that the metric's group existed and is deleted.

    Prometheus's history since the course began shows whether it existed. A deletion is exact: it deletes
    only the group with the same labels (the Pushgateway's README, "DELETE method").

    + prefix: the beginning of its name: letters, digits and ``_``
    + wanted: the metric; reset deletes groups with its job
    + others: other metrics whose groups have to be deleted; once one of them is deleted, a group that is
      still there is wrong, and not open

    Raises:
        TypeError, ValueError: as `pushed_checks`.

    Example:
        deleted_check("backup", Pushed("backup_files", 42, {"job": "backup"}))
    """
    check_pushed(wanted)
    return Check(
        f"{prefix}_deleted",
        f"{shown_labels(wanted.labels)} is deleted",
        lambda look: deleted(look, wanted, others),
        (*history.queries_of(wanted), WIPES, COUNTED),
        (wanted.labels["job"],),
    )
