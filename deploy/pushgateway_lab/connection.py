"""`requests` sessions that reach what listens on a host's own loopback.

Over SSH, each connection is a channel through the SSH connection that pyinfra has open already. On
``@local`` it is a plain connection. Where no channel can be had (another connector, or a server with
``AllowTcpForwarding no``), curl on the host sends the same requests.
"""

import io
from base64 import b64decode, b64encode
from http.client import HTTPResponse
from typing import Any

import requests
from paramiko import ChannelException, SSHException, Transport
from pyinfra.api.command import QuoteString, StringCommand
from pyinfra.api.host import Host
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.response import HTTPResponse as PooledResponse

from pushgateway_lab.host_files import script

# RFC 4254, 5.1: why a server refuses to open a channel.
_ADMINISTRATIVELY_PROHIBITED = 1
_CONNECT_FAILED = 2


class _ForwardingProhibitedError(NewConnectionError):
    """The SSH server opens no connection for us, whatever the address."""


def session(host: Host) -> requests.Session:
    """A session whose requests start on the host: its 127.0.0.1 is the host's own.

    Requests raise what `requests` raises; give each its own timeout in seconds.
    """
    made = requests.Session()
    made.trust_env = False  # no proxy of the control machine's stands between a host and itself
    made.mount("http://", _adapter(host))
    return made


def reason(error: requests.RequestException) -> BaseException:
    """What stands behind an error of `requests`: urllib3 wraps it in what it tried."""
    return getattr(error.args[0] if error.args else None, "reason", None) or error


def _adapter(host: Host) -> BaseAdapter:
    if host.name == "@local":
        return HTTPAdapter()
    transport = _ssh_transport(host)
    if transport is None:
        return CurlAdapter(host)
    return FallbackAdapter(ChannelAdapter(transport), CurlAdapter(host))


def _ssh_transport(host: Host) -> Transport | None:
    client = getattr(host.connector, "client", None)
    return client.get_transport() if client is not None else None


class ChannelAdapter(HTTPAdapter):
    """Sends requests through channels of one SSH connection."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of `HTTPAdapter` open channels where they open sockets."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _channel_pool(self._transport)}


def _channel_pool(transport: Transport) -> type[HTTPConnectionPool]:
    class ChannelConnection(HTTPConnection):
        def _new_conn(self) -> Any:
            try:
                return transport.open_channel(
                    "direct-tcpip", (self._dns_host, self.port), ("127.0.0.1", 0), timeout=10
                )
            except ChannelException as error:
                if error.code == _ADMINISTRATIVELY_PROHIBITED:
                    raise _ForwardingProhibitedError(self, error.text) from error
                raise NewConnectionError(self, _words(error)) from error
            except (SSHException, OSError) as error:
                raise NewConnectionError(self, str(error)) from error

    class ChannelPool(HTTPConnectionPool):
        ConnectionCls = ChannelConnection

    return ChannelPool


def _words(error: ChannelException) -> str:
    return "connection refused" if error.code == _CONNECT_FAILED else error.text


class FallbackAdapter(BaseAdapter):
    """Sends requests with one adapter until that is prohibited, from then on with another."""

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
        """Close whichever adapter is in use."""
        self._current.close()


class CurlAdapter(BaseAdapter):
    """Sends requests with curl on the host."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host

    def send(  # type: ignore[override]
        self,
        request: requests.PreparedRequest,
        timeout: float | tuple[float, float] | None = None,
        **_kwargs: Any,
    ) -> requests.Response:
        """Send, see `requests.adapters.BaseAdapter`."""
        seconds = timeout if isinstance(timeout, int | float) else max(timeout or (60.0,))
        command = script(
            "http-request.sh",
            {
                "method": request.method or "GET",
                "url": request.url or "",
                "seconds": str(seconds),
                "headers": "\n".join(f"{k}: {_plain(v)}" for k, v in request.headers.items()),
            },
        )
        body: Any = request.body or b""
        succeeded, output = self._host.run_shell_command(
            StringCommand("sh", "-c", QuoteString(command)),
            _stdin=b64encode(body.encode() if isinstance(body, str) else body).decode(),
        )
        if not succeeded or output.stderr or not output.stdout:
            raise requests.ConnectionError(output.stderr or "curl on the host said nothing")
        return _response(b64decode(output.stdout), request)

    def close(self) -> None:
        """Nothing is kept open."""


def _plain(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


class _Received:
    """What http.client wants of a socket: the bytes that came."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._data)


def _response(data: bytes, request: requests.PreparedRequest) -> requests.Response:
    while data.startswith((b"HTTP/1.1 100", b"HTTP/1.0 100")):
        data = data.partition(b"\r\n\r\n")[2]
    received = HTTPResponse(_Received(data), method=request.method)  # type: ignore[arg-type]
    received.begin()
    pooled = PooledResponse(
        body=io.BytesIO(received.read()),
        headers=dict(received.getheaders()),
        status=received.status,
        reason=received.reason,
        preload_content=False,
    )
    return HTTPAdapter().build_response(request, pooled)
