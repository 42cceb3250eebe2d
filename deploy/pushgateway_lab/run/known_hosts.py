"""Patch pyinfra so that it writes new host keys as OpenSSH does.

On a machine without ``~/.ssh``, pyinfra reaches no host. It also appends a key to a last line that does not end,
and accepts two keys of one host in the same run.
"""

import os
from collections.abc import Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from paramiko import BadHostKeyException, HostKeys, PKey
from paramiko.hostkeys import HostKeyEntry
from pyinfra import logger
from pyinfra.connectors.sshuserclient import client

from pushgateway_lab.run.visible import value

_PRIVATE = 0o700
_FILE = 0o600


def bound() -> None:
    """Install the patch; a second call changes nothing."""
    if vars(client)["append_hostkey"] is append:
        return
    vars(client)["append_hostkey"] = append
    original = client.get_host_keys

    @wraps(original)
    def get_host_keys(filenames: Sequence[str]) -> HostKeys:
        # pyinfra warns of each file that does not exist; OpenSSH does not.
        found: HostKeys = original(tuple(each for each in filenames if Path(each).exists()))
        return found

    vars(client)["get_host_keys"] = get_host_keys


def append(ssh: Any, hostname: str, key: PKey) -> None:
    """Add a new host key to the first known_hosts file of a client; replaces pyinfra's function.

    If the file cannot be written, the key counts for this run, as OpenSSH goes on, too.

    + ssh: the `SSHClient`
    + hostname: as in known_hosts, such as ``[vm01]:2222``

    Raises:
        BadHostKeyException: another connection of this run was shown another key.
    """
    path = ssh._host_keys_filename  # noqa: SLF001 - paramiko has no getter
    with client.HOST_KEYS_LOCK:
        keys: HostKeys = ssh._host_keys  # noqa: SLF001
        # Another connection of this run may have added one meanwhile.
        found = keys.lookup(hostname)
        known = found.get(key.get_name()) if found else None
        if known is not None and known != key:
            raise BadHostKeyException(hostname, key, known)
        if known is not None:
            return
        keys.add(hostname, key.get_name(), key)
        if path is None:
            return
        try:
            _append(Path(path), HostKeyEntry([hostname], key).to_line() or "")
        except OSError as error:
            logger.warning(
                "The host key of %s was accepted, but not saved: %s",
                value(hostname),
                value(str(error)),
            )


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, _FILE)
    with os.fdopen(descriptor, "r+b") as file:
        if path.is_file() and (size := file.seek(0, os.SEEK_END)):
            file.seek(size - 1)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(line.encode())
