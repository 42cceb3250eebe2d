"""Tasks 4.2.2 and 4.2.3: metrics are pushed, seen in Prometheus, and deleted again.

What was done and undone is read from Prometheus's history: what was pushed rightly once stays done.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from pushgateway_lab.answers import Group, Sample
from pushgateway_lab.grouping import GroupingError, check, group_path, written
from pushgateway_lab.lab import configuration, gateway
from pushgateway_lab.lab.checks import Check, done, still_open, unknown, wrong
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.results import Finding, State

MISSPELT = 0.8
"""How alike two metric names must be to take one for the other misspelt (1.0 is the same)."""

_WIPES = 'pushgateway_http_requests_total{handler="wipe",code="202"}'
WIPES = f"{_WIPES} - ({_WIPES} offset LAB_AGEms or {_WIPES} * 0) > 0"
"""The wipes since the course began: the Pushgateway counts them, Prometheus scrapes that."""


class Pushed(NamedTuple):
    """A metric that is to be pushed.

    + metric: its name; value: what it is to be
    + labels: the grouping key it is to be pushed under, the job among them
    + type: ``counter``, ``gauge``, ...; empty: it does not matter
    """

    metric: str
    value: float
    labels: dict[str, str]
    type: str = ""

    def __str__(self) -> str:
        return f"{self.metric} {self.number}"

    @property
    def number(self) -> str:
        """Its value as people write it, with all its digits."""
        value = float(self.value)
        return str(int(value)) if value.is_integer() else repr(value)

    def command(self, curl: str, url: str) -> str:
        """The command that pushes it, on one line: a here-document cannot be copied with its margin.

        + curl, url: see `pushgateway_lab.lab.gateway`
        """
        push = f"{curl} --data-binary @- {url}/metrics{group_path(self.labels)}"
        if not self.type:
            return f'echo "{self}" | {push}'
        return f"printf '# TYPE {self.metric} {self.type}\\n{self}\\n' | {push}"

    @property
    def history(self) -> str:
        """The query for all that Prometheus saw of it since the course began, sample by sample."""
        return _history(self.metric)


def _history(metric: str) -> str:
    return f"{metric}[LAB_AGEms]"


class Seen(NamedTuple):
    """A sample of Prometheus's history: when it was scraped, in seconds since 1970, and its value."""

    at: float
    value: float


class Held(NamedTuple):
    """A sample that the Pushgateway holds, and the group it is in."""

    group: Group
    sample: Sample

    @property
    def labels(self) -> dict[str, str]:
        """With which Prometheus would see it; an empty instance is none."""
        return {name: value for name, value in self.sample.labels.items() if value}


def past_of(look: Look, wanted: Pushed) -> list[Seen] | None:
    """What Prometheus saw of a metric under its own labels since the course began, oldest first.

    None if it does not say.
    """
    found = look.series(wanted.history)
    if found is None:
        return None
    added = configuration.labels_of_targets(look)
    return sorted(
        Seen(at, float(value))
        for series in found
        if _is_own(series.labels, wanted, added)
        for at, value in series.values
    )


def _is_own(labels: dict[str, str], wanted: Pushed, added: frozenset[str]) -> bool:
    """Whether these are the labels that were pushed, beside those that the scrape job adds."""
    own = {name: value for name, value in labels.items() if value and name != "__name__"}
    return wanted.labels.items() <= own.items() and own.keys() - wanted.labels.keys() <= added


def _was_right(past: Sequence[Seen] | None, wanted: Pushed) -> Seen | None:
    """The first sample with the value that was to be pushed."""
    return next((each for each in past or () if each.value == wanted.value), None)


def _held(groups: Sequence[Group], metric: str) -> Iterator[Held]:
    """All samples of a metric that the Pushgateway holds."""
    for group in groups:
        if metric in group.metrics:
            yield from (Held(group, sample) for sample in group.metrics[metric].samples)


def _held_as(groups: Sequence[Group], wanted: Pushed) -> Held | None:
    """The sample with the labels that were wanted, whether they came in the path or in the body."""
    held = (each for each in _held(groups, wanted.metric) if each.labels == wanted.labels)
    return next(held, None)


