"""Listening TCP sockets as the kernel shows them, loopback URLs, and which socket such a URL reaches.

Pure functions. Python 3.9 and its standard library: the prune applies the same on its host.
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

    + user: number of the user who made it; empty if unknown
    """

    address: str
    port: int
    inode: str
    user: str = ""


def parse_listener(written: str, byteorder: str = "little") -> Listener:
    """Return the listener of an address and an inode of ``/proc/net/tcp``, with a blank in between.

    + byteorder: of the host, as `sys.byteorder`: the kernel writes an address in words of 32 bits

    Raises:
        ValueError: the kernel writes no such address, port or inode.
    """
    local, _, inode = written.partition(" ")
    address, _, port = local.partition(":")
    step = -1 if byteorder == "little" else 1
    words = [bytes.fromhex(address[i : i + 8])[::step] for i in range(0, len(address), 8)]
    return Listener(str(ip_address(b"".join(words))), int(port, 16), str(int(inode)))


def listening(lines: Iterable[str], byteorder: str) -> list[Listener]:
    """Return the listeners among the lines of ``/proc/net/tcp`` and ``tcp6``, without their headings.

    + byteorder: see `parse_listener`
    """
    found = []
    for line in lines:
        _, local, _, state, _, _, _, user, _, inode = line.split()[:10]
        if state == _LISTENING:
            found.append(parse_listener(f"{local} {inode}", byteorder)._replace(user=user))
    return found


def loopback_of(url: str) -> Address | None:
    """Return the loopback address that a URL names; None if it names another or none.

    Only an address is one, or the name ``localhost`` (RFC 6761, 6.3), which stands for 127.0.0.1. What
    else some resolver takes for loopback (``127.1``, ``0.0.0.0``, ``localhost.``) is not.
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
    """Return the TCP port that a URL of plain http names."""
    return urlsplit(url).port or 80


def reached(listeners: Iterable[Listener], url: str) -> list[Listener]:
    """Return the listeners at which a connection to a loopback URL of plain http may end.

    Where there are several, the kernel takes the one with the more special address. A URL that is not on
    loopback reaches none.
    """
    address, port = loopback_of(url), port_of(url)
    if address is None:
        return []
    return [each for each in listeners if each.port == port and _gets(each, address)]


def _gets(listener: Listener, address: Address) -> bool:
    own = ip_address(listener.address)
    if isinstance(own, IPv6Address):
        if own.is_unspecified:
            return True  # IPv4, too, unless the socket asked not to
        own = own.ipv4_mapped or own
    return own == address or (own.is_unspecified and isinstance(address, IPv4Address))
