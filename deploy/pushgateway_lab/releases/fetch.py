"""Get a release archive into the cache of the control machine, from a web server or from a local file.

Nothing reads an archive before its SHA-256 digest was checked, also if it was in the cache already. A digest from
the ``sha256sums.txt`` beside the archive protects against damage, but not against a malicious server, which writes
both. A digest in a setting protects against both.
"""

import errno
import fcntl
import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from threading import Event
from typing import NamedTuple, Protocol, TypeVar
from urllib.parse import urldefrag, urljoin, urlsplit

import requests
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from pushgateway_lab.formats.characters import shown
from pushgateway_lab.http.connection import reason
from pushgateway_lab.http.exchange import Deadline
from pushgateway_lab.releases.release import (
    LARGEST_ARCHIVE,
    LARGEST_SUMS,
    SUMS,
    UPSTREAM,
    Release,
    digest_in_sums,
    parse_sha256,
    sums_url,
    why_not_url,
)
from pushgateway_lab.releases.release_error import ReleaseError
from pushgateway_lab.run import deadline, visible

MOST_REDIRECTS = 5
"""The most redirects to one file; GitHub has one."""

T = TypeVar("T")

_BLOCK = 64 << 10
_START = 256  # bytes of the beginning, for the error about a wrong digest
_OWNER_ONLY = 0o700
_LONGEST_REDIRECT = 8192  # characters; those of GitHub are signed, and have about 1000
_WAIT = 0.1  # seconds between two attempts to get a lock
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Web:
    """A web server that has releases.

    + template: the template of URLs (`release.parse_template`)
    + proxy: the URL of a proxy; None: that of the environment (``https_proxy``, ``no_proxy``), if there is one
    + ca_file: trusted certificates in PEM, instead of the usual authorities
    + connect_timeout: seconds for a connection, and for each wait for the next bytes
    + timeout: seconds for each file, from the first request to the last byte
    """

    template: str = UPSTREAM
    proxy: str | None = None
    ca_file: str | None = None
    connect_timeout: float = 10.0
    timeout: float = 600.0


class Archive(NamedTuple):
    """A checked archive in the cache.

    + path: the file; its name begins with a part of the digest
    + sha256: its digest
    + digest_from: where the expected digest came from, and what it protects against, for people
    + was_cached: whether it was in the cache already
    """

    path: Path
    sha256: str
    digest_from: str
    was_cached: bool


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


def fetch(
    release: Release,
    source: Web | Path = Web(),
    *,
    sha256: str | None = None,
    cache: Path | None = None,
) -> Archive:
    """Return a release's archive, checked, from the cache or else from a source.

    Several runs may call this at once: one fetches, the others wait for it, as long as the timeout of the source.
    A greenlet that waits lets the others run.

    + source: a web server; or an archive; or a directory with archives, each under its own name
    + sha256: the expected digest; None: that of ``sha256sums.txt`` in the same place, which is read each time
    + cache: the directory to keep it in; None: `cache_directory`

    Raises:
        ReleaseError: the archive cannot be had, or has another digest. Nothing of it is kept.

    Example: ``fetch(Release("pushgateway", "1.11.2", "amd64")).path``; without a network,
    ``fetch(release, Path("/media/usb"), sha256="...")``.
    """
    origin: _Origin = (
        _Folder(source, release) if isinstance(source, Path) else _Server(source, release)
    )
    wanted, digest_from = _expected_digest(release, origin, sha256)
    directory = cache_directory() if cache is None else cache
    # With the digest in its name, no other run replaces the file between this check and its use.
    path = directory / f"{wanted[:16]}-{release.file}"
    try:
        _make_directory(directory)
        with _locked(directory / f".{path.name}.lock", origin.timeout):
            is_cached = _digest_of(path) == wanted
            if not is_cached:
                _remove_unfinished(path)
                origin.in_time(lambda: _keep(path, origin.blocks(), wanted, origin, digest_from))
    except OSError as error:
        raise _cache_error(error, directory) from error
    return Archive(path, wanted, digest_from, is_cached)


