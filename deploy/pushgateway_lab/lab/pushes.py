"""Tasks 4.2.2 and 4.2.3: metrics are pushed, seen in Prometheus, and deleted again.

What was done and undone is read from Prometheus's history: what was pushed rightly once stays done.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher

from pushgateway_lab.formats.answers import Group, Sample
from pushgateway_lab.formats.grouping import GroupingError, group_path
from pushgateway_lab.lab import gateway, scrape_job
from pushgateway_lab.lab.checks import Check, done, still_open, unknown, wrong
from pushgateway_lab.lab.commands import LONGEST, join, quoted
from pushgateway_lab.lab.excerpts import ITEMS, excerpt, first_sorted, listed, shown_labels
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.pushed import (
    Held,
    Pushed,
    check_pushed,
    first_right,
    group_of,
    held_as,
    held_of,
    history_of,
    number_of,
    past_of,
)
from pushgateway_lab.lab.results import Finding, State
from pushgateway_lab.run.visible import VALUE

MISSPELT = 0.8
"""How alike two metric names must be to take one for the other misspelt (1.0 is the same)."""

COMPARED = 300
"""Names of similar length that are compared: a pusher may send a million."""

_WIPES = 'pushgateway_http_requests_total{handler="wipe",code="202"}'
WIPES = f"{_WIPES} - ({_WIPES} offset LAB_AGEms or {_WIPES} * 0) > 0"
"""The wipes since the course began: the Pushgateway counts them, Prometheus scrapes that."""


def pushed(look: Look, wanted: Pushed) -> Finding:
    """The Pushgateway holds it, or held it once."""
    if look.groups is None:
        return gateway.is_silent(look)
    held = held_as(look.groups, wanted)
    if held and _has_type(held.group, wanted) and _has_value(held.sample, wanted):
        return done(
            f"{wanted} was pushed to {shown_labels(wanted.labels)}.", at=held.group.pushed_at
        )
    past = past_of(look, wanted)
    # The history knows no types: what is there now is judged by what it is.
    if (right := first_right(past, wanted)) and (not held or _has_type(held.group, wanted)):
        return done(f"{wanted} was pushed to {shown_labels(wanted.labels)} once.", at=right.at)
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
            f"{wanted.metric} is not there now. Prometheus does not answer, so whether it was cannot "
            "be seen."
        )
    return still_open(
        f"{wanted.metric} was never pushed to {shown_labels(wanted.labels)}.", _push(look, wanted)
    )


def _has_value(sample: Sample, wanted: Pushed) -> bool:
    return number_of(sample.value) == wanted.value


def _has_type(group: Group, wanted: Pushed) -> bool:
    return not wanted.type or group.metrics[wanted.metric].type == wanted.type


def _since(look: Look, groups: Sequence[Group]) -> list[Group]:
    """Those that somebody pushed to since the course began: the others are the last person's."""
    began = look.began_at or 0
    return [group for group in groups if max(group.pushed_at, group.failed_at) >= began]


def _refused(look: Look, wanted: Pushed) -> Finding | None:
    """A push that the Pushgateway took in and then refused: the group notes when."""
    groups = look.groups or []
    group = next((each for each in _since(look, groups) if each.labels == wanted.labels), None)
    if not group or group.failed_at <= group.pushed_at:
        return None
    says = f"The last push to {shown_labels(group.labels)} was refused."
    rivals = (each for each in groups if each is not group and wanted.metric in each.metrics)
    rival = next(rivals, None)
    if rival is None:
        push = _push(look, wanted)
        return wrong(f"{says} Push again, and read the answer.", push, group.failed_at)
    return wrong(
        f"{says} {shown_labels(rival.labels)} holds {wanted.metric} as "
        f"{excerpt(rival.metrics[wanted.metric].type)}, and one metric can have one type and one help only. "
        f"Delete that group{_with_all_else(rival, wanted.metric)}, and push again."
        f"{_wipe_instead(look, rival)}",
        _delete_and_push(look, rival, wanted),
        group.failed_at,
    )


def _not_as_wanted(look: Look, held: Held, wanted: Pushed) -> Finding:
    group = held.group
    if not _has_type(group, wanted):
        found = excerpt(group.metrics[wanted.metric].type)
        line = f"# TYPE {wanted.metric} {wanted.type}"
        why = f"the line '{line}' was missing" if found == "untyped" else f"not with '{line}'"
        return wrong(
            f"{wanted.metric} was pushed as {found}, {why}. Delete its group first"
            f"{_with_all_else(group, wanted.metric)}: one metric can have one type only."
            f"{_wipe_instead(look, group)}",
            _delete_and_push(look, group, wanted),
            group.pushed_at,
        )
    return wrong(
        f"{wanted.metric} was pushed with the value {excerpt(held.sample.value)}, not {wanted.number}.",
        _push(look, wanted),
        group.pushed_at,
    )


