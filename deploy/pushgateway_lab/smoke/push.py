"""The smoke push as an operation, which decides whether to push. `pushgateway_lab.smoke.proof` pushes."""

from collections.abc import Iterator, Sequence

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import OperationMeta, operation
from pyinfra.context import ctx_host

from pushgateway_lab.facts import proof
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.host.looking import snapshot_of
from pushgateway_lab.run.failure import cleanly, function, noop
from pushgateway_lab.settings import Settings


def is_done(seen: Snapshot, settings: Settings) -> bool:
    """Return whether a host needs no smoke push: its present state is proven, or the settings want none."""
    match settings.pushgateway_smoke:
        case "always":
            return False
        case "never":
            return True
        case _:
            return proof.is_proven(seen, settings)


@operation()
@cleanly
def push(settings: Settings, after: Sequence[OperationMeta] = ()) -> Iterator[PyinfraCommand]:
    """Push a metric, wait until Prometheus has it with its own labels, and delete it.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + after: earlier operations; with ``pushgateway_smoke`` auto, it pushes if one of them changed something, or if
      the last change on the host was not proven

    **Example:**

    .. code:: python

        push.push(
            name="Prove it with a push",
            settings=host_settings.for_host(ctx_host.get()),
            after=[merged, loaded],
        )
    """
    host = ctx_host.get()
    if not _is_due(host, settings, after):
        noop(host, "nothing is unproven, so no smoke push is needed")
        return
    yield from function(_prove, settings)


def _is_due(host: Host, settings: Settings, after: Sequence[OperationMeta]) -> bool:
    changed = settings.pushgateway_smoke == "auto" and any(each.changed for each in after)
    return changed or not is_done(snapshot_of(host, settings), settings)


def _prove(host: Host, settings: Settings) -> None:
    # Imported here: the HTTP clients take 0.1 s to import, and a converged host does not need them.
    from pushgateway_lab.smoke.proof import prove

    prove(host, settings)
