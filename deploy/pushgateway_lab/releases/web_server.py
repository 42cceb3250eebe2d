"""A web server that has release archives."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from threading import Event
from typing import TypeVar
from urllib.parse import urldefrag, urljoin, urlsplit

import requests
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from pushgateway_lab.formats.release_names import why_not_url
from pushgateway_lab.http.connection import reason
from pushgateway_lab.releases.origin import BLOCK, limited, too_large
from pushgateway_lab.releases.release import (
    LARGEST_ARCHIVE,
    LARGEST_SUMS,
    UPSTREAM,
    Release,
    sums_url,
)
from pushgateway_lab.releases.release_error import ReleaseError
from pushgateway_lab.run import deadline, visible

MOST_REDIRECTS = 5
"""The most redirects to one file; GitHub has one."""

T = TypeVar("T")

_LONGEST_REDIRECT = 8192  # characters; those of GitHub are signed, and have about 1000


@dataclass(frozen=True)
class Web:
    """A web server that has releases.

    + template: the template of URLs (`pushgateway_lab.formats.release_names.parse_template`)
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


UPSTREAM_SERVER = Web()
"""The server of upstream's releases."""


class Server:
    """The archive of a release on a web server."""

    def __init__(self, web: Web, release: Release) -> None:
        self._web, self.release = web, release
        self._url = release.url(web.template)
        self.place, self.sums_place = self._url, sums_url(self._url)
        self.timeout = web.timeout
        self._at = self._url  # what is fetched
        self._is_over = Event()

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes of the archive."""
        settings = map(self.release.setting, ("version", "source"))
        return self._get(self._url, f"check {' and '.join(settings)}", LARGEST_ARCHIVE)

    def sums(self) -> bytes:
        """Return the bytes of ``sha256sums.txt``."""
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
                    raise too_large(url, most, next_step)
                read = partial(response.raw.read, BLOCK, decode_content=False)
                for block in limited(iter(read, b""), most, url, next_step):
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
            at = redirected(at, target, url, next_step)
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


def redirected(at: str, target: str, url: str, next_step: str) -> str:
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
