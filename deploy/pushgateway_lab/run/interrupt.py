"""Waiting that Ctrl-C ends.

On Ctrl-C pyinfra disconnects from all hosts, but first waits for the operations that run. A wait of
half a minute would make people press it again, and a second one ends everything uncleaned.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import gevent
from greenlet import greenlet

from pushgateway_lab.run.errors import HostError

_waiting: set[greenlet] = set()
_previous: Any = None


@contextmanager
def interruptible() -> Iterator[None]:
    """On Ctrl-C, raise a `HostError` in the block at once, then do what would have been done."""
    global _previous  # noqa: PLW0603 - the signal handler of a process is one, too
    me = gevent.getcurrent()
    if not _waiting:
        try:
            _previous = signal.signal(signal.SIGINT, _interrupt)
        except ValueError:  # not in the main thread, where no signal arrives either
            yield
            return
    _waiting.add(me)
    try:
        yield
    finally:
        _waiting.discard(me)
        if not _waiting:
            signal.signal(signal.SIGINT, _previous)


def _interrupt(number: int, frame: FrameType | None) -> None:
    for each in _waiting:
        gevent.kill(each, HostError("Interrupted."))
    handler: Callable[[int, FrameType | None], object] | Any = _previous
    if callable(handler):
        handler(number, frame)
