"""Faults to inject into a running host: a full disk, a directory that cannot be written."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from .host import Host


@contextmanager
def tiny_disk(host: Host, directory: str, size: str = "64k") -> Iterator[None]:
    """Put a file system of `size` on a directory, with a copy of what the directory holds."""
    path = shlex.quote(directory)
    # Filled before it is put in place: services must not meet the directory empty.
    host.run(f"""
        set -e
        disk=$(mktemp -d)
        mount -t tmpfs -o size={size} tmpfs "$disk"
        cp -a {path}/. "$disk"
        mount --bind "$disk" {path}
        umount "$disk"
        rmdir "$disk"
    """)
    try:
        yield
    finally:
        host.run(f"umount --lazy {path}")


@contextmanager
def read_only(host: Host, directory: str) -> Iterator[None]:
    """Make a directory read-only for everybody, root included."""
    path = shlex.quote(directory)
    host.run(f"mount --bind {path} {path} && mount -o remount,bind,ro {path}")
    try:
        yield
    finally:
        host.run(f"umount --lazy {path}")
