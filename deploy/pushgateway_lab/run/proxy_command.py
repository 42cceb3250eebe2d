"""Patch pyinfra so that a ``ProxyCommand`` that ends is noticed, with what it said.

paramiko reads from a command that has ended again and again until the connect timeout, and discards what the
command wrote to standard error.
"""

import os
import select
import signal
import time
from contextlib import suppress
from typing import Any

from paramiko import ProxyCommand, ProxyCommandFailure
from pyinfra.connectors.sshuserclient import client

_SAID = 4_000
"""Bytes that are read of what a command wrote to standard error."""


class EndedError(ProxyCommandFailure):
    """A ``ProxyCommand`` ended before the host answered.

    + said: what it wrote to standard error
    """

    def __init__(self, command: str, said: str) -> None:
        super().__init__(command, said)
        self.said = said


def bound() -> None:
    """Install the patch; a second call changes nothing."""
    vars(client)["ProxyCommand"] = Command


class Command(ProxyCommand):
    """The process of a ``ProxyCommand``, used as a socket."""

    def __init__(self, command_line: str) -> None:
        # OpenSSH puts "exec" before the command itself.
        super().__init__(command_line.removeprefix("exec "))
        self._has_answered = False
        self._said: str | None = None

    def recv(self, size: int) -> bytes:
        """Return the next bytes; none if the command has ended after the host answered.

        Raises:
            EndedError: the command ended before.
            TimeoutError: nothing came within the timeout.
        """
        out: Any = self.process.stdout
        if not select.select([out], [], [], self.timeout)[0]:
            raise TimeoutError
        data = os.read(out.fileno(), size)
        if not data and not self._has_answered:
            raise self._ended()
        self._has_answered = True
        return data

    def send(self, content: Any) -> int:
        """Write to the command.

        Raises:
            EndedError: the command has ended.
        """
        try:
            return super().send(content)
        except ProxyCommandFailure as error:
            raise self._ended() from error

    def close(self) -> None:
        """End the command, which may have ended."""
        with suppress(ProcessLookupError):
            if self.process.poll() is None:
                os.kill(self.process.pid, signal.SIGTERM)

    def _ended(self) -> EndedError:
        if self._said is None:
            self._said = _rest_of(self.process.stderr)
        return EndedError(" ".join(self.cmd), self._said)


def _rest_of(pipe: Any) -> str:
    """Return what a command wrote, without waiting for a child that holds the pipe open."""
    ends, data = time.monotonic() + 0.5, b""
    while len(data) < _SAID and select.select([pipe], [], [], max(ends - time.monotonic(), 0))[0]:
        if not (more := os.read(pipe.fileno(), _SAID)):
            break
        data += more
    return data.decode("utf-8", "backslashreplace").strip()
