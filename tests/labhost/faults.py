"""Faults for a running host: a full disk, a read-only directory."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from .host import Host


@contextmanager
def tiny_disk(host: Host, directory: str, size: str = "64k") -> Iterator[None]:
    """Mount a file system of `size` on a directory, with a copy of the directory's content."""
    path = shlex.quote(directory)
    # It is filled before it is mounted there: services must never find the directory empty.
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
