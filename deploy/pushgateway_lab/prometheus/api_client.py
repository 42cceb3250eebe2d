"""A client of a host's Prometheus, which sends a password only to Prometheus itself."""

from typing import TYPE_CHECKING

from pyinfra.api.host import Host

from pushgateway_lab.host.server_session import server_session
from pushgateway_lab.settings import Settings

if TYPE_CHECKING:
    from pushgateway_lab.http.api import Prometheus


def api_client(host: Host, settings: Settings) -> "Prometheus":
    """Return a client of a host's Prometheus at the URL of the settings.

    Raises:
        HostError: see `pushgateway_lab.host.server_session.server_session`.
    """
    # Imported here: the HTTP clients take 0.1 s to import, and a converged host does not need them.
    from pushgateway_lab.http.api import Prometheus

    return Prometheus(*server_session(host, settings, "prometheus", settings.prometheus_url))
