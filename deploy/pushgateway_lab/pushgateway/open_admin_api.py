"""The refusal of a Pushgateway that everybody could wipe: reached by others, with its admin API, and without authentication.

Whoever reaches a Pushgateway can create any series in Prometheus, and with the admin API delete all of them.
"""

from collections.abc import Iterator

from pushgateway_lab import installations
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import LonePushgateway, exposure
from pushgateway_lab.installations.flags import ADMIN_API, LISTEN_ADDRESS, Flag, web_config
from pushgateway_lab.installations.web_files import WEB_CONFIGS
from pushgateway_lab.lab.excerpts import excerpt
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings

ALLOWS = "pushgateway_allow_open_admin_api"


def check(seen: Snapshot, settings: Settings) -> None:
    """Check that this run leaves no Pushgateway that everybody can wipe, unless ``pushgateway_allow_open_admin_api`` is set.

    The wanted flags decide, so a host that this run closes passes.

    Raises:
        HostError: it would, with the ways out; or see `pushgateway_lab.installations.plan`.
    """
    if settings.pushgateway_allow_open_admin_api:
        return
    if addresses := _open_to_wipe(seen, settings):
        raise HostError(_refusal(seen, settings, addresses))


def _open_to_wipe(seen: Snapshot, settings: Settings) -> list[str]:
    """Return the addresses at which everybody could wipe the Pushgateway of a host."""
    if installations.pushgateway_is_elsewhere(seen, settings):
        return []
    wanted = installations.plan(seen, settings).flags
    if not exposure.has_admin_api(wanted):
        return []
    return exposure.open_addresses(seen, settings, wanted)


def _refusal(seen: Snapshot, settings: Settings, addresses: list[str]) -> str:
    installation = installations.pushgateway(seen, settings)
    where = excerpt(addresses[0])
    port = addresses[0].rpartition(":")[2]
    loopback = f"127.0.0.1:{port if port.isascii() and port.isdecimal() else '9091'}"
    if isinstance(installation, LonePushgateway):
        return (
            f"The Pushgateway ({installation.service.name}) listens on {where} with --{ADMIN_API} and without "
            "authentication: everybody who reaches it can push and wipe. It is of no service, so it cannot be restarted "
            f"here. Nothing was changed. Start it anew with {Flag(LISTEN_ADDRESS, loopback)}, without --{ADMIN_API} or "
            f"with authentication. If everybody there may do that, set {ALLOWS}=True.{_file_in_words(seen, settings)}"
        )
    return (
        f"The Pushgateway would listen on {where} with --{ADMIN_API} and without authentication: everybody who reaches it "
        f"could push and wipe. Nothing was changed. Set pushgateway_listen_address={loopback}, pushgateway_admin_api=False "
        f"or authentication (docs/hosts.md): {_way_to_close(seen, settings)}. If everybody there may do that, set "
        f"{ALLOWS}=True.{_file_in_words(seen, settings)}"
    )


def _way_to_close(seen: Snapshot, settings: Settings) -> str:
    """Return how the Pushgateway asks for a password, with the administrator's web configuration file if there is one."""
    path = web_config(installations.plan(seen, settings).flags)
    if path in ("", *WEB_CONFIGS):
        return "pushgateway_username with pushgateway_generate_password=True"
    return f"basic_auth_users in {excerpt(path)}, and pushgateway_username with pushgateway_password_file for one of them"


def _file_in_words(seen: Snapshot, settings: Settings) -> str:
    """Return a further sentence about the web configuration file of the wanted flags; empty if they name none."""
    path = web_config(installations.plan(seen, settings).flags)
    if not path:
        return ""
    if path not in seen.web_configs:
        return f" {excerpt(path)} could not be read as the user of the Pushgateway, so it does not count as authentication."
    if seen.web_configs[path] == exposure.REPLACEABLE:
        return (
            f" {excerpt(path)} does not count as authentication, because another user than root can replace or empty it: root "
            "must own the file and each directory on its path, and no group and nobody else may write there. The group of the "
            "Pushgateway may read it (chown root:GROUP, chmod 640)."
        )
    return (
        f" {excerpt(path)} has neither users (basic_auth_users) nor client certificates that are verified (client_auth_type: "
        "RequireAndVerifyClientCert with client_ca_file), each on a line of its own."
    )


def notes(seen: Snapshot, settings: Settings) -> Iterator[str]:
    """Yield a sentence for the trainer about each address at which everybody can push to the Pushgateway."""
    if installations.pushgateway_is_elsewhere(seen, settings):
        return
    wanted = installations.plan(seen, settings).flags
    place = installations.pushgateway(seen, settings).flags_place
    allowed = f" ({ALLOWS})" if settings.pushgateway_allow_open_admin_api else ""
    may = f"push and wipe{allowed}" if exposure.has_admin_api(wanted) else "push"
    for each in exposure.open_addresses(seen, settings, wanted):
        yield (
            f"The Pushgateway listens on {excerpt(each)}, as {place} says, without authentication: everybody who can reach "
            f"that port can {may}. To change the address, set pushgateway_listen_address."
        )
