"""Tasks 4.2.2 and 4.2.3: metrics are pushed, scraped by Prometheus, and deleted again.

Prometheus's history shows steps that were undone later: a correct push stays done after its deletion.
"""

from collections.abc import Sequence

from pushgateway_lab.formats.answers import Group, Sample
from pushgateway_lab.lab import gateway, scrape_job
from pushgateway_lab.lab.checks import Check, done, still_open, unknown, wrong
from pushgateway_lab.lab.corrections import (
    conflict,
    delete_and_push,
    delete_command,
    push_command,
    replace_command,
    wipe_instead,
    with_all_else,
)
from pushgateway_lab.lab.excerpts import ITEMS, excerpt, shown_labels
from pushgateway_lab.lab.likeness import Likeness
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.pushed import (
    Held,
    Pushed,
    check_pushed,
    first_right,
    group_of,
    has_type,
    held_as,
    held_of,
    history_of,
    number_of,
    past_of,
)
from pushgateway_lab.lab.results import Finding, State
from pushgateway_lab.run.visible import VALUE

_WIPES = 'pushgateway_http_requests_total{handler="wipe",code="202"}'
WIPES = f"{_WIPES} - ({_WIPES} offset LAB_AGEms or {_WIPES} * 0) > 0"
"""The number of wipes since the course began: a counter of the Pushgateway, as Prometheus scraped it."""


def pushed(look: Look, wanted: Pushed) -> Finding:
    """Check that the Pushgateway holds the metric, or held it earlier in the course."""
    if look.groups is None:
        return gateway.is_silent(look)
    held = held_as(look.groups, wanted)
    if held and has_type(held.group, wanted) and _has_value(held.sample, wanted):
        return done(
            f"{wanted} was pushed to {shown_labels(wanted.labels)}.", at=held.group.pushed_at
        )
    past = past_of(look, wanted)
    # The history has no types, so the type counts only for a group that is there now.
    if (right := first_right(past, wanted)) and (not held or has_type(held.group, wanted)):
        return done(f"{wanted} was pushed to {shown_labels(wanted.labels)} earlier.", at=right.at)
    found = (
        _refused(look, wanted)
        or (held and _not_as_wanted(look, held, wanted))
        or _elsewhere(look, wanted)
        or (_misspelt(look, wanted) if past is not None else None)
    )
    if found:
        return found
    if past is None:
        return unknown(
            f"The Pushgateway does not hold {wanted.metric} with the task's labels now. Prometheus does "
            "not answer, so earlier pushes are unknown."
        )
    return still_open(
        f"{wanted.metric} was never pushed to {shown_labels(wanted.labels)}.",
        push_command(look, wanted),
    )


def _has_value(sample: Sample, wanted: Pushed) -> bool:
    return number_of(sample.value) == wanted.value


def _since(look: Look, groups: Sequence[Group]) -> list[Group]:
    """Return the groups with a push since the course began: the others are from the previous trainee."""
    began = look.began_at or 0
    return [group for group in groups if max(group.pushed_at, group.failed_at) >= began]


def _refused(look: Look, wanted: Pushed) -> Finding | None:
    """Return the finding of a last push that the Pushgateway refused; the group has its time."""
    groups = look.groups or []
    group = next((each for each in _since(look, groups) if each.labels == wanted.labels), None)
    if not group or group.failed_at <= group.pushed_at:
        return None
    says = f"The last push to {shown_labels(group.labels)} was refused."
    rivals = (each for each in groups if each is not group and wanted.metric in each.metrics)
    rival = next(rivals, None)
    if rival is None:
        push = push_command(look, wanted)
        return wrong(f"{says} Push again, and read curl's output.", push, group.failed_at)
    return wrong(
        f"{says} {shown_labels(rival.labels)} holds {wanted.metric} as "
        f"{excerpt(rival.metrics[wanted.metric].type)}, and a metric can have only one type and one help text. "
        f"Delete that group{with_all_else(rival, wanted.metric)}, and push again."
        f"{wipe_instead(look, rival)}",
        delete_and_push(look, rival, wanted),
        group.failed_at,
    )


