"""A deploy as a table of steps. A host on which all of them are done gets one operation.

pyinfra takes a few milliseconds to note and to run an operation on a host, whether it does anything or
not: with seven of them, 0.2 of the 1.5 s of twenty hosts that are right. So each step says by a predicate
whether it is done, and only where one is not, all operations are noted.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import OperationMeta, operation
from pyinfra.context import ctx_host

from pushgateway_lab.run.failure import cleanly, noop, tell
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings


def _nothing(seen: object, settings: Settings) -> Iterable[str]:
    del seen, settings
    return ()


@dataclass(frozen=True, eq=False)
class Step:
    """A step of a deploy.

    + name: what is shown while it runs
    + operation: takes ``settings``, `arguments`, and ``after`` if the step has any
    + look: what the step decides on; it may ask the host, once for all steps
    + is_done: whether the operation has nothing to do on a host, from what `look` saw and the settings
      alone. Raises `HostError` where the step cannot be taken
    + notes: sentences that a trainer should read, whether the step is done or not
    + arguments: what else the operation takes
    + after: steps before this one; the operation is told their results
    """

    name: str
    operation: Callable[..., OperationMeta]
    look: Callable[[Host, Settings], Any]
    is_done: Callable[[Any, Settings], bool]
    notes: Callable[[Any, Settings], Iterable[str]] = _nothing
    arguments: Mapping[str, Any] = field(default_factory=dict)
    after: "tuple[Step, ...]" = ()


def take(settings: Settings, steps: Sequence[Step]) -> None:
    """Note the operations of all steps for the host in context; one if all of them are done.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    """
    if _are_done_for_sure(ctx_host.get(), settings, steps):
        steps = [replace(steps[0], operation=stays_right, arguments={"steps": steps})]
    noted: dict[Step, OperationMeta] = {}
    for step in steps:
        after = {"after": [noted[each] for each in step.after]} if step.after else {}
        # From one line for all hosts: pyinfra tells operations apart by where they are called.
        noted[step] = step.operation(name=step.name, settings=settings, **step.arguments, **after)


@operation()
@cleanly
def stays_right(settings: Settings, steps: Sequence[Step]) -> Iterator[PyinfraCommand]:
    """Fail the host if it has drifted since the run was prepared.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + steps: those that were done
    """
    host = ctx_host.get()
    if not are_done(host, settings, steps):
        raise HostError(
            "Nothing was to be done on this host, but somebody has changed it since. Run this again."
        )
    for step in steps:
        tell(host, step.notes(step.look(host, settings), settings))
    noop(host, "all is as it should be")
    yield from ()


def are_done(host: Host, settings: Settings, steps: Sequence[Step]) -> bool:
    """Return whether all steps are done on a host, as it was looked at last.

    Raises:
        HostError: a step cannot be taken, or the host could not be looked at.
    """
    return all(step.is_done(step.look(host, settings), settings) for step in steps)


def _are_done_for_sure(host: Host, settings: Settings, steps: Sequence[Step]) -> bool:
    try:
        return are_done(host, settings, steps)
    except Exception:  # noqa: BLE001 - whatever it is, the operation of that step tells it
        return False
