"""The releases that this toolkit installed: programs, units, users and data."""

from collections.abc import Iterator

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab.host.file_removal import remove_backups
from pushgateway_lab.host.looking import forget
from pushgateway_lab.install import releases
from pushgateway_lab.installations.release import PRODUCTS, Product
from pushgateway_lab.removal.purge import tell_staying
from pushgateway_lab.removal.traces import Traces, look_for_traces, note_removal
from pushgateway_lab.run.failure import cleanly, function, noop, say
from pushgateway_lab.settings import Settings


def going(traces: Traces) -> list[Product]:
    """Return the servers whose releases go."""
    return [each for each in PRODUCTS if each.name in traces.snapshot.releases]


def is_done(traces: Traces, settings: Settings) -> bool:
    """Return whether no release has to go."""
    del settings
    return not going(traces)


@operation()
@cleanly
def removed(settings: Settings) -> Iterator[PyinfraCommand]:
    """Remove the releases that this toolkit installed, with their data.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        own_releases.removed(
            name="Remove the releases",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    products = going(look_for_traces(host, settings))
    if not products:
        noop(host, "there is no release to remove")
        return
    # A look finds the backup of the flags only as long as their file is there.
    yield from function(_remove_backups, settings)
    for product in products:
        yield from function(_remove, product)
    forget(host)


def _remove_backups(host: Host, settings: Settings) -> None:
    traces = look_for_traces(host, settings)
    note_removal(host, traces)
    remove_backups(host, traces.remains.paths)


def _remove(host: Host, product: Product) -> None:
    staying = releases.remove(host, product)
    say(host, f"Removed: the release of {product.title}")
    tell_staying(host, staying)
