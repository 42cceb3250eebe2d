"""A hostile SSH server: hostile_sshd.py BEHAVIOUR. It prints its port on 127.0.0.1.

Behaviours before the login:

+ silent: accepts the connection and sends nothing
+ drip: a byte of the banner every half second; lines: a line before the banner every second
+ endless: a banner without end, on one line
+ version: the banner alone; kex: the banner and the list of key exchanges
+ chatter: messages of the type "ignore" without end, instead of the key exchange
+ login: the key exchange, and no answer to the login

Behaviours after the login:

+ exec: no answer to a command; channel: no answer to the opening of a channel
+ unended: output, but no exit status
+ flood: output without end, regardless of the client's window; packet: a packet of 2 GB
"""

import socket
import struct
import sys
import threading
import time
from typing import Any

import paramiko
from paramiko.common import (
    AUTH_SUCCESSFUL,
    OPEN_SUCCEEDED,
    cMSG_CHANNEL_DATA,
)

BEHAVIOUR = sys.argv[1]
FOREVER = 3600.0
BLOCK = 32_000


def before_the_banner(connection: socket.socket) -> None:
    """Serve a connection with a behaviour that comes before the banner."""
    if BEHAVIOUR in ("drip", "lines"):
        while True:
            connection.sendall(b"S" if BEHAVIOUR == "drip" else b"Welcome\r\n")
            time.sleep(0.5)
    while BEHAVIOUR == "endless":
        connection.sendall(b"x" * BLOCK)
    if BEHAVIOUR in ("version", "kex", "chatter"):
        connection.sendall(b"SSH-2.0-Hostile\r\n")
    if BEHAVIOUR == "kex":
        connection.sendall(b"\0\0\1")  # the beginning of a packet
    while BEHAVIOUR == "chatter":
        payload = b"\2" + struct.pack(">I", BLOCK) + b"x" * BLOCK  # SSH_MSG_IGNORE
        padding = 16 - (len(payload) + 5) % 8
        packet = struct.pack(">IB", len(payload) + padding + 1, padding) + payload
        connection.sendall(packet + bytes(padding))
    time.sleep(FOREVER)


class Server(paramiko.ServerInterface):
    """Accepts every login, and stops where BEHAVIOUR says."""

    def check_auth_publickey(self, username: str, key: Any) -> Any:
        """See paramiko."""
        del username, key
        if BEHAVIOUR == "login":
            time.sleep(FOREVER)
        return AUTH_SUCCESSFUL

    def get_allowed_auths(self, username: str) -> str:
        """See paramiko."""
        del username
        return "publickey"

    def check_channel_request(self, kind: str, chanid: int) -> Any:
        """See paramiko."""
        del kind, chanid
        if BEHAVIOUR == "channel":
            time.sleep(FOREVER)
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        """See paramiko."""
        del command
        if BEHAVIOUR == "exec":
            time.sleep(FOREVER)
        threading.Thread(target=answer, args=[channel], daemon=True).start()
        return True


def answer(channel: paramiko.Channel) -> None:
    """Answer a command."""
    if BEHAVIOUR == "flood":
        transport = channel.get_transport()
        while True:
            message = paramiko.Message()
            message.add_byte(cMSG_CHANNEL_DATA)
            message.add_int(channel.remote_chanid)
            message.add_string(b"y\n" * (BLOCK // 2))
            transport._send_user_message(message)  # type: ignore[attr-defined]
    if BEHAVIOUR == "packet":
        connection = channel.get_transport().sock
        connection.sendall(b"\x7f\xff\xff\xf0")
        while True:
            connection.sendall(bytes(BLOCK))
    channel.sendall(b"snapshot 1\n")
    channel.shutdown_write()
    time.sleep(FOREVER)


def serve(connection: socket.socket) -> None:
    """Serve one connection."""
    if BEHAVIOUR in ("silent", "drip", "lines", "endless", "version", "kex", "chatter"):
        before_the_banner(connection)
        return
    transport = paramiko.Transport(connection)
    transport.add_server_key(paramiko.ECDSAKey.generate())
    transport.start_server(server=Server())
    time.sleep(FOREVER)


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()
