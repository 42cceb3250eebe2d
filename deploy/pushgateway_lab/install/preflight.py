"""The preflight checks: the conditions that a host must meet before anything is changed on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import installations
from pushgateway_lab.facts.snapshot import Snapshot, decoded
from pushgateway_lab.formats.sockets import Address, Listener
from pushgateway_lab.host.looking import snapshot_of
from pushgateway_lab.installations import INSTALLER, address
from pushgateway_lab.prometheus.job import merged
from pushgateway_lab.run.failure import cleanly, noop
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.shell import ask
from pushgateway_lab.services import MANAGER
from pushgateway_lab.settings import Settings


class PortTakenError(HostError):
    """Another program listens on the wanted address of the Pushgateway.

    + address: the wanted address, as HOST:PORT
    + listener: the socket of the other program
    + program: the other program, in words for the message
    """

    def __init__(self, address: str, listener: Listener, program: str = "another program") -> None:
        super().__init__(
            f"The Pushgateway cannot listen on {address}: that port is in use by {program}. Stop that "
            "program, or choose another address with pushgateway_listen_address."
        )
        self.address = address
        self.listener = listener


def is_free(seen: Snapshot, settings: Settings) -> bool:
    """Return True if the host passes all preflight checks of bootstrap.

    Raises:
        HostError: the host fails a check.
    """
    check_rights(seen)
    check_system(seen)
    check_prometheus(seen, settings)
    if installations.prometheus(settings).is_there(seen):
        merged(seen, settings)
    check_pushgateway(seen, settings)
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
    with naming_the_program(host):
        is_free(snapshot_of(host, settings), settings)
    noop(host, "the host passes all checks")
    yield from ()


@contextmanager
def naming_the_program(host: Host) -> Iterator[None]:
    """Inside the block, add the name of the other program to a `PortTakenError`; the host is asked for it."""
    try:
        yield
    except PortTakenError as error:
        program = _program_at(host, error.listener)
        raise PortTakenError(error.address, error.listener, program) from error


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
    raise HostError(
        f"{seen.user} may not use sudo without a password here. sudo says: {seen.sudo_refused}\n"
        "Log in as another user, or allow sudo without a password in /etc/sudoers.d. --same-sudo-password "
        "also works, but with it, every local user of the host can read the password while pyinfra runs."
    )


def check_system(seen: Snapshot) -> None:
    """Check that the host has apt and systemd.

    Raises:
        HostError: the host has no apt, or systemd does not run there.
    """
    if INSTALLER not in seen.tools:
        raise HostError(
            f"{seen.os or 'This host'} has no {INSTALLER}. Use a host with Debian or Ubuntu."
        )
    if not seen.has_service_manager:
        raise HostError(f"{MANAGER.name} does not run on this host. Use a host with systemd.")


def check_prometheus(seen: Snapshot, settings: Settings, *, must_run: bool = True) -> None:
    """Check that an existing Prometheus has a service that runs and can be reloaded.

    + must_run: False: the service may be down, because this run starts it

    Raises:
        HostError: it has none.
    """
    installation = installations.prometheus(settings)
    if not installation.is_there(seen):
        return
    service, unit = installation.service, seen.prometheus
    if not unit.exists:
        raise HostError(
            f"A program answers at {settings.prometheus_url}, but the host has no {service.name} to reload. "
            "If the service of Prometheus has another name, set prometheus_unit."
        )
    if must_run and unit.has_failed:
        raise HostError(
            f"{service.name} has failed. Find the reason ({service.commands.log}), solve it and start "
            f"{service.name}, then run this again."
        )
    if must_run and not unit.is_active:
        raise HostError(
            f"{service.name} is installed but {unit.state}. Somebody may have stopped it on "
            f"purpose, so it was not started. Start it ({service.commands.start}), or find the "
            f"reason in its log ({service.commands.log}), then run this again."
        )
    if not unit.can_reload:
        raise HostError(
            f"Prometheus cannot be reloaded: {service.to_make_reloadable}, then run this again."
        )


def check_pushgateway(seen: Snapshot, settings: Settings) -> None:
    """Check that the Pushgateway may run, and that no other program uses its port.

    Raises:
        PortTakenError: another program uses the port.
        HostError: its service is masked, or see `pushgateway_lab.installations.plan`.
    """
    service = installations.pushgateway(settings).service
    if seen.pushgateway.is_masked:
        raise HostError(
            f"{service.name} is masked: somebody has forbidden it to start. To allow it again: "
            f"{service.commands.allow_and_start}"
        )
    for wanted in address.listen_addresses(installations.plan(seen, settings).flags):
        for listener in seen.listeners:
            if listener.inode not in seen.pushgateway_sockets and _clash(listener, wanted):
                raise PortTakenError(wanted, listener)


def _clash(listener: Listener, wanted: str) -> bool:
    """Return whether a listener prevents another program from listening on `wanted`."""
    name, _, port = wanted.rpartition(":")
    if listener.port != int(port):
        return False
    name = {"": "0.0.0.0", "localhost": "127.0.0.1"}.get(name, name.strip("[]"))  # noqa: S104
    try:
        own = _without_mapping(name)
    except ValueError:
        return True
    taken = _without_mapping(listener.address)
    return own == taken or own.is_unspecified or taken.is_unspecified


def _without_mapping(written: str) -> Address:
    """Return an address; for one of IPv4 that is mapped into IPv6, which Java listens on, that of IPv4."""
    address = ip_address(written)
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


def _program_at(host: Host, listener: Listener) -> str:
    found = ask(host, "who-listens.sh", {"inode": listener.inode})
    if not found:
        return "another program"
    pid, _, command = found[0].partition(" ")
    words = decoded(command).replace("\0", " ").strip()
    return f"process {pid} ({words})"
