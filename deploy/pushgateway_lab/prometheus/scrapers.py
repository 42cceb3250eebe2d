"""The jobs that scrape the Pushgateway already, under any name of this host. Pure.

A second job on the same Pushgateway gives Prometheus every pushed metric twice. A target that is added to the owner's
job is scraped as the job's others: with their scheme, path and password.
"""

import json
import shlex
from collections.abc import Collection, Iterable
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from pushgateway_lab import installations, scrape_config
from pushgateway_lab.facts.added import noted_names
from pushgateway_lab.facts.names import Address
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import address
from pushgateway_lab.lab.excerpts import excerpt, listed
from pushgateway_lab.lab.scrape_access import (
    fields_of_settings,
    is_ambiguous,
    is_same_login,
    local_target,
    login,
    wanted_fields,
)
from pushgateway_lab.lab.written_job import written_job
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.scrape_config import Job, same_target, without_blanks
from pushgateway_lab.settings import Settings


class Scraper(NamedTuple):
    """A job that scrapes the Pushgateway.

    + name: its name
    + line: its line in the configuration file; None if it is in a file that this one includes
    + target: its target, as written
    """

    name: str
    line: int | None
    target: str

    @property
    def where(self) -> str:
        """Its name and place, in words."""
        place = f"line {self.line}" if self.line else "in a file of scrape_config_files"
        return f"The job {excerpt(self.name)} ({place})"


def is_same(seen: Snapshot, settings: Settings, one: str, wanted: str) -> bool:
    """Return whether a target (HOST:PORT) reaches the same server as a wanted one, under another name of this host.

    It has to reach the Pushgateway where this will listen, or where it listens now: ``[::1]:9091`` is another target
    than ``localhost:9091`` if nothing listens there.

    Raises:
        HostError: see `pushgateway_lab.installations.plan`.
    """
    if same_target(one, wanted):
        return True
    (host, _, port), (wanted_host, _, wanted_port) = one.rpartition(":"), wanted.rpartition(":")
    found = seen.names.addresses_of(host)
    if port != wanted_port or not found or not seen.names.addresses_of(wanted_host):
        return False
    return _will_listen(seen, settings, found) or any(
        str(each.port) == port and _is_at(each.address, found)
        for each in seen.pushgateway_listeners
    )


def _will_listen(seen: Snapshot, settings: Settings, addresses: frozenset[Address]) -> bool:
    flags = installations.plan(seen, settings).flags
    hosts = (each.rpartition(":")[0].strip("[]") for each in address.listen_addresses(flags))
    return any(
        _is_at({"": "::", "localhost": "127.0.0.1"}.get(each, each), addresses) for each in hosts
    )


def _is_at(listens: str, addresses: frozenset[Address]) -> bool:
    try:
        own = ip_address(listens)
    except ValueError:  # a name: its address is unknown
        return True
    return own.is_unspecified or own in addresses


def targets(seen: Snapshot, settings: Settings) -> tuple[str, ...]:
    """Return the targets that the lab's job should have.

    Unless the settings have them, the target is the Pushgateway's address on this host, as the job has it already:
    any name of this host, from the file or discovered by Prometheus.

    Raises:
        HostError: see `pushgateway_lab.installations.plan`.
    """
    if settings.pushgateway_targets:
        return settings.pushgateway_targets
    wanted = local_target(seen, settings)
    replaced = corrected(seen, settings)
    present = [each for each in _present(seen, settings) if each not in replaced]
    same = [each for each in present if is_same(seen, settings, each, wanted)]
    if any(same_target(each, wanted) for each in same):
        return (wanted,)
    return (next(iter(same), wanted),)


def corrected(seen: Snapshot, settings: Settings) -> dict[str, str]:
    """Return the targets of the lab's job in the file that must not stay -> the target in the place of each.

    See `pushgateway_lab.lab.scrape_access.is_ambiguous`.

    Raises:
        HostError: see `pushgateway_lab.installations.plan`.
    """
    job = written_job(seen, settings)
    written = [without_blanks(each) for each in job.targets] if job else []
    wrong = [each for each in written if is_ambiguous(seen, settings, each)]
    return dict.fromkeys(wrong, local_target(seen, settings)) if wrong else {}


