"""The targets that this toolkit has added to the scrape job, so that it may take them away again. Pure.

A host notes them in a file, in one word. If the note is lost, the targets count as the owner's, and stay.
"""

from collections.abc import Iterable
from hashlib import sha256

from pushgateway_lab import scrape_config
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.scrape_config import same_target
from pushgateway_lab.settings import Settings

NOTE = "/var/lib/pushgateway-lab/added-targets"
"""The file on a host with the note: a digest of the job's name, and the targets that were added to this job."""


def noted_targets(seen: Snapshot, settings: Settings) -> tuple[str, ...]:
    """Return the targets that the toolkit has added to the job of the settings."""
    digest, _, targets = seen.added_targets.partition("=")
    if digest != _digest(settings.pushgateway_job_name):
        return ()
    return tuple(filter(None, targets.split(",")))


def noted_job(seen: Snapshot, names: Iterable[str]) -> str | None:
    """Return the first of these names of jobs that is the one in the note; None if there is none."""
    digest = seen.added_targets.partition("=")[0]
    return next((each for each in names if _digest(each) == digest), None)


def obsolete_targets(seen: Snapshot, settings: Settings, wanted: Iterable[str]) -> tuple[str, ...]:
    """Return the targets that the toolkit has added, and that the job should not have any more.

    + wanted: the targets that the job should have
    """
    wanted = tuple(wanted)
    noted = noted_targets(seen, settings)
    return tuple(each for each in noted if not any(same_target(each, own) for own in wanted))


def note_after(seen: Snapshot, settings: Settings, before: str, after: str) -> str:
    """Return the note after a change of the configuration file; empty for no note.

    A target of the owner that was corrected stays the owner's.

    + before, after: the text of the file before and after the change
    """
    noted = noted_targets(seen, settings)
    owned = [each for each in _targets(before, settings) if each not in noted]
    now = _targets(after, settings)
    corrected = sum(each not in now for each in owned)
    added = [each for each in now if each not in owned][corrected:]
    return f"{_digest(settings.pushgateway_job_name)}={','.join(added)}" if added else ""


def _targets(text: str, settings: Settings) -> tuple[str, ...]:
    jobs = scrape_config.known_jobs(text)
    name = settings.pushgateway_job_name
    return next((each.targets for each in jobs if each.name == name), ())


def _digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:16]
