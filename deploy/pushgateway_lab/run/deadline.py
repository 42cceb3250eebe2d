"""Time limits for what waits for a host, and for a run as a whole."""

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
    """The moment at which a run must end, by `time.monotonic`; infinity: it has no such moment."""

    def __init__(self, run: Run) -> None:
        del run
        self.ends_at = math.inf


def limit(state: State, seconds: float) -> None:
    """Let a run last for `seconds` from now at most; the first limit of a run holds."""
    budget = Run.of(state).part(_Budget)
    if math.isinf(budget.ends_at):
        budget.ends_at = time.monotonic() + seconds


def seconds_left(state: State) -> float:
    """Return how many seconds a run has left; infinity if it has no limit, negative if it is over."""
    return Run.of(state).part(_Budget).ends_at - time.monotonic()


def within(seconds: float, act: Callable[[], T], give_up: Callable[[], object] | None = None) -> T:
    """Call `act`, and return what it returns.

    + seconds: what it may take
    + give_up: ends what `act` waits for. Without gevent's patches, sockets hear of no timeout: then `act`
      runs in a thread, and this is called when it took too long. None: `act` waits by gevent's own means

    Raises:
        TimeoutError: it took longer.
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
    """Begin all time limits anew after the block, in which a person is asked and nothing else runs."""
    try:
        yield
    finally:
        for each in _running:
            each.begin_anew()


class _Over(BaseException):
    """A time limit has expired. It becomes a TimeoutError later: paramiko retries on one."""

    def __init__(self, limit: "_Limit") -> None:
        super().__init__("a time limit is over")
        self.limit = limit


class _Limit:
    """A time limit of the greenlet that makes it: `_Over` is raised in it.

    As `gevent.Timeout`, which cannot begin anew: its timer goes on where it was.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._hub = gevent.get_hub()
        self._greenlet = gevent.getcurrent()
        self._is_over = False
        self._begin()

    def begin_anew(self) -> None:
        """Begin anew, unless the time was over, or it is another thread's."""
        if not self._is_over and self._hub is gevent.get_hub():
            self.end()
            self._begin()

    def end(self) -> None:
        """Raise nothing any more."""
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
