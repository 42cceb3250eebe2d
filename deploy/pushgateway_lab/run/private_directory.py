"""A directory on the machine that runs pyinfra that nobody but its user, and root, can replace."""

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator
from pathlib import Path

_MOST_LINKS = 40  # as Linux (path_resolution(7))


class ReplaceableError(Exception):
    """A directory is another user's, or others can replace it; the message is a sentence that names it."""


def make_private(directory: Path) -> None:
    """Create a directory for its owner only, with the directories above it, and check who can replace it.

    The mode of a directory that was there is not changed.

    Raises:
        ReplaceableError: it belongs to another user, is a symbolic link, or somebody else can replace it.
        OSError: it cannot be created.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or any(map(_can_be_replaced_in, _way_to(directory))):
        raise ReplaceableError(
            f"{directory} is a symbolic link, or in a directory in which others can replace it."
        )
    if found.st_uid != os.geteuid():
        raise ReplaceableError(f"{directory} belongs to another user, who could replace its files.")


def _way_to(directory: Path) -> Iterator[os.stat_result]:
    """Yield each directory and each symbolic link that the kernel passes on the way to a directory.

    Raises:
        OSError: one of them is not there, or there are too many links.
    """
    rest = deque(directory.absolute().parts[:-1])
    at = Path(rest[0])
    links = 0
    while rest:
        name = rest.popleft()
        at = Path(os.path.normpath(at / name))  # ".." of a path without links
        found = at.lstat()
        yield found
        if not stat.S_ISLNK(found.st_mode):
            continue
        if (links := links + 1) > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(directory))
        rest.extendleft(reversed(at.readlink().parts))
        at = at.parent


def _can_be_replaced_in(above: os.stat_result) -> bool:
    """Return whether somebody else than root and the own user can rename what is in a directory."""
    if above.st_uid not in (0, os.geteuid()):
        return True
    # The own group may be the own user's alone, as on distributions with the umask 002.
    is_shared = bool(above.st_mode & stat.S_IWOTH) or (
        bool(above.st_mode & stat.S_IWGRP) and above.st_gid not in (0, os.getegid())
    )
    return stat.S_ISDIR(above.st_mode) and is_shared and not above.st_mode & stat.S_ISVTX
