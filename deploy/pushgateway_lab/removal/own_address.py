"""A Prometheus that stays, with its own flags again: without the listen address of this toolkit."""

from collections.abc import Iterator

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import installations
from pushgateway_lab.formats.file_text import encoded
from pushgateway_lab.host import service_control, transaction
from pushgateway_lab.host.file_removal import put_or_remove
from pushgateway_lab.host.looking import forget
from pushgateway_lab.installations import own_text
from pushgateway_lab.installations.debian import PROMETHEUS_DEFAULTS
from pushgateway_lab.installations.flags import FlagError
from pushgateway_lab.installations.release import PROMETHEUS
from pushgateway_lab.prometheus.loading import wait_until_it_answers
from pushgateway_lab.removal.traces import Traces, look_for_traces
from pushgateway_lab.run.failure import cleanly, function, noop
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings


def is_done(traces: Traces, settings: Settings) -> bool:
    """Return whether Prometheus has its own flags, or goes with its package or release.

    Raises:
        HostError: the file with its flags cannot be read.
    """
    del settings
    text = traces.remains.prometheus_flags_text
    return _own(traces) == (None if text is None else encoded(text))


def _own(traces: Traces) -> bytes | None:
    """Return the content of the file with the flags, without those of this toolkit."""
    found = traces.remains
    goes = traces.prometheus_goes or PROMETHEUS.name in traces.snapshot.releases
    note = None if goes else found.prometheus_flags
    try:
        return own_text.restored(found.prometheus_flags_text, note, "ARGS")
    except FlagError as error:
        raise HostError(
            f"{PROMETHEUS_DEFAULTS}: {error}. Correct that line, then run this again."
        ) from error


@operation()
@cleanly
def restored(settings: Settings) -> Iterator[PyinfraCommand]:
    """Take the listen address of this toolkit away from a Prometheus that stays, and restart it.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        own_address.restored(
            name="Run Prometheus with its own flags",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    traces = look_for_traces(host, settings)
    if is_done(traces, settings):
        noop(host, "Prometheus has no flags of this toolkit, or goes with its package")
        return
    text, data = traces.remains.prometheus_flags_text or "", _own(traces)
    new = (data or b"").decode("utf-8", "surrogateescape")
    transaction.show_diff(host, PROMETHEUS_DEFAULTS, text, new)
    yield from function(_restore, settings, text, data)
    forget(host)


def _restore(host: Host, settings: Settings, text: str, data: bytes | None) -> None:
    seen = look_for_traces(host, settings).snapshot
    put_or_remove(host, PROMETHEUS_DEFAULTS, text, data)
    if seen.prometheus.is_active:
        service = installations.prometheus(seen, settings).service
        service_control.restart(host, service, enable=False)
        forget(host)
        wait_until_it_answers(host, settings)
