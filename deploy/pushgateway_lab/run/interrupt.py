"""Waits that Ctrl-C ends at once.

On Ctrl-C, pyinfra waits for running operations and then disconnects from all hosts. During a wait of half a
minute, people press Ctrl-C again, and the second one ends the run without clean-up.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import gevent
from greenlet import greenlet
from pyinfra.api.state import State

from pushgateway_lab.run.host_error import INTERRUPTED, HostError
from pushgateway_lab.run.run import Run

STOPPED_BY_SIGINT = 128 + signal.SIGINT
"""The exit code of a command that SIGINT ended, as shells report it."""


def fail_interrupted_runs() -> None:
    """Make pyinfra's command end with `STOPPED_BY_SIGINT` after Ctrl-C; its own handler ends it with 0.

    A second call changes nothing.
    """
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler) and not isinstance(handler, _Failing):
        signal.signal(signal.SIGINT, _Failing(handler))


class _Failing:
    """A handler of SIGINT that calls another one, and ends the process with an exit code that is not 0."""

    def __init__(self, handler: Callable[[int, FrameType | None], object]) -> None:
        self._handler = handler

    def __call__(self, number: int, frame: FrameType | None) -> None:
        try:
            self._handler(number, frame)
        except SystemExit as end:
            raise SystemExit(end.code or STOPPED_BY_SIGINT) from end


@contextmanager
def interruptible(state: State) -> Iterator[None]:
    """Make waits inside the block end on SIGINT.

    SIGINT raises `HostError` in every waiting greenlet; the previous handler runs afterwards. A block inside another one
    of the same greenlet changes nothing: the outer one ends its waits.
    """
    handler = Run.of(state).part(_Handler)
    if gevent.getcurrent() in handler.waiting:
        yield
        return
    try:
        handler.install()
    except ValueError:  # not in the main thread: no signal arrives here
        yield
        return
    me = gevent.getcurrent()
    handler.waiting[me] = None
    try:
        yield
    finally:
        # An error that has not been raised yet must not be raised in whatever this greenlet does next.
        if (pending := handler.waiting.pop(me)) is not None:
            pending.stop()
        handler.remove()


class _Handler:
    """The SIGINT handler of a run, and the greenlets of this run that wait.

    A process has one SIGINT handler. If two runs wait at once, the handler of the later run calls the earlier
    one. A handler is removed when none of its greenlets waits and no later handler is left.
    """

    def __init__(self, run: Run) -> None:
        del run
        self.waiting: dict[greenlet, Any] = {}
        self._is_installed = False
        self._previous: Any = None

    def install(self) -> None:
        """Install this as the handler of SIGINT, unless it is installed.

        Raises:
            ValueError: this is not the main thread.
        """
        if not self._is_installed:
            self._previous = signal.signal(signal.SIGINT, self)
            self._is_installed = True

    def remove(self) -> None:
        """Restore the previous handler, unless greenlets still wait or a later handler is installed."""
        handler: Any = signal.getsignal(signal.SIGINT)
        if handler is not self:
            return
        while isinstance(handler, _Handler) and not handler.waiting:
            handler._is_installed = False  # noqa: SLF001 - its own class
            handler = handler._previous  # noqa: SLF001
        signal.signal(signal.SIGINT, handler)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        loop = gevent.get_hub().loop
        for each, pending in self.waiting.items():
            if pending is None:
                self.waiting[each] = loop.run_callback(each.throw, HostError(INTERRUPTED))
        if callable(self._previous):
            self._previous(number, frame)
