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
"""Seconds for which it counts who was seen to listen, where a password goes to that port."""


def client(host: Host, settings: Settings, address: str | None = None) -> "Pushgateway":
    """Return a client of the host's Pushgateway; `address` is its URL where the caller knows it.

    A password goes over plain http only to a socket of the Pushgateway's service: before each such request
    the host is looked at, unless it was within `LISTENER_GOOD_FOR`. For that long somebody who takes the
    port of a Pushgateway that ends may be told the password; TLS leaves no time.

    Raises:
        HostError: a file that the settings name cannot be read, or the password must not go there.
    """
    # Only now: the HTTP clients cost 0.1 s to import, which a host that is right does not need.
    from pushgateway_lab.http import access
    from pushgateway_lab.http.api import Pushgateway
    from pushgateway_lab.http.connection import session
    from pushgateway_lab.pushgateway.listeners import why_not_there

    address = (
        address
        or settings.pushgateway_url
        or installations.running_url(snapshot_of(host, settings), settings)
    )
    allowed = access.to_pushgateway(settings)
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
    """Raise `PasswordWithheldError` unless the Pushgateway itself listens where a URL leads."""
    from pushgateway_lab.http.access import PasswordWithheldError
    from pushgateway_lab.pushgateway.listeners import why_not_there

    try:
        seen = snapshot_within(host, settings, LISTENER_GOOD_FOR)
    except HostError as error:
        raise PasswordWithheldError(f"The password is not sent: {error}") from error
    if problem := why_not_there(url, seen):
        raise PasswordWithheldError(problem)
