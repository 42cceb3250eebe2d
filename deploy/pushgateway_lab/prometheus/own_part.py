"""The part of a job that this toolkit has added, taken away again. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from pushgateway_lab import scrape_config
from pushgateway_lab.facts.added import TARGETS_FIELD, noted, noted_names, value_of
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.prometheus import access_fields, scrapers
from pushgateway_lab.scrape_config import Job, same_target
from pushgateway_lab.settings import Settings


def without_part(text: str, seen: Snapshot, settings: Settings, name: str) -> str:
    """Return the configuration without what this toolkit has added to a job.

    A job all of whose targets this toolkit has added goes. From another job, only these targets go, the fields with files
    of this toolkit, and the noted fields that nobody has changed since.

    + text: the configuration, with this job as in the look

    Raises:
        ScrapeConfigError: it cannot be read.
    """
    job = next((each for each in scrape_config.known_jobs(text) if each.name == name), None)
    added = noted(seen, name)
    fields = access_fields.own_fields(seen, replace(settings, pushgateway_job_name=name))
    if job is None or not (added.targets or added.fields or fields):
        return text
    others = [
        each for each in job.targets if not any(same_target(each, own) for own in added.targets)
    ]
    if added.targets and not others and not job.has_discovery:
        return scrape_config.remove_job(text, name)
    text = scrape_config.drop_targets(text, name, added.targets)
    text = scrape_config.drop_fields(text, name, fields)
    for field, value in added.fields.items():
        is_used = field == TARGETS_FIELD and bool(others)
        if value_of(job, field) == value and not is_used:
            text = scrape_config.drop_fields(text, name, [field])
    return text


def moved_names(seen: Snapshot, settings: Settings) -> list[str]:
    """Return the other jobs of the file with which this toolkit has scraped the Pushgateway, before it had another job name.

    Raises:
        ScrapeConfigError: the file cannot be read.
        HostError: see `pushgateway_lab.installations.plan`.
    """
    if not seen.added_targets:
        return []
    others = scrapers.others(seen, settings)
    return noted_names(seen, (each.name for each in others if each.line is not None))


def lost(before: str, after: str) -> Iterator[str]:
    """Yield in words each job, and each part of a job, that a configuration has lost.

    Raises:
        ScrapeConfigError: one of both cannot be read.

    Example:
        list(lost(text, scrape_config.remove_job(text, "node"))) == ["the job node"]
    """
    now = {each.name: each for each in scrape_config.known_jobs(after)}
    for job in scrape_config.known_jobs(before):
        if job.name not in now:
            yield f"the job {job.name}"
        elif parts := _lost_parts(job, now[job.name]):
            yield f"{', '.join(parts)} of the job {job.name}"


def _lost_parts(old: Job, new: Job) -> list[str]:
    targets = [f"the target {each}" for each in old.targets if each not in new.targets]
    parts = [each for each in old.tls_config if each not in new.tls_config]
    fields = [each for each in old.lines if each not in new.lines]
    if "tls_config" not in fields:
        fields += [f"tls_config.{each}" for each in parts]
    return [*targets, *(f"the field {each}" for each in fields)]