def _elsewhere(look: Look, wanted: Pushed) -> Finding | None:
    """Pushed under another job or label."""
    others = list(held_of(_since(look, look.groups or []), wanted.metric))
    if not others:
        return None
    other = max(others, key=lambda held: held.group.pushed_at)
    labels = other.labels
    differences = [
        f"{name} is {excerpt(labels[name])!r}, not {value!r}" if name in labels else f"no {name}"
        for name, value in wanted.labels.items()
        if labels.get(name) != value
    ]
    too_much = [name for name in labels if name not in wanted.labels]
    differences += [f"{excerpt(name)} is too much" for name in too_much[:ITEMS]]
    if len(too_much) > ITEMS:
        differences.append(f"so are {len(too_much) - ITEMS:,} more")
    conflict = _conflict(other.group, wanted)
    return wrong(
        f"{wanted.metric} was pushed to {shown_labels(labels)}, not to {shown_labels(wanted.labels)}: "
        f"{', '.join(differences)}.{conflict}{_wipe_instead(look, other.group) if conflict else ''}",
        _replace(look, other.group, wanted.metric, wanted),
        other.group.pushed_at,
    )


def _misspelt(look: Look, wanted: Pushed) -> Finding | None:
    """Pushed under another name that is much like it, and that no check asks for."""
    is_like = _Likeness(wanted.metric)
    for group in _since(look, look.groups or []):
        for name in group.metrics:
            if is_like(name) and look.series(history_of(name)) is None:
                return wrong(
                    f"{shown_labels(group.labels)} holds {excerpt(name)}; the task's metric is "
                    f"{wanted.metric}.",
                    _replace(look, group, name, wanted),
                    group.pushed_at,
                )
    return None


class _Likeness:
    """Return the names that resemble a metric's; only the first `COMPARED` of similar length are compared."""

    def __init__(self, metric: str) -> None:
        self._metric = metric
        self._matcher = SequenceMatcher(
            None, "", metric
        )  # keeps what it finds out about the second
        self._compared: dict[str, bool] = {}

    def __call__(self, name: str) -> bool:
        if name in self._compared:
            return self._compared[name]
        # Two texts can be no more alike than their lengths allow, see difflib.
        alike = 2 * min(len(name), len(self._metric)) / ((len(name) + len(self._metric)) or 1)
        if alike < MISSPELT or name == self._metric or len(self._compared) >= COMPARED:
            return False
        self._matcher.set_seq1(name)
        is_like = self._matcher.quick_ratio() >= MISSPELT and self._matcher.ratio() >= MISSPELT
        self._compared[name] = is_like
        return is_like


def _with_all_else(group: Group, metric: str) -> str:
    others = len(group.metrics) - (metric in group.metrics)
    if not others:
        return ""
    first = first_sorted(name for name in group.metrics if name != metric)
    more = f" and {others - len(first):,} more" if others > len(first) else ""
    return f", which loses {listed(first)}{more}, too"


def _push(look: Look, wanted: Pushed) -> str:
    return wanted.command(gateway.curl(look), gateway.url(look))


def _delete(look: Look, group: Group) -> str | None:
    """The command that deletes a group; None if there is none that can be shown: the group stays."""
    if sum(map(len, group.labels.values())) > LONGEST:
        return None
    try:
        path = group_path(group.labels)
    except GroupingError:  # labels that this program cannot write
        return None
    delete = f"{gateway.curl(look)} -X DELETE {quoted(f'{gateway.url(look)}/metrics{path}')}"
    return delete if len(delete) <= LONGEST // 2 else None


def _wipe_instead(look: Look, group: Group) -> str:
    """Return a sentence with the next step for a group that no command can name."""
    if _delete(look, group):
        return ""
    return " No command that can be shown here names that group: a wipe deletes it, and all others."


def _delete_and_push(look: Look, group: Group, wanted: Pushed) -> str:
    delete, push = _delete(look, group), _push(look, wanted)
    return join("\n", delete, push) or push


def _replace(look: Look, group: Group, metric: str, wanted: Pushed) -> str:
    """Push it rightly; delete the group it is in if that holds nothing else, which may be right."""
    is_alone = group.metrics.keys() == {metric}
    if is_alone or (metric == wanted.metric and _conflict(group, wanted)):
        return _delete_and_push(look, group, wanted)
    return _push(look, wanted)


