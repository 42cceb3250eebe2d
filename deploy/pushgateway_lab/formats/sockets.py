"""Listening TCP sockets in the kernel's format, and the sockets that a loopback URL reaches.

Pure functions. Python 3.9 and its standard library, because the prune's program on the hosts uses this
module.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple, Union
from urllib.parse import urlsplit

Address = Union[IPv4Address, IPv6Address]

_LISTENING = "0A"  # TCP_LISTEN


class Listener(NamedTuple):
    """A listening TCP socket.

    + address, port: where it listens
    + inode: its number, by which ``/proc/PID/fd`` names it
    + user: number of the user who opened it; empty if unknown
    """

    address: str
    port: int
    inode: str
    user: str = ""

    @property
    def where(self) -> str:
        """The address as HOST:PORT."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"

    @property
    def is_on_loopback(self) -> bool:
        """Return whether only programs of the host itself reach it."""
        own = ip_address(self.address)
        return ((isinstance(own, IPv6Address) and own.ipv4_mapped) or own).is_loopback


def parse_listener(written: str, byteorder: str = "little") -> Listener:
    """Return the listener of an address and an inode of ``/proc/net/tcp``, separated by a blank.

    + byteorder: of the host, as `sys.byteorder`: the kernel writes an address in words of 32 bits

    Raises:
        ValueError: the text has another form.
    """
    local, _, inode = written.partition(" ")
    address, _, port = local.partition(":")
    step = -1 if byteorder == "little" else 1
    words = [bytes.fromhex(address[i : i + 8])[::step] for i in range(0, len(address), 8)]
    return Listener(str(ip_address(b"".join(words))), int(port, 16), str(int(inode)))


def listening(lines: Iterable[str], byteorder: str) -> list[Listener]:
    """Return the listening sockets in ``/proc/net/tcp`` or ``tcp6``.

    + lines: without the heading
    + byteorder: see `parse_listener`
    """
    found = []
    for line in lines:
        _, local, _, state, _, _, _, user, _, inode = line.split()[:10]
        if state == _LISTENING:
            found.append(parse_listener(f"{local} {inode}", byteorder)._replace(user=user))
    return found


def loopback_of(url: str) -> Address | None:
    """Return the loopback address in a URL; None if its host is something else.

    The host has to be an address, or the name ``localhost`` (RFC 6761, 6.3), which stands for 127.0.0.1.
    Other forms that some resolvers accept (``127.1``, ``0.0.0.0``, ``localhost.``) give None.
    """
    host = urlsplit(url).hostname or ""
    try:
        address = ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return None
        address = address.ipv4_mapped or address
    return address if address.is_loopback else None


def port_of(url: str) -> int:
    """Return the TCP port of a URL with the scheme http."""
    return urlsplit(url).port or 80


def reached(listeners: Iterable[Listener], url: str) -> list[Listener]:
    """Return the listeners that a connection to a loopback URL of plain http may reach.

    Of several, the kernel chooses the one with the most specific address. A URL that is not on loopback
    reaches none.
    """
    address, port = loopback_of(url), port_of(url)
    if address is None:
        return []
    return [each for each in listeners if each.port == port and _gets(each, address)]


def _gets(listener: Listener, address: Address) -> bool:
    own = ip_address(listener.address)
    if isinstance(own, IPv6Address):
        if own.is_unspecified:
            return True  # also for IPv4, unless the socket has IPV6_V6ONLY
        own = own.ipv4_mapped or own
    return own == address or (own.is_unspecified and isinstance(address, IPv4Address))
