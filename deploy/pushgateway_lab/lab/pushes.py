"""Tasks 4.2.2 and 4.2.3: metrics are pushed, seen in Prometheus, and deleted again.

What was done and undone is read from Prometheus's history: what was pushed rightly once stays done.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from pushgateway_lab.answers import Group, Sample
from pushgateway_lab.grouping import group_path, written
from pushgateway_lab.lab import configuration
from pushgateway_lab.lab.checks import Check, done, still_open, unknown, wrong
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.results import Finding

MISSPELT = 0.8
"""How alike two metric names must be to take one for the other misspelt (1.0 is the same)."""

_WIPES = 'pushgateway_http_requests_total{handler="wipe",code="202"}'
WIPES = f"{_WIPES} - ({_WIPES} offset LAB_AGEms or {_WIPES} * 0) > 0"
"""The wipes since the course began: the Pushgateway counts them, Prometheus scrapes that."""

_ANYWHERE = "http://localhost:9091"


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
        return f"{self.metric} {self.value:g}"

    @property
    def command(self) -> str:
        """The command that pushes it, as the lab's page writes it."""
        url = f"{_ANYWHERE}/metrics{group_path(self.labels)}"
        if not self.type:
            return f'echo "{self}" | curl --data-binary @- {url}'
        return (
            f"cat <<EOF | curl --data-binary @- {url}\n"
            f"# TYPE {self.metric} {self.type}\n{self}\nEOF"
        )

    @property
    def history(self) -> str:
        """The query for all that Prometheus saw of it since the course began, sample by sample."""
        return f"{self.metric}[LAB_AGEms]"


class Seen(NamedTuple):
    """A sample of Prometheus's history: when it was scraped, in seconds since 1970, and its value."""

    at: float
    value: float


def past_of(look: Look, wanted: Pushed) -> list[Seen]:
    """What Prometheus saw of a metric under its own labels since the course began, oldest first."""
    return sorted(
        Seen(at, float(value))
        for series in look.series(wanted.history)
        if _is_own(series.labels, wanted)
        for at, value in series.values
    )


def _was_right(past: Sequence[Seen], wanted: Pushed) -> Seen | None:
    """The first sample with the value that was to be pushed."""
    return next((each for each in past if each.value == wanted.value), None)


def _is_own(labels: dict[str, str], wanted: Pushed) -> bool:
    """Whether these are the labels that were pushed, whatever a scrape job adds."""
    return (
        wanted.labels.items() <= labels.items()
        and ("instance" in wanted.labels or not labels.get("instance"))
        and not any(name.startswith("exported_") for name in labels)
    )


def pushed(look: Look, wanted: Pushed) -> Finding:
    """The Pushgateway holds it, or held it once."""
    if look.groups is None:
        return unknown(
            "The Pushgateway does not answer.", "sudo systemctl start prometheus-pushgateway"
        )
    group = _group_with(look.groups, wanted.labels)
    found = _sample_of(group, wanted) if group else None
    if group and found and _has_value(found, wanted) and _has_type(group, wanted):
        return done(f"{wanted} was pushed to {written(wanted.labels)}.", at=group.pushed_at)
    # The history knows no types: what is there now is judged by what it is.
    has_other_type = group and found and not _has_type(group, wanted)
    right = _was_right(past_of(look, wanted), wanted)
    if right and not has_other_type:
        return done(f"{wanted} was pushed to {written(wanted.labels)} once.", at=right.at)
    return (
        _refused(look.groups, group, wanted)
        or _not_as_wanted(group, found, wanted)
        or _elsewhere(look.groups, wanted)
        or _misspelt(look.groups, wanted)
        or still_open(
            f"{wanted.metric} was never pushed to {written(wanted.labels)}.", wanted.command
        )
    )


def _group_with(groups: Sequence[Group], labels: dict[str, str]) -> Group | None:
    return next((group for group in groups if group.labels == labels), None)


def _sample_of(group: Group, wanted: Pushed) -> Sample | None:
    metric = group.metrics.get(wanted.metric)
    return metric.samples[0] if metric and metric.samples else None


def _has_value(sample: Sample, wanted: Pushed) -> bool:
    try:
        return float(sample.value) == wanted.value
    except ValueError:
        return False


def _has_type(group: Group, wanted: Pushed) -> bool:
    return not wanted.type or group.metrics[wanted.metric].type == wanted.type


def _refused(groups: Sequence[Group], group: Group | None, wanted: Pushed) -> Finding | None:
    """A push that the Pushgateway took in and then refused: the group notes when."""
    if not group or group.failed_at <= group.pushed_at:
        return None
    says = f"The last push to {written(group.labels)} was refused."
    rivals = [each for each in groups if each is not group and wanted.metric in each.metrics]
    if not rivals:
        return wrong(f"{says} Push again, and read the answer.", wanted.command, group.failed_at)
    rival = rivals[0]
    return wrong(
        f"{says} {written(rival.labels)} holds {wanted.metric} as "
        f"{rival.metrics[wanted.metric].type}, and one metric can have one type and one help only. "
        "Delete that group, and push again.",
        f"{_delete(rival.labels)}\n{wanted.command}",
        group.failed_at,
    )


def _not_as_wanted(group: Group | None, found: Sample | None, wanted: Pushed) -> Finding | None:
    if not group or not found:
        return None
    if not _has_value(found, wanted):
        return wrong(
            f"{wanted.metric} was pushed with the value {found.value}, not {wanted.value:g}.",
            wanted.command,
            group.pushed_at,
        )
    return wrong(
        f"{wanted.metric} was pushed as {group.metrics[wanted.metric].type}, not {wanted.type}: the "
        f"line '# TYPE {wanted.metric} {wanted.type}' was missing. Delete it first: one metric can "
        "have one type only.",
        f"{_delete(group.labels)}\n{wanted.command}",
        group.pushed_at,
    )


