"""The wanted scrape job, and the text of Prometheus's configuration file with and without it.

Pure: it uses only a snapshot and the settings. `pushgateway_lab.prometheus.configuration` writes the file.
"""

import json
import shlex
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pushgateway_lab import installations, scrape_config
from pushgateway_lab.facts.added import obsolete_targets
from pushgateway_lab.facts.outcome import Outcome, Result
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import address
from pushgateway_lab.lab import gateway
from pushgateway_lab.lab.excerpts import excerpt
from pushgateway_lab.lab.jobs import lab_job
from pushgateway_lab.lab.mistaken_jobs import mistaken_jobs
from pushgateway_lab.lab.scrape_access import wanted_fields
from pushgateway_lab.prometheus import access_fields, own_part, scrapers
from pushgateway_lab.prometheus.outcomes import explain
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.scrape_config import ScrapeConfigError
from pushgateway_lab.settings import Settings, values


class IncludedFile(NamedTuple):
    """A file that the configuration names under ``scrape_config_files``."""

    path: str
    text: str


def job(seen: Snapshot, settings: Settings) -> dict[str, Any]:
    """Return the scrape job of the lab (task 4.2.1), as the settings want it.

    Raises:
        HostError: see `pushgateway_lab.installations.plan`.
    """
    path = address.USUAL_METRICS_PATH
    if not settings.pushgateway_targets:
        path = address.metrics_path(installations.plan(seen, settings).flags)
    elif installations.pushgateway_is_elsewhere(seen, settings):
        path = f"{urlsplit(settings.pushgateway_url or '').path.rstrip('/')}{path}"
    targets, access = scrapers.targets(seen, settings), wanted_fields(seen, settings)
    return lab_job(settings, targets, metrics_path=path, access=access)


def check_path(seen: Snapshot, settings: Settings) -> None:
    """Check that the running Prometheus reads the file that the settings name.

    Raises:
        HostError: it reads another one, so a change of the file would have no effect.
    """
    running = seen.config_running
    if seen.config_apart:
        raise HostError(_apart(seen, settings))
    if seen.config_found is not None and seen.config_found != settings.prometheus_config_path:
        running = seen.config_found
    if running is None:
        return
    told = (
        f"Prometheus reads {excerpt(running)} (its flag --config.file, or its default), and not {settings.prometheus_config_path}. "
        "Neither file was changed."
    )
    try:
        values.path(running)
    except ValueError as error:
        raise HostError(
            f"{told} prometheus_config_path cannot name the file that it reads: it {error}. Rename that file."
        ) from error
    raise HostError(
        f"{told} To use the file that it reads, add: --data prometheus_config_path={shlex.quote(running)} (or set "
        "prometheus_config_path for this host in the inventory)"
    )


def _apart(seen: Snapshot, settings: Settings) -> str:
    path, where = settings.prometheus_config_path, _where(seen)
    if seen.config_apart == "mounted":
        return (
            f"{path} alone is mounted into the file system of Prometheus{where}, so it would not see a new file there. "
            "Nothing was changed. Mount the directory of the file instead, and start Prometheus anew."
        )
    return (
        f"Prometheus{where} has a file system of its own, with another {path} than this host. Nothing was changed. Set "
        "prometheus_config_path to the file on this host that it reads, and mount the directory of that file, or change "
        "the file there."
    )


def _where(seen: Snapshot) -> str:
    found = seen.lone.get("prometheus")
    if found is None:
        return f" ({seen.prometheus.name})"
    group = found.group.rpartition(":")[2].strip("/")
    return f" (process {found.pid}{f', in {excerpt(group)}' if group else ''})"


def config_text(seen: Snapshot, settings: Settings) -> str:
    """Return the text of the configuration file.

    Raises:
        HostError: the file does not exist, was not read, is not text, or see `check_path`.
    """
    check_path(seen, settings)
    path = settings.prometheus_config_path
    if seen.config is None and seen.config_obstacle:
        raise HostError(explain(seen, settings, Outcome(Result.UNSAFE, seen.config_obstacle)))
    if seen.config is None and seen.config_state != "absent":
        raise HostError(f"{seen.config_in_words(path)} Correct that, then run this again.")
    if seen.config is None:
        raise HostError(
            f"{path} does not exist. {_if_another(settings)} If the file was deleted, restore the backup "
            f"{path}.before-pushgateway-lab{_or_of_package(seen, settings)}"
        )
    try:
        return scrape_config.decode(seen.config.data)
    except ScrapeConfigError as error:
        raise HostError(_unusable(settings, error)) from error


def _if_another(settings: Settings) -> str:
    if "prometheus_config_path" in settings.given:
        return "Leave prometheus_config_path out, or set it to the file that Prometheus reads."
    return (
        "If Prometheus reads another file (see its flag --config.file), set prometheus_config_path."
    )


def _or_of_package(seen: Snapshot, settings: Settings) -> str:
    command = installations.prometheus(seen, settings).to_restore_config
    return f", or restore the file of the package with: {command}" if command else "."


