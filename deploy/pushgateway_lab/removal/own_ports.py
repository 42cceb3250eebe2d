"""The firewalls of a host without the ports that this toolkit opened."""

from collections.abc import Iterator

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab.host.looking import forget
from pushgateway_lab.pushgateway import firewall
from pushgateway_lab.removal.traces import Traces, look_for_traces
from pushgateway_lab.run.failure import cleanly, function, noop
from pushgateway_lab.settings import Settings


def is_done(traces: Traces, settings: Settings) -> bool:
    """Return whether no port is open because of this toolkit."""
    del settings
    return not traces.snapshot.opened_ports


@operation()
@cleanly
def closed(settings: Settings) -> Iterator[PyinfraCommand]:
    """Close the ports that this toolkit opened in firewalls.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        own_ports.closed(
            name="Close the firewall",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    traces = look_for_traces(host, settings)
    if is_done(traces, settings):
        noop(host, "this toolkit opened no port")
        return
    yield from function(firewall.apply, firewall.Change((), traces.snapshot.opened_ports))
    forget(host)
