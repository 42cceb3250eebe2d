"""A deploy as a table of steps. A converged host gets one operation instead of one for each step.

pyinfra needs a few milliseconds to prepare and run an operation on a host, even if there is nothing to do: with
seven operations on twenty converged hosts, 0.2 of 1.5 s. So each step has a predicate that tells whether the
step is done. If one step is not done, all operations are added.
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

    + name: the name of the operation, which pyinfra shows
    + operation: its arguments are ``settings``, `arguments`, and ``after`` if the step has any
    + look: returns the data that the step decides on; it may ask the host, once for all steps
    + is_done: returns whether the operation has nothing to do, from the result of `look` and the settings
      alone. It raises `HostError` if the step is impossible on the host
    + notes: sentences for the trainer, shown whether the step is done or not
    + arguments: further arguments of the operation
    + after: earlier steps, whose results the operation gets
    """

    name: str
    operation: Callable[..., OperationMeta]
    look: Callable[[Host, Settings], Any]
    is_done: Callable[[Any, Settings], bool]
    notes: Callable[[Any, Settings], Iterable[str]] = _nothing
    arguments: Mapping[str, Any] = field(default_factory=dict)
    after: "tuple[Step, ...]" = ()


def take(settings: Settings, steps: Sequence[Step]) -> None:
    """Add the operations of all steps for the host in context; if all steps are done, one operation.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + steps: the table of the deploy
    """
    if _are_done_for_sure(ctx_host.get(), settings, steps):
        steps = [replace(steps[0], operation=stays_right, arguments={"steps": steps})]
    noted: dict[Step, OperationMeta] = {}
    for step in steps:
        after = {"after": [noted[each] for each in step.after]} if step.after else {}
        # One call site for all hosts: pyinfra identifies an operation by its call site.
        noted[step] = step.operation(name=step.name, settings=settings, **step.arguments, **after)


@operation()
@cleanly
def stays_right(settings: Settings, steps: Sequence[Step]) -> Iterator[PyinfraCommand]:
    """Fail the host if it has drifted since the run was prepared.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + steps: the steps, all of which were done when the run was prepared

    **Example:**

    .. code:: python

        steps.stays_right(
            name="Check the host",
            settings=host_settings.for_host(ctx_host.get()),
            steps=[check, install],
        )
    """
    host = ctx_host.get()
    if not are_done(host, settings, steps):
        raise HostError(
            "This host needed no change when the run was prepared, but has drifted since. Run this again."
        )
    for step in steps:
        tell(host, step.notes(step.look(host, settings), settings))
    noop(host, "the host has converged: nothing to do")
    yield from ()


def are_done(host: Host, settings: Settings, steps: Sequence[Step]) -> bool:
    """Return whether all steps are done on a host, according to the last look at it.

    Raises:
        HostError: a step is impossible on the host, or the look failed.
    """
    return all(step.is_done(step.look(host, settings), settings) for step in steps)


def _are_done_for_sure(host: Host, settings: Settings, steps: Sequence[Step]) -> bool:
    try:
        return are_done(host, settings, steps)
    except Exception:  # noqa: BLE001 - the operation of that step reports the error
        return False
