"""The files of this toolkit for TLS and passwords, removed before the packages and users to which they belong."""

from collections.abc import Iterator

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import installations
from pushgateway_lab.host import service_control
from pushgateway_lab.host.looking import forget
from pushgateway_lab.installations import web_files
from pushgateway_lab.pushgateway import closing
from pushgateway_lab.removal.traces import Traces, look_for_traces, note_removal
from pushgateway_lab.run.failure import cleanly, function, noop
from pushgateway_lab.settings import Settings


def is_done(traces: Traces, settings: Settings) -> bool:
    """Return whether there are no files of this toolkit for TLS and passwords."""
    del settings
    return set(web_files.FILES).isdisjoint(traces.remains.paths)


@operation()
@cleanly
def removed(settings: Settings) -> Iterator[PyinfraCommand]:
    """Remove the files of this toolkit for TLS and passwords.

    Before, Prometheus has loaded its configuration without them, and a Pushgateway that stays runs without them. A
    Pushgateway that goes is stopped, because it would answer nobody without its files: also not the next run, if this
    one is killed.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        own_web_files.removed(
            name="Remove the files for TLS and passwords",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    if is_done(look_for_traces(host, settings), settings):
        noop(host, "there are no files for TLS and passwords")
        return
    yield from function(_remove, settings)
    forget(host)


def _remove(host: Host, settings: Settings) -> None:
    traces = look_for_traces(host, settings)
    note_removal(host, traces)
    if traces.pushgateway_goes and traces.snapshot.pushgateway.runs:
        service = installations.pushgateway(traces.snapshot, settings).service
        service_control.stop(host, service)
    closing.change(host, [], obsolete=list(web_files.FILES))