def merged(seen: Snapshot, settings: Settings) -> tuple[str, str]:
    """Return the current text of the configuration file, and the text with the lab's job.

    What this toolkit has added to another job for the same Pushgateway moves to the lab's job: the setting with its name
    has changed.

    Raises:
        HostError: the file cannot be parsed or changed safely, or root must not write it.
    """
    text = config_text(seen, settings)
    try:
        scrapers.check(seen, settings)
        rest = text
        for name in own_part.moved_names(seen, settings):
            rest = own_part.without_part(rest, seen, settings, name)
        ours = job(seen, settings)
        targets = ours["static_configs"][0]["targets"]
        obsolete = obsolete_targets(seen, settings, targets)
        scrapers.check_receivers(seen, settings, obsolete)
        if not scrapers.undiscovered(seen, settings, targets):
            del ours["static_configs"]
        fields = tuple(access_fields.obsolete_fields(seen, settings))
        corrected = tuple(scrapers.corrected(seen, settings).items())
        wanted = _merged_text(rest, json.dumps(ours), corrected, obsolete, fields)
    except ScrapeConfigError as error:
        raise HostError(_unusable(settings, error)) from error
    return text, _writable(seen, settings, text, wanted)


def without_job(seen: Snapshot, settings: Settings) -> tuple[str, str]:
    """Return the current text of the configuration file, and the text without the lab's job.

    With ``lab_reset``, the text is also without the jobs that a trainee wrote instead of the lab's, unless such a
    job scrapes other targets, too.

    Raises:
        HostError: the file cannot be parsed or changed safely, or root must not write it.
    """
    text = config_text(seen, settings)
    try:
        wanted = scrape_config.remove_job(text, settings.pushgateway_job_name)
        for name in _mistaken_names(seen, settings, text):
            wanted = scrape_config.remove_job(wanted, name)
    except ScrapeConfigError as error:
        raise HostError(_unusable(settings, error)) from error
    return text, _writable(seen, settings, text, wanted)


def _mistaken_names(seen: Snapshot, settings: Settings, text: str) -> list[str]:
    if not settings.lab_reset:
        return []
    jobs, target = scrape_config.known_jobs(text), gateway.target_of(seen, settings)
    found = mistaken_jobs(jobs, target, settings.pushgateway_job_name)
    return [each.job.name for each in found if not each.scrapes_others]


# Cached, because the hosts of a class mostly have the same file.
@lru_cache(maxsize=32)
def _merged_text(
    text: str,
    job: str,
    corrected: tuple[tuple[str, str], ...],
    obsolete: tuple[str, ...],
    obsolete_fields: tuple[str, ...],
) -> str:
    wanted: dict[str, Any] = json.loads(job)
    name = wanted["job_name"]
    merged = scrape_config.merge_job(text, wanted, dict(corrected))
    merged = scrape_config.drop_targets(merged, name, obsolete)
    return scrape_config.drop_fields(merged, name, obsolete_fields)


def _writable(seen: Snapshot, settings: Settings, text: str, wanted: str) -> str:
    """Return the wanted text.

    Raises:
        HostError: the text differs, and root must not write the file.
    """
    if wanted != text and seen.config_obstacle:
        raise HostError(explain(seen, settings, Outcome(Result.UNSAFE, seen.config_obstacle)))
    return wanted


def _unusable(settings: Settings, error: ScrapeConfigError) -> str:
    return f"{settings.prometheus_config_path}: {error}\nNothing was written and nothing reloaded."


def notes(seen: Snapshot, settings: Settings) -> Iterator[str]:
    """Yield a sentence for each other job in the file that scrapes the same target, and for each way to lose the password."""
    moved = own_part.moved_names(seen, settings)
    for other in scrapers.others(seen, settings):
        if other.name in moved:
            continue
        yield (
            f"{other.where} also scrapes {excerpt(other.target)}, so Prometheus has every pushed metric twice. Remove "
            f"this job, or use it: set pushgateway_job_name={shlex.quote(excerpt(other.name))}"
        )
    yield from access_fields.notes(seen, settings)


def managed(seen: Snapshot, settings: Settings) -> Iterator[str]:
    """Yield a sentence if the file says that another program writes it, which may undo a change."""
    if seen.config is None:
        return
    if found := scrape_config.manager_of(config_text(seen, settings)):
        program = found.program or "another program"
        yield (
            f"{settings.prometheus_config_path} (line {found.line}) says that {program} writes this file, and its "
            f"next run may undo this change. To make the change last, add the job to {found.source}, too."
        )


def has_job(text: str, settings: Settings) -> bool:
    """Return whether the text of the configuration file itself has the lab's job."""
    return any(
        each.name == settings.pushgateway_job_name for each in scrape_config.known_jobs(text)
    )


def refuse_included(files: Iterable[IncludedFile], settings: Settings) -> None:
    """Check that no included file has the lab's job: with a job name twice, Prometheus rejects the file.

    Raises:
        HostError: an included file has the job; this toolkit does not change included files.
    """
    name = settings.pushgateway_job_name
    for file in files:
        try:
            jobs = scrape_config.find_jobs(file.text)
        except ScrapeConfigError:
            continue  # promtool will report the error
        for each in jobs:
            if each.name == name:
                raise HostError(
                    f"The job {name} is in {excerpt(file.path)} (line {each.line}), which "
                    f"{settings.prometheus_config_path} names under scrape_config_files. Nothing was "
                    "changed. Remove the job from that file, or set another name with pushgateway_job_name."
                )
