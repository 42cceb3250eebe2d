"""A time limit of its own for the key exchange of an SSH connection.

paramiko ends a key exchange that is not done within the connect timeout. When a hundred hosts connect
at once, their key exchanges take turns on one core, and the last of them would fail though its host
answered at once. A connect timeout is to tell whether a host answers.
"""

from functools import wraps
from typing import Any

from paramiko import Transport

SECONDS = 60.0
"""What the key exchange may take; a host that accepts a connection and says nothing costs paramiko's
own 15 seconds."""


def separate() -> None:
    """Have every key exchange of this process its own time limit; may be called again."""
    original = Transport.start_client
    if hasattr(original, "__wrapped__"):
        return

    @wraps(original)
    def start_client(self: Transport, event: Any = None, timeout: float | None = None) -> None:
        original(self, event, max(timeout or 0, SECONDS))

    Transport.start_client = start_client  # type: ignore[method-assign]
