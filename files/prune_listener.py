#!/usr/bin/python3
"""See that the prune's password will reach the Pushgateway, and not somebody who took its port.

Stands alone: Python 3.9 and its standard library. systemd runs it as root before each prune:

    prune_listener.py /etc/pushgateway-lab/prune.arguments

Ports above 1023 are anybody's while the Pushgateway is down, and plain HTTP does not tell who answers. So
where a password is to go over plain HTTP, every socket that could be reached at the address must be
held by the main process of the Pushgateway's unit. ``prune_groups.py`` finds these sockets noted, and
looks once more when it has connected. With TLS, or without a password, there is nothing to see.

Exit code: 0 the password may be sent, or there is none; 1 it may not, for the reason on standard error.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import NamedTuple, Union
from urllib.parse import urlsplit

UNIT = "prometheus-pushgateway.service"
NOTED = Path("/run/pushgateway-lab-prune.listeners")

Address = Union[IPv4Address, IPv6Address]


class ListenerError(Exception):
    """The password may not be sent; the message says why."""


class Listener(NamedTuple):
    """A listening TCP socket.

    + local: its address and port, as the kernel writes them
    + user: the number of the user it belongs to
    """

    local: str
    user: str
    inode: str

    @property
    def address(self) -> Address:
        """The address it listens on. The kernel writes words of 32 bits in the machine's byte order."""
        digits = self.local.rpartition(":")[0]
        words = [int(digits[at : at + 8], 16) for at in range(0, len(digits), 8)]
        return ip_address(b"".join(word.to_bytes(4, sys.byteorder) for word in words))

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        return int(self.local.rpartition(":")[2], 16)

    def is_reached_at(self, address: Address) -> bool:
        """Return whether a connection to `address` may end at this socket."""
        own = self.address
        if isinstance(own, IPv6Address):
            own = own.ipv4_mapped or own
        if own == address:
            return True
        # An unspecified IPv6 address may stand for those of IPv4, too; the other way round it cannot.
        return own.is_unspecified and own.version >= address.version


def main() -> int:
    """Look, note what was seen, and return the exit code."""
    words = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    try:
        where = destination(words)
        if where is None:
            return 0
        sockets = unit_sockets()
        seen = check(listeners(kernel_lines()), where, sockets)
    except ListenerError as error:
        print(f"The password was not sent: {error}.", file=sys.stderr)
        return 1
    lines = "".join(f"{listener.local} {listener.inode}\n" for listener in seen)
    NOTED.write_text(lines, encoding="ascii")  # in a directory that is root's alone
    NOTED.chmod(0o644)  # for the prune's own user, whatever the umask is
    return 0


def destination(words: Iterable[str]) -> tuple[Address, int] | None:
    """Return address and port to which a password goes over plain HTTP; None if there is none.

    + words: the arguments of ``prune_groups.py``

    Raises:
        ListenerError: it would not go to a loopback address.
    """
    given = dict(word.partition("=")[::2] for word in words)
    parts = urlsplit(given["--url"])
    if "--username" not in given or parts.scheme == "https":
        return None
    host = parts.hostname or ""
    try:
        address = ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise ListenerError(f"{host} is no address") from None
    if not address.is_loopback:
        raise ListenerError(f"{host} is no loopback address, and {given['--url']} is not https")
    return address, parts.port or 80


def check(
    listening: Iterable[Listener],
    where: tuple[Address, int],
    sockets: set[str],
) -> list[Listener]:
    """The listeners that a connection to `where` may end at, all of which are the Pushgateway's.

    + sockets: the inodes of the sockets that its process holds

    Raises:
        ListenerError: there is none, or one is somebody else's.
    """
    address, port = where
    reached = [each for each in listening if each.port == port and each.is_reached_at(address)]
    if not reached:
        raise ListenerError(f"nothing listens on port {port} of {address}")
    for each in reached:
        if each.inode not in sockets:
            raise ListenerError(
                f"port {port} of {address} is not held by {UNIT}, but by a process of user {each.user}"
            )
    return reached


def kernel_lines() -> list[str]:
    """The TCP sockets of the host, a line each, as the kernel writes them."""
    lines = []
    for path in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if path.exists():  # IPv6 may be off
            lines += path.read_text(encoding="ascii").splitlines()[1:]
    return lines


def listeners(lines: Iterable[str]) -> list[Listener]:
    """The listening ones among the sockets in the kernel's lines."""
    found = []
    for line in lines:
        fields = line.split()
        if fields[3] == "0A":  # TCP_LISTEN
            found.append(Listener(fields[1], fields[7], fields[9]))
    return found


def unit_sockets() -> set[str]:
    """The inodes of the sockets that the main process of the Pushgateway's unit holds.

    Raises:
        ListenerError: the unit does not run.
    """
    try:
        shown = subprocess.run(
            ["/bin/systemctl", "show", "--property=MainPID,ControlGroup", UNIT],
            capture_output=True, text=True, timeout=20, check=True,
        ).stdout  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise ListenerError(f"systemctl does not say whether {UNIT} runs: {error}") from error
    unit = dict(line.partition("=")[::2] for line in shown.splitlines())
    process = Path("/proc", unit.get("MainPID", "0"))
    sockets = set()
    try:
        for each in (process / "fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                target = os.readlink(each)  # noqa: PTH115 - Path.readlink says the same, as a Path
                if target.startswith("socket:["):
                    sockets.add(target[8:-1])
        # Last: a process that has got the number of one that ended is not in the unit's group.
        groups = (process / "cgroup").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        raise ListenerError(f"{UNIT} does not run") from None
    if unit.get("ControlGroup") not in [group.split(":", 2)[2] for group in groups]:
        raise ListenerError(f"{UNIT} does not run any more")
    return sockets


if __name__ == "__main__":
    sys.exit(main())
