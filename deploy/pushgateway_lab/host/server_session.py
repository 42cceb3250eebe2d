"""A session for a server of a host, whose password only this server can receive."""

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pyinfra.api.host import Host

from pushgateway_lab.facts.listeners import why_not_there
from pushgateway_lab.host.looking import snapshot_of, snapshot_within
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings

if TYPE_CHECKING:
    import requests

LISTENER_GOOD_FOR = 1
"""Seconds for which a look at the listeners of a port is valid before a password goes there."""


def server_session(
    host: Host, settings: Settings, server: str, url: str
) -> tuple["requests.Session", str]:
    """Return a session for a server of a host, and the URL for its requests.

    A password goes over plain http only to a socket of the server's service: before each request with the password,
    the host is looked at, unless the last look is younger than `LISTENER_GOOD_FOR`. If the server ends during that
    time, another program can take its port and receive the password. TLS has no such gap.

    + server: ``pushgateway`` or ``prometheus``
    + url: the server's URL, as seen from the host

    Raises:
        HostError: a file that the settings name cannot be read, or the password must not go to this URL.
    """
    # Imported here: the HTTP clients take 0.1 s to import, and a converged host does not need them.
    from pushgateway_lab.http import access
    from pushgateway_lab.http.connection import session

    allowed = access.for_url(access.to_server(settings, server), url)
    if allowed.username is None or urlsplit(url).scheme == "https":
        return session(host, allowed), url
    address = access.url_for_password(url)
    seen = snapshot_of(host, settings)
    if not seen.is_root:
        raise HostError(why_not_there(url, seen, server))
    check = partial(_check_listener, host, settings, server)
    return session(host, allowed, check), address


def _check_listener(host: Host, settings: Settings, server: str, url: str) -> None:
    """Check that only the server listens at the address of a URL.

    Raises:
        PasswordWithheldError: another program may listen there.
    """
    from pushgateway_lab.http.access import PasswordWithheldError

    try:
        seen = snapshot_within(host, settings, LISTENER_GOOD_FOR)
    except HostError as error:
        raise PasswordWithheldError(f"The password is not sent: {error}") from error
    if problem := why_not_there(url, seen, server):
        raise PasswordWithheldError(problem)
