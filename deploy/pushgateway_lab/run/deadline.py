"""Time limits: for each wait for a host, and for a whole run."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import TypeVar

import gevent
from gevent import monkey
from pyinfra.api.state import State

from pushgateway_lab.run.run import Run

T = TypeVar("T")


class _Budget:
    """The moment at which a run must end, by `time.monotonic`; infinity if it has no limit."""

    def __init__(self, run: Run) -> None:
        del run
        self.ends_at = math.inf


def limit(state: State, seconds: float) -> None:
    """Limit a run to `seconds` from now; only the first limit of a run counts."""
    budget = Run.of(state).part(_Budget)
    if math.isinf(budget.ends_at):
        budget.ends_at = time.monotonic() + seconds


def seconds_left(state: State) -> float:
    """Return the seconds that a run has left: infinity without a limit, negative after the limit."""
    return Run.of(state).part(_Budget).ends_at - time.monotonic()


def within(seconds: float, act: Callable[[], T], give_up: Callable[[], object] | None = None) -> T:
    """Call `act` with a time limit, and return its result.

    + seconds: the limit
    + give_up: ends the wait inside `act`. Without gevent's patches, no timeout reaches a socket: then `act`
      runs in a thread, and `give_up` is called after the limit. None: `act` waits only through gevent

    Raises:
        TimeoutError: `act` took longer.
    """
    if give_up is None or is_cooperative():
        with _limited(seconds):
            return act()
    try:
        with _limited(seconds):
            done: T = gevent.get_hub().threadpool.apply(copy_context().run, (act,))
            return done
    except TimeoutError:
        give_up()
        raise


def is_cooperative() -> bool:
    """Return whether gevent has patched blocking calls, as on pyinfra's command line."""
    return bool(monkey.is_module_patched("threading"))


@contextmanager
def paused() -> Iterator[None]:
    """Restart all time limits after the block, in which a user is asked and nothing else runs."""
    try:
        yield
    finally:
        for each in _running:
            each.begin_anew()


class _Over(BaseException):
    """A time limit has expired. Not a `TimeoutError`, on which paramiko retries; it becomes one later."""

    def __init__(self, limit: "_Limit") -> None:
        super().__init__("a time limit is over")
        self.limit = limit


class _Limit:
    """A time limit of the current greenlet: after the limit, it raises `_Over` there.

    Like `gevent.Timeout`, but it can restart: the timer of `gevent.Timeout` cannot.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._hub = gevent.get_hub()
        self._greenlet = gevent.getcurrent()
        self._is_over = False
        self._begin()

    def begin_anew(self) -> None:
        """Restart the limit, unless it has expired or belongs to another thread."""
        if not self._is_over and self._hub is gevent.get_hub():
            self.end()
            self._begin()

    def end(self) -> None:
        """Stop the limit: it raises nothing from now on."""
        self._timer.close()

    def _begin(self) -> None:
        self._timer = self._hub.loop.timer(self._seconds)
        self._timer.start(self._raise, update=True)

    def _raise(self) -> None:
        self._is_over = True
        self._greenlet.throw(_Over(self))


_running: set[_Limit] = set()


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    limit = _Limit(seconds)
    _running.add(limit)
    try:
        yield
    except _Over as over:
        if over.limit is not limit:
            raise
        raise TimeoutError from None
    finally:
        _running.discard(limit)
        limit.end()
