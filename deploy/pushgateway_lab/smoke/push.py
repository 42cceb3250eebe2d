"""The smoke push as an operation: whether it is due. What it does is in `pushgateway_lab.smoke.proof`."""

from collections.abc import Iterator, Sequence

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import OperationMeta, operation
from pyinfra.context import ctx_host

from pushgateway_lab.run.failure import cleanly, function, noop
from pushgateway_lab.settings import Settings


def is_done(seen: object, settings: Settings) -> bool:
    """Return whether no push is due on a host on which nothing is to be changed."""
    del seen
    return settings.pushgateway_smoke != "always"


@operation()
@cleanly
def push(settings: Settings, after: Sequence[OperationMeta] = ()) -> Iterator[PyinfraCommand]:
    """Push a metric, see it in Prometheus with its own labels, delete it, see it gone.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + after: operations; with ``pushgateway_smoke`` auto, it is pushed if one of them changed something
    """
    if not _is_due(settings, after):
        noop(ctx_host.get(), "nothing changed, so there is nothing to prove")
        return
    yield from function(_prove, settings)


def _is_due(settings: Settings, after: Sequence[OperationMeta]) -> bool:
    if settings.pushgateway_smoke == "auto":
        return any(each.changed for each in after)
    return settings.pushgateway_smoke == "always"


def _prove(host: Host, settings: Settings) -> None:
    # Only now: the HTTP clients cost 0.1 s to import, which a host that is right does not need.
    from pushgateway_lab.smoke.proof import prove

    prove(host, settings)
