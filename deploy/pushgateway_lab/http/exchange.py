"""The limits of one HTTP exchange: a deadline for the whole exchange, and size limits for the answer.

Any program may answer on a port. A socket timeout restarts with each byte, so a server that sends a byte every
three seconds blocks a client for ever; http.client and urllib3 read answers of any size, and decompress them.
Here a timeout is a deadline, headers are checked before they are parsed, and a compressed answer is rejected,
because no request asks for one.
"""

import io
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPException, HTTPResponse
from typing import Any, cast

import gevent
import requests
from gevent import monkey
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.poolmanager import pool_classes_by_scheme
from urllib3.response import HTTPResponse as PooledResponse
from urllib3.util.connection import create_connection

from pushgateway_lab.run.visible import start_of

BODY = 8 * 1024 * 1024
"""Bytes of the largest body, chunk headers included; 10,000 groups take half of that."""

HEAD = 64 * 1024
"""Bytes of the largest head, which is the status line and the headers."""

HEADERS = 100
"""The largest number of headers in an answer; http.client has the same limit."""

INTERIM = 10
"""The largest number of interim answers (``100 Continue``) before the answer."""

SHOWN = 80
"""The largest number of characters that a message quotes from a server."""

DEFAULT_TIMEOUT = 60
"""Seconds for an exchange if the caller gives no timeout."""

_BLOCK = 64 * 1024
_VERSION = b"HTTP/1."
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
# RFC 9112, 4 and RFC 9110, 5; without control characters and continued lines (obs-fold).
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?")
_HEADER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*")


class BadAnswerError(Exception):
    """An answer violates HTTP or a limit of this module; the message is such as ``its body is ...``."""


class Deadline:
    """The moment at which an exchange must end.

    + seconds: from now; None: `DEFAULT_TIMEOUT`
    """

    def __init__(self, seconds: float | None) -> None:
        self._at = time.monotonic() + (DEFAULT_TIMEOUT if seconds is None else seconds)

    @property
    def is_over(self) -> bool:
        """Return whether the deadline has passed."""
        return time.monotonic() >= self._at

    def left(self) -> float:
        """Return the seconds until the deadline, more than 0.

        Raises:
            TimeoutError: the deadline has passed.
        """
        seconds = self._at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("timed out")
        return seconds


@contextmanager
def ended_by(deadline: Deadline) -> Iterator[None]:
    """End the block at a deadline, even if it waits without a timeout, as for a name or a stuck SSH connection.

    This needs gevent's patches, which pyinfra's command line installs; without them, it does nothing.

    Raises:
        TimeoutError: the block did not end in time.
    """
    if not monkey.is_module_patched("socket"):
        yield
        return
    with gevent.Timeout(deadline.left()) as timer:
        try:
            yield
        except gevent.Timeout as error:
            if error is not timer:
                raise
            raise TimeoutError("timed out") from None


