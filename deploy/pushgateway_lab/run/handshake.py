"""Patch paramiko so that one time limit covers a whole SSH connection setup.

paramiko has a limit for each phase, and each limit restarts with every byte or line: a host that drips its
banner delays a class for minutes. A fixed limit for each phase fails in another way: when hundreds of hosts
connect at once, their key exchanges share one core, and the last ones take longer than the connect timeout.
So one limit covers the whole setup, and it grows with the number of hosts.

A host that sends without end must not use all CPU time either: gevent does not switch to other greenlets while
a socket has something to receive.
"""

import logging
import time
from functools import partial, wraps
from typing import Any

from paramiko import SSHClient, SSHException, Transport
from paramiko.packet import Packetizer
from pyinfra.connectors.sshuserclient.client import AskPolicy
from pyinfra.context import ctx_state

from pushgateway_lab.run.deadline import within

FOR_EACH_HOST = 0.1
"""Seconds by which the limit grows for each host of a run: a key exchange takes 0.03 to 0.06 s of a core."""

CONNECT_TIMEOUT = 4.0
"""Seconds for one connection if no connect timeout is set."""

_UNKNOWN = 300
"""The assumed number of hosts if the inventory is unknown: PARALLEL of ``config.py``."""

_BEFORE_LOGIN = 65_536
"""Bytes that a server may send before the login has succeeded; OpenSSH sends 3,000."""

_PACKET = 262_144
"""Bytes of the largest packet: OpenSSH's own limit (PACKET_MAX_SIZE)."""

_TURN = 65_536
"""Bytes that a host may send before other greenlets run."""


def bound() -> None:
    """Install the patch; a second call changes nothing."""
    original = SSHClient.connect
    if hasattr(original, "__wrapped__"):
        return
    # paramiko logs each failure with a traceback that quotes the host. Without a handler, Python would print
    # it to the terminal; log handlers (--debug-all) still get it.
    logging.getLogger("paramiko").addHandler(logging.NullHandler())

    @wraps(original)
    def connect(self: SSHClient, hostname: str, *args: Any, **kwargs: Any) -> Any:
        if isinstance(self._policy, AskPolicy):  # type: ignore[attr-defined]
            return original(self, hostname, *args, **kwargs)  # a user is asked, and may take time
        began = time.monotonic()
        seconds = limit(kwargs.get("timeout") or CONNECT_TIMEOUT)
        kwargs.setdefault("transport_factory", partial(_Transport, seconds=seconds))
        try:
            # The connection is closed below, after _how_far has looked at its transport.
            return within(
                seconds, partial(original, self, hostname, *args, **kwargs), give_up=lambda: None
            )
        except TimeoutError:
            did = _how_far(self.get_transport())
            problem = f"it {did} within {time.monotonic() - began:.1f} s"
        except SSHException:
            if not getattr(getattr(self.get_transport(), "sock", None), "is_over", False):
                raise
            problem = f"it sent over {_BEFORE_LOGIN} bytes before the login"
        self.close()
        raise OSError(problem)

    SSHClient.connect = connect  # type: ignore[method-assign]


def limit(connect_timeout: float) -> float:
    """Return the limit in seconds for the setup of one connection of this run.

    + connect_timeout: the limit in seconds for a host that connects alone
    """
    hosts = _UNKNOWN
    if ctx_state.isset():
        state = ctx_state.get()
        hosts = sum(state.is_host_in_limit(host) for host in state.inventory)
    return connect_timeout + FOR_EACH_HOST * hosts


def _how_far(transport: Transport | None) -> str:
    """Return the last phase that succeeded, and the phase that did not end in time."""
    if transport is None:
        return "did not answer"
    if not transport.remote_version:
        return "accepted the connection, but sent no SSH banner"
    if not transport.initial_kex_done:
        return "sent an SSH banner, but did not finish the key exchange"
    return "exchanged keys, but did not answer the authentication"


class _Transport(Transport):
    """A transport with one time limit for all phases, and with the limits of `_Taking` and `_Packetizer`."""

    def __init__(self, sock: Any, *, seconds: float, **arguments: Any) -> None:
        super().__init__(_Taking(sock, self), packetizer_class=_Packetizer, **arguments)  # type: ignore[arg-type]
        self._seconds = seconds
        self.banner_timeout = self.handshake_timeout = self.auth_timeout = seconds
        self.channel_timeout = 60

    def start_client(self, event: Any = None, timeout: float | None = None) -> None:
        """Exchange keys within the limit of all hosts; paramiko passes the timeout of one host."""
        super().start_client(event, max(timeout or 0, self._seconds))


class _Packetizer(Packetizer):
    """A packet reader that rejects packets larger than `_PACKET`."""

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """Read; see paramiko.

        Raises:
            SSHException: the packet is too large.
        """
        if n > _PACKET:
            raise SSHException(f"it announced a packet of {n} bytes")
        data: bytes = super().read_all(n, check_rekey)
        return data


class _Taking:
    """A socket with a limit for the bytes before the login, which lets other greenlets run.

    `time.sleep(0)`, patched by gevent, switches to the other greenlets.

    + is_over: whether the host sent more than the limit
    """

    def __init__(self, sock: Any, transport: Transport) -> None:
        self._sock = sock
        self._transport = transport
        self.is_over = False
        self._received = 0
        self._in_turn = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def recv(self, size: int) -> bytes:
        """Receive; see `socket.socket.recv`.

        Raises:
            SSHException: the host sent more than `_BEFORE_LOGIN` bytes before the login.
        """
        data: bytes = self._sock.recv(size)
        self._received += len(data)
        self._in_turn += len(data)
        if self._received > _BEFORE_LOGIN and not self._transport.is_authenticated():
            self.is_over = True
            raise SSHException("too much before the login")
        if self._in_turn >= _TURN:
            self._in_turn = 0
            time.sleep(0)
        return data