def _present(seen: Snapshot, settings: Settings) -> tuple[str, ...]:
    """Return the targets of the lab's job: those in the file, and those that Prometheus has discovered for it."""
    job = written_job(seen, settings)
    if job is None:
        return ()
    return (*job.targets, *_discovered(seen, job))


def _discovered(seen: Snapshot, job: Job) -> tuple[str, ...]:
    if not job.has_discovery:
        return ()
    return tuple(each.address for each in seen.targets or () if each.job == job.name)


def undiscovered(seen: Snapshot, settings: Settings, wanted: Iterable[str]) -> tuple[str, ...]:
    """Return the targets that must be in the file: not those that the job discovers in another way."""
    job = written_job(seen, settings)
    found = _discovered(seen, job) if job else ()
    return tuple(each for each in wanted if not any(same_target(each, own) for own in found))


def others(seen: Snapshot, settings: Settings) -> list[Scraper]:
    """Return the other jobs that scrape the Pushgateway: in the file, or with targets that Prometheus has discovered.

    Raises:
        ScrapeConfigError: the file cannot be parsed.
        HostError: see `pushgateway_lab.installations.plan`.
    """
    if seen.config is None:
        return []
    text = scrape_config.decode(seen.config.data)
    jobs = {each.name: each for each in scrape_config.known_jobs(text)}
    ours, wanted = settings.pushgateway_job_name, targets(seen, settings)
    found: dict[str, Scraper] = {}
    for job in jobs.values():
        # A job that relabels may scrape another address, as that of a blackbox exporter.
        if job.name == ours or "relabel_configs" in job.inherited:
            continue
        if target := _first_same(seen, settings, job.targets, wanted):
            found[job.name] = Scraper(job.name, job.line, target)
    includes = bool(scrape_config.scrape_config_files(text))
    for each in seen.all_targets:
        is_known = each.job in jobs or includes  # else it was removed, and Prometheus not reloaded
        if each.job == ours or each.job in found or not is_known:
            continue
        if target := _first_same(seen, settings, [_netloc(each.url)], wanted):
            line = jobs[each.job].line if each.job in jobs else None
            found[each.job] = Scraper(each.job, line, target)
    return list(found.values())


def _first_same(
    seen: Snapshot, settings: Settings, present: Iterable[str], wanted: tuple[str, ...]
) -> str | None:
    return next(
        (each for each in present if any(is_same(seen, settings, each, own) for own in wanted)),
        None,
    )


