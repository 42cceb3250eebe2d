"""The key exchange has a time limit of its own, whatever the connect timeout is."""

from typing import Any

import pytest
from paramiko import Transport

from pushgateway_lab import handshake


def test_a_connect_timeout_does_not_end_a_key_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = []

    def start_client(self: Any, event: Any = None, timeout: float | None = None) -> None:
        del self, event
        limits.append(timeout)

    monkeypatch.setattr(Transport, "start_client", start_client)
    handshake.separate()
    handshake.separate()  # twice, as when two runs share a process
    for given in (4, None, 90):
        Transport.start_client(None, timeout=given)  # type: ignore[arg-type]
    assert limits == [60.0, 60.0, 90]