class Answer(HTTPResponse):
    """A response of http.client, read within the limits.

    + sock: a socket, or an object with its methods ``recv``, ``settimeout`` and ``makefile``
    + deadline: for the whole answer
    """

    def __init__(self, sock: socket.socket, *args: Any, deadline: Deadline, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        # The file that http.client made keeps the socket open until the answer is read.
        self._received = _Received(sock, self.fp, deadline)
        self.fp = io.BufferedReader(self._received, _BLOCK)

    def begin(self) -> None:
        """Read the head.

        Raises:
            BadAnswerError: the head is malformed or too large, or announces a compressed or too large body.
        """
        if self.headers is None:
            self._received.receive_head()
        super().begin()
        encodings = self.headers.get_all("Content-Encoding") or ["identity"]
        if any(each.strip().lower() != "identity" for each in encodings):
            raise BadAnswerError(
                f"its body is compressed ('{start_of(', '.join(encodings), SHOWN)}'), which was not requested"
            )
        if (self.length or 0) > BODY:
            raise BadAnswerError(_TOO_LARGE)


_TOO_LARGE = f"its body is larger than {BODY >> 20} MB"


class _Received(io.RawIOBase):
    """The bytes of an answer as a file; reading fails at the deadline and at the size limit."""

    def __init__(self, sock: socket.socket, file: io.IOBase, deadline: Deadline) -> None:
        self._sock, self._file, self._deadline = sock, file, deadline
        self._ahead = b""
        self._left = BODY + HEAD

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._ahead[: len(buffer)] or self._receive(len(buffer))
        self._ahead = self._ahead[len(block) :]
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _receive(self, size: int) -> bytes:
        self._sock.settimeout(self._deadline.left())
        # urllib3 returns 0, and not b"", if TLS inside TLS ends without a notice.
        block = self._sock.recv(size) or b""
        self._left -= len(block)
        if self._left < 0:
            raise BadAnswerError(_TOO_LARGE)
        return block

    def receive_head(self) -> None:
        """Receive and check a head, and keep all received bytes for reading.

        Interim answers are dropped. If nothing arrives, http.client reports it.

        Raises:
            BadAnswerError: the head is malformed or too large.
        """
        received = b""
        for _ in range(INTERIM + 1):
            end, received = self._receive_to_end_of_head(received)
            if not received or not _check_head(received[:end]).startswith(b"1"):
                self._ahead = received
                return
            received = received[end:]
        raise BadAnswerError(f"it sent more than {INTERIM} interim answers")

    def _receive_to_end_of_head(self, received: bytes) -> tuple[int, bytes]:
        """Receive until the first head is complete.

        Returns:
            The end of the head, and all bytes received so far; 0 and no bytes if nothing arrived.
        """
        searched = 0
        while not (end := _END_OF_HEAD.search(received, max(0, searched - 3))):
            searched = len(received)
            if not _is_beginning(received):
                raise BadAnswerError(f"its answer is not HTTP: '{start_of(received, SHOWN)}'")
            if len(received) > HEAD:
                raise BadAnswerError(_LARGE_HEAD)
            block = self._receive(_BLOCK)
            if not block and received:
                raise BadAnswerError("its answer ends within the headers")
            if not block:
                return 0, b""
            received += block
        if end.end() > HEAD:
            raise BadAnswerError(_LARGE_HEAD)
        return end.end(), received


_LARGE_HEAD = f"its headers are larger than {HEAD >> 10} KB"


def _is_beginning(received: bytes) -> bool:
    """Return whether an HTTP answer can begin with these bytes."""
    return received.startswith(_VERSION) or _VERSION.startswith(received)


def _check_head(head: bytes) -> bytes:
    """Return the status of a head, after a check of each line.

    Raises:
        BadAnswerError: a line is malformed, or there are too many headers.
    """
    first, *headers = (line.removesuffix(b"\r") for line in head.rstrip(b"\r\n").split(b"\n"))
    status = _STATUS_LINE.fullmatch(first)
    if not status:
        raise BadAnswerError(f"its answer is not HTTP: '{start_of(first, SHOWN)}'")
    if len(headers) > HEADERS:
        raise BadAnswerError(f"it has more than {HEADERS} headers")
    for header in headers:
        if not _HEADER.fullmatch(header):
            raise BadAnswerError(f"its headers are malformed: '{start_of(header, SHOWN)}'")
    return status[1]


class LimitedConnection(HTTPConnection):
    """A connection with one deadline for sending and one for the whole answer.

    Each deadline is the connection's timeout. A `urllib3.Timeout` with a total makes it one deadline for both.
    """

    _sent_by: Deadline

    def _new_conn(self) -> Any:
        deadline = Deadline(seconds_of(self.timeout))
        try:
            found = socket.getaddrinfo(self._dns_host.strip("[]"), self.port, 0, socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type]
        for *_, address in found:
            try:
                connected = create_connection(
                    (str(address[0]), self.port),
                    deadline.left(),
                    socket_options=self.socket_options,
                )
                connected.settimeout(deadline.left())  # for the TLS handshake
            except OSError as error:
                failed = error
            else:
                return connected
        raise NewConnectionError(self, f"Failed to establish a new connection: {failed}")

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request, see `urllib3.connection.HTTPConnection`."""
        self._sent_by = Deadline(seconds_of(self.timeout))
        super().request(*args, **kwargs)

    def send(self, data: Any) -> None:
        """Send bytes, see `http.client.HTTPConnection`."""
        if self.sock is None:
            self.connect()
        for start in range(0, len(data), _BLOCK):
            self.sock.settimeout(self._sent_by.left())
            self.sock.sendall(data[start : start + _BLOCK])

    def getresponse(self) -> Any:
        """Return the answer, see `urllib3.connection.HTTPConnection`."""
        deadline = Deadline(seconds_of(self.timeout))
        self.response_class = partial(Answer, deadline=deadline)  # type: ignore[assignment]
        return super().getresponse()


class LimitedTlsConnection(LimitedConnection, HTTPSConnection):
    """A `LimitedConnection` with TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = LimitedConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = LimitedTlsConnection


def limit(session: requests.Session) -> None:
    """Set the limits on the connections of a session that uses urllib3's own connection pools.

    Connections through a proxy, and adapters with pools of their own, are not changed.
    """
    for adapter in session.adapters.values():
        manager = getattr(adapter, "poolmanager", None)
        if manager is not None and manager.pool_classes_by_scheme is pool_classes_by_scheme:
            manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


def answer_of(data: bytes, request: requests.PreparedRequest) -> requests.Response:
    """Return an answer that curl received, parsed within the same limits.

    + data: the raw answer, from its status line on

    Raises:
        BadAnswerError: the head breaks a limit. A body that breaks one fails later, when `requests` reads it.
        requests.ConnectionError: there is no answer in `data`.
    """
    received = Answer(
        cast("socket.socket", _Bytes(data)), method=request.method, deadline=Deadline(None)
    )
    try:
        received.begin()
    except HTTPException as error:
        raise requests.ConnectionError(error) from error
    pooled = PooledResponse(
        body=received,
        headers=HTTPHeaderDict(received.msg.items()),
        status=received.status,
        reason=received.reason,
        preload_content=False,
        request_method=request.method,
        original_response=received,
    )
    return HTTPAdapter().build_response(request, pooled)


class _Bytes(io.BytesIO):
    """Bytes with the methods of a socket."""

    def recv(self, size: int) -> bytes:
        return self.read(size)

    def settimeout(self, _seconds: float) -> None:
        """Do nothing: no read waits."""

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO()


def seconds_of(timeout: Any) -> float | None:
    """Return the seconds of a urllib3 timeout; None if no timeout is set."""
    return Timeout.resolve_default_timeout(timeout)