def _netloc(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:  # no URL
        return ""


def check(seen: Snapshot, settings: Settings) -> None:
    """Check that the job may be added, or a target to the owner's job.

    Raises:
        HostError: another job scrapes the Pushgateway, the owner's job scrapes in another way, or its target would
            not reach the Pushgateway.
        ScrapeConfigError: the file cannot be parsed.
    """
    job = written_job(seen, settings)
    if job is None:
        if "pushgateway_job_name" not in settings.given and (found := others(seen, settings)):
            raise HostError(_second(found[0], seen, settings))
        return
    wanted = undiscovered(seen, settings, targets(seen, settings))
    replaced = corrected(seen, settings)
    own_targets = [replaced.get(without_blanks(each), each) for each in job.targets]
    missing = [each for each in wanted if not any(same_target(each, own) for own in own_targets)]
    if missing and (inherited := _inherited(job, seen, settings)):
        raise HostError(_inherits(job, missing, inherited, settings))
    _check_reached(job, seen, settings)


def check_receivers(seen: Snapshot, settings: Settings, obsolete: Collection[str]) -> None:
    """Check that only the Pushgateway gets the password that the job should have: a job has one for all its targets.

    + obsolete: targets that are taken out of the job

    Raises:
        HostError: the owner's job has other targets, too, and not yet this ``basic_auth``.
    """
    job, wanted = written_job(seen, settings), login(wanted_fields(seen, settings))
    if job is None or wanted is None or is_same_login(job.login, wanted):
        return
    ours, replaced = targets(seen, settings), corrected(seen, settings)
    others = [
        each
        for each in _present(seen, settings)
        if each not in obsolete
        and without_blanks(each) not in replaced
        and not any(is_same(seen, settings, each, own) for own in ours)
    ]
    if others:
        raise HostError(
            f"The job {settings.pushgateway_job_name} (line {job.line}) also scrapes {listed(others)}. Prometheus would "
            "send the Pushgateway's password there, too. Nothing was changed. Move these targets to a job of their own, "
            "then run this again."
        )


def _second(other: Scraper, seen: Snapshot, settings: Settings) -> str:
    own, name = settings.pushgateway_job_name, excerpt(other.name)
    if other.line:
        use = f"To use that job, set pushgateway_job_name={shlex.quote(name)}."
    else:
        use = "To replace that job, remove it from its file."
    is_ours = other.line is not None and noted_names(seen, [other.name])
    further = (
        "To move what this toolkit added there to a job of its own" if is_ours else "To have both"
    )
    return (
        f"{other.where} already scrapes {excerpt(other.target)}, which is this Pushgateway, so with a second job "
        f"Prometheus would have every pushed metric twice. Nothing was changed. {use} {further}, set "
        f"pushgateway_job_name={shlex.quote(own)}."
    )


def _inherited(job: Job, seen: Snapshot, settings: Settings) -> list[str]:
    """Return the fields of a job with which the Pushgateway of this host should not be scraped."""
    flags = installations.plan(seen, settings).flags
    access = fields_of_settings(seen, settings)
    authorities = access.get("tls_config", {}).get("ca_file", "")
    as_wanted = {
        "scheme": job.scheme == access.get("scheme", "http"),
        "basic_auth": is_same_login(job.login, login(access)),
        "tls_config": bool(authorities) and job.ca_file == authorities,
        "metrics_path": job.metrics_path == address.metrics_path(flags),
    }
    harmless = {"params", "relabel_configs"}
    return [each for each in job.inherited if not as_wanted.get(each) and each not in harmless]


def _inherits(job: Job, missing: list[str], inherited: list[str], settings: Settings) -> str:
    own = json.dumps(list(map(excerpt, job.targets)))
    use = f", or if its targets are the Pushgateway that you mean, set pushgateway_targets={shlex.quote(own)}"
    return (
        f"The job {settings.pushgateway_job_name} (line {job.line}) has {listed(inherited)}. Prometheus would use that "
        f"for {listed(missing)}, too, also a password. Nothing was changed. Give the new target a job of its own: "
        f"set pushgateway_job_name={shlex.quote(settings.pushgateway_job_name + '_local')}"
        f"{use if job.targets else ''}."
    )


def _check_reached(job: Job, seen: Snapshot, settings: Settings) -> None:
    """Check that the target of the job, which reaches the Pushgateway now, will reach it afterwards, too."""
    if settings.pushgateway_targets:
        return
    flags = installations.plan(seen, settings).flags
    wanted = local_target(seen, settings)
    for target in targets(seen, settings):
        host, _, port = target.rpartition(":")
        if same_target(target, wanted) or _will_listen(
            seen, settings, seen.names.addresses_of(host)
        ):
            continue
        raise HostError(
            f"The job {job.name} (line {job.line}) scrapes {excerpt(target)}, which is this host, but the Pushgateway "
            f"should listen on {listed(address.listen_addresses(flags))} only, where that target does not reach it. "
            f"Nothing was changed. Set pushgateway_listen_address=0.0.0.0:{port} and pushgateway_admin_api=False: then "
            f"everybody who reaches the host can push. Or change that target to {wanted}."
        )
