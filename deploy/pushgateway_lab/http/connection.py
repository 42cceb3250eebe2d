"""`requests` sessions whose requests start on a host, so that they reach its loopback.

Each connection is a channel of the SSH connection that pyinfra has open. On ``@local`` it is a plain
connection. If no channel is possible (another connector, or a server with ``AllowTcpForwarding no``), curl on
the host sends the requests. The limits of `pushgateway_lab.http.exchange` apply to all of them.
"""

import io
import math
import re
import socket
from base64 import b64decode, b64encode
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from paramiko import Channel, ChannelException, SSHException, Transport
from pyinfra.api.host import Host
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import Timeout
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.ssl_ import resolve_cert_reqs, ssl_wrap_socket

from pushgateway_lab.http import exchange
from pushgateway_lab.http.access import Access
from pushgateway_lab.http.exchange import (
    BODY,
    HEAD,
    SHOWN,
    BadAnswerError,
    Deadline,
    LimitedConnection,
    LimitedTlsConnection,
)
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.shell import ask
from pushgateway_lab.run.visible import start_of

# RFC 4254, 5.1: why a server refuses to open a channel.
_ADMINISTRATIVELY_PROHIBITED = 1
_CONNECT_FAILED = 2

_HTTPS = 443


class _ForwardingProhibitedError(NewConnectionError):
    """The SSH server opens no connection to any address (``AllowTcpForwarding no``)."""


def session(
    host: Host,
    access: Access = Access(),  # noqa: B008 - immutable
    check: Callable[[str], None] | None = None,
) -> requests.Session:
    """Return a session whose requests start on the host: 127.0.0.1 is the host's loopback.

    Use one session for each server, because every request carries `access` with its password. Give each request
    a timeout in seconds. Requests raise the errors of `requests`, and `BadAnswerError`. TLS ends on this machine,
    or on the host if curl sends the requests.

    + access: the credentials for the server
    + check: see `Access.apply`
    """
    made = access.apply(requests.Session(), check)
    made.headers["Accept-Encoding"] = "identity"
    # Neither server sets cookies; another program could set thousands, which each request would carry.
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _adapter(host, access.server_name)
    made.mount("http://", adapter)
    made.mount("https://", adapter)
    exchange.limit(made)
    return made


def reason(error: requests.RequestException) -> BaseException:
    """Return the cause of an error of `requests`, which urllib3 wraps in its own error."""
    inner = error.args[0] if error.args else None
    return getattr(inner, "reason", None) or (inner if isinstance(inner, Exception) else error)


def _adapter(host: Host, server_name: str | None) -> BaseAdapter:
    if host.name == "@local":
        return NamingAdapter(server_name)
    transport = _ssh_transport(host)
    if transport is None:
        return CurlAdapter(host, server_name)
    return FallbackAdapter(ChannelAdapter(transport, server_name), CurlAdapter(host, server_name))


def open_socket(host: Host, place: tuple[str, int], seconds: float) -> Any:
    """Return a socket, or a channel with its interface, that is connected to a place as seen from a host.

    + place: host name or address, and port
    + seconds: the time limit for the connection and for all that is read from it

    Returns None if the connector has no connection of SSH.

    Raises:
        OSError, SSHException: it could not be opened.
    """
    if host.name == "@local":
        return socket.create_connection(place, seconds)
    transport = _ssh_transport(host)
    if transport is None:
        return None
    return _open_channel(transport, place, Deadline(seconds))


def _open_channel(
    transport: Transport, place: tuple[str, int], deadline: Deadline
) -> "_ChannelSocket":
    timeout = deadline.left()
    made = _ChannelSocket(
        transport.open_channel("direct-tcpip", place, ("127.0.0.1", 0), timeout=timeout)
    )
    made.settimeout(deadline.left())
    return made


def _ssh_transport(host: Host) -> Transport | None:
    client = getattr(host.connector, "client", None)
    return client.get_transport() if client is not None else None


