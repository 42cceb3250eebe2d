"""Wait for a condition; after the deadline, fail with the last value that was seen."""

import time
from collections.abc import Callable
from typing import TypeVar

from labhost import Host

T = TypeVar("T")

SECONDS = 30
"""Seconds for a short wait on a busy machine."""


def wait_for(
    look: Callable[[], T | None],
    what: str,
    seconds: float = SECONDS,
    *,
    holds: Callable[[T], object] = bool,
    passing: type[Exception] | tuple[type[Exception], ...] = (),
) -> T:
    """Call `look` until its answer holds, and return that answer.

    + what: the condition in words, for the error
    + holds: whether an answer ends the wait; without it, any true answer does
    + passing: errors of `look` that mean "not yet"
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = look()
            if answer is not None and holds(answer):
                return answer
            seen = repr(answer)
        except passing as error:
            seen = repr(error)
        assert time.monotonic() < deadline, f"not in {seconds} s: {what}; seen last: {seen}"
        time.sleep(0.05)


def wait_for_value(look: Callable[[], object], expected: object, seconds: float = SECONDS) -> None:
    """Call `look` until it returns the expected value."""
    wait_for(look, repr(expected), seconds, holds=lambda seen: seen == expected)


def wait_on_host(host: Host, condition: str, seconds: float = SECONDS) -> None:
    """Wait until a shell command succeeds on a host."""
    host.run(f"until {condition}; do sleep 0.05; done", timeout=seconds)


def wait_for_port(host: Host, port: int) -> None:
    """Wait until some process listens on a TCP port of a host."""
    wait_on_host(host, f"ss -lnt | grep -q ':{port} '")
