"""The files of this toolkit on a host: backups, drop-ins, the lock, and, last of all, the notes."""

from collections.abc import Iterator

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import prune
from pushgateway_lab.facts.remains import NOTES
from pushgateway_lab.host.file_removal import remove_files
from pushgateway_lab.host.looking import forget
from pushgateway_lab.pruning import files as prune_files
from pushgateway_lab.removal.traces import DIRECTORIES, Traces, look_for_traces
from pushgateway_lab.run.failure import cleanly, function, noop, say
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings, values


def is_done(traces: Traces, settings: Settings) -> bool:
    """Return whether no file of this toolkit is left."""
    del settings
    return traces.is_clear


def has_no_prune(traces: Traces, settings: Settings) -> bool:
    """Return whether nothing of the prune is left."""
    del settings
    own = {*prune_files.REMOVED, *DIRECTORIES}
    return not traces.snapshot.prune_files and own.isdisjoint(traces.remains.paths)


@operation()
@cleanly
def unscheduled(settings: Settings) -> Iterator[PyinfraCommand]:
    """Remove the prune, whatever the settings say.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        cleanup.unscheduled(
            name="Remove the prune",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    if has_no_prune(look_for_traces(host, settings), settings):
        noop(host, "there is no prune")
        return
    yield from function(prune.remove)
    forget(host)


@operation()
@cleanly
def removed(settings: Settings) -> Iterator[PyinfraCommand]:
    """Remove the backups, drop-ins and lock of this toolkit, then its notes.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        cleanup.removed(
            name="Remove the notes",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    if is_done(look_for_traces(host, settings), settings):
        noop(host, "nothing of this toolkit is left")
        return
    yield from function(_remove, settings)
    forget(host)


def _remove(host: Host, settings: Settings) -> None:
    traces = look_for_traces(host, settings)
    files = [each for each in traces.remains.paths if each != NOTES]
    left = remove_files(host, files, enabled=_enabled(traces))
    if left:
        raise HostError(
            "\n".join(["Not removed:", *left, "Remove that on the host, then run this again."])
        )
    left = remove_files(host, (), trees=[NOTES])
    if left:
        raise HostError("\n".join(["Not removed:", *left]))
    say(host, "Nothing of this toolkit is left", "green")


def _enabled(traces: Traces) -> str:
    """Return the service that starts at boot because of this toolkit, if it is still there."""
    name = traces.remains.enabled
    try:
        is_there = traces.snapshot.service(values.unit(name)).exists
    except ValueError:
        return ""
    return name if is_there else ""
