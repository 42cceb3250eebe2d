"""The lab's job as it is in the configuration file, and what of it its owner wrote for TLS and a password. Pure."""

from typing import Any

from pushgateway_lab import scrape_config
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import web_files
from pushgateway_lab.scrape_config import Job
from pushgateway_lab.settings import Settings

_OF_PASSWORD = ("status 401", "status 403", "unable to read")
_OF_CERTIFICATE = ("x509: ", "tls: ")
"""Parts of Prometheus's words about a scrape that failed for its password, or for a certificate."""

_TLS_PARTS = ("ca_file", "cert_file", "key_file", "server_name")


def written_job(seen: Snapshot, settings: Settings) -> Job | None:
    """Return the lab's job in the configuration file; None if it is not there, or if the file cannot be read."""
    if seen.config is None:
        return None
    try:
        jobs = scrape_config.known_jobs(scrape_config.decode(seen.config.data))
    except scrape_config.ScrapeConfigError:
        return None
    return next((each for each in jobs if each.name == settings.pushgateway_job_name), None)


def files_of_other_jobs(seen: Snapshot, settings: Settings) -> dict[str, Job]:
    """Return the files of this toolkit that other jobs than the lab's name: path -> the last one of these jobs."""
    if seen.config is None:
        return {}
    try:
        jobs = scrape_config.known_jobs(scrape_config.decode(seen.config.data))
    except scrape_config.ScrapeConfigError:
        return {}
    return {
        path: job
        for job in jobs
        if job.name != settings.pushgateway_job_name
        for path in files_of(job)
    }


def files_of(job: Job) -> list[str]:
    """Return the files of this toolkit that a job names for TLS or a password."""
    named = (job.login.password_file if job.login else "", *job.tls_config.values())
    return [each for each in named if each in web_files.FILES]


def owners_access(seen: Snapshot, settings: Settings) -> dict[str, Any]:
    """Return the fields of the job that name files of its owner for TLS and a password; empty without.

    They stay as they are unless Prometheus reports that a server refuses them, or the other way round. If this toolkit
    writes the web configuration file of the Pushgateway, it writes these fields, too, because both change together. A
    password in the configuration file itself does not stay: many people can read that file.

    Example:
        >>> owners_access(seen, settings)
        {'basic_auth': {'username': 'prometheus', 'password_file': '/etc/prometheus/password'}}
    """
    job = written_job(seen, settings)
    if job is None or web_files.web_config_of(settings):
        return {}
    found: dict[str, Any] = {}
    errors = _errors(seen, job)
    if job.login and job.login.password_file not in ("", *web_files.SCRAPE_PASSWORDS):
        found["basic_auth"] = job.login._asdict()
    tls = {name: job.tls_config[name] for name in _TLS_PARTS if name in job.tls_config}
    if tls and not any(value.startswith(f"{web_files.DIRECTORY}/") for value in tls.values()):
        found["tls_config"] = tls
    refusals = {"basic_auth": _OF_PASSWORD, "tls_config": _OF_CERTIFICATE}
    return {
        name: value
        for name, value in found.items()
        if not any(words in error for error in errors for words in refusals[name])
    }


def _errors(seen: Snapshot, job: Job) -> list[str]:
    """Return why Prometheus could not scrape the job, if it has loaded the one of the file."""
    if not seen.has_loaded_file:
        return []
    found = seen.targets or seen.all_targets
    return [each.last_error for each in found if each.job == job.name and each.health == "down"]
