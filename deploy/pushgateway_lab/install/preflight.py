"""The preflight checks: the conditions that a host must meet before anything is changed on it."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import installations
from pushgateway_lab.credentials import lab_authority
from pushgateway_lab.facts.found import Server
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.host.looking import snapshot_of
from pushgateway_lab.install import port_checks
from pushgateway_lab.installations import (
    INSTALLER,
    address,
    missing_packages,
    pinned,
    prometheus_address,
    release,
    web_files,
)
from pushgateway_lab.installations.denied import why_denied
from pushgateway_lab.lab.excerpts import excerpt
from pushgateway_lab.prometheus.job import check_path, merged
from pushgateway_lab.prometheus.scrapers import targets
from pushgateway_lab.pushgateway import closing, open_admin_api
from pushgateway_lab.run.failure import cleanly, noop
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.scrape_config import ScrapeConfigError, decode, known_jobs
from pushgateway_lab.services import SYSTEMD
from pushgateway_lab.settings import Settings
from pushgateway_lab.web import server_certificate, wanted_files


def is_free(seen: Snapshot, settings: Settings) -> bool:
    """Return True if the host passes all preflight checks of bootstrap.

    Raises:
        HostError: the host fails a check.
    """
    check_rights(seen)
    check_system(seen, settings)
    check_path(seen, settings)
    prometheus_address.check(seen, settings)
    check_prometheus(seen, settings, is_repaired=True)
    if installations.has_prometheus(seen, settings):
        merged(seen, settings)
    check_pushgateway(seen, settings)
    check_web_files(seen, settings)
    check_targets(seen, settings)
    open_admin_api.check(seen, settings)
    closing.check(seen, settings)
    return True


@operation()
@cleanly
def check_host(settings: Settings) -> Iterator[PyinfraCommand]:
    """Fail a host that does not pass the preflight checks, before anything is changed on it.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        preflight.check_host(
            name="Check the host",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    with port_checks.naming_the_program(host):
        is_free(snapshot_of(host, settings), settings)
    noop(host, "the host passes all checks")
    yield from ()


def check_rights(seen: Snapshot) -> None:
    """Check that the look ran as root, or that sudo works.

    Raises:
        HostError: neither does.
    """
    if seen.is_root:
        return
    if seen.sudo_refused is None:
        raise HostError(
            f"Logged in as {seen.user}, which is not root. Log in as root, or add --sudo."
        )
    if seen.sudo_refused.endswith("not found"):  # the shell's words
        raise HostError(
            "This host has no sudo. Log in as root, without --sudo; or install sudo there."
        )
    raise HostError(
        f"{seen.user} may not use sudo without a password here. sudo says: {seen.sudo_refused}\n"
        "Log in as another user, or allow sudo without a password in /etc/sudoers.d. --same-sudo-password "
        "also works, but with it, every local user of the host can read the password while pyinfra runs."
    )


def check_system(seen: Snapshot, settings: Settings) -> None:
    """Check that the host can start services, has apt if something is missing, and one candidate for each server.

    Raises:
        HostError: packages are missing and the host has no apt, a version or a method is set that it cannot have, it has no
            service manager, or several servers are equally good.
    """
    pinned.due(seen, settings)
    missing = missing_packages(seen, settings)
    if missing and INSTALLER not in seen.tools:
        raise HostError(
            f"{seen.os or 'This host'} has no {INSTALLER} to install what is missing: {', '.join(missing)}. Install that "
            "there, then run this again; or use a host with Debian or Ubuntu."
        )
    release.due(seen, settings)
    for server, candidates in seen.rivals.items():
        raise HostError(several(server, candidates))
    if not seen.has_service_manager and set(seen.lone) != {"prometheus", "pushgateway"}:
        raise HostError(
            f"This host has neither {SYSTEMD.name} nor init scripts, so nothing can be started there. Use another host, or "
            "start Prometheus and the Pushgateway: both are used as they run."
        )


def several(server: str, candidates: Sequence[Server]) -> str:
    """Return the message about several candidates for a server that are equally good."""
    named = " and ".join(map(str, candidates))
    example = next((each.service for each in candidates if each.service), None)
    to_set = (
        f"set {server}_unit to one of them, as {server}_unit={example}"
        if example
        else "end all but one"
    )
    title = {"prometheus": "Prometheus", "pushgateway": "Pushgateway"}[server]
    return (
        f"This host has more than one {title}: {named}. Nothing was changed. To choose, {to_set}."
    )


def check_prometheus(
    seen: Snapshot, settings: Settings, *, must_run: bool = True, is_repaired: bool = False
) -> None:
    """Check that an existing Prometheus runs.

    + must_run: False: the service may be down, because this run starts it
    + is_repaired: True for a run that sets its listen address: the service may be down if the run repairs that, see
      `pushgateway_lab.installations.prometheus_address.is_repaired`

    Raises:
        PortTakenError: another program uses its port.
        HostError: it has none, listens on another port than the settings say, or see `check_access`.
    """
    if not installations.has_prometheus(seen, settings):
        check_access(seen, settings)
        return
    installation = installations.prometheus(seen, settings)
    service, unit = installation.service, seen.prometheus
    port_checks.check_prometheus(seen, settings)
    if is_repaired and prometheus_address.is_repaired(seen, settings):
        must_run = False
    if must_run and unit.has_failed:
        raise HostError(
            f"{service.name} has failed.{_fault_of_file(seen, settings)} Find the reason "
            f"({service.commands.log}), solve it and start {service.name}, then run this again."
        )
    if must_run and not unit.is_active:
        raise HostError(
            f"{service.name} is installed but {unit.state}. Somebody may have stopped it on "
            f"purpose, so it was not started. Start it ({service.commands.start}), or find the "
            f"reason in its log ({service.commands.log}), then run this again."
        )
    check_access(seen, settings)


def check_access(seen: Snapshot, settings: Settings) -> None:
    """Check that the settings have the password, the certificates and the path that Prometheus wants.

    Raises:
        HostError: one of them is missing or wrong.
    """
    if denied := why_denied(seen, settings):
        raise HostError(f"{denied} Nothing was changed.")


def _fault_of_file(seen: Snapshot, settings: Settings) -> str:
    """Return a sentence with the line where the configuration file cannot be read; empty if it can."""
    if seen.config is None:
        return ""
    try:
        known_jobs(decode(seen.config.data))
    except ScrapeConfigError as error:
        return f" {settings.prometheus_config_path}: {error}."
    return ""


def check_pushgateway(seen: Snapshot, settings: Settings) -> None:
    """Check that the Pushgateway may run, and that no other program uses its port.

    Raises:
        PortTakenError: another program uses the port.
        HostError: its service is masked, or see `pushgateway_lab.installations.plan`.
    """
    if installations.pushgateway_is_elsewhere(seen, settings):
        return
    if installations.prometheus_is_elsewhere(seen, settings):
        _check_reached_from_outside(seen, settings)
    service = installations.pushgateway(seen, settings).service
    if seen.pushgateway.is_masked:
        raise HostError(
            f"{service.name} is masked: somebody has forbidden it to start. To allow it again: "
            f"{service.commands.allow_and_start}"
        )
    if web_files.web_config_of(settings) and seen.pushgateway.exists:
        installations.plan(seen, settings)
    port_checks.check_pushgateway(seen, settings)


def check_web_files(seen: Snapshot, settings: Settings) -> None:
    """Check that the host can have the files for TLS and passwords that the settings want.

    Raises:
        HostError: see `pushgateway_lab.web.wanted_files.wanted` and `pushgateway_lab.web.server_certificate.check_trust`; the
            lab's authority cannot be read; or the Pushgateway would be asked at a name or an address that its certificate
            does not have.
    """
    wanted_files.wanted(seen, settings)
    if installations.pushgateway_is_elsewhere(seen, settings):
        return
    server_certificate.check_trust(settings, installations.planned_url(seen, settings))
    if not settings.pushgateway_tls_lab_ca:
        return
    lab_authority.check()
    listens = address.local_address(installations.plan(seen, settings).flags)
    if not settings.pushgateway_targets:
        _check_certified(
            settings, listens.rpartition(":")[0], f"pushgateway_listen_address={listens}"
        )
    url = installations.planned_url(seen, settings)
    _check_certified(settings, urlsplit(url).hostname or "", f"pushgateway_url={url}")


def check_targets(seen: Snapshot, settings: Settings) -> None:
    """Check that the certificate of the lab's authority is for all targets of the scrape job.

    Raises:
        HostError: it is not.
    """
    is_named = not settings.pushgateway_tls_lab_ca or settings.pushgateway_targets
    if not is_named and installations.has_prometheus(seen, settings):
        for each in targets(seen, settings):
            _check_certified(settings, each.rpartition(":")[0], f"pushgateway_targets={each}")


def _check_certified(settings: Settings, name: str, example: str) -> None:
    if not server_certificate.is_certified(settings, name):
        raise HostError(
            f"pushgateway_tls_lab_ca: the Pushgateway is asked at {excerpt(name)}, which only the host itself names, and its "
            "certificate is for names in the inventory and the settings alone. Nothing was changed. If that is the "
            f"host's own name or address, set {excerpt(example)}. Or set pushgateway_listen_address to another address."
        )


def _check_reached_from_outside(seen: Snapshot, settings: Settings) -> None:
    wanted = address.listen_addresses(installations.plan(seen, settings).flags)
    if all(address.is_loopback(each.rpartition(":")[0]) for each in wanted):
        raise HostError(
            f"Prometheus is on another host ({settings.prometheus_url}), and cannot reach the Pushgateway on {wanted[0]}. "
            "Nothing was changed. Set pushgateway_listen_address to an address that it reaches, as 0.0.0.0:9091. Everybody "
            "who reaches it can push then: restrict it with a firewall, and set pushgateway_admin_api=False or authentication."
        )
