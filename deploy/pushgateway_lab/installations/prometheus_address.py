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
    """Return whether Prometheus listens on the address of the settings alone, now and after a restart.

    False also if a killed run left a change of that address unfinished.
    """
    if installations.prometheus_is_elsewhere(seen, settings):
        return True
    if seen.unfinished_flags("prometheus") is not None:
        return False
    if settings.prometheus_listen_address is None:
        return True
    return listens_right(seen, settings) and (
        not seen.has_own_prometheus or text(seen, settings) == seen.prometheus_flags_text
    )


def listens_right(seen: Snapshot, settings: Settings) -> bool:
    """Return whether Prometheus listens on the address of the settings alone; without one, on any address."""
    wanted, listens = settings.prometheus_listen_address, seen.prometheus_listeners
    return bool(listens) and all(wanted is None or exposure.is_at(each, wanted) for each in listens)


def is_repaired(seen: Snapshot, settings: Settings) -> bool:
    """Return whether a run gives a Prometheus that has failed other flags than those with which it failed.

    It gets the flags of before a change that a killed run left unfinished, or another listen address.

    Raises:
        HostError: see `text`.
    """
    if seen.unfinished_flags("prometheus") is not None:
        return True
    is_set = settings.prometheus_listen_address is not None and seen.has_own_prometheus
    return (
        is_set and seen.prometheus.has_failed and text(seen, settings) != seen.prometheus_flags_text
    )


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


def text(seen: Snapshot, settings: Settings) -> str | None:
    """Return the wanted text of the file with the flags of Prometheus; None: no file.

    The flags of a change that a killed run left unfinished do not count.

    Raises:
        HostError: the text that it has cannot be read.
    """
    present = seen.finished_flags_of("prometheus")
    if settings.prometheus_listen_address is None:
        return present
    try:
        written = flags.parse_flags(environment_file.arguments(present))
        wanted = flags.replaced(
            list(written), Flag(LISTEN_ADDRESS, settings.prometheus_listen_address)
        )
        return environment_file.edit(present, wanted)
    except FlagError as error:
        raise HostError(
            f"{PROMETHEUS_DEFAULTS}: {error}. Correct that line, then run this again."
        ) from error
