"""Release archives in a folder of the control machine, as on one without a network."""

import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from pushgateway_lab.releases.origin import BLOCK, limited
from pushgateway_lab.releases.release import LARGEST_ARCHIVE, LARGEST_SUMS, SUMS, Release
from pushgateway_lab.releases.release_error import ReleaseError
from pushgateway_lab.run import visible

T = TypeVar("T")


class Folder:
    """The archive of a release in a local file, or in a local directory under its own name."""

    timeout = 600.0

    def __init__(self, path: Path, release: Release) -> None:
        self.release = release
        self._path = path / release.file if _is_directory(path) else path
        self._sums = self._path.with_name(SUMS)
        self.place, self.sums_place = visible.value(str(self._path)), visible.value(str(self._sums))

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes of the archive."""
        next_step = f"check {self.release.setting('source')}"
        return self._read(self._path, next_step, LARGEST_ARCHIVE)

    def sums(self) -> bytes:
        """Return the bytes of ``sha256sums.txt``."""
        next_step = f"put upstream's {SUMS} there, or set {self.release.setting('sha256')}"
        return b"".join(self._read(self._sums, next_step, LARGEST_SUMS))

    def in_time(self, act: Callable[[], T]) -> T:
        """Call `act`; reading a local file needs no limit."""
        return act()

    def _read(self, path: Path, next_step: str, most: int) -> Iterator[bytes]:
        shown_path = visible.value(str(path))
        try:
            # Without O_NONBLOCK, a named pipe would block here.
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise ReleaseError(f"{shown_path} is not a regular file: {next_step}.")
                yield from limited(
                    iter(partial(file.read, BLOCK), b""), most, shown_path, next_step
                )
        except OSError as error:
            raise ReleaseError(
                f"{shown_path} cannot be read ({error.strerror}): {next_step}."
            ) from error


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # reading the file reports it
        return False
