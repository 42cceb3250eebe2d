"""The note of the targets and fields that this toolkit has added to scrape jobs, for the uninstallation. Pure.

It is a file on the host with one word: for each job its targets, and the fields that its owner's job did not have. If the
note is lost, all of them count as the owner's, and stay.
"""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote, unquote

from pushgateway_lab import scrape_config
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.scrape_config import Job, same_target
from pushgateway_lab.settings import Settings

NOTE = "/var/lib/pushgateway-lab/added-targets"
"""The file on a host with the note.

For each job ``DIGEST=TARGET,TARGET+FIELD:VALUE``, with a digest of its name and its percent-encoded values, joined by ``;``.
"""

TARGETS_FIELD = "static_configs"
"""The field with the targets: the owner's job did not have it."""


class Added(NamedTuple):
    """The part of a job that the toolkit has added.

    + targets: as written
    + fields: name -> value, in the form of `value_of`; only for a job of somebody else
    """

    targets: tuple[str, ...] = ()
    fields: Mapping[str, str] = MappingProxyType({})


def noted(seen: Snapshot, name: str) -> Added:
    """Return the part of a job that the toolkit has added."""
    return _parsed(seen.added_targets).get(_digest(name), Added())


def noted_targets(seen: Snapshot, settings: Settings) -> tuple[str, ...]:
    """Return the targets that the toolkit has added to the job of the settings."""
    return noted(seen, settings.pushgateway_job_name).targets


def noted_names(seen: Snapshot, names: Iterable[str]) -> list[str]:
    """Return those of these names of jobs that are in the note."""
    digests = _parsed(seen.added_targets).keys()
    return [each for each in names if _digest(each) in digests]


def obsolete_targets(seen: Snapshot, settings: Settings, wanted: Iterable[str]) -> tuple[str, ...]:
    """Return the targets that the toolkit has added, and that the job should not have any more.

    + wanted: the targets that the job should have
    """
    wanted = tuple(wanted)
    found = noted_targets(seen, settings)
    return tuple(each for each in found if not any(same_target(each, own) for own in wanted))


def note_after(seen: Snapshot, settings: Settings, before: str, after: str) -> str:
    """Return the note after a change of the configuration file; empty for no note.

    A target of the owner that was corrected stays the owner's. What was noted for other jobs stays noted, until it is gone.

    + before, after: the text of the file before and after the change
    """
    were, known = _jobs(before), _parsed(seen.added_targets)
    found: dict[str, Added] = {}
    for name, job in _jobs(after).items():
        old = known.get(_digest(name), Added())
        if name == settings.pushgateway_job_name:
            found[_digest(name)] = _with_change(old, were.get(name), job)
        else:
            found[_digest(name)] = _still_there(old, job)
    return ";".join(
        _written(digest, each) for digest, each in found.items() if each.targets or each.fields
    )


def value_of(job: Job, field: str) -> str:
    """Return a field of a job as text, to tell whether somebody has changed it since."""
    values = {
        "honor_labels": str(job.honor_labels),
        "scrape_interval": job.scrape_interval or "",
        "metrics_path": job.metrics_path,
        "scheme": job.scheme,
        "tls_config": json.dumps(dict(job.tls_config), sort_keys=True),
        TARGETS_FIELD: "",
    }
    return values[field]


_FIELDS = ("honor_labels", "scrape_interval", "metrics_path", "scheme", "tls_config", TARGETS_FIELD)
"""The fields that the toolkit adds, without those that name its own files: these are known by the files."""


def _with_change(old: Added, before: Job | None, job: Job) -> Added:
    owned = [each for each in (before.targets if before else ()) if each not in old.targets]
    corrected = sum(each not in job.targets for each in owned)
    targets = tuple([each for each in job.targets if each not in owned][corrected:])
    kept = _still_there(old, job)
    if before is None or not (owned or before.has_discovery):
        return Added(targets, kept.fields)
    new = [each for each in _FIELDS if each in job.lines and each not in before.lines]
    return Added(targets, {**kept.fields, **{each: value_of(job, each) for each in new}})


def _still_there(old: Added, job: Job) -> Added:
    targets = tuple(each for each in old.targets if each in job.targets)
    fields = {each: value for each, value in old.fields.items() if each in job.lines}
    return Added(targets, fields)


def _jobs(text: str) -> dict[str, Job]:
    return {each.name: each for each in scrape_config.known_jobs(text)}


def _written(digest: str, added: Added) -> str:
    fields = [f"+{name}:{quote(value, safe='')}" for name, value in added.fields.items()]
    return f"{digest}={','.join(added.targets)}{''.join(fields)}"


def _parsed(note: str) -> dict[str, Added]:
    """Return the note: digest of the name of a job -> its part. Of another form, nothing is returned."""
    found = {}
    for entry in note.split(";"):
        digest, _, added = entry.partition("=")
        targets, *fields = added.split("+")
        pairs = (each.partition(":") for each in fields)
        values = {name: unquote(value) for name, _, value in pairs if name in _FIELDS}
        part = Added(tuple(filter(None, targets.split(","))), values)
        if part.targets or part.fields:
            found[digest] = part
    return found


def _digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:16]
