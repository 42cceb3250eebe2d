"""The deadline of a connection grows with the number of hosts; test_hostile_sshd.py tests that it holds."""

from typing import Any

import pytest
from paramiko import Transport
from pyinfra.api.config import Config
from pyinfra.api.inventory import Inventory
from pyinfra.api.state import State
from pyinfra.context import ctx_state

from pushgateway_lab.run import handshake


@pytest.mark.parametrize(("hosts", "seconds"), [(1, 4.1), (300, 34.0)])
def test_many_hosts_have_more_time(hosts: int, seconds: float) -> None:
    names = [f"vm{number}" for number in range(hosts)]
    with ctx_state.use(State(Inventory((names, {})), Config())):
        assert handshake.limit(4) == pytest.approx(seconds)


def test_a_connect_timeout_does_not_end_a_key_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = []

    def start_client(self: Any, event: Any = None, timeout: float | None = None) -> None:
        del self, event
        limits.append(timeout)

    monkeypatch.setattr(Transport, "start_client", start_client)
    transport = object.__new__(handshake._Transport)
    transport._seconds = 34.0
    for given in (4, None, 90):
        transport.start_client(timeout=given)
    assert limits == [34.0, 34.0, 90]
