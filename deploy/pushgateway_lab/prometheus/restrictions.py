"""The restrictions of the service of Prometheus's package: written, and in use."""

from collections.abc import Iterator

from pyinfra.api.command import PyinfraCommand, StringCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host, ctx_state

from pushgateway_lab import installations
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.host import restriction, service_control, transaction
from pushgateway_lab.host.looking import forget, snapshot_of
from pushgateway_lab.installations import hardening
from pushgateway_lab.installations.flags import FlagError
from pushgateway_lab.prometheus.loading import wait_until_it_answers
from pushgateway_lab.run.failure import cleanly, function, noop
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings

_SERVER = "prometheus"


def wanted_text(seen: Snapshot, settings: Settings) -> str:
    """Return the wanted text of the drop-in; empty: no drop-in.

    Raises:
        HostError: see `pushgateway_lab.installations.PrometheusInstallation.to_harden`.
    """
    if not settings.prometheus_harden or installations.prometheus_is_elsewhere(seen, settings):
        return ""
    installation = installations.prometheus(seen, settings)
    try:
        return installation.to_harden(seen.prometheus_storage)
    except FlagError as error:
        raise HostError(f"{installation.flags_place}: {error}.") from error


def is_done(seen: Snapshot, settings: Settings) -> bool:
    """Return whether Prometheus runs with the wanted restrictions. Raises as `wanted_text`."""
    wanted = wanted_text(seen, settings)
    return wanted == seen.hardening(_SERVER).text and not _is_restart_due(seen, wanted)


def _is_restart_due(seen: Snapshot, wanted: str) -> bool:
    is_same = seen.hardening(_SERVER).started_as == hardening.digest(wanted)
    return seen.prometheus_pid > 0 and not is_same


@operation()
@cleanly
def restricted(settings: Settings) -> Iterator[PyinfraCommand]:
    """Run Prometheus with the wanted restrictions. If Prometheus does not start with them, they are removed again.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        restrictions.restricted(
            name="Restrict Prometheus",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    seen = snapshot_of(host, settings)
    if is_done(seen, settings):
        noop(host, "Prometheus runs with the wanted restrictions")
        return
    if not seen.prometheus.exists and not ctx_state.get().is_executing:
        yield StringCommand("true")  # a dry run on a bare host: the package is not installed yet
        return
    wanted = wanted_text(seen, settings)
    service = installations.prometheus(seen, settings).service
    transaction.show_diff(host, restriction.path(service), seen.hardening(_SERVER).text, wanted)
    yield from function(apply, settings, wanted)
    forget(host)


def apply(host: Host, settings: Settings, wanted: str) -> None:
    """Write or remove the drop-in, and restart Prometheus if it runs.

    + wanted: the text; empty: no drop-in

    Raises:
        HostError: Prometheus does not start with it. Then it runs as before.
    """
    seen = snapshot_of(host, settings)
    service, old = installations.prometheus(seen, settings).service, seen.hardening(_SERVER).text
    if old != wanted:
        restriction.write(host, service, old, wanted)
    if not seen.prometheus.is_active:
        return
    try:
        service_control.restart(host, service, enable=False)
        forget(host)
        wait_until_it_answers(host, settings)
    except HostError as error:
        if not wanted or old == wanted:
            raise
        restriction.write(host, service, wanted, old)
        service_control.restart(host, service, enable=False)
        raise HostError(
            f"Prometheus does not start with prometheus_harden, so the restrictions are removed again. Leave that setting out for "
            f"this host. {error}"
        ) from error
