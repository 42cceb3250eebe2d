"""Task 4.2.2: metrics are pushed, and scraped by Prometheus.

Prometheus's history shows steps that were undone later: a correct push stays done after its deletion.
"""

from collections.abc import Mapping, Sequence

from pushgateway_lab.formats.answers import Group, Sample
from pushgateway_lab.lab import gateway, history, scrape_times, scrapes
from pushgateway_lab.lab.checks import Check, done, still_open, unknown, wrong
from pushgateway_lab.lab.config_edits import to_correct
from pushgateway_lab.lab.corrections import (
    conflict,
    delete_and_push,
    push_command,
    replace_command,
    wipe_instead,
    with_all_else,
)
from pushgateway_lab.lab.excerpts import ITEMS, excerpt, lasting, shown_labels
from pushgateway_lab.lab.history import first_right, number_of
from pushgateway_lab.lab.jobs import loaded_job
from pushgateway_lab.lab.likeness import Likeness
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.pushed import (
    Held,
    Pushed,
    check_pushed,
    has_type,
    held_as,
    held_of,
    history_of,
)
from pushgateway_lab.lab.results import Finding, State
from pushgateway_lab.run.visible import VALUE


def pushed(look: Look, wanted: Pushed) -> Finding:
    """Check that the Pushgateway holds the metric, or held it earlier in the course."""
    if look.groups is None:
        return gateway.is_silent(look)
    held = held_as(_since(look, look.groups), wanted)
    if held and has_type(held.group, wanted) and _has_value(held.sample, wanted):
        return done(
            f"{wanted} was pushed to {shown_labels(wanted.labels)}.", at=held.group.pushed_at
        )
    past = history.pushes_of(look, wanted)
    # The history has no types, so the type counts only for a group that is there now.
    if (right := first_right(past, wanted)) and (not held or has_type(held.group, wanted)):
        return done(f"{wanted} was pushed to {shown_labels(wanted.labels)} earlier.", at=right.at)
    found = (
        _refused(look, wanted)
        or (held and _not_as_wanted(look, held, wanted))
        or _elsewhere(look, wanted)
        or (_misspelt(look, wanted) if past is not None else None)
        or _earlier(look, wanted)
    )
    if found:
        return found
    if past is None:
        return unknown(
            f"The Pushgateway does not hold {wanted.metric} with the task's labels now. Prometheus does "
            "not answer, so earlier pushes are unknown."
        )
    return still_open(_not_known(look, wanted), push_command(look, wanted))


def _earlier(look: Look, wanted: Pushed) -> Finding | None:
    """Return the finding of a push that is not there any more, and had another value or other labels."""
    found = history.samples_of(look, wanted)
    if not found:
        return None
    last = max(found, key=lambda seen: (seen.labels == wanted.labels, seen.at))
    if last.labels == wanted.labels:
        says = f"with the value {last.value:g}, not {wanted.number}"
    else:
        says = f"to {shown_labels(last.labels)}, not to {shown_labels(wanted.labels)}"
        says += f": {_differences(last.labels, wanted)}"
    return wrong(
        f"{wanted.metric} was pushed {says}. It is not there any more: push it again.",
        push_command(look, wanted),
        last.at,
    )


def _not_known(look: Look, wanted: Pushed) -> str:
    """Return sentences on a metric that is not there, and of which Prometheus has seen nothing."""
    name, telemetry = shown_labels(wanted.labels), look.telemetry
    if old := held_as(look.groups or [], wanted):
        ago = lasting(look.now - old.group.pushed_at)
        return f"{name} holds {wanted.metric}, but it was pushed {ago} ago, before the course began. Push it again."
    has_run = telemetry and history.is_before_course(look, telemetry.started_at)
    if telemetry and has_run and not (telemetry.pushes or telemetry.deletions or telemetry.wipes):
        says = f"{wanted.metric} was never pushed to {name}."
    else:
        says = (
            f"{wanted.metric} is not there with the labels {name}, and Prometheus has not seen it "
            f"{_since_when(look)}. {_if_deleted(look)}"
        )
    if telemetry and (refused := telemetry.refused_pushes):
        was = f"{refused:,} pushes were" if refused > 1 else "1 push was"
        says += (
            f" {was} refused since the Pushgateway started, {lasting(look.now - telemetry.started_at)} "
            "ago: read curl's output."
        )
    return says


