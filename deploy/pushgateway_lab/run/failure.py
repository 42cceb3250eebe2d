"""Errors that fail one host, while the other hosts go on.

An exception in an operation's generator ends pyinfra's run for every host. This module turns it into a
failed operation of pyinfra: it prints a message with the host's name, stops further operations on this host,
and makes the exit code of the run nonzero.
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
"""The largest number of characters of a reason in the summary."""


class _Reasons:
    """The one-line reasons why hosts of a run failed, for the summary."""

    def __init__(self, run: Run) -> None:
        del run
        self.of: dict[Host, str] = {}


def cleanly(
    operation: Callable[P, Iterator[PyinfraCommand]],
) -> Callable[P, Generator[PyinfraCommand, None, None]]:
    """Decorate an operation: an error in its generator fails only the current host."""

    @wraps(operation)
    def run(*args: P.args, **kwargs: P.kwargs) -> Generator[PyinfraCommand, None, None]:
        patches.apply()
        try:
            yield from operation(*args, **kwargs)
        except PyinfraError:
            raise  # pyinfra ends the run with this error
        except HostError as error:
            _note_during_change_detection(str(error))
            yield FunctionCommand(_fail, (str(error),), {})
        except Exception as error:  # noqa: BLE001 - a bug here must not end the run for other hosts
            message = crash_log.write(error, ctx_host.get().name)
            _note_during_change_detection(message)
            yield FunctionCommand(_fail, (message,), {})

    return run


def function(
    act: Callable[..., None], *args: object, **kwargs: object
) -> Generator[FunctionCommand, None, None]:
    """Yield a command that calls `act(host, *args, **kwargs)`; a `HostError` from `act` fails the host."""
    yield FunctionCommand(_call, (act, args, kwargs), {})


def reason_of(host: Host) -> str:
    """Return why a host failed, in one line; empty if it did not fail or pyinfra printed the reason."""
    return Run.of(host.state).part(_Reasons).of.get(host, "")


def _note_reason(host: Host, message: str) -> None:
    Run.of(host.state).part(_Reasons).of[host] = _in_short(message)


def say(host: Host, message: str, color: str | None = None) -> None:
    """Print a message about a host to standard error, each line with the host's name.

    + message: may quote a host's output; it is escaped and cut, see `pushgateway_lab.run.visible`
    + color: a colour name of click; None: no colour
    """
    for line in visible.message(message).splitlines():
        host.log_styled(line, log_func=logger.info, **({"fg": color} if color else {}))


def tell(host: Host, notes: Iterable[str]) -> None:
    """Print notes for the trainer about a host, only while the run executes: so each appears once."""
    if host.state.is_executing:
        for note in notes:
            say(host, note, "yellow")


def noop(host: Host, why: str) -> None:
    """Report that there is nothing to do; pyinfra shows it with -v."""
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
    except Exception as error:  # noqa: BLE001 - pyinfra would print a traceback
        return _fail(state, host, crash_log.write(error, host.name))
    return True


def _fail(state: State, host: Host, message: str) -> bool:  # noqa: ARG001
    _note_reason(host, message)
    say(host, message, "red")
    return False


def _in_short(message: str) -> str:
    """Return the first line of a message; if it ends with a colon, also the next line."""
    first, *rest = visible.message(message).split("\n")
    short = f"{first} {rest[0].strip()}" if first.endswith(":") and rest else first
    return visible.one_line(visible.cut(short, _SHORT))


def _note_during_change_detection(message: str) -> None:
    """During change detection, show the error that would fail a host, once, and make pyinfra exit with 1.

    `state.fail_hosts` cannot do this: it asks on the terminal whether to go on, or ends the run for all hosts.
    """
    # Not context.host: this proxy points to another host later.
    state, host = ctx_state.get(), ctx_host.get()
    if state.is_executing or host in state.failed_hosts:
        return
    state.failed_hosts.add(host)
    _note_reason(host, message)
    say(host, message, "red")
