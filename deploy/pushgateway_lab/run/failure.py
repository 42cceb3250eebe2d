"""How one host fails without holding up the others.

An exception raised in an operation's generator ends pyinfra's run for every host. Here it becomes
what pyinfra calls a failed operation: a message that names the host, no further operation on it, an
exit code that is not 0, and all other hosts go on.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from functools import wraps
from typing import ParamSpec

from pyinfra import logger
from pyinfra.api.command import FunctionCommand, PyinfraCommand
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.host import Host
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state

from pushgateway_lab.run import crash_log, patches, visible
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.run import Run

P = ParamSpec("P")

_SHORT = 400
"""Characters of a reason in the summary."""


class _Reasons:
    """Why each host of a run failed, in one line: for the end of the run."""

    def __init__(self, run: Run) -> None:
        del run
        self.of: dict[Host, str] = {}


def cleanly(
    operation: Callable[P, Iterator[PyinfraCommand]],
) -> Callable[P, Generator[PyinfraCommand, None, None]]:
    """Make a `HostError` raised by an operation's generator fail the host it runs for, alone."""

    @wraps(operation)
    def run(*args: P.args, **kwargs: P.kwargs) -> Generator[PyinfraCommand, None, None]:
        patches.apply()
        try:
            yield from operation(*args, **kwargs)
        except PyinfraError:
            raise  # pyinfra's own way to end a run
        except HostError as error:
            _note_during_change_detection(str(error))
            yield FunctionCommand(_fail, (str(error),), {})
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not end the run for other hosts
            message = crash_log.write(error, ctx_host.get().name)
            _note_during_change_detection(message)
            yield FunctionCommand(_fail, (message,), {})

    return run


def function(
    act: Callable[..., None], *args: object, **kwargs: object
) -> Generator[FunctionCommand, None, None]:
    """A command that calls `act(host, *args, **kwargs)`; a `HostError` it raises fails the host."""
    yield FunctionCommand(_call, (act, args, kwargs), {})


def reason_of(host: Host) -> str:
    """Return why a host failed, in one line; empty if it did not, or if pyinfra said it."""
    return Run.of(host.state).part(_Reasons).of.get(host, "")


def _note_reason(host: Host, message: str) -> None:
    Run.of(host.state).part(_Reasons).of[host] = _in_short(message)


def say(host: Host, message: str, color: str | None = None) -> None:
    """Tell something about a host, on standard error, each line with the host's name.

    + message: may hold what a host said: it is escaped and cut, see `pushgateway_lab.run.visible`
    """
    for line in visible.message(message).splitlines():
        host.log_styled(line, log_func=logger.info, **({"fg": color} if color else {}))


def tell(host: Host, notes: Iterable[str]) -> None:
    """Say what a trainer should know about a host, once a run: when it executes."""
    if host.state.is_executing:
        for note in notes:
            say(host, note, "yellow")


def noop(host: Host, why: str) -> None:
    """Say, with pyinfra's -v, that there is nothing to do."""
    host.noop(visible.message(why))


def _call(
    state: State,  # pyinfra passes state and host by these names
    host: Host,
    act: Callable[..., None],
    args: tuple[object, ...],
    kwargs: dict[str, object],
) -> bool:
    try:
        act(host, *args, **kwargs)
    except HostError as error:
        return _fail(state, host, str(error))
    return True


def _fail(state: State, host: Host, message: str) -> bool:  # noqa: ARG001
    _note_reason(host, message)
    say(host, message, "red")
    return False


def _in_short(message: str) -> str:
    """The first line of a message, with the next one where that says what it announces."""
    first, *rest = visible.message(message).split("\n")
    short = f"{first} {rest[0].strip()}" if first.endswith(":") and rest else first
    return visible.one_line(visible.cut(short, _SHORT))


def _note_during_change_detection(message: str) -> None:
    """Show in a --dry run what would fail, once a host, and make pyinfra exit with 1.

    Not `state.fail_hosts`: it asks on the terminal whether to go on, or ends the run for all.
    """
    # Not context.host, which stands for another host a moment later.
    state, host = ctx_state.get(), ctx_host.get()
    if state.is_executing or host in state.failed_hosts:
        return
    state.failed_hosts.add(host)
    _note_reason(host, message)
    say(host, message, "red")
