"""A client of a host's Pushgateway, which sends a password only to the Pushgateway itself."""

from typing import TYPE_CHECKING

from pyinfra.api.host import Host

from pushgateway_lab import installations
from pushgateway_lab.host.looking import snapshot_of
from pushgateway_lab.host.server_session import server_session
from pushgateway_lab.settings import Settings

if TYPE_CHECKING:
    from pushgateway_lab.http.api import Pushgateway


def client(host: Host, settings: Settings, address: str | None = None) -> "Pushgateway":
    """Return a client of a host's Pushgateway.

    + address: the Pushgateway's URL; None: see `pushgateway_lab.installations.running_url`

    Raises:
        HostError: see `pushgateway_lab.host.server_session.server_session`.
    """
    # Imported here: the HTTP clients take 0.1 s to import, and a converged host does not need them.
    from pushgateway_lab.http.api import Pushgateway

    address = address or installations.running_url(snapshot_of(host, settings), settings)
    return Pushgateway(*server_session(host, settings, "pushgateway", address))
