"""Free the memory of a large configuration after each public function."""

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from pushgateway_lab.scrape_config.errors import ScrapeConfigError

P = ParamSpec("P")
T = TypeVar("T")


LARGE = 100_000
"""Characters of a text from which the search for garbage takes more than 5 % of the time (with 500,000: 20 %)."""


def spare_memory(function: Callable[P, T]) -> Callable[P, T]:
    """Run a function on a large text without garbage collection, and remove the traceback and context of its errors.

    A growing tree of 100,000 nodes has no garbage, but Python searches it again and again: that takes a
    quarter of the time, and a larger part of it for larger trees. An error is kept for the report; its
    traceback and context would keep the whole tree with it: 100 MB for each host.
    """

    @wraps(function)
    def spared(*args: P.args, **kwargs: P.kwargs) -> T:
        size = max((len(each) for each in args if isinstance(each, str | bytes)), default=0)
        was_enabled = gc.isenabled()
        if size > LARGE:
            gc.disable()
        try:
            return function(*args, **kwargs)
        except ScrapeConfigError as error:
            error.__context__ = None
            raise error.with_traceback(None)  # noqa: B904 - it is the same error
        finally:
            if was_enabled:
                gc.enable()

    return spared
