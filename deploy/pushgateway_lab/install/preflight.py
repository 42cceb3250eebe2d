"""What must be so before anything is touched on a host."""

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
from pushgateway_lab.settings import Settings


class PortTakenError(HostError):
    """Another program listens where the Pushgateway is to listen.

    + address: where, as HOST:PORT
    + listener: the socket of the other program
    """

    def __init__(self, address: str, listener: Listener, program: str = "another program") -> None:
        super().__init__(
            f"The Pushgateway is to listen on {address}, but that port is taken by {program}. Stop that "
            "program, or choose another address with pushgateway_listen_address."
        )
        self.address = address
        self.listener = listener


def is_free(seen: Snapshot, settings: Settings) -> bool:
    """Return True where nothing stands in the way.

    Raises:
        HostError: something does.
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
    """Fail a host on which the rest could not end well, before anything is changed on it.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    """
    host = ctx_host.get()
    with naming_the_program(host):
        is_free(snapshot_of(host, settings), settings)
    noop(host, "nothing stands in the way")
    yield from ()


@contextmanager
def naming_the_program(host: Host) -> Iterator[None]:
    """In the block, ask the host which program took the port, and name it in the error."""
    try:
        yield
    except PortTakenError as error:
        program = _program_at(host, error.listener)
        raise PortTakenError(error.address, error.listener, program) from error


def check_rights(seen: Snapshot) -> None:
    """Only root may install and configure."""
    if seen.is_root:
        return
    if seen.sudo_refused is None:
        raise HostError(
            f"Logged in as {seen.user}, which is not root. Log in as root, or add --sudo."
        )
    raise HostError(
        f"{seen.user} may not use sudo without a password here. sudo says: {seen.sudo_refused}\n"
        "Log in as another user, or allow it in /etc/sudoers.d. With --same-sudo-password it works as "
        "well, but pyinfra then puts the password where every local user of the host can read it."
    )


def check_system(seen: Snapshot) -> None:
    """The packages are Debian's, the services systemd's."""
    if INSTALLER not in seen.tools:
        raise HostError(
            f"{seen.os or 'This host'} has no {INSTALLER}; Debian and Ubuntu hosts work."
        )
    if not seen.has_service_manager:
        raise HostError("systemd does not run here, so no service can be managed.")


def check_prometheus(seen: Snapshot, settings: Settings) -> None:
    """A Prometheus that is there must be one we can work with; one that is not will be installed."""
    installation = installations.prometheus(settings)
    if not installation.is_there(seen):
        return
    service, unit = installation.service, seen.prometheus
    if not unit.exists:
        raise HostError(
            f"Something answers at {settings.prometheus_url}, but there is no {service.name} to reload. "
            "If Prometheus runs under another name, set prometheus_unit."
        )
    if unit.has_failed:
        raise HostError(
            f"{service.name} has failed. Find out why ({service.commands.log}), mend it and start "
            "it, then run this again."
        )
    if not unit.is_active:
        raise HostError(
            f"{service.name} is installed but {unit.state}. Somebody may have stopped it on "
            f"purpose, so it was not started. Start it ({service.commands.start}), or find out "
            f"why it stopped ({service.commands.log}), then run this again."
        )
    if not unit.can_reload:
        raise HostError(
            f"Prometheus cannot be reloaded: {service.to_make_reloadable}, then run this again."
        )


def check_pushgateway(seen: Snapshot, settings: Settings) -> None:
    """Its port must be free or its own, and nobody may have forbidden it to run."""
    service = installations.pushgateway(settings).service
    if seen.pushgateway.is_masked:
        raise HostError(
            f"{service.name} is masked, so somebody wants it not to run. If that is no longer "
            f"so: {service.commands.allow_and_start}"
        )
    for wanted in address.listen_addresses(installations.plan(seen, settings).flags):
        for listener in seen.listeners:
            if listener.inode not in seen.pushgateway_sockets and _clash(listener, wanted):
                raise PortTakenError(wanted, listener)


def _clash(listener: Listener, wanted: str) -> bool:
    """Whether a program that is to listen on `wanted` would find its port taken."""
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
