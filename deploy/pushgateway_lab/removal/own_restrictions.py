"""A Prometheus that stays, without the restrictions of this toolkit."""

from collections.abc import Iterator

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab.host.looking import forget
from pushgateway_lab.prometheus import restrictions
from pushgateway_lab.removal.traces import Traces, look_for_traces
from pushgateway_lab.run.failure import cleanly, function, noop
from pushgateway_lab.settings import Settings


def is_done(traces: Traces, settings: Settings) -> bool:
    """Return whether Prometheus runs without restrictions of this toolkit, or goes with its package."""
    del settings
    return traces.prometheus_goes or "prometheus" not in traces.snapshot.hardenings


@operation()
@cleanly
def lifted(settings: Settings) -> Iterator[PyinfraCommand]:
    """Take the restrictions of this toolkit away from Prometheus, and restart it.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        own_restrictions.lifted(
            name="Run Prometheus without restrictions",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    if is_done(look_for_traces(host, settings), settings):
        noop(host, "Prometheus has no restrictions of this toolkit, or goes with its package")
        return
    yield from function(restrictions.apply, settings, "")
    forget(host)
