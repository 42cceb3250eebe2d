"""The exposure of both servers: addresses that other hosts reach, the admin API, and authentication. Pure."""

from collections.abc import Iterable
from ipaddress import ip_address

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.sockets import Listener
from pushgateway_lab.installations import address
from pushgateway_lab.installations.flags import ADMIN_API, Flag, web_config
from pushgateway_lab.installations.web_files import WEB_CONFIGS
from pushgateway_lab.settings import Settings

_AUTHENTICATION = ("users", "certificates")
"""The words of ``files/web-config.sh`` for a web configuration file that asks for authentication."""

REPLACEABLE = "replaceable"
"""Its word for one that would, if root alone could change it."""


def reached_addresses(flags: Iterable[Flag]) -> list[str]:
    """Return the listen addresses of a Pushgateway with these flags that other hosts reach, as HOST:PORT.

    A firewall does not count: its rules may change at any time.

    Example:
        >>> reached_addresses([Flag("web.listen-address", "0.0.0.0:9091")])
        ['0.0.0.0:9091']
    """
    return [
        each
        for each in address.listen_addresses(flags)
        if not address.is_loopback(each.rpartition(":")[0])
    ]


def has_admin_api(flags: Iterable[Flag]) -> bool:
    """Return whether a Pushgateway with these flags has its admin API, with which everybody can wipe it."""
    return any(each.name == ADMIN_API and each.value is not False for each in flags)


def is_closed(seen: Snapshot, flags: Iterable[Flag]) -> bool:
    """Return whether a Pushgateway that runs with these flags asks everybody for a password or for a client certificate.

    The web configuration file counts as it is now, because the process reads it for each connection. One that could not
    be read, or that another user than root can replace, counts as open.

    Example:
        False without the flag ``--web.config.file``; True if its file has ``basic_auth_users``.
    """
    file = web_config(flags)
    return file != "" and seen.web_configs.get(file) in _AUTHENTICATION


def will_be_closed(seen: Snapshot, settings: Settings, flags: Iterable[Flag]) -> bool:
    """Return whether a Pushgateway that this run starts with these flags will ask for a password or a certificate.

    The web configuration file of this toolkit will be as the settings want it: a run writes it before the Pushgateway
    runs with it.

    + flags: the wanted ones
    """
    flags = tuple(flags)
    if web_config(flags) in WEB_CONFIGS:
        wanted = settings.pushgateway_basic_auth_users or settings.pushgateway_tls_client_ca_file
        return bool(wanted)
    return is_closed(seen, flags)


def open_addresses(seen: Snapshot, settings: Settings, flags: Iterable[Flag]) -> list[str]:
    """Return the addresses at which everybody can push to a Pushgateway with these flags; none if it is closed.

    + flags: see `will_be_closed`
    """
    flags = tuple(flags)
    return [] if will_be_closed(seen, settings, flags) else reached_addresses(flags)


def is_at(listener: Listener, wanted: str) -> bool:
    """Return whether the flag ``--web.listen-address`` of a server with this address makes this listener.

    + wanted: HOST:PORT

    Example:
        >>> is_at(Listener("::", 9091, "5"), ":9091")
        True
        >>> is_at(Listener("::", 9091, "5"), "vm01:9091")
        False
    """
    name, _, port = wanted.rpartition(":")
    own = ip_address(listener.address)
    if str(listener.port) != port.lstrip("0"):
        return False
    try:
        given = ip_address(name.strip("[]") or "::")
    except ValueError:  # a host name, for which Go opens a socket at one of its addresses
        return not own.is_unspecified and (name != "localhost" or own.is_loopback)
    # For 0.0.0.0, Go opens a socket for all addresses of both families, which the kernel shows as [::].
    return own.is_unspecified if given.is_unspecified else own == given


def open_prometheus(seen: Snapshot) -> Listener | None:
    """Return a socket of the running Prometheus that other hosts reach; None if there is none."""
    return next((each for each in seen.prometheus_listeners if not each.is_on_loopback), None)
