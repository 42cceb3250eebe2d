"""Check that the prune's password reaches the Pushgateway, and not another program on its port.

While the Pushgateway is down, any user can listen on its port (above 1023), and plain HTTP does not show which
program answers. So before a password goes over plain HTTP, the main process of the Pushgateway's unit must hold
every socket that could receive the connection. Before each prune, root checks this and notes the sockets. The
prune does not run as root; it checks the noted sockets again after it has connected. With TLS or without a
password, no check is needed.
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
    """The password must not be sent; the message says why."""


def note(url: str, username: str | None, unit: str) -> None:
    """Note the sockets that may receive the password, if it goes to loopback or over plain HTTP.

    With the lab's authority, the certificate of any host of a class is good for loopback, so TLS alone is not enough there.

    + unit: the Pushgateway's systemd unit

    Raises:
        ListenerError: the password must not be sent.
    """
    is_tls = urlsplit(url).scheme == "https"
    if username is None or (is_tls and loopback_of(url) is None):
        return
    if loopback_of(url) is None:
        raise ListenerError(
            f"{urlsplit(url).hostname} is no loopback address, and {url} is not https"
        )
    try:
        process = main_process(unit)
    except UnknownProcessError as error:
        if is_tls:
            return
        raise ListenerError(str(error)) from error
    held = sockets_of(process, unit)
    seen = check_listeners(listeners(), url, held, unit)
    NOTED.write_text("".join(f"{line}\n" for line in lines_of(seen)), encoding="ascii")
    NOTED.chmod(0o644)  # the prune's own user must read it, with every umask


def check_listeners(
    listening: Iterable[Listener], url: str, held: set[str], unit: str
) -> list[Listener]:
    """Return the listeners that may receive a connection to the URL; all belong to the Pushgateway.

    + held: the inodes of the sockets that the Pushgateway's main process holds

    Raises:
        ListenerError: there is no listener, or one belongs to another process.
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
        # Not /proc/net: in the service's sandbox, /proc has only processes.
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
        # Read last: if the main process ended and its id was reused, the new process is in another group.
        groups = (directory / "cgroup").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        raise ListenerError(f"{unit} does not run") from None
    if process.group not in [group.split(":", 2)[2] for group in groups]:
        raise ListenerError(f"{unit} does not run any more")
    return held
