"""The connections to jump hosts of one run, without any host: who shares one, and when a new one is made."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from paramiko import SSHException

from local_hosts import disconnected, state_of
from pushgateway_lab.run.jump_hosts import _Jumps
from pushgateway_lab.run.run import Run


class Client:
    """A client whose connection can break."""

    def __init__(self) -> None:
        self.is_active = True

    def get_transport(self) -> Any:
        """Return what paramiko calls the transport."""
        return SimpleNamespace(is_active=lambda: self.is_active)

    def close(self) -> None:
        """End the connection."""
        self.is_active = False


def slowly(made: list[Client], error: Exception | None = None) -> Callable[[], Any]:
    """Return a function that makes a client, or fails, after the others have asked, too."""

    def connect() -> Client:
        made.append(Client())
        gevent.sleep(0.01)
        if error:
            raise error
        return made[-1]

    return connect


def asked_at_once(jumps: _Jumps, connect: Callable[[], Any], key: str = "a") -> list[Any]:
    return gevent.joinall([gevent.spawn(jumps.client, key, connect) for _ in range(20)])


def test_all_hosts_share_one_connection_until_the_end() -> None:
    state = state_of({"vm": {}})
    jumps = Run.of(state).part(_Jumps)
    made: list[Client] = []
    got = {each.get() for each in asked_at_once(jumps, slowly(made))}
    got.add(jumps.client("a", slowly(made)))
    assert got == set(made)
    assert len(made) == 1
    jumps.client("another", slowly(made))
    assert [each.is_active for each in made] == [True, True]
    disconnected(state, "vm")
    assert [each.is_active for each in made] == [False, False]


def test_a_connection_that_broke_is_made_again() -> None:
    jumps = Run.of(state_of({"vm": {}})).part(_Jumps)
    made: list[Client] = []
    jumps.client("a", slowly(made))
    made[0].close()
    asked_at_once(jumps, slowly(made))
    assert len(made) == 2


def test_a_failure_is_shared_with_those_who_waited_for_it() -> None:
    jumps = Run.of(state_of({"vm": {}})).part(_Jumps)
    made: list[Client] = []
    waited = asked_at_once(jumps, slowly(made, SSHException("no")))
    assert len(made) == 1
    for each in waited:
        with pytest.raises(SSHException, match="no"):
            each.get()
    again: object = jumps.client("a", slowly(made))
    assert again is made[1]
