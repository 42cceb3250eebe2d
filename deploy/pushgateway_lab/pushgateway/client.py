"""A client of a host's Pushgateway, which sends a password only to the Pushgateway itself."""

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pyinfra.api.host import Host

from pushgateway_lab import installations
from pushgateway_lab.host.looking import snapshot_of, snapshot_within
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings

if TYPE_CHECKING:
    from pushgateway_lab.http.api import Pushgateway

LISTENER_GOOD_FOR = 1
"""Seconds for which a look at the listeners of a port is valid before a password goes there."""


def client(host: Host, settings: Settings, address: str | None = None) -> "Pushgateway":
    """Return a client of a host's Pushgateway.

    A password goes over plain http only to a socket of the Pushgateway's service: before each request with the
    password, the host is looked at, unless the last look is younger than `LISTENER_GOOD_FOR`. If the Pushgateway
    ends during that time, another program can take its port and receive the password. TLS has no such gap.

    + address: the Pushgateway's URL; None: from the settings or its flags

    Raises:
        HostError: the password cannot be had, a file that the settings name cannot be read, or the password must not go
            to this URL.
    """
    # Imported here: the HTTP clients take 0.1 s to import, and a converged host does not need them.
    from pushgateway_lab.http import access
    from pushgateway_lab.http.api import Pushgateway
    from pushgateway_lab.http.connection import session
    from pushgateway_lab.pushgateway.listeners import why_not_there

    address = (
        address
        or settings.pushgateway_url
        or installations.running_url(snapshot_of(host, settings), settings)
    )
    allowed = access.to_pushgateway(host, settings)
    if allowed.username is None or urlsplit(address).scheme == "https":
        return Pushgateway(session(host, allowed), address)
    if problem := access.why_not_plain(address):
        raise HostError(problem)
    seen = snapshot_of(host, settings)
    if not seen.is_root:
        raise HostError(why_not_there(address, seen))
    check = partial(_check_listener, host, settings)
    return Pushgateway(session(host, allowed, check), access.addressed(address))


def _check_listener(host: Host, settings: Settings, url: str) -> None:
    """Check that only the Pushgateway listens at the address of a URL.

    Raises:
        PasswordWithheldError: another program may listen there.
    """
    from pushgateway_lab.http.access import PasswordWithheldError
    from pushgateway_lab.pushgateway.listeners import why_not_there

    try:
        seen = snapshot_within(host, settings, LISTENER_GOOD_FOR)
    except HostError as error:
        raise PasswordWithheldError(f"The password is not sent: {error}") from error
    if problem := why_not_there(url, seen):
        raise PasswordWithheldError(problem)
