"""Who listens where a request to the Pushgateway would end: only its own sockets get a password."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from pushgateway_lab.facts.snapshot import Listener, Snapshot
from pushgateway_lab.http.access import loopback_of


def why_not_there(url: str, seen: Snapshot) -> str | None:
    """Return why no password goes to a loopback URL on a host, and what to do; None if it may.

    It may if each socket that could get the connection is one of the Pushgateway's unit. Where several
    could, the kernel takes the one with the more special address: that would be the attacker's.

    + seen: the host, looked at right before
    """
    address, port = loopback_of(url), urlsplit(url).port or 80
    if not seen.is_root:
        return (
            f"The password is not sent to {url}: only root can see who listens there, and {seen.user} "
            "looked. Add --sudo."
        )
    found = [each for each in seen.listeners if each.port == port and _gets(each, address)]
    if not found:
        return f"The password is not sent to {url}: nobody listens there."
    if not set(seen.pushgateway_listeners).issuperset(found):
        return (
            f"The password is not sent to {url}: what listens there is not {seen.pushgateway.name}, but "
            f"another program. Find it with: sudo ss -lntp 'sport = :{port}'"
        )
    return None


def _gets(listener: Listener, address: IPv4Address | IPv6Address | None) -> bool:
    """Return whether a connection to an address could end at this listener."""
    own = ip_address(listener.address)
    if isinstance(own, IPv6Address):
        if own.is_unspecified:
            return True  # IPv4, too, unless the socket asked not to
        own = own.ipv4_mapped or own
    return own == address or (own.is_unspecified and isinstance(address, IPv4Address))
