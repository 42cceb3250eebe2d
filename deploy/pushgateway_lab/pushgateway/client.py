"""A client of a host's Pushgateway, which sends a password only to the Pushgateway itself."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pyinfra.api.host import Host

from pushgateway_lab import installations
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.host.looking import snapshot_of
from pushgateway_lab.host.server_session import server_session
from pushgateway_lab.installations import flags, web_files
from pushgateway_lab.lab.excerpts import excerpt
from pushgateway_lab.settings import Settings
from pushgateway_lab.web import web_config

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


def why_unanswered(error: Exception, seen: Snapshot, settings: Settings) -> str:
    """Return sentences with the reason why the Pushgateway of a host did not answer, and with the settings that are missing.

    Only a Pushgateway that this toolkit closed is known well enough to name them.

    + error: of a request
    """
    said = f"{str(error).rstrip('.')}."
    file = flags.web_config(flags.parse_flags((seen.pushgateway_argv or ())[1:]))
    if file not in web_files.WEB_CONFIGS:
        return said
    missing = list(_missing(file, seen, settings))
    what = f" Missing: {'; '.join(missing)}." if missing else ""
    return f"{said} This toolkit has closed it ({file}), so use the settings with which it was closed.{what}"


def _missing(file: str, seen: Snapshot, settings: Settings) -> Iterator[str]:
    """Yield the settings without which nobody gets in.

    + file: the web configuration file of the running Pushgateway, which is one of this toolkit
    """
    users = web_config.hashes_in(seen.web_texts.get(file, ""))
    if users and settings.pushgateway_user not in users:
        names = excerpt(" or ".join(users))
        yield f"pushgateway_basic_auth_users, or pushgateway_username and its password, for the user {names}"
    if web_files.speaks_tls(file) and not (
        settings.pushgateway_tls_lab_ca or settings.pushgateway_ca_file
    ):
        yield "pushgateway_tls_lab_ca=True, or pushgateway_ca_file"
    if web_files.CLIENT_AUTHORITIES in seen.web_files and not settings.pushgateway_cert_file:
        yield "pushgateway_cert_file and its key"
