"""This machine as a pyinfra host, for tests that need a command to run and no host."""

from collections.abc import Iterator
from contextlib import contextmanager

from pyinfra.api.config import Config
from pyinfra.api.host import Host
from pyinfra.api.inventory import Inventory
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state


@contextmanager
def local_host() -> Iterator[Host]:
    """`@local`, in context for as long as the block runs."""
    state = State(Inventory((["@local"], {})), Config())
    host = state.inventory.get_host("@local")
    assert host is not None
    with ctx_state.use(state), ctx_host.use(host):
        yield host