def _since_when(look: Look) -> str:
    """Return since when Prometheus would have seen a push."""
    began, oldest = look.began_at, look.history_began_at
    if oldest is None or (began is not None and oldest <= began):
        return "since the course began" if began is not None else "in the last day"
    if oldest > look.now:
        return "because it has no samples yet"
    return f"since its history begins, {lasting(look.now - oldest)} ago"


def _if_deleted(look: Look) -> str:
    seconds = scrape_times.interval(look)
    if seconds is None:
        return (
            "Prometheus does not scrape the Pushgateway yet (4.2.1): do that first, and then push."
        )
    return (
        f"If you deleted it before a scrape, push it again and wait {max(1, seconds):.0f} s before you "
        "delete it."
    )


def _has_value(sample: Sample, wanted: Pushed) -> bool:
    return number_of(sample.value) == wanted.value


def _since(look: Look, groups: Sequence[Group]) -> list[Group]:
    """Return the groups with a push since the course began: the others are from the previous trainee."""
    return [
        group
        for group in groups
        if history.is_of_course(look, max(group.pushed_at, group.failed_at))
    ]


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
    blocked = conflict(other.group, wanted)
    return wrong(
        f"{wanted.metric} was pushed to {shown_labels(labels)}, not to {shown_labels(wanted.labels)}: "
        f"{_differences(labels, wanted)}.{blocked}{wipe_instead(look, other.group) if blocked else ''}",
        replace_command(look, other.group, wanted.metric, wanted),
        other.group.pushed_at,
    )


def _differences(labels: Mapping[str, str], wanted: Pushed) -> str:
    """Return the differences between labels and the wanted ones, in words."""
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
    return ", ".join(differences)


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
    past = history.past_of(look, wanted)
    if past is None:
        return unknown("Prometheus does not answer.")
    if right := first_right(past, wanted):
        return done(f"Prometheus has scraped {wanted.metric} with the pushed labels.", at=right.at)
    return (
        _exported(look, wanted)
        or _not_scraped(look, wanted)
        or _only_exported(look, wanted)
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
        if not scrape_times.is_recent(look, at):
            continue
        sample = Sample(series.labels, value)
        arrived = f"Prometheus has it as {excerpt(sample, 2 * VALUE)}."
        loaded = loaded_job(look)
        if loaded and loaded.honor_labels:
            return still_open(f"{arrived} honor_labels is right now; wait for the next scrape.")
        return wrong(
            f"{arrived} {' and '.join(names)} {'shows' if len(names) == 1 else 'show'} that "
            "honor_labels: true is missing in the scrape job, or is not loaded: see 4.2.1. Then wait "
            "for the next scrape."
        )
    return None


def _only_exported(look: Look, wanted: Pushed) -> Finding | None:
    """Return the finding of a metric that was scraped without honor_labels, and is not there any more."""
    if not first_right(history.pushes_of(look, wanted), wanted):
        return None
    return still_open(
        f"Prometheus has scraped {wanted.metric} without honor_labels, so it has the pushed job as exported_job. "
        "The metric is not there any more: with honor_labels, push it again and wait for the next scrape.",
        push_command(look, wanted),
    )


def _not_scraped(look: Look, wanted: Pushed) -> Finding | None:
    """Return the finding of a metric that was pushed rightly and is not in Prometheus yet."""
    held = held_as(_since(look, look.groups or []), wanted)
    if not held or not _has_value(held.sample, wanted):
        return None
    if scrapes.default_metrics(look).state is not State.DONE or scrapes.scraped_instead(look):
        return still_open(
            "The metric was pushed, but Prometheus does not scrape the Pushgateway: see 4.2.1."
        )
    if scrape_times.scraped_since(look, held.group.pushed_at):
        return to_correct(
            look,
            "The metric was pushed, and the Pushgateway was scraped since, but Prometheus does not have the metric: "
            "relabelings of the scrape job drop or change it.",
        )
    seconds = scrape_times.seconds_to_next_scrape(look)
    return still_open(
        f"The metric was pushed, but not scraped yet: the next scrape is in {seconds:.0f} s."
    )


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
    jobs, queries = (wanted.labels["job"],), history.queries_of(wanted)
    return (
        Check(
            f"{prefix}_pushed",
            f"{wanted} is pushed",
            lambda look: pushed(look, wanted),
            queries,
            jobs,
        ),
        Check(
            f"{prefix}_seen",
            f"{wanted.metric} is in Prometheus",
            lambda look: seen(look, wanted),
            queries,
            jobs,
        ),
    )
