"""`requests` sessions that reach what listens on a host's own loopback.

Over SSH, each connection is a channel through the SSH connection that pyinfra has open already. On
``@local`` it is a plain connection. Where no channel can be had (another connector, or a server with
``AllowTcpForwarding no``), curl on the host sends the same requests.
"""

import io
import re
import socket
from base64 import b64decode, b64encode
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, cast

import requests
from paramiko import Channel, ChannelException, SSHException, Transport
from pyinfra.api.command import QuoteString, StringCommand
from pyinfra.api.host import Host
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.response import HTTPResponse as PooledResponse
from urllib3.util.ssl_ import resolve_cert_reqs, ssl_wrap_socket

from pushgateway_lab.access import Access
from pushgateway_lab.host_files import script

# RFC 4254, 5.1: why a server refuses to open a channel.
_ADMINISTRATIVELY_PROHIBITED = 1
_CONNECT_FAILED = 2


class _ForwardingProhibitedError(NewConnectionError):
    """The SSH server opens no connection for us, whatever the address."""


def session(host: Host, access: Access = Access()) -> requests.Session:  # noqa: B008 - immutable
    """A session whose requests start on the host: its 127.0.0.1 is the host's own.

    One session for each server: `access`, the password in it, goes with every request. TLS ends here
    where a channel can be had, else on the host. Requests raise what `requests` raises; give each
    its own timeout in seconds.
    """
    made = access.apply(requests.Session())
    adapter = _adapter(host)
    made.mount("http://", adapter)
    made.mount("https://", adapter)
    return made


def reason(error: requests.RequestException) -> BaseException:
    """What stands behind an error of `requests`: urllib3 wraps it in what it tried."""
    inner = error.args[0] if error.args else None
    return getattr(inner, "reason", None) or (inner if isinstance(inner, Exception) else error)


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
        self.poolmanager.pool_classes_by_scheme = _channel_pools(self._transport)


class _ChannelConnection(HTTPConnection):
    """A connection whose socket is a channel."""

    transport: Transport

    def _new_conn(self) -> Any:
        try:
            return self.transport.open_channel(
                "direct-tcpip", (self._dns_host, self.port), ("127.0.0.1", 0), timeout=10
            )
        except ChannelException as error:
            if error.code == _ADMINISTRATIVELY_PROHIBITED:
                raise _ForwardingProhibitedError(self, error.text) from error
            raise NewConnectionError(self, _words(error)) from error
        except (SSHException, OSError) as error:
            raise NewConnectionError(self, str(error)) from error


class _ChannelSocket:
    """A channel with what urllib3's TLS expects of a Python socket.

    Such a socket counts the files that read from it, and closes when it is closed and they are.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._io_refs = 0
        self._is_closed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    def _decref_socketios(self) -> None:
        self._io_refs -= 1
        if self._is_closed:
            self.close()

    def close(self) -> None:
        self._is_closed = True
        if self._io_refs <= 0:
            self._channel.close()


class _TlsChannelConnection(_ChannelConnection, HTTPSConnection):
    """TLS inside a channel. A channel is no socket of the kernel's, as Python's ssl wants one."""

    def connect(self) -> None:
        channel = self._new_conn()
        channel.settimeout(self.timeout)
        self.sock = ssl_wrap_socket(
            cast("socket.socket", _ChannelSocket(channel)),
            keyfile=self.key_file,
            certfile=self.cert_file,
            cert_reqs=resolve_cert_reqs(self.cert_reqs),
            ca_certs=self.ca_certs,
            server_hostname=self.host.strip("[]"),
            tls_in_tls=True,  # the way of urllib3 that asks nothing of the kernel
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
        verify: bool | str = True,
        cert: tuple[str, str] | str | None = None,
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
            },
        )
        succeeded, output = self._host.run_shell_command(
            StringCommand("sh", "-c", QuoteString(command)),
            _stdin=_curl_input(request, verify, cert),
        )
        if not succeeded or output.stderr or not output.stdout:
            raise _curl_error(output.stderr or "curl on the host said nothing")
        return _response(b64decode(output.stdout), request)

    def close(self) -> None:
        """Nothing is kept open."""


def _curl_input(
    request: requests.PreparedRequest, verify: bool | str, cert: tuple[str, str] | str | None
) -> str:
    """What ``http-request.sh`` reads: headers, certificates, key and body, a line of base64 each."""
    headers = "\n".join(f"{k}: {_plain(v)}" for k, v in request.headers.items())
    own_files = (cert, cert) if isinstance(cert, str) else cert or (None, None)
    files = (verify if isinstance(verify, str) else None, *own_files)
    body: Any = request.body or b""
    parts = [
        headers.encode(),
        *(Path(file).read_bytes() if file else b"" for file in files),
        body.encode() if isinstance(body, str) else body,
    ]
    return "\n".join(b64encode(part).decode() for part in parts)


# curl(1), "Exit codes", as curl says them with --show-error.
_CURL_ERRORS: dict[str, type[requests.RequestException]] = {
    "28": requests.ReadTimeout,
    "35": requests.exceptions.SSLError,
    "58": requests.exceptions.SSLError,
    "60": requests.exceptions.SSLError,
    "77": requests.exceptions.SSLError,
}


def _curl_error(words: str) -> requests.RequestException:
    said = re.search(r"curl: \((\d+)\) (.*)", words)
    if said is None:
        return requests.ConnectionError(words)
    if said[1] == "7":
        return requests.ConnectionError(NewConnectionError(None, "connection refused"))  # type: ignore[arg-type]
    return _CURL_ERRORS.get(said[1], requests.ConnectionError)(said[2])


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