def _not_as_wanted(look: Look, held: Held, wanted: Pushed) -> Finding:
    group = held.group
    if not has_type(group, wanted):
        found = excerpt(group.metrics[wanted.metric].type)
        line = f"# TYPE {wanted.metric} {wanted.type}"
        why = f"the line '{line}' was missing" if found == "untyped" else f"it needs '{line}'"
        return wrong(
            f"{wanted.metric} was pushed with the type {found}: {why}. Delete its group first"
            f"{with_all_else(group, wanted.metric)}: a metric can have only one type."
            f"{wipe_instead(look, group)}",
            delete_and_push(look, group, wanted),
            group.pushed_at,
        )
    return wrong(
        f"{wanted.metric} was pushed with the value {excerpt(held.sample.value)}, not {wanted.number}.",
        push_command(look, wanted),
        group.pushed_at,
    )


def _elsewhere(look: Look, wanted: Pushed) -> Finding | None:
    """Return the finding of a push with other labels than the wanted ones."""
    others = list(held_of(_since(look, look.groups or []), wanted.metric))
    if not others:
        return None
    other = max(others, key=lambda held: held.group.pushed_at)
    labels = other.labels
    differences = [
        f"the label {name} is {excerpt(labels[name])!r} and not {value!r}"
        if name in labels
        else f"the label {name} is missing"
        for name, value in wanted.labels.items()
        if labels.get(name) != value
    ]
    too_much = [name for name in labels if name not in wanted.labels]
    differences += [f"the label {excerpt(name)} should not be there" for name in too_much[:ITEMS]]
    if len(too_much) > ITEMS:
        differences.append(f"nor should {len(too_much) - ITEMS:,} more")
    blocked = conflict(other.group, wanted)
    return wrong(
        f"{wanted.metric} was pushed to {shown_labels(labels)}, not to {shown_labels(wanted.labels)}: "
        f"{', '.join(differences)}.{blocked}{wipe_instead(look, other.group) if blocked else ''}",
        replace_command(look, other.group, wanted.metric, wanted),
        other.group.pushed_at,
    )


def _misspelt(look: Look, wanted: Pushed) -> Finding | None:
    """Return the finding of a push with a similar name for which no check asks."""
    is_like = Likeness(wanted.metric)
    for group in _since(look, look.groups or []):
        for name in group.metrics:
            if is_like(name) and look.series(history_of(name)) is None:
                return wrong(
                    f"{shown_labels(group.labels)} holds {excerpt(name)}; the task asks for "
                    f"{wanted.metric}.",
                    replace_command(look, group, name, wanted),
                    group.pushed_at,
                )
    return None


def seen(look: Look, wanted: Pushed) -> Finding:
    """Check that Prometheus has, or had, the metric with the pushed labels.

    Samples from before the course do not count: for some minutes Prometheus still shows pushes of the
    previous trainee.
    """
    past = past_of(look, wanted)
    if past is None:
        return unknown("Prometheus does not answer.")
    if right := first_right(past, wanted):
        return done(f"Prometheus has scraped {wanted.metric} with the pushed labels.", at=right.at)
    return (
        _exported(look, wanted)
        or _not_scraped(look, wanted)
        or still_open("Nothing to see yet: the metric was not pushed as the task asks.")
    )


def _exported(look: Look, wanted: Pushed) -> Finding | None:
    """Return the finding of a metric scraped without honor_labels, as the lab's page notes: exported_job."""
    for series in look.series(wanted.history) or ():
        names = [name for name in series.labels if name in ("exported_job", "exported_instance")]
        if not names or series.labels.get("exported_job") != wanted.labels["job"]:
            continue
        if not series.values:
            continue
        at, value = series.values[-1]
        if not scrape_job.is_recent(look, at):
            continue
        sample = Sample(series.labels, value)
        arrived = f"Prometheus has it as {excerpt(sample, 2 * VALUE)}."
        loaded = scrape_job.loaded_job(look)
        if loaded and loaded.honor_labels:
            return still_open(f"{arrived} honor_labels is right now; wait for the next scrape.")
        return wrong(
            f"{arrived} {' and '.join(names)} {'shows' if len(names) == 1 else 'show'} that "
            "honor_labels: true is missing in the scrape job, or is not loaded: see 4.2.1. Then wait "
            "for the next scrape."
        )
    return None


