"""The lab's job in the configuration file, and the fields for TLS and a password that its owner wrote. Pure."""

from typing import Any

from pushgateway_lab import scrape_config
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import web_files
from pushgateway_lab.lab.scrape_errors import is_of_certificate, is_of_password
from pushgateway_lab.scrape_config import Job
from pushgateway_lab.settings import Settings

_TLS_FILES = ("ca_file", "cert_file", "key_file")


def written_job(seen: Snapshot, settings: Settings) -> Job | None:
    """Return the lab's job in the configuration file; None if it is not there, or if the file cannot be read."""
    name = settings.pushgateway_job_name
    return next((each for each in _jobs(seen) if each.name == name), None)


def files_of_other_jobs(seen: Snapshot, settings: Settings) -> dict[str, Job]:
    """Return the files of this toolkit that other jobs than the lab's name: path -> the last one of these jobs."""
    return {
        path: job
        for job in _jobs(seen)
        if job.name != settings.pushgateway_job_name
        for path in files_of(job)
    }


def _jobs(seen: Snapshot) -> tuple[Job, ...]:
    """Return the jobs in the configuration file; none if it cannot be read."""
    if seen.config is None:
        return ()
    try:
        return scrape_config.known_jobs(scrape_config.decode(seen.config.data))
    except scrape_config.ScrapeConfigError:
        return ()


def files_of(job: Job) -> list[str]:
    """Return the files of this toolkit that a job names for TLS or a password."""
    named = (job.login.password_file if job.login else "", *job.tls_config.values())
    return [each for each in named if each in web_files.FILES]


def owners_access(seen: Snapshot, settings: Settings) -> dict[str, Any]:
    """Return the fields of the job that name files of its owner for TLS and a password; empty without.

    They stay as they are unless Prometheus reports that the Pushgateway refuses them, or that it does not accept the
    certificate of the Pushgateway. If this toolkit
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
    tls = {name: value for name in _TLS_FILES if (value := job.tls_config.get(name))}
    if tls and web_files.SCRAPE_FILES.isdisjoint(tls.values()):
        server_name = job.tls_config.get("server_name")
        found["tls_config"] = tls | ({"server_name": server_name} if server_name else {})
    is_refused = {"basic_auth": is_of_password, "tls_config": is_of_certificate}
    return {name: value for name, value in found.items() if not any(map(is_refused[name], errors))}


def _errors(seen: Snapshot, job: Job) -> list[str]:
    """Return why Prometheus could not scrape the job, if it has loaded the one of the file."""
    if not seen.has_loaded_file:
        return []
    found = seen.targets or seen.all_targets
    return [each.last_error for each in found if each.job == job.name and each.health == "down"]
