"""The lab's job of a host: in the configuration file, as Prometheus has loaded it, and as it should be."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pushgateway_lab import scrape_config
from pushgateway_lab.formats.durations import seconds_of
from pushgateway_lab.installations.address import USUAL_METRICS_PATH
from pushgateway_lab.lab import gateway
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.scrape_access import wanted_fields
from pushgateway_lab.scrape_config import Job, ScrapeConfigError
from pushgateway_lab.settings import Settings

_INTERVAL, _LONGEST_INTERVAL = "scrape_interval", 3600


def text_of_file(look: Look) -> str:
    """Return the text of the configuration file.

    Raises:
        ScrapeConfigError: the file is missing, or it cannot be read.
    """
    config = look.snapshot.config
    if config is None:
        raise ScrapeConfigError(None, look.snapshot.config_in_words("the file"))
    return scrape_config.decode(config.data)


def jobs_in_file(look: Look) -> tuple[Job, ...]:
    """Return the jobs in the configuration file.

    Raises:
        ScrapeConfigError: the file is missing, or it cannot be read.
    """
    return scrape_config.known_jobs(text_of_file(look))


def job_in_file(look: Look) -> Job | None:
    """Return the lab's job in the configuration file; None if it is missing or cannot be read."""
    try:
        return named(look, jobs_in_file(look))
    except ScrapeConfigError:
        return None


def loaded_job(look: Look) -> Job | None:
    """Return the lab's job in Prometheus's loaded configuration; None if it is missing or cannot be read."""
    loaded = look.snapshot.loaded
    try:
        return named(look, loaded.jobs) if loaded else None
    except ScrapeConfigError:  # another program may answer on that port
        return None


def named(look: Look, jobs: tuple[Job, ...]) -> Job | None:
    """Return the job with the name of the lab's job; None if there is none."""
    return next((job for job in jobs if job.name == look.settings.pushgateway_job_name), None)


def in_line(mine: Job | None, field: str) -> str:
    """Return the line of a field in the configuration file, as a part of a sentence; empty if it is not there."""
    line = mine.lines.get(field) if mine else None
    return f" (line {line})" if line else ""


def lab_job(
    settings: Settings,
    targets: Sequence[str],
    interval: str | None = None,
    metrics_path: str = USUAL_METRICS_PATH,
    access: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return the scrape job of the lab (task 4.2.1), as a dict for `pushgateway_lab.scrape_config.merge_job`.

    + targets: as HOST:PORT
    + interval: its scrape interval, unless the settings have one; None: the one of the file
    + metrics_path: the path of the Pushgateway's metrics
    + access: fields for TLS and a password, see `pushgateway_lab.lab.scrape_access.wanted_fields`

    Example:
        lab_job(settings, ["localhost:9091"])["honor_labels"] is True
    """
    interval = settings.pushgateway_scrape_interval or interval
    return {
        "job_name": settings.pushgateway_job_name,
        **({_INTERVAL: interval} if interval else {}),
        "honor_labels": True,
        **({"metrics_path": metrics_path} if metrics_path != USUAL_METRICS_PATH else {}),
        **access,
        "static_configs": [{"targets": list(targets)}],
    }


def wanted_job(look: Look, instead_of: Job | None = None) -> dict[str, Any]:
    """Return the lab's job as it should be in the file of a host.

    + instead_of: the job that it replaces; its scrape interval stays, if it is no obstacle
    """
    targets = look.settings.pushgateway_targets or (gateway.target(look),)
    interval = _interval(instead_of) if instead_of else None
    access = wanted_fields(look.snapshot, look.settings)
    return lab_job(look.settings, targets, interval, gateway.metrics_path(look), access)


def _interval(job: Job) -> str | None:
    """Return the scrape interval of a job; None if it has none, or one that Prometheus or a trainee cannot use."""
    written = job.scrape_interval or ""
    try:
        return written if 0 < seconds_of(written) <= _LONGEST_INTERVAL else None
    except (ValueError, OverflowError):
        return None
