"""Time limits for what waits for a host, and for a run as a whole."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import TypeVar
from weakref import WeakSet

import gevent
from gevent import monkey
from pyinfra.api.state import BaseStateCallback, State

T = TypeVar("T")

_running: WeakSet[gevent.Timeout] = WeakSet()


class Budget(BaseStateCallback):
    """The moment at which a run must end.

        state.add_callback_handler(Budget(time.monotonic() + seconds))

    Kept with the run's `State`, as what is called back is; it is called back for nothing.

    + ends_at: by `time.monotonic`, in seconds
    """

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at


def seconds_left(state: State) -> float:
    """Return how many seconds a run has left; infinity if it has no `Budget`, negative if it is over."""
    ends = [each.ends_at for each in state.callback_handlers if isinstance(each, Budget)]
    return min(ends, default=float("inf")) - time.monotonic()


def within(seconds: float, act: Callable[[], T], give_up: Callable[[], object] | None = None) -> T:
    """Call `act`, and return what it returns.

    + seconds: what it may take
    + give_up: ends what `act` waits for. Without gevent's patches, sockets hear of no timeout: then `act`
      runs in a thread, and this is called when it took too long. None: `act` waits by gevent's own means

    Raises:
        TimeoutError: it took longer.
    """
    limit = gevent.Timeout(seconds, TimeoutError)
    if give_up is None or is_cooperative():
        with _counted(limit):
            return act()
    try:
        with _counted(limit):
            done: T = gevent.get_hub().threadpool.apply(copy_context().run, (act,))
            return done
    except TimeoutError:
        give_up()
        raise


def is_cooperative() -> bool:
    """Whether gevent has patched what waits, as pyinfra's command line has it do."""
    return bool(monkey.is_module_patched("threading"))


@contextmanager
def _counted(limit: gevent.Timeout) -> Iterator[None]:
    _running.add(limit)
    try:
        with limit:
            yield
    finally:
        _running.discard(limit)


@contextmanager
def paused() -> Iterator[None]:
    """Begin all time limits anew after the block, in which a person is asked and nothing else runs."""
    try:
        yield
    finally:
        gevent.get_hub().loop.update_now()
        for each in list(_running):
            if each.pending:
                each.cancel()
                each.start()
