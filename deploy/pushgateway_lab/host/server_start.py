"""Waiting for a server whose service was started."""

import time
from collections.abc import Callable

from pyinfra.api.host import Host

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.host.looking import snapshot_now
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings

_PAUSE = 0.2
"""Seconds between two looks."""


def wait_until_up(
    host: Host,
    settings: Settings,
    server: str,
    seconds: float,
    is_up: Callable[[Snapshot], bool] | None = None,
) -> None:
    """Wait until a server runs and listens. The look that saw it is remembered.

    + server: ``prometheus`` or ``pushgateway``
    + seconds: the longest wait
    + is_up: returns whether a server that runs and listens does so as it should; None: in any way

    Raises:
        HostError: its service has ended, or the time is over; the message has the state of the service.
    """
    deadline = time.monotonic() + seconds
    while True:
        seen = snapshot_now(host, settings)
        state, listeners = seen.state_of(server), seen.listeners_of(server)
        if state.runs and listeners and (is_up is None or is_up(seen)):
            return
        if state.has_failed or state.is_stopped or time.monotonic() > deadline:
            break
        time.sleep(_PAUSE)
    where = " and ".join(each.where for each in listeners)
    raise HostError(f"{state.name} is {state.state}, and listens on {where or 'no port'}")
