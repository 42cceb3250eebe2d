"""Waiting that Ctrl-C ends.

On Ctrl-C pyinfra disconnects from all hosts, but first waits for the operations that run. A wait of
half a minute would make people press it again, and a second one ends everything uncleaned.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import gevent
from greenlet import greenlet
from pyinfra.api.state import State

from pushgateway_lab.run.host_error import INTERRUPTED, HostError
from pushgateway_lab.run.run import Run


@contextmanager
def interruptible(state: State) -> Iterator[None]:
    """Inside the block, SIGINT raises `HostError` in every waiting greenlet; then the previous handler runs."""
    handler = Run.of(state).part(_Handler)
    try:
        handler.install()
    except ValueError:  # not in the main thread, where no signal arrives either
        yield
        return
    me = gevent.getcurrent()
    handler.waiting.add(me)
    try:
        yield
    finally:
        handler.waiting.discard(me)
        handler.remove()


class _Handler:
    """The handler of SIGINT while greenlets of a run wait, and these greenlets.

    A process has one handler. Where two runs wait at once, the later one calls the earlier one, and each
    is removed when no handler above it is left.
    """

    def __init__(self, run: Run) -> None:
        del run
        self.waiting: set[greenlet] = set()
        self._is_installed = False
        self._previous: Any = None

    def install(self) -> None:
        """Become the handler of SIGINT, unless this already is one.

        Raises:
            ValueError: this is not the main thread.
        """
        if not self._is_installed:
            self._previous = signal.signal(signal.SIGINT, self)
            self._is_installed = True

    def remove(self) -> None:
        """Give SIGINT back to the previous handler, unless something still waits or another is above this."""
        handler: Any = signal.getsignal(signal.SIGINT)
        if handler is not self:
            return
        while isinstance(handler, _Handler) and not handler.waiting:
            handler._is_installed = False  # noqa: SLF001 - its own class
            handler = handler._previous  # noqa: SLF001
        signal.signal(signal.SIGINT, handler)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        for each in self.waiting:
            gevent.kill(each, HostError(INTERRUPTED))
        if callable(self._previous):
            self._previous(number, frame)
