"""The fields of the lab's job with files of this toolkit for TLS and passwords: which are its own, and which must go. Pure."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import web_files
from pushgateway_lab.lab.excerpts import excerpt, listed
from pushgateway_lab.lab.scrape_access import is_ambiguous, local_target, uses_tls, wanted_fields
from pushgateway_lab.lab.written_job import written_job
from pushgateway_lab.scrape_config import Job, same_target
from pushgateway_lab.settings import Settings


def obsolete_fields(seen: Snapshot, settings: Settings) -> list[str]:
    """Return the fields of the lab's job with files of this toolkit that the settings do not want any more.

    Without these files, Prometheus would scrape nothing. The form is that of `pushgateway_lab.scrape_config.drop_fields`.
    """
    return own_fields(seen, settings, wanted_fields(seen, settings))


def own_fields(
    seen: Snapshot, settings: Settings, kept: Mapping[str, Any] = MappingProxyType({})
) -> list[str]:
    """Return the fields of the lab's job with files of this toolkit, and the scheme that goes with them.

    A part that its owner wrote into ``tls_config`` stays.

    + kept: fields and their parts that are not returned
    """
    job = written_job(seen, settings)
    if job is None:
        return []
    tls = _own_tls(job)
    own = {
        "basic_auth": job.login is not None
        and job.login.password_file in web_files.SCRAPE_PASSWORDS,
        "tls_config": bool(tls) and len(tls) == len(job.tls_config),
        "scheme": _is_own_scheme(job, seen, has_own_files=bool(tls)),
    }
    whole = [name for name, is_own in own.items() if is_own and name not in kept]
    if "tls_config" in whole:
        return whole
    parts = kept.get("tls_config", {})
    return whole + [f"tls_config.{name}" for name in tls if name not in parts]


_TLS_FILES = {
    "ca_file": web_files.SCRAPE_AUTHORITIES,
    "cert_file": web_files.SCRAPE_CERTIFICATE,
    "key_file": web_files.SCRAPE_KEY,
}


def _own_tls(job: Job) -> list[str]:
    """Return the parts of ``tls_config`` with files of this toolkit, and the server name that goes with them."""
    files = [name for name, path in _TLS_FILES.items() if job.tls_config.get(name) == path]
    return [*files, "server_name"] if files and "server_name" in job.tls_config else files


def _is_own_scheme(job: Job, seen: Snapshot, *, has_own_files: bool) -> bool:
    """Return whether ``https`` is of this toolkit. With other authorities it is the owner's, also beside its password.

    + has_own_files: whether ``tls_config`` names files of this toolkit
    """
    if job.scheme != "https" or job.ca_file not in ("", web_files.SCRAPE_AUTHORITIES):
        return False
    return has_own_files or any(map(web_files.speaks_tls, seen.web_files))


def notes(seen: Snapshot, settings: Settings) -> Iterator[str]:
    """Yield a sentence for each part of the owner's job through which another program can get the password.

    Raises:
        HostError: see `pushgateway_lab.installations.plan`.
    """
    job = written_job(seen, settings)
    if job is None or not (settings.pushgateway_user or uses_tls(settings)):
        return
    where = f"The job {excerpt(job.name)} (line {job.line})"
    if job.tls_config.get("insecure_skip_verify", "").lower() == "true":
        yield (
            f"{where} has insecure_skip_verify in its tls_config, so Prometheus trusts any server that answers there. It "
            "was left as it is. Take that line out of the file."
        )
    found = [each.address for each in seen.targets or () if each.job == job.name]
    discovered = [each for each in found if not any(same_target(each, own) for own in job.targets)]
    if names := [each for each in discovered if is_ambiguous(seen, settings, each)]:
        yield (
            f"{where} discovers {listed(names)}, and Prometheus sends the password there without TLS, also to an address "
            f"where any local user of the host can listen. Let it discover {excerpt(local_target(seen, settings))} instead."
        )


def lacks_certificates(seen: Snapshot, settings: Settings) -> bool:
    """Return whether Prometheus could not read a file of ``tls_config`` when it loaded the lab's job for the first time.

    Then it has no targets for the job, and calls the reload successful. Only another reload helps when the file is
    there. For some seconds after each reload, a job with ``tls_config`` looks like this, too.
    """
    jobs = seen.loaded.jobs if seen.loaded else ()
    ours = next((each for each in jobs if each.name == settings.pushgateway_job_name), None)
    if ours is None or not ours.targets or seen.targets is None:
        return False
    has_targets = any(each.job == ours.name for each in seen.targets)
    return (
        "tls_config" in ours.inherited
        and "relabel_configs" not in ours.inherited
        and not has_targets
    )
