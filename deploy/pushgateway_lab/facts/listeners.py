"""A check that only a server's own sockets can receive its password. Pure."""

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.sockets import Listener, port_of, reached

TITLES = {"prometheus": "Prometheus", "pushgateway": "the Pushgateway"}
"""The servers of a host, as the names of their settings begin -> in words."""


def why_not_there(url: str, seen: Snapshot, server: str) -> str | None:
    """Return why a password must not go to a loopback URL on a host, and what to do; None if it may.

    The password may go there if all sockets that could receive the connection belong to the server's service. If
    several sockets match, the kernel prefers the most specific address, which an attacker could choose. Without the
    package, ``listens_alone`` in ``files/secret-lines.sh`` decides the same.

    + seen: a snapshot that was just taken
    + server: of `TITLES`
    """
    withheld = f"The password is not sent to {url}"
    if not seen.is_root:
        return (
            f"{withheld}: only root can see which program listens there, but the user is {seen.user}. "
            "Add --sudo."
        )
    service, own = _of(seen, server)
    if server in seen.lone:
        return (
            f"{withheld}: {TITLES[server]} is {service}, which no service started, so anybody may have started it. "
            f"Run it as a service, or set {server}_url to a URL with https."
        )
    found = reached(seen.listeners, url)
    if not found:
        title = TITLES[server]
        return f"{withheld}: no program listens there. Start {title}."
    if not set(own).issuperset(found):
        return (
            f"{withheld}: not {service} listens there, but another program. Find it with: sudo ss -lntp "
            f"'sport = :{port_of(url)}'"
        )
    return None


def _of(seen: Snapshot, server: str) -> tuple[str, tuple[Listener, ...]]:
    """Return the name of a server's service, and the sockets on which the server listens."""
    if server == "prometheus":
        return seen.prometheus.name, seen.prometheus_listeners
    return seen.pushgateway.name, seen.pushgateway_listeners