class Remote(NamedTuple):
    """An archive that a host downloads itself.

    + url: of the archive
    + sha256, digest_from: as of an `Archive`; nobody has checked the archive yet
    """

    url: str
    sha256: str
    digest_from: str


def look_up(release: Release, source: Web = Web(), *, sha256: str | None = None) -> Remote:
    """Return where a release's archive is, and the digest that it must have; the archive itself is not fetched.

    + sha256: the expected digest; None: that of ``sha256sums.txt`` in the same place, which is fetched

    Raises:
        ReleaseError: the digest cannot be had.

    Example: ``look_up(Release("pushgateway", "1.11.2", "amd64")).sha256``.
    """
    origin = _Server(source, release)
    return Remote(origin.place, *_expected_digest(release, origin, sha256))


class _Origin(Protocol):
    """The place that an archive comes from.

    + place, sums_place: the URL or path of the archive, and of its ``sha256sums.txt``
    + timeout: seconds for each of them
    """

    release: Release
    place: str
    sums_place: str
    timeout: float

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes of the archive."""

    def sums(self) -> bytes:
        """Return the bytes of ``sha256sums.txt``."""

    def in_time(self, act: Callable[[], T]) -> T:
        """Call `act`, and end it at the timeout with a `ReleaseError`."""


def _expected_digest(release: Release, origin: _Origin, given: str | None) -> tuple[str, str]:
    """Return the digest that the archive must have, and where it comes from."""
    if given is None:
        found = digest_in_sums(origin.in_time(origin.sums), release.file, origin.sums_place)
        return found, (
            f"{origin.sums_place}, which protects against damage, but not against a malicious server"
            f" (for that, set {release.setting('sha256')})"
        )
    try:
        return parse_sha256(given), release.setting("sha256")
    except ValueError as error:
        raise ReleaseError(
            f"The digest of {release.file} {error}, not {shown(given)}: set {release.setting('sha256')}."
        ) from None


class _Folder:
    """A local archive, or a local directory with archives."""

    timeout = 600.0

    def __init__(self, path: Path, release: Release) -> None:
        self.release = release
        self._path = path / release.file if _is_directory(path) else path
        self._sums = self._path.with_name(SUMS)
        self.place, self.sums_place = visible.value(str(self._path)), visible.value(str(self._sums))

    def blocks(self) -> Iterator[bytes]:
        next_step = f"check {self.release.setting('source')}"
        return self._read(self._path, next_step, LARGEST_ARCHIVE)

    def sums(self) -> bytes:
        next_step = f"put upstream's {SUMS} there, or set {self.release.setting('sha256')}"
        return b"".join(self._read(self._sums, next_step, LARGEST_SUMS))

    def in_time(self, act: Callable[[], T]) -> T:
        return act()

    def _read(self, path: Path, next_step: str, most: int) -> Iterator[bytes]:
        shown_path = visible.value(str(path))
        try:
            # Without O_NONBLOCK, a named pipe would block here.
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise ReleaseError(f"{shown_path} is not a regular file: {next_step}.")
                yield from _limited(
                    iter(partial(file.read, _BLOCK), b""), most, shown_path, next_step
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


class _Server:
    """A web server."""

    def __init__(self, web: Web, release: Release) -> None:
        self._web, self.release = web, release
        self._url = release.url(web.template)
        self.place, self.sums_place = self._url, sums_url(self._url)
        self.timeout = web.timeout
        self._at = self._url  # what is fetched
        self._is_over = Event()

    def blocks(self) -> Iterator[bytes]:
        settings = map(self.release.setting, ("version", "source"))
        return self._get(self._url, f"check {' and '.join(settings)}", LARGEST_ARCHIVE)

    def sums(self) -> bytes:
        next_step = (
            f"check {self.release.setting('source')}, or set {self.release.setting('sha256')}"
        )
        return b"".join(self._get(self.sums_place, next_step, LARGEST_SUMS))

    def in_time(self, act: Callable[[], T]) -> T:
        """End `act` at the timeout.

        Without gevent's patches, a thread is left behind: it ends when the server sends something or closes the
        connection, at the latest after `Web.connect_timeout` without a byte.
        """
        self._is_over.clear()
        try:
            done = deadline.within(self.timeout, lambda: _outcome(act), self._is_over.set)
        except TimeoutError:
            raise self._slow() from None
        return done()

    def _slow(self) -> ReleaseError:
        return ReleaseError(
            f"{self._at} was not complete after {self.timeout:g} s: try again, set "
            f"{self.release.setting('timeout')}, or use another server ({self.release.setting('source')})."
        )

    def _get(self, url: str, next_step: str, most: int) -> Iterator[bytes]:
        """Yield the body of an answer as it was sent, not decompressed."""
        self._at = url
        try:
            with requests.Session() as session, self._open(session, url, next_step) as response:
                announced = response.headers.get("Content-Length", "")
                if announced.isdecimal() and int(announced[:20]) > most:
                    raise _too_large(url, most, next_step)
                read = partial(response.raw.read, _BLOCK, decode_content=False)
                for block in _limited(iter(read, b""), most, url, next_step):
                    if self._is_over.is_set():
                        raise self._slow()
                    yield block
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise self._failed(error, url) from error

    def _failed(self, error: Exception, url: str) -> ReleaseError:
        if isinstance(error, requests.Timeout | ReadTimeoutError | TimeoutError):
            return ReleaseError(
                f"{url}: the server did not answer for {self._web.connect_timeout:g} s: try again, or use another "
                f"server ({self.release.setting('source')})."
            )
        if isinstance(error, ProtocolError):
            return ReleaseError(
                f"{url} arrived incomplete ({visible.value(str(error))}): try again, or use another server "
                f"({self.release.setting('source')})."
            )
        why = reason(error) if isinstance(error, requests.RequestException) else error
        return ReleaseError(
            f"{url} cannot be fetched ({visible.value(str(why))}): check the network and "
            f"{self.release.setting('proxy')}; without a network, let {self.release.setting('source')} name a "
            "local directory with the archive."
        )

    def _open(self, session: requests.Session, url: str, next_step: str) -> requests.Response:
        """Return an answer with status 200, whose body is not read yet."""
        session.trust_env = False  # no password from .netrc
        session.headers["Accept-Encoding"] = "identity"
        session.verify = self._web.ca_file or True
        at = url
        for _ in range(MOST_REDIRECTS + 1):
            response = session.get(
                at,
                allow_redirects=False,
                stream=True,
                timeout=self._web.connect_timeout,
                proxies=self._proxies(at),
            )
            target = session.get_redirect_target(response)
            if target is None:
                break
            response.close()
            at = _redirected(at, target, url, next_step)
        else:
            raise ReleaseError(f"{url} redirects more than {MOST_REDIRECTS} times: {next_step}.")
        if response.status_code != HTTPStatus.OK:
            response.close()
            is_missing = response.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
            what = "is not there" if is_missing else "was not sent"
            raise ReleaseError(f"{url} {what} (status {response.status_code}): {next_step}.")
        return response

    def _proxies(self, url: str) -> dict[str, str]:
        if self._web.proxy is None:
            return dict(get_environ_proxies(url))
        return dict.fromkeys(("http", "https"), self._web.proxy)


def _outcome(act: Callable[[], T]) -> Callable[[], T]:
    """Call `act`; return a function that returns its result or raises its error.

    gevent prints the traceback of an error that leaves a thread.
    """
    try:
        result = act()
    except Exception as error:  # noqa: BLE001 - raised by the caller
        failed = error
    else:
        return lambda: result

    def fail() -> T:
        raise failed

    return fail


def _redirected(at: str, target: str, url: str, next_step: str) -> str:
    """Return the URL that a redirect leads to.

    Raises:
        ReleaseError: it leads from https to http, or to no URL of a web server.
    """
    to = urlsplit(urldefrag(urljoin(at, target)).url).geturl()  # the scheme in small letters
    why = why_not_url(to) if len(to) <= _LONGEST_REDIRECT else "is too long"
    if why is None and at.startswith("https:") and not to.startswith("https:"):
        why = "must be https://, as before"
    if why:
        raise ReleaseError(
            f"{url} redirects to {visible.value(to)}, which is refused (a URL {why}): {next_step}."
        )
    return to


def _limited(blocks: Iterable[bytes], most: int, place: str, next_step: str) -> Iterator[bytes]:
    """Yield blocks, at most `most` bytes in all."""
    count = 0
    for block in blocks:
        count += len(block)
        if count > most:
            raise _too_large(place, most, next_step)
        yield block


def _too_large(place: str, most: int, next_step: str) -> ReleaseError:
    return ReleaseError(f"{place} is larger than {most >> 10} KB, which is refused: {next_step}.")


def _make_directory(directory: Path) -> None:
    """Make the cache directory, for its owner only.

    Raises:
        ReleaseError: it belongs to another user, is a symbolic link, or somebody else can replace it.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    above = [each.lstat() for each in directory.parents]
    if not stat.S_ISDIR(found.st_mode) or any(map(_can_be_replaced_in, above)):
        raise ReleaseError(
            f"{directory} is a symbolic link, or in a directory in which others can replace it: set XDG_CACHE_HOME to a "
            "directory of your own."
        )
    if found.st_uid != os.geteuid():
        raise ReleaseError(
            f"{directory} belongs to another user, who could replace archives: remove it, or set XDG_CACHE_HOME."
        )
    if stat.S_IMODE(found.st_mode) != _OWNER_ONLY:
        directory.chmod(_OWNER_ONLY)


