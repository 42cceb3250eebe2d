"""Further attempts to connect after a server dropped a connection, at random moments.

An sshd drops new connections while more than ``MaxStartups`` (10:30:100 by default: some from 10, all from 100)
have not logged in. That happens when a class connects at once to one server.
"""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from paramiko import SSHException

from pushgateway_lab.run.proxy_command import EndedError

T = TypeVar("T")

_FIRST = 0.5
"""Seconds until the second attempt, at most; the limit doubles with each further attempt."""

_LONGEST = 4.0
"""Seconds between two attempts, at most."""

_FURTHER = 10.0
"""Seconds that a server which drops connections, and so is alive, has more than one that does not answer."""

_DROPPED = ("Connection closed", "Connection reset", "kex_exchange_identification", "MaxStartups")
"""Words of OpenSSH about a dropped connection, from a ``ProxyCommand`` that runs it."""


def is_dropped(error: BaseException) -> bool:
    """Return whether a server closed a connection before it sent its banner."""
    problem = getattr(error, "problem", error)  # of a jump host
    if isinstance(problem, EndedError):
        return any(words in problem.said for words in _DROPPED)
    said = "Error reading SSH protocol banner"  # paramiko has no class for it
    return isinstance(problem, ConnectionResetError) or (
        isinstance(problem, SSHException) and str(problem).startswith(said)
    )


def retried(act: Callable[[], T], seconds: float) -> T:
    """Call `act` until no connection is dropped any more, and return its result.

    + seconds: the limit for one attempt; no attempt begins later than `_FURTHER` after it

    Raises:
        Exception: `act` raised it, the last time.
    """
    ends, longest = time.monotonic() + seconds + _FURTHER, _FIRST
    while True:
        try:
            return act()
        except Exception as error:
            wait = random.uniform(0, longest)  # noqa: S311 - only spreads the load
            if not is_dropped(error) or time.monotonic() + wait > ends:
                raise
        longest = min(2 * longest, _LONGEST)
        time.sleep(wait)
