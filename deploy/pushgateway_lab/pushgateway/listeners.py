"""Who listens where a request to the Pushgateway would end: only its own sockets get a password."""

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.sockets import port_of, reached


def why_not_there(url: str, seen: Snapshot) -> str | None:
    """Return why no password goes to a loopback URL on a host, and what to do; None if it may.

    It may if each socket that could get the connection is one of the Pushgateway's service. Where several
    could, the kernel takes the one with the more special address: that would be the attacker's.

    + seen: the host, looked at right before
    """
    if not seen.is_root:
        return (
            f"The password is not sent to {url}: only root can see who listens there, and {seen.user} "
            "looked. Add --sudo."
        )
    found = reached(seen.listeners, url)
    if not found:
        return f"The password is not sent to {url}: nobody listens there."
    if not set(seen.pushgateway_listeners).issuperset(found):
        return (
            f"The password is not sent to {url}: what listens there is not {seen.pushgateway.name}, but "
            f"another program. Find it with: sudo ss -lntp 'sport = :{port_of(url)}'"
        )
    return None
