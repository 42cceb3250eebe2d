"""A deploy as a table of steps, of which a host that is right gets one operation.

pyinfra takes a few milliseconds to note and to run an operation on a host, whether it does anything or
not: with seven of them, 0.2 of the 1.5 s of twenty hosts that are right. So each host is looked at first, and
only where a step has something to do are all of them noted.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from pyinfra import context
from pyinfra.api.command import PyinfraCommand
from pyinfra.api.operation import OperationMeta, operation

from pushgateway_lab.run.errors import HostError
from pushgateway_lab.run.failure import cleanly, noop, silently
from pushgateway_lab.settings import Settings


class Step(NamedTuple):
    """An operation of a deploy, which takes ``settings``.

    + name: as it is shown while it runs
    + arguments: what else it takes
    + after: names of steps before it, whose operations it is also told, as ``after``
    """

    name: str
    operation: Callable[..., OperationMeta]
    arguments: Mapping[str, Any] = MappingProxyType({})
    after: tuple[str, ...] = ()


def take(settings: Settings, steps: Sequence[Step]) -> None:
    """Note the operations of all steps for the host in context; one if it is right as it is.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    """
    if _is_right(settings, steps):
        steps = [Step(steps[0].name, stays_right, {"steps": steps})]
    noted: dict[str, OperationMeta] = {}
    for step in steps:
        after = {"after": [noted[name] for name in step.after]} if step.after else {}
        # From one line for all hosts: pyinfra tells operations apart by where they are called.
        noted[step.name] = step.operation(
            name=step.name, settings=settings, **step.arguments, **after
        )


@operation()
@cleanly
def stays_right(settings: Settings, steps: Sequence[Step]) -> Iterator[PyinfraCommand]:
    """Stop a host that is not right any more, though it was when it was looked at.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + steps: those that had nothing to do
    """
    if not _nothing_to_do(settings, steps):
        raise HostError(
            "Nothing was to be done on this host, but somebody has changed it since. Run this again."
        )
    noop(context.host, "all is as it should be")
    yield from ()


def _is_right(settings: Settings, steps: Sequence[Step]) -> bool:
    try:
        with silently():
            return _nothing_to_do(settings, steps)
    except Exception:  # noqa: BLE001 - whatever it is, the step itself will tell
        return False


def _nothing_to_do(settings: Settings, steps: Sequence[Step]) -> bool:
    """Whether no step would do anything on the host in context, as it was looked at last.

    Raises:
        HostError: a step cannot be taken.
    """
    # The generators themselves: they decide, and what they yield would be done by pyinfra.
    generators = (
        inspect.unwrap(step.operation)(settings=settings, **step.arguments) for step in steps
    )
    return all(next(iter(each), None) is None for each in generators)