def _not_scraped(look: Look, wanted: Pushed) -> Finding | None:
    """Return the finding of a metric that was pushed rightly and is not in Prometheus yet."""
    held = held_as(look.groups or [], wanted)
    if not held or not _has_value(held.sample, wanted):
        return None
    if scrape_job.default_metrics(look).state is not State.DONE:
        return still_open(
            "The metric was pushed, but Prometheus does not scrape the Pushgateway: see 4.2.1."
        )
    if scrape_job.scraped_since(look, held.group.pushed_at):
        return wrong(
            "The metric was pushed, and the Pushgateway was scraped since, but Prometheus does not have "
            "the metric. Do relabelings of the scrape job drop or change it?"
        )
    seconds = scrape_job.seconds_to_next_scrape(look)
    return still_open(
        f"The metric was pushed, but not scraped yet: the next scrape is in {seconds:.0f} s."
    )


def deleted(look: Look, wanted: Pushed, others: Sequence[Pushed]) -> Finding:
    """Check that the metric's group existed, which Prometheus's history shows, and is deleted.

    + others: the task's other metrics, whose groups have to be deleted, too
    """
    if look.groups is None:
        return gateway.is_silent(look)
    group, name = group_of(look.groups, wanted), shown_labels(wanted.labels)
    past = past_of(look, wanted)
    if group is None:
        if past is None:
            return unknown(
                f"{name} is not there now. Prometheus does not answer, so it is unknown whether it was."
            )
        if not past:
            return still_open(
                f"Nothing to delete yet: Prometheus has not scraped {name}. See 4.2.2."
            )
        how = ": all groups were wiped" if not look.groups and look.samples(WIPES) else ""
        return done(f"{name} was there, and is deleted{how}.", at=past[-1].at)
    instead = wipe_instead(look, group)
    gone = [other for other in others if past_of(look, other) and not group_of(look.groups, other)]
    if gone:
        return wrong(
            f"{shown_labels(gone[0].labels)} is deleted, {name} is still there. A deletion is exact: it "
            "deletes only the group with the labels in the URL. Delete each group, or wipe "
            f"all.{instead}",
            delete_command(look, group),
        )
    return still_open(
        f"{name} is still there.{instead}{_wipe_refused(look)}", delete_command(look, group)
    )


def _wipe_refused(look: Look) -> str:
    running = gateway.running_flags(look)
    if running is None or running.get("web.enable-admin-api") == "true":
        return ""
    return " A wipe would answer 404: the admin API is off. See Host."


def pushed_checks(prefix: str, wanted: Pushed) -> tuple[Check, ...]:
    """Return two checks: the metric is pushed, and Prometheus has it.

    + prefix: the beginning of their names: letters, digits and ``_``
    + wanted: the metric; reset deletes groups with its job

    Raises:
        TypeError, ValueError: the labels cannot name a group (the Pushgateway's README, "URL"), or the
            name, the value or the type is not one that can be pushed.

    Example:
        pushed_checks("backup", Pushed("backup_files", 42, {"job": "backup"}))
    """
    check_pushed(wanted)
    jobs = (wanted.labels["job"],)
    return (
        Check(
            f"{prefix}_pushed",
            f"{wanted} is pushed",
            lambda look: pushed(look, wanted),
            (wanted.history,),
            jobs,
        ),
        Check(
            f"{prefix}_seen",
            f"{wanted.metric} is in Prometheus",
            lambda look: seen(look, wanted),
            (wanted.history,),
            jobs,
        ),
    )


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
        (wanted.history, WIPES),
        (wanted.labels["job"],),
    )
