"""The certificate that a server of a host shows, for a message about one that was not accepted."""

import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

from paramiko import SSHException
from pyinfra.api.host import Host
from urllib3.util.ssltransport import SSLTransport

from pushgateway_lab.http.connection import open_socket

SECONDS = 5
"""Seconds for the connection and the handshake."""

_HTTPS = 443


def peer_certificate(host: Host, url: str) -> str:
    """Return the certificate that a server shows, in PEM, without any check of it; empty if it cannot be had.

    Nothing is sent but the handshake.

    + url: of the server, as seen from the host

    Example: ``peer_certificate(host, "https://127.0.0.1:9091")``
    """
    parts = urlsplit(url)
    name = parts.hostname or ""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        made = open_socket(host, (name, parts.port or _HTTPS), SECONDS)
        if made is None:
            return ""
        try:
            found = _shown(made, context, name)
        finally:
            made.close()
    except (OSError, SSHException, ValueError):
        return ""
    return ssl.DER_cert_to_PEM_cert(found) if found else ""


def _shown(made: Any, context: ssl.SSLContext, name: str) -> bytes | None:
    if isinstance(made, socket.socket):
        with context.wrap_socket(made, server_hostname=name) as wrapped:
            return wrapped.getpeercert(binary_form=True)
    found: bytes | None = SSLTransport(made, context, name).getpeercert(binary_form=True)
    return found
