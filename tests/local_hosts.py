"""This machine as a pyinfra host, for tests that run commands without a lab host."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pyinfra.api.config import Config
from pyinfra.api.host import Host
from pyinfra.api.inventory import Inventory
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state


@contextmanager
def local_host() -> Iterator[Host]:
    """Make `@local` pyinfra's current host inside the block."""
    state = State(Inventory((["@local"], {})), Config())
    host = state.inventory.get_host("@local")
    assert host is not None
    with ctx_state.use(state), ctx_host.use(host):
        yield host


def state_of(hosts: Mapping[str, Mapping[str, Any]]) -> State:
    """Return the state of a run on hosts with these names and data, which count as connected."""
    state = State(Inventory((list(hosts.items()), {})), Config())
    for host in state.inventory:
        state.activate_host(host)
    return state


def host_of(state: State, name: str) -> Host:
    """Return the host with that name."""
    host = state.inventory.get_host(name)
    assert host is not None
    return host


def disconnected(state: State, *names: str) -> None:
    """Call what pyinfra calls after it has disconnected from these hosts."""
    for name in names:
        state.trigger_callbacks("host_disconnect", host_of(state, name))