def pushed(look: Look, wanted: Pushed) -> Finding:
    """The Pushgateway holds it, or held it once."""
    if look.groups is None:
        return gateway.is_silent(look)
    held = _held_as(look.groups, wanted)
    if held and _has_type(held.group, wanted) and _has_value(held.sample, wanted):
        return done(f"{wanted} was pushed to {written(wanted.labels)}.", at=held.group.pushed_at)
    past = past_of(look, wanted)
    # The history knows no types: what is there now is judged by what it is.
    if (right := _was_right(past, wanted)) and (not held or _has_type(held.group, wanted)):
        return done(f"{wanted} was pushed to {written(wanted.labels)} once.", at=right.at)
    found = (
        _refused(look, wanted)
        or (held and _not_as_wanted(look, held, wanted))
        or _elsewhere(look, wanted)
        or _misspelt(look, wanted)
    )
    if found:
        return found
    if past is None:
        return unknown(
            f"{wanted.metric} is not there now. Prometheus does not answer, so whether it was cannot "
            "be seen."
        )
    return still_open(
        f"{wanted.metric} was never pushed to {written(wanted.labels)}.", _push(look, wanted)
    )


def _has_value(sample: Sample, wanted: Pushed) -> bool:
    try:
        return float(sample.value) == wanted.value
    except ValueError:
        return False


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
    says = f"The last push to {written(group.labels)} was refused."
    rivals = [each for each in groups if each is not group and wanted.metric in each.metrics]
    if not rivals:
        push = _push(look, wanted)
        return wrong(f"{says} Push again, and read the answer.", push, group.failed_at)
    rival = rivals[0]
    return wrong(
        f"{says} {written(rival.labels)} holds {wanted.metric} as "
        f"{rival.metrics[wanted.metric].type}, and one metric can have one type and one help only. "
        f"Delete that group{_with_all_else(rival, wanted.metric)}, and push again.",
        _delete_and_push(look, rival, wanted),
        group.failed_at,
    )


def _not_as_wanted(look: Look, held: Held, wanted: Pushed) -> Finding:
    group = held.group
    if not _has_type(group, wanted):
        found = group.metrics[wanted.metric].type
        line = f"# TYPE {wanted.metric} {wanted.type}"
        why = f"the line '{line}' was missing" if found == "untyped" else f"not with '{line}'"
        return wrong(
            f"{wanted.metric} was pushed as {found}, {why}. Delete its group first"
            f"{_with_all_else(group, wanted.metric)}: one metric can have one type only.",
            _delete_and_push(look, group, wanted),
            group.pushed_at,
        )
    return wrong(
        f"{wanted.metric} was pushed with the value {held.sample.value}, not {wanted.number}.",
        _push(look, wanted),
        group.pushed_at,
    )


def _elsewhere(look: Look, wanted: Pushed) -> Finding | None:
    """Pushed under another job or label."""
    others = list(_held(_since(look, look.groups or []), wanted.metric))
    if not others:
        return None
    other = max(others, key=lambda held: held.group.pushed_at)
    labels = other.labels
    differences = [
        f"{name} is {labels[name]!r}, not {value!r}" if name in labels else f"no {name}"
        for name, value in wanted.labels.items()
        if labels.get(name) != value
    ]
    differences += [f"{name} is too much" for name in labels if name not in wanted.labels]
    return wrong(
        f"{wanted.metric} was pushed to {written(labels)}, not to {written(wanted.labels)}: "
        f"{', '.join(differences)}.",
        _replace(look, other.group, wanted.metric, wanted),
        other.group.pushed_at,
    )


def _misspelt(look: Look, wanted: Pushed) -> Finding | None:
    """Pushed under another name that is much like it, and that no check asks for."""
    for group in _since(look, look.groups or []):
        for name in group.metrics:
            is_like = SequenceMatcher(None, name, wanted.metric).ratio() >= MISSPELT
            if is_like and name != wanted.metric and look.series(_history(name)) is None:
                return wrong(
                    f"{written(group.labels)} holds {name}; the task's metric is {wanted.metric}.",
                    _replace(look, group, name, wanted),
                    group.pushed_at,
                )
    return None


def _with_all_else(group: Group, metric: str) -> str:
    others = sorted(group.metrics.keys() - {metric})
    return f", which loses {', '.join(others)}, too" if others else ""


def _push(look: Look, wanted: Pushed) -> str:
    return wanted.command(gateway.curl(look), gateway.url(look))


def _delete(look: Look, group: Group) -> str | None:
    try:
        return f"{gateway.curl(look)} -X DELETE '{gateway.url(look)}/metrics{group_path(group.labels)}'"
    except GroupingError:  # labels that this program cannot write; the group stays
        return None