def _conflict(group: Group, wanted: Pushed) -> str:
    """That a metric cannot be pushed beside the one in a group; nothing if it can."""
    if _has_type(group, wanted):
        return ""
    return (
        f" It is {excerpt(group.metrics[wanted.metric].type)} there, and one metric can have one type only: delete "
        f"that group first{_with_all_else(group, wanted.metric)}."
    )


def seen(look: Look, wanted: Pushed) -> Finding:
    """Prometheus has it, or had it, with its own labels.

    Only what it saw since the course began: for some minutes it still shows what the last one pushed.
    """
    past = past_of(look, wanted)
    if past is None:
        return unknown("Prometheus does not answer.")
    if right := first_right(past, wanted):
        return done(f"Prometheus has seen {wanted.metric} with its own labels.", at=right.at)
    return (
        _exported(look, wanted)
        or _not_scraped(look, wanted)
        or still_open("There is nothing to see yet: it was not pushed as the task has it.")
    )


def _exported(look: Look, wanted: Pushed) -> Finding | None:
    """The page's own note: exported_job means that honor_labels is missing."""
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
        arrived = f"It arrived as {excerpt(sample, 2 * VALUE)}."
        loaded = scrape_job.loaded_job(look)
        if loaded and loaded.honor_labels:
            return still_open(f"{arrived} honor_labels is right since then; wait for a scrape.")
        return wrong(
            f"{arrived} {' and '.join(names)} {'says' if len(names) == 1 else 'say'} that "
            "honor_labels: true is missing in the scrape job, or is not loaded: see 4.2.1. Then wait "
            "for a scrape."
        )
    return None


def _not_scraped(look: Look, wanted: Pushed) -> Finding | None:
    """Pushed as it should be, but not in Prometheus yet."""
    held = held_as(look.groups or [], wanted)
    if not held or not _has_value(held.sample, wanted):
        return None
    if scrape_job.default_metrics(look).state is not State.DONE:
        return still_open(
            "It was pushed, but Prometheus does not scrape the Pushgateway: see 4.2.1."
        )
    if scrape_job.scraped_since(look, held.group.pushed_at):
        return wrong(
            "It was pushed, and the Pushgateway scraped since, but Prometheus does not have it. Do "
            "relabelings of the scrape job drop or change it?"
        )
    seconds = scrape_job.seconds_to_next_scrape(look)
    return still_open(f"It was pushed, but is not scraped yet: {seconds:.0f} s to go.")


def deleted(look: Look, wanted: Pushed, others: Sequence[Pushed]) -> Finding:
    """Its group was there, as Prometheus remembers, and is not any more.

    + others: what else is to be deleted: deleting one group leaves the others
    """
    if look.groups is None:
        return gateway.is_silent(look)
    group, name = group_of(look.groups, wanted), shown_labels(wanted.labels)
    past = past_of(look, wanted)
    if group is None:
        if past is None:
            return unknown("Prometheus does not answer, so whether it was there cannot be seen.")
        if not past:
            return still_open(f"Prometheus has not seen anything of {name} to delete: see 4.2.2.")
        how = ": everything was wiped" if not look.groups and look.samples(WIPES) else ""
        return done(f"{name} was there, and is gone{how}.", at=past[-1].at)
    instead = _wipe_instead(look, group)
    gone = [other for other in others if past_of(look, other) and not group_of(look.groups, other)]
    if gone:
        return wrong(
            f"{shown_labels(gone[0].labels)} is deleted, {name} is still there. Deleting takes exactly the "
            f"labels it is given: each group is deleted on its own, or all with a wipe.{instead}",
            _delete(look, group),
        )
    return still_open(f"{name} is still there.{instead}{_wipe_refused(look)}", _delete(look, group))


def _wipe_refused(look: Look) -> str:
    running = gateway.running_flags(look)
    if running is None or running.get("web.enable-admin-api") == "true":
        return ""
    return " A wipe would be answered with 404: the admin API is off. See Host."


def pushed_checks(prefix: str, wanted: Pushed) -> tuple[Check, ...]:
    """The checks that a metric is pushed, and that Prometheus has it; names begin with `prefix`.

    Raises:
        TypeError, ValueError: its labels cannot name a group, or it has no such value or type.
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
    """The check that a group which was there is gone; see `deleted`."""
    check_pushed(wanted)
    return Check(
        f"{prefix}_deleted",
        f"{shown_labels(wanted.labels)} is deleted",
        lambda look: deleted(look, wanted, others),
        (wanted.history, WIPES),
        (wanted.labels["job"],),
    )
