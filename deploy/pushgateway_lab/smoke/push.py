"""The smoke push as an operation, which decides whether to push. `pushgateway_lab.smoke.proof` pushes."""

from collections.abc import Iterator, Sequence

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import OperationMeta, operation
from pyinfra.context import ctx_host

from pushgateway_lab.run.failure import cleanly, function, noop
from pushgateway_lab.settings import Settings


def is_done(seen: object, settings: Settings) -> bool:
    """Return whether a converged host needs no smoke push."""
    del seen
    return settings.pushgateway_smoke != "always"


@operation()
@cleanly
def push(settings: Settings, after: Sequence[OperationMeta] = ()) -> Iterator[PyinfraCommand]:
    """Push a metric, wait until Prometheus has it with its own labels, and delete it.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + after: earlier operations; with ``pushgateway_smoke`` auto, it pushes only if one of them changed something

    **Example:**

    .. code:: python

        push.push(
            name="Prove it with a push",
            settings=host_settings.for_host(ctx_host.get()),
            after=[merged, loaded],
        )
    """
    if not _is_due(settings, after):
        noop(ctx_host.get(), "nothing changed, so no smoke push is needed")
        return
    yield from function(_prove, settings)


def _is_due(settings: Settings, after: Sequence[OperationMeta]) -> bool:
    if settings.pushgateway_smoke == "auto":
        return any(each.changed for each in after)
    return settings.pushgateway_smoke == "always"


def _prove(host: Host, settings: Settings) -> None:
    # Imported here: the HTTP clients take 0.1 s to import, and a converged host does not need them.
    from pushgateway_lab.smoke.proof import prove

    prove(host, settings)
