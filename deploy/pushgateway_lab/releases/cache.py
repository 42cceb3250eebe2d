"""The cache of release archives on the control machine. Its directory is its owner's alone."""

import errno
import fcntl
import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pushgateway_lab.http.exchange import Deadline
from pushgateway_lab.releases.origin import Expected, Origin
from pushgateway_lab.releases.release_error import ReleaseError
from pushgateway_lab.run.private_directory import ReplaceableError, make_private

_START = 256  # bytes of the beginning, for the error about a wrong digest
_OWNER_ONLY = 0o700
_WAIT = 0.1  # seconds between two attempts to get a lock
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def cache_directory() -> Path:
    """Return the directory of archives: ``pushgateway-lab/releases`` in the user's cache directory.

    Raises:
        ReleaseError: the user has no home directory.

    Source: XDG Base Directory Specification, ``XDG_CACHE_HOME``.
    """
    cache = os.environ.get("XDG_CACHE_HOME", "")
    try:
        base = Path(cache) if Path(cache).is_absolute() else Path.home() / ".cache"
    except RuntimeError as error:
        raise ReleaseError(
            "There is no home directory for the cache of releases: set XDG_CACHE_HOME."
        ) from error
    return base / "pushgateway-lab/releases"


def ensure(path: Path, origin: Origin, expected: Expected) -> bool:
    """Have the archive at this path of the cache, with the expected digest; return whether it was there already.

    Several runs may call this at once: one fetches, the others wait for it, as long as the timeout of the origin.

    Raises:
        ReleaseError: the archive cannot be had, or has another digest. Nothing of it is kept.
    """
    directory = path.parent
    try:
        _make_directory(directory)
        with _locked(directory / f".{path.name}.lock", origin.timeout):
            is_cached = _digest_of(path) == expected.sha256
            if not is_cached:
                _remove_unfinished(path)
                origin.in_time(lambda: _keep(path, origin, expected))
    except OSError as error:
        raise _error(error, directory) from error
    return is_cached


def _make_directory(directory: Path) -> None:
    """Make the cache directory, for its owner only.

    Raises:
        ReleaseError: it belongs to another user, is a symbolic link, or somebody else can replace it.
    """
    try:
        make_private(directory)
    except ReplaceableError as error:
        raise ReleaseError(
            f"{error} So archives could be replaced: set XDG_CACHE_HOME to a directory of your own."
        ) from error
    if stat.S_IMODE(directory.lstat().st_mode) != _OWNER_ONLY:
        directory.chmod(_OWNER_ONLY)


@contextmanager
def _locked(path: Path, seconds: float) -> Iterator[None]:
    """Hold a lock file inside the block. The kernel releases it if the process ends.

    + seconds: to wait for another process or greenlet that holds it

    Raises:
        ReleaseError: it is still held.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        until = Deadline(seconds)
        while not _lock(descriptor):
            if until.is_over:
                raise ReleaseError(
                    f"Another run has fetched the same archive for {seconds:g} s (it holds {path}): wait for it, "
                    "or end it."
                )
            time.sleep(_WAIT)  # a blocking lock would block the greenlet that holds it
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _digest_of(path: Path) -> str | None:
    """Return the digest of a file in the cache; None if there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError):
        return None


def _remove_unfinished(path: Path) -> None:
    """Remove what killed runs left of this archive. The caller holds its lock."""
    for leftover in path.parent.glob(f".{path.name}.new-*"):
        leftover.unlink(missing_ok=True)


def _keep(path: Path, origin: Origin, expected: Expected) -> None:
    """Write a file of the cache in one step, if its content has the expected digest.

    Raises:
        ReleaseError: it has another digest; nothing is kept.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.new-", dir=path.parent)
    try:
        start, digest = b"", hashlib.sha256()
        with os.fdopen(descriptor, "wb") as file:
            for block in origin.blocks():
                start = start or block[:_START]
                digest.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != expected.sha256:
            raise _wrong_digest(digest.hexdigest(), start, origin, expected)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _wrong_digest(found: str, start: bytes, origin: Origin, expected: Expected) -> ReleaseError:
    is_page = start.lstrip().startswith(b"<")
    looks = "; it is a web page, such as a proxy or a login sends" if is_page else ""
    return ReleaseError(
        f"{origin.place} has the SHA-256 digest {found}, not {expected.sha256} from {expected.source}{looks}; "
        f"it was not kept: compare the digest with upstream's, and check {origin.release.setting('source')}."
    )


def _error(error: OSError, directory: Path) -> ReleaseError:
    next_step = (
        "free some space, or set XDG_CACHE_HOME to another disk"
        if error.errno in _NO_SPACE
        else "check the owner and the permissions of the directory, or set XDG_CACHE_HOME"
    )
    return ReleaseError(
        f"The cache of releases {directory} cannot be used ({error.strerror}): {next_step}."
    )
