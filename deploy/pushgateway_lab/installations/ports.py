"""The ports of both servers: whether another program listens where a server of this host should. Pure."""

from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from pushgateway_lab import installations
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.sockets import Address, Listener
from pushgateway_lab.installations import address
from pushgateway_lab.settings import Settings


class Taken(NamedTuple):
    """An address that a server should listen on, and on which another program listens.

    + address: HOST:PORT, as the server would be told
    + listener: the socket of the other program
    """

    address: str
    listener: Listener


def taken_from_pushgateway(seen: Snapshot, settings: Settings) -> Taken | None:
    """Return the first address of the Pushgateway that another program has taken; None if there is none.

    Raises:
        HostError: see `pushgateway_lab.installations.plan`.
    """
    for wanted in address.listen_addresses(installations.plan(seen, settings).flags):
        for listener in seen.listeners:
            if listener.inode not in seen.pushgateway_sockets and blocks(listener, wanted):
                return Taken(wanted, listener)
    return None


def before_pushgateway(seen: Snapshot, settings: Settings) -> Listener | None:
    """Return the socket of another program that gets what is sent to ``localhost``, where the Pushgateway is on 127.0.0.1.

    ``localhost`` also stands for ::1, which Prometheus and curl try first, and where any local user can listen.

    Raises:
        HostError: see `pushgateway_lab.installations.plan`.
    """
    found = seen.names.addresses_of("localhost")
    for wanted in address.listen_addresses(installations.plan(seen, settings).flags):
        name, _, port = wanted.rpartition(":")
        if name not in ("127.0.0.1", "localhost"):
            continue
        for each in seen.listeners:
            is_own = each.inode in seen.pushgateway_sockets
            if each.address == "::1" and str(each.port) == port and not is_own:
                return each if ip_address("::1") in found else None
    return None


def taken_from_prometheus(seen: Snapshot, settings: Settings) -> Taken | None:
    """Return the address of Prometheus's URL, if another program listens on its port; else None.

    The program may still be a Prometheus that does not belong to the service of the settings.
    """
    port = settings.prometheus_port
    if any(each.port == port for each in seen.prometheus_listeners):
        return None
    found = next((each for each in seen.listeners if each.port == port), None)
    return found and Taken(settings.prometheus_url, found)


def elsewhere(seen: Snapshot, settings: Settings) -> Listener | None:
    """Return a socket of a Prometheus that does not listen on the port of its URL; else None.

    None also if Prometheus answers at the URL, starts, or was not asked because curl is missing.
    """
    if seen.loaded is not None or seen.prometheus_starts or "curl" not in seen.tools:
        return None
    own = seen.prometheus_listeners
    if any(each.port == settings.prometheus_port for each in own):
        return None
    return next(iter(own), None)


def blocks(listener: Listener, wanted: str) -> bool:
    """Return whether a listener prevents another program from listening on an address.

    + wanted: HOST:PORT, as the Pushgateway's flag ``--web.listen-address`` has it

    Example:
        >>> blocks(Listener("0.0.0.0", 9091, "5"), "127.0.0.1:9091")
        True
    """
    name, _, port = wanted.rpartition(":")
    # A process may have any flags.
    if not (port.isascii() and port.isdecimal()) or listener.port != int(port):
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
    found = ip_address(written)
    return (found.ipv4_mapped if isinstance(found, IPv6Address) else None) or found