class NamingAdapter(HTTPAdapter):
    """Sends requests to servers whose certificates have a name; None: that of the URL."""

    def __init__(self, server_name: str | None) -> None:
        self._server_name = server_name
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the connections of `HTTPAdapter` check that name."""
        super().init_poolmanager(*args, server_hostname=self._server_name, **kwargs)


class ChannelAdapter(NamingAdapter):
    """Sends requests through channels of one SSH connection."""

    def __init__(self, transport: Transport, server_name: str | None) -> None:
        self._transport = transport
        super().__init__(server_name)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the connection pools of `HTTPAdapter` open channels instead of sockets."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _channel_pools(self._transport)


class _ChannelConnection(LimitedConnection):
    """A connection whose socket is a channel."""

    transport: Transport

    def _new_conn(self) -> Any:
        deadline = Deadline(exchange.seconds_of(self.timeout))
        place = (self._dns_host.strip("[]"), self.port)
        try:
            return _open_channel(self.transport, place, deadline)
        except ChannelException as error:
            if error.code == _ADMINISTRATIVELY_PROHIBITED:
                raise _ForwardingProhibitedError(self, error.text) from error
            raise NewConnectionError(self, _words(error)) from error
        except (SSHException, OSError) as error:
            raise NewConnectionError(self, str(error)) from error


class _ChannelSocket:
    """A channel with the interface of a Python socket that urllib3 expects.

    A Python socket counts the files that read from it, and closes after `close` was called and all files are
    closed. The timeout here is a deadline for all calls until the next `settimeout`; a channel's own timeout
    restarts with each call.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._io_refs = 0
        self._is_closed = False
        self._deadline = Deadline(None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    def settimeout(self, seconds: float | None) -> None:
        self._deadline = Deadline(seconds)

    def recv(self, size: int) -> bytes:
        self._channel.settimeout(self._deadline.left())
        return self._channel.recv(size)

    def send(self, data: bytes) -> int:
        self._channel.settimeout(self._deadline.left())
        return self._channel.send(data)

    def sendall(self, data: bytes) -> None:
        while data:
            data = data[self.send(data) :]

    def makefile(self, *_: object) -> io.BufferedReader:
        self._io_refs += 1
        return io.BufferedReader(socket.SocketIO(cast("socket.socket", self), "r"))

    def _decref_socketios(self) -> None:
        self._io_refs -= 1
        if self._is_closed:
            self.close()

    def close(self) -> None:
        self._is_closed = True
        if self._io_refs <= 0:
            self._channel.close()


class _TlsChannelConnection(_ChannelConnection, LimitedTlsConnection):
    """TLS inside a channel. Python's ssl module needs a kernel socket, which a channel is not."""

    def connect(self) -> None:
        self.sock = ssl_wrap_socket(
            self._new_conn(),
            keyfile=self.key_file,
            certfile=self.cert_file,
            cert_reqs=resolve_cert_reqs(self.cert_reqs),
            ca_certs=self.ca_certs,
            server_hostname=self.server_hostname or self.host.strip("[]"),
            tls_in_tls=True,  # urllib3's implementation that needs no kernel socket
        )
        self.is_verified = True


def _channel_pools(transport: Transport) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(_ChannelConnection):
        pass

    class Encrypted(_TlsChannelConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    Plain.transport = Encrypted.transport = transport
    return {"http": PlainPool, "https": EncryptedPool}


def _words(error: ChannelException) -> str:
    return "connection refused" if error.code == _CONNECT_FAILED else error.text


class FallbackAdapter(BaseAdapter):
    """Sends requests with the preferred adapter; once forwarding is prohibited, with the fallback."""

    def __init__(self, preferred: BaseAdapter, fallback: BaseAdapter) -> None:
        super().__init__()
        self._current, self._fallback = preferred, fallback

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """Send, see `requests.adapters.BaseAdapter`."""
        try:
            return self._current.send(request, **kwargs)
        except requests.ConnectionError as error:
            if not isinstance(reason(error), _ForwardingProhibitedError):
                raise
            self._current = self._fallback
            return self._current.send(request, **kwargs)

    def close(self) -> None:
        """Close the adapter in use."""
        self._current.close()


class CurlAdapter(BaseAdapter):
    """Sends requests with curl on the host. The name in the server's certificate may be another one than in the URL."""

    def __init__(self, host: Host, server_name: str | None) -> None:
        super().__init__()
        self._host, self._server_name = host, server_name

    def send(  # type: ignore[override]
        self,
        request: requests.PreparedRequest,
        timeout: float | tuple[float, float] | Timeout | None = None,
        verify: bool | str = True,
        cert: tuple[str, str] | str | None = None,
        **_kwargs: Any,
    ) -> requests.Response:
        """Send, see `requests.adapters.BaseAdapter`."""
        deadline = Deadline(_total(timeout))
        variables = {
            "method": request.method or "GET",
            **_where(request.url or "", self._server_name),
            # One second less than the deadline, so that curl's partial answer and error still arrive.
            "seconds": str(max(1, math.ceil(deadline.left()) - 1)),
            "limit": str(_MOST),
        }
        stdin = _curl_input(request, verify, cert)
        try:
            lines = ask(self._host, "http-request.sh", variables, stdin, deadline=deadline.left())
        except HostError as error:
            raise requests.ConnectionError(str(error)) from error
        return _curl_response(lines, request)

    def close(self) -> None:
        """Do nothing: no connection stays open."""


def _where(url: str, server_name: str | None) -> dict[str, str]:
    """Return the URL with the name in the server's certificate, and where curl connects instead (``--connect-to``)."""
    parts = urlsplit(url)
    if server_name is None or parts.scheme != "https":
        return {"url": url, "connect_to": ""}
    port = parts.port or _HTTPS
    named = f"[{server_name}]" if ":" in server_name else server_name
    there = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return {
        "url": parts._replace(netloc=f"{named}:{port}").geturl(),
        "connect_to": f"{named}:{port}:{there}:{port}",
    }


# One byte more than the limit, so that the size check rejects an answer that was cut.
_MOST = BODY + HEAD + 1


def _total(timeout: float | tuple[float, float] | Timeout | None) -> float | None:
    if isinstance(timeout, Timeout):
        return exchange.seconds_of(timeout.total)
    return max(timeout) if isinstance(timeout, tuple) else timeout


def _curl_response(lines: list[str], request: requests.PreparedRequest) -> requests.Response:
    """Return the answer in the output of ``http-request.sh``.

    Raises:
        requests.RequestException: curl failed, or the output has no answer.
        BadAnswerError: see `pushgateway_lab.http.exchange.answer_of`.
    """
    said = dict(line.partition(" ")[::2] for line in lines[-2:])
    try:
        data = b64decode("".join(lines[:-2]), validate=True)
        words = b64decode(said["said"], validate=True).decode("utf-8", "replace")
        code = int(said["exit"])
    except (KeyError, ValueError) as error:
        raise requests.ConnectionError(f"curl on the host gave no result ({error!r})") from error
    if code == 0 or len(data) == _MOST:
        return exchange.answer_of(data, request)
    if data:  # an error in the partial answer is more specific than curl's error
        response = exchange.answer_of(data, request)
        if code not in _TIMED_OUT:
            _ = response.content
    raise _curl_error(code, words)


def _curl_input(
    request: requests.PreparedRequest, verify: bool | str, cert: tuple[str, str] | str | None
) -> bytes:
    """Return the input of ``http-request.sh``: headers, certificates and key as base64 lines, then the body."""
    headers = "\n".join(f"{k}: {_plain(v)}" for k, v in request.headers.items())
    own_files = (cert, cert) if isinstance(cert, str) else cert or (None, None)
    files = (verify if isinstance(verify, str) else None, *own_files)
    body: Any = request.body or b""
    parts = [headers.encode(), *(Path(file).read_bytes() if file else b"" for file in files)]
    lines = b"".join(b64encode(part) + b"\n" for part in parts)
    return lines + (body.encode() if isinstance(body, str) else body)


# curl(1), "Exit codes"; timeout(1) exits with 124, a killed command with 137.
_COULD_NOT_CONNECT = 7
_TIMED_OUT = (28, 124, 137)
_IS_TLS = (35, 58, 60, 77)
_BAD_ANSWER = (1, 8, 18, 27)
"""Another protocol, malformed headers, an incomplete body, headers that are too large."""


def _curl_error(code: int, words: str) -> requests.RequestException | BadAnswerError:
    if code in _TIMED_OUT:
        return requests.ReadTimeout("timed out")
    said = re.search(r"curl: \(\d+\) (.*)", words)
    reason = start_of(said[1] if said else words.strip() or f"curl ended with {code}", SHOWN)
    if code == _COULD_NOT_CONNECT:
        return requests.ConnectionError(NewConnectionError(None, "connection refused"))  # type: ignore[arg-type]
    if code in _BAD_ANSWER:
        return BadAnswerError(f"curl on the host cannot read its answer: {reason}")
    if code in _IS_TLS:
        return requests.exceptions.SSLError(reason)
    return requests.ConnectionError(reason)


def _plain(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