def _can_be_replaced_in(above: os.stat_result) -> bool:
    """Return whether somebody else than root and the own user can rename what is in a directory."""
    if above.st_uid not in (0, os.geteuid()):
        return True
    # The own group may be the own user's alone, as on distributions with the umask 002.
    is_shared = bool(above.st_mode & stat.S_IWOTH) or (
        bool(above.st_mode & stat.S_IWGRP) and above.st_gid not in (0, os.getegid())
    )
    return stat.S_ISDIR(above.st_mode) and is_shared and not above.st_mode & stat.S_ISVTX


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


def _keep(
    path: Path, blocks: Iterable[bytes], wanted: str, origin: _Origin, digest_from: str
) -> None:
    """Write a file of the cache in one step, if its content has the wanted digest.

    Raises:
        ReleaseError: it has another digest; nothing is kept.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.new-", dir=path.parent)
    try:
        start, digest = b"", hashlib.sha256()
        with os.fdopen(descriptor, "wb") as file:
            for block in blocks:
                start = start or block[:_START]
                digest.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != wanted:
            raise _wrong_digest(digest.hexdigest(), start, wanted, origin, digest_from)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _wrong_digest(
    found: str, start: bytes, wanted: str, origin: _Origin, digest_from: str
) -> ReleaseError:
    is_page = start.lstrip().startswith(b"<")
    looks = "; it is a web page, such as a proxy or a login sends" if is_page else ""
    return ReleaseError(
        f"{origin.place} has the SHA-256 digest {found}, not {wanted} from {digest_from}{looks}; "
        f"it was not kept: compare the digest with upstream's, and check {origin.release.setting('source')}."
    )


def _cache_error(error: OSError, directory: Path) -> ReleaseError:
    next_step = (
        "free some space, or set XDG_CACHE_HOME to another disk"
        if error.errno in _NO_SPACE
        else "check the owner and the permissions of the directory, or set XDG_CACHE_HOME"
    )
    return ReleaseError(
        f"The cache of releases {directory} cannot be used ({error.strerror}): {next_step}."
    )
