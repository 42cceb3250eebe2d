"""See that the prune's password will reach the Pushgateway, and not somebody who took its port.

Ports above 1023 are anybody's while the Pushgateway is down, and plain HTTP does not tell who answers. So
where a password is to go over plain HTTP, every socket that could be reached at the address must be
held by the main process of the Pushgateway's unit. Before each prune, root looks and notes these sockets.
The prune, which is not root, looks once more when it has connected. With TLS, or without a password,
there is nothing to see.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from pushgateway_lab.formats import sockets
from pushgateway_lab.formats.sockets import Listener, loopback_of, port_of, reached
from pushgateway_lab.pruning import layout
from pushgateway_lab.services.systemd_process import Process, UnknownProcessError, main_process

NOTED = Path(layout.NOTED)


class ListenerError(Exception):
    """The password may not be sent; the message says why."""


def note(url: str, username: str | None, unit: str) -> None:
    """Note the sockets that may get the password, if one is to go over plain HTTP.

    + unit: the Pushgateway's systemd unit

    Raises:
        ListenerError: it may not be sent.
    """
    if username is None or urlsplit(url).scheme == "https":
        return
    if loopback_of(url) is None:
        raise ListenerError(
            f"{urlsplit(url).hostname} is no loopback address, and {url} is not https"
        )
    try:
        process = main_process(unit)
    except UnknownProcessError as error:
        raise ListenerError(str(error)) from error
    held = sockets_of(process, unit)
    seen = check_listeners(listeners(), url, held, unit)
    NOTED.write_text("".join(f"{line}\n" for line in lines_of(seen)), encoding="ascii")
    NOTED.chmod(0o644)  # for the prune's own user, whatever the umask is


def check_listeners(
    listening: Iterable[Listener], url: str, held: set[str], unit: str
) -> list[Listener]:
    """Return the listeners at which a connection may end, all of which are the Pushgateway's.

    + held: the inodes of the sockets that its process holds

    Raises:
        ListenerError: there is none, or one is somebody else's.
    """
    where = f"port {port_of(url)} of {loopback_of(url)}"
    found = reached(listening, url)
    if not found:
        raise ListenerError(f"nothing listens on {where}")
    for each in found:
        if each.inode not in held:
            raise ListenerError(
                f"{where} is not held by {unit}, but by a process of user {each.user}"
            )
    return found


def listeners() -> list[Listener]:
    """Return the listening TCP sockets of this host."""
    lines = []
    for name in ("tcp", "tcp6"):
        # Not /proc/net: in the sandbox of the service, /proc shows processes only.
        with suppress(FileNotFoundError):  # IPv6 may be off
            lines += Path("/proc/self/net", name).read_text(encoding="ascii").splitlines()[1:]
    return sockets.listening(lines, sys.byteorder)


def lines_of(seen: Iterable[Listener]) -> set[str]:
    """Return the lines in which listeners are noted."""
    return {f"{each.address} {each.port} {each.inode}" for each in seen}


def sockets_of(process: Process, unit: str) -> set[str]:
    """Return the inodes of the sockets that a unit's main process holds.

    Raises:
        ListenerError: the unit does not run.
    """
    directory = Path("/proc", process.number)
    held = set()
    try:
        for each in (directory / "fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                target = os.readlink(each)  # noqa: PTH115 - Path.readlink says the same, as a Path
                if target.startswith("socket:["):
                    held.add(target[8:-1])
        # Last: a process that has got the number of one that ended is not in the unit's group.
        groups = (directory / "cgroup").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        raise ListenerError(f"{unit} does not run") from None
    if process.group not in [group.split(":", 2)[2] for group in groups]:
        raise ListenerError(f"{unit} does not run any more")
    return held