def _elsewhere(groups: Sequence[Group], wanted: Pushed) -> Finding | None:
    """Pushed under another job or label."""
    others = [group for group in groups if wanted.metric in group.metrics]
    if not others:
        return None
    other = max(others, key=lambda group: group.pushed_at)
    differences = [
        f"{name} is {other.labels[name]!r}, not {value!r}" if name in other.labels else f"no {name}"
        for name, value in wanted.labels.items()
        if other.labels.get(name) != value
    ]
    differences += [f"{name} is too much" for name in other.labels if name not in wanted.labels]
    return wrong(
        f"{wanted.metric} was pushed to {written(other.labels)}, not to {written(wanted.labels)}: "
        f"{', '.join(differences)}.",
        f"{_delete(other.labels)}\n{wanted.command}",
        other.pushed_at,
    )


def _misspelt(groups: Sequence[Group], wanted: Pushed) -> Finding | None:
    """Pushed under another name that is much like it."""
    for group in groups:
        for name in group.metrics:
            if SequenceMatcher(None, name, wanted.metric).ratio() >= MISSPELT:
                return wrong(
                    f"{written(group.labels)} holds {name}; the task's metric is {wanted.metric}.",
                    f"{_delete(group.labels)}\n{wanted.command}",
                    group.pushed_at,
                )
    return None


def _delete(labels: dict[str, str]) -> str:
    return f"curl -X DELETE '{_ANYWHERE}/metrics{group_path(labels)}'"


def seen(look: Look, wanted: Pushed) -> Finding:
    """Prometheus has it, or had it, with its own labels."""
    current = look.samples(wanted.metric)
    if current is None:
        return unknown("Prometheus does not answer.")
    own = next((each for each in current if _is_own(each.labels, wanted)), None)
    right = _was_right(past_of(look, wanted), wanted)
    if right or (own and _has_value(own, wanted)):
        at = right.at if right else None
        return done(f"Prometheus has seen {wanted.metric} with its own labels.", at=at)
    return (
        _exported(look, current, wanted)
        or _not_scraped(look, wanted, own)
        or still_open("There is nothing to see yet: it was not pushed as the task has it.")
    )


def _exported(look: Look, current: Sequence[Sample], wanted: Pushed) -> Finding | None:
    """The page's own note: exported_job means that honor_labels is missing."""
    for sample in current:
        names = [name for name in sample.labels if name in ("exported_job", "exported_instance")]
        if not names or sample.labels.get("exported_job") != wanted.labels["job"]:
            continue
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


def _not_scraped(look: Look, wanted: Pushed, own: Sample | None) -> Finding | None:
    """Pushed as it should be, but not in Prometheus yet."""
    group = _group_with(look.groups or (), wanted.labels)
    found = _sample_of(group, wanted) if group else None
    if not group or not found or not _has_value(found, wanted):
        return None
    if configuration.scraped_since(look, group.pushed_at) and not own:
        return wrong(
            "It was pushed, and the Pushgateway scraped since, but Prometheus does not have it. Do "
            "relabelings of the scrape job drop it?"
        )
    seconds = configuration.seconds_to_next_scrape(look)
    if seconds is None:
        return still_open(
            "It was pushed, but Prometheus does not scrape the Pushgateway: see 4.2.1."
        )
    return still_open(f"It was pushed, but is not scraped yet: {seconds:.0f} s to go.")


def deleted(look: Look, wanted: Pushed, others: Sequence[Pushed]) -> Finding:
    """Its group was there, as Prometheus remembers, and is not any more.

    + others: what else is to be deleted: deleting one group leaves the others
    """
    if look.groups is None:
        return unknown(
            "The Pushgateway does not answer.", "sudo systemctl start prometheus-pushgateway"
        )
    past = past_of(look, wanted)
    group = _group_with(look.groups, wanted.labels)
    name = written(wanted.labels)
    if group is None:
        if not past:
            return still_open(f"Prometheus has not seen anything of {name} to delete: see 4.2.2.")
        how = ": everything was wiped" if not look.groups and look.samples(WIPES) else ""
        return done(f"{name} was there, and is gone{how}.", at=past[-1].at)
    gone = [
        other
        for other in others
        if past_of(look, other) and not _group_with(look.groups, other.labels)
    ]
    if gone:
        return wrong(
            f"{written(gone[0].labels)} is deleted, {name} is still there. Deleting takes exactly the "
            "labels it is given: each group is deleted on its own, or all with a wipe.",
            _delete(wanted.labels),
        )
    return still_open(f"{name} is still there.{_wipe_refused(look)}", _delete(wanted.labels))


def _wipe_refused(look: Look) -> str:
    status = look.pushgateway_status
    if status is None or status["flags"].get("web.enable-admin-api") == "true":
        return ""
    return " A wipe would be answered with 404: the admin API is off. See Host."


def pushed_checks(prefix: str, wanted: Pushed) -> tuple[Check, ...]:
    """The checks that a metric is pushed, and that Prometheus has it; names begin with `prefix`."""
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
            (wanted.metric, wanted.history),
            jobs,
        ),
    )


def deleted_check(prefix: str, wanted: Pushed, others: Sequence[Pushed] = ()) -> Check:
    """The check that a group which was there is gone; see `deleted`."""
    return Check(
        f"{prefix}_deleted",
        f"{written(wanted.labels)} is deleted",
        lambda look: deleted(look, wanted, others),
        (wanted.history, WIPES),
        (wanted.labels["job"],),
    )