def _delete_and_push(look: Look, group: Group, wanted: Pushed) -> str:
    return "\n".join(filter(None, (_delete(look, group), _push(look, wanted))))


def _replace(look: Look, group: Group, metric: str, wanted: Pushed) -> str:
    """Push it rightly; delete the group it is in if that holds nothing else, which may be right."""
    alone = group.metrics.keys() == {metric}
    return _delete_and_push(look, group, wanted) if alone else _push(look, wanted)


def seen(look: Look, wanted: Pushed) -> Finding:
    """Prometheus has it, or had it, with its own labels.

    Only what it saw since the course began: for some minutes it still shows what the last one pushed.
    """
    past = past_of(look, wanted)
    if past is None:
        return unknown("Prometheus does not answer.")
    if right := _was_right(past, wanted):
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
        sample = Sample(series.labels, series.values[-1][1])
        arrived = f"It arrived as {sample}."
        loaded = configuration.loaded_job(look)
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
    held = _held_as(look.groups or [], wanted)
    if not held or not _has_value(held.sample, wanted):
        return None
    if configuration.default_metrics(look).state is not State.DONE:
        return still_open(
            "It was pushed, but Prometheus does not scrape the Pushgateway: see 4.2.1."
        )
    if configuration.scraped_since(look, held.group.pushed_at):
        return wrong(
            "It was pushed, and the Pushgateway scraped since, but Prometheus does not have it. Do "
            "relabelings of the scrape job drop or change it?"
        )
    seconds = configuration.seconds_to_next_scrape(look)
    return still_open(f"It was pushed, but is not scraped yet: {seconds:.0f} s to go.")


def deleted(look: Look, wanted: Pushed, others: Sequence[Pushed]) -> Finding:
    """Its group was there, as Prometheus remembers, and is not any more.

    + others: what else is to be deleted: deleting one group leaves the others
    """
    if look.groups is None:
        return gateway.is_silent(look)
    group, name = _group_of(look.groups, wanted), written(wanted.labels)
    past = past_of(look, wanted)
    if group is None:
        if past is None:
            return unknown("Prometheus does not answer, so whether it was there cannot be seen.")
        if not past:
            return still_open(f"Prometheus has not seen anything of {name} to delete: see 4.2.2.")
        how = ": everything was wiped" if not look.groups and look.samples(WIPES) else ""
        return done(f"{name} was there, and is gone{how}.", at=past[-1].at)
    gone = [other for other in others if past_of(look, other) and not _group_of(look.groups, other)]
    if gone:
        return wrong(
            f"{written(gone[0].labels)} is deleted, {name} is still there. Deleting takes exactly the "
            "labels it is given: each group is deleted on its own, or all with a wipe.",
            _delete(look, group),
        )
    return still_open(f"{name} is still there.{_wipe_refused(look)}", _delete(look, group))


def _group_of(groups: Sequence[Group], wanted: Pushed) -> Group | None:
    """The group to delete: the one that holds it, or one that was made for it."""
    held = _held_as(groups, wanted)
    return held.group if held else next((g for g in groups if g.labels == wanted.labels), None)


def _wipe_refused(look: Look) -> str:
    status = look.pushgateway_status
    if status is None or status["flags"].get("web.enable-admin-api") == "true":
        return ""
    return " A wipe would be answered with 404: the admin API is off. See Host."


_TYPES = ("", "counter", "gauge", "histogram", "summary", "untyped")


def _check(wanted: Pushed) -> None:
    """Check what a trainer wrote.

    Raises:
        TypeError, ValueError: it cannot be pushed.
    """
    check(wanted.labels)
    if isinstance(wanted.value, bool) or not isinstance(wanted.value, int | float):
        raise TypeError(f"{wanted.metric} has the value {wanted.value!r}, which is no number")
    if wanted.type not in _TYPES:
        raise ValueError(f"{wanted.metric} has the type {wanted.type!r}; one of {_TYPES[1:]}")


def pushed_checks(prefix: str, wanted: Pushed) -> tuple[Check, ...]:
    """The checks that a metric is pushed, and that Prometheus has it; names begin with `prefix`.

    Raises:
        TypeError, ValueError: its labels cannot name a group, or it has no such value or type.
    """
    _check(wanted)
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
    _check(wanted)
    return Check(
        f"{prefix}_deleted",
        f"{written(wanted.labels)} is deleted",
        lambda look: deleted(look, wanted, others),
        (wanted.history, WIPES),
        (wanted.labels["job"],),
    )
