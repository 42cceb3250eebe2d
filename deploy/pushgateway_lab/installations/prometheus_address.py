"""The address on which a Prometheus that this toolkit installed listens: ``prometheus_listen_address``. Pure.

The packages and the releases of this toolkit have the flags of Prometheus in ``ARGS`` of ``/etc/default/prometheus``.
"""

from pushgateway_lab import installations
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import environment_file, exposure, flags
from pushgateway_lab.installations.debian import PROMETHEUS_DEFAULTS
from pushgateway_lab.installations.flags import LISTEN_ADDRESS, Flag, FlagError
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings

_DEFAULT_PORT = 9090
"""The port of Prometheus without flags (its --help)."""


def is_right(seen: Snapshot, settings: Settings) -> bool:
    """Return whether Prometheus listens on the address of the settings alone, now and after a restart."""
    wanted = settings.prometheus_listen_address
    if wanted is None or installations.prometheus_is_elsewhere(seen, settings):
        return True
    listens = seen.prometheus_listeners
    if not listens or not all(exposure.is_at(each, wanted) for each in listens):
        return False
    return not seen.has_own_prometheus or text(seen, settings) == (seen.prometheus_flags_text or "")


def check(seen: Snapshot, settings: Settings) -> None:
    """Check that Prometheus listens where the settings want it, or that this toolkit can have it listen there.

    Raises:
        HostError: this toolkit has not installed Prometheus, or the port is another one than that of ``prometheus_url``.
    """
    wanted = settings.prometheus_listen_address
    if wanted is None or installations.prometheus_is_elsewhere(seen, settings):
        return
    port = int(wanted.rpartition(":")[2])
    present = {each.port for each in seen.prometheus_listeners} or {_DEFAULT_PORT}
    if port not in present:
        has = " and ".join(map(str, sorted(present)))
        raise HostError(
            f"prometheus_listen_address has the port {port}; Prometheus has {has}. That setting changes the address and not "
            "the port. Nothing was changed. Set it with the port that Prometheus has."
        )
    if port != settings.prometheus_port:
        raise HostError(
            f"prometheus_listen_address has the port {port}, as Prometheus, but prometheus_url has "
            f"{settings.prometheus_port}. Nothing was changed. Leave prometheus_url out, or set it with the port {port}."
        )
    if not seen.prometheus.exists or is_right(seen, settings):
        return
    installation = installations.prometheus(seen, settings)
    if not seen.has_own_prometheus or installation.flags_place != f"ARGS in {PROMETHEUS_DEFAULTS}":
        raise HostError(
            f"{installation.service.name} was not installed by this toolkit, so prometheus_listen_address does not change its "
            f"flags. Nothing was changed. Leave that setting out, or write {Flag(LISTEN_ADDRESS, wanted)} to "
            f"{installation.flags_place} on the host:\n{installation.to_edit_flags(Flag(LISTEN_ADDRESS, wanted))}"
        )
    text(seen, settings)


def text(seen: Snapshot, settings: Settings) -> str:
    """Return the wanted text of the file with the flags of Prometheus.

    Raises:
        HostError: the text that it has cannot be read.
    """
    try:
        present = flags.parse_flags(environment_file.arguments(seen.prometheus_flags_text))
        wanted = flags.replaced(
            list(present), Flag(LISTEN_ADDRESS, settings.prometheus_listen_address or "")
        )
        return environment_file.edit(seen.prometheus_flags_text, wanted)
    except FlagError as error:
        raise HostError(
            f"{PROMETHEUS_DEFAULTS}: {error}. Correct that line, then run this again."
        ) from error
