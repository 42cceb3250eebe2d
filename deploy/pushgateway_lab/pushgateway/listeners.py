"""A check that only the Pushgateway's own sockets can receive a password."""

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.sockets import port_of, reached


def why_not_there(url: str, seen: Snapshot) -> str | None:
    """Return why a password must not go to a loopback URL on a host, and what to do; None if it may.

    The password may go there if all sockets that could receive the connection belong to the Pushgateway's
    service. If several sockets match, the kernel prefers the most specific address, which an attacker could
    choose.

    + seen: a snapshot that was just taken
    """
    if not seen.is_root:
        return (
            f"The password is not sent to {url}: only root can see which program listens there, but the "
            f"user is {seen.user}. Add --sudo."
        )
    if "pushgateway" in seen.lone:
        return (
            f"The password is not sent to {url}: the Pushgateway is {seen.pushgateway.name}, which no service started, "
            "so anybody may have started it. Run it as a service, or set pushgateway_url to a URL with https."
        )
    found = reached(seen.listeners, url)
    if not found:
        return (
            f"The password is not sent to {url}: no program listens there. Start the Pushgateway."
        )
    if not set(seen.pushgateway_listeners).issuperset(found):
        return (
            f"The password is not sent to {url}: not {seen.pushgateway.name} listens there, but another "
            f"program. Find it with: sudo ss -lntp 'sport = :{port_of(url)}'"
        )
    return None
