"""Basic authentication and TLS for `requests` sessions.

Passwords and certificates come from the machine that runs pyinfra. No setting holds a password, because errors print
the values of settings: it names the place that the password comes from (`pushgateway_lab.credentials`).

A password goes over plain http only to loopback, which nobody else can read, and on a host only to the server's own
socket: any user can listen on a port above 1023, and would receive the password.
"""

from collections.abc import Callable
from ipaddress import IPv6Address
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
from requests.auth import HTTPBasicAuth

from pushgateway_lab.credentials import lab_authority, passwords
from pushgateway_lab.credentials.local_files import read_file
from pushgateway_lab.credentials.pem_files import certificates
from pushgateway_lab.formats.sockets import loopback_of
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings

_FILES = ("ca_file", "cert_file", "key_file")

_USE_TLS = (
    "Either turn on TLS in that server (pushgateway_tls_lab_ca=True for the Pushgateway, or its own --web.config.file) and "
    "set its URL (pushgateway_url or prometheus_url) to https, or set it to its loopback address, such as "
    "http://127.0.0.1:9091."
)


class PasswordWithheldError(requests.RequestException):
    """A request was not sent, because another program could receive its password."""


class Access(NamedTuple):
    """The credentials for a server; by default none.

    + username, password: for basic authentication; username None: no password is sent
    + ca_file: trusted certificates in PEM, instead of the usual authorities
    + cert_file, key_file: the client's certificate and its key in PEM; without key_file, the key is in cert_file
    + server_name: the name or address that the server's certificate must have; None: that of the URL
    """

    username: str | None = None
    password: str = ""
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    server_name: str | None = None

    def __repr__(self) -> str:
        fields = self._asdict() | {"password": "***" if self.password else ""}
        return f"Access({', '.join(f'{name}={value!r}' for name, value in fields.items())})"

    def apply(
        self, session: requests.Session, check: Callable[[str], None] | None = None
    ) -> requests.Session:
        """Set these credentials on a `requests` session, and return the session.

        + check: called with the URL right before each request with the password over plain http; it raises
          `PasswordWithheldError` to stop the request. The check that such a URL is on loopback is always made.
        """
        session.trust_env = False  # no proxy and no .netrc from this machine
        if self.username is not None:
            session.auth = _Password(self, check)
        if self.ca_file:
            session.verify = self.ca_file
        if self.cert_file:
            session.cert = (self.cert_file, self.key_file or self.cert_file)
        return session


class _Password(HTTPBasicAuth):
    """Basic authentication that checks each URL before it sends the password."""

    def __init__(self, access: Access, check: Callable[[str], None] | None) -> None:
        # Bytes in UTF-8 (RFC 7617): requests would encode text as Latin-1.
        super().__init__((access.username or "").encode(), access.password.encode())
        self._check = check

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        url = request.url or ""
        if urlsplit(url).scheme != "https":
            if problem := why_not_plain(url):
                raise PasswordWithheldError(problem)
            if self._check is not None:
                self._check(url)
        with_password: requests.PreparedRequest = super().__call__(request)  # type: ignore[no-untyped-call]
        return with_password


def why_not_plain(url: str) -> str | None:
    """Return why a password must not go to a URL over plain http, and what to do; None if it may."""
    if not _is_plain_address(url):
        return "The password is not sent: the URL must consist of http://, an address, a port and a path."
    if loopback_of(url) is None:
        return (
            f"The password is not sent to {url}: over plain http, others on the network can read it. "
            f"{_USE_TLS}"
        )
    return None


def url_for_password(url: str) -> str:
    """Return the URL to which a password may go: over plain http, with an address and not a name as its host.

    A name may resolve to several listeners.

    Raises:
        HostError: the password must not go there.
    """
    if urlsplit(url).scheme == "https":
        return url
    if problem := why_not_plain(url):
        raise HostError(problem)
    return addressed(url)


def _is_plain_address(url: str) -> bool:
    """Return whether all URL parsers find the same host in a URL, and the URL has no password."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return False
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return parts.netloc.lower() == (host if port is None else f"{host}:{port}")


def addressed(url: str) -> str:
    """Return a loopback URL with an address as its host instead of a name, so that no resolver is asked."""
    parts, address = urlsplit(url), loopback_of(url)
    if address is None:
        return url
    host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    return parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host).geturl()


def to_pushgateway(settings: Settings) -> Access:
    """Return the credentials for a host's Pushgateway from the settings. Raises as `to_server`."""
    return to_server(settings, "pushgateway")


def to_prometheus(settings: Settings) -> Access:
    """Return the credentials for a host's Prometheus from the settings. Raises as `to_server`."""
    return to_server(settings, "prometheus")


def to_server(settings: Settings, server: str) -> Access:
    """Return the credentials for a server of a host from the settings.

    + server: ``pushgateway`` or ``prometheus``, with which the names of its settings begin

    Raises:
        HostError: a file that the settings name cannot be read.
    """
    files = {name: getattr(settings, f"{server}_{name}", None) for name in _FILES}
    for name, path in files.items():
        if path:
            read = certificates if name == "ca_file" else read_file
            read(f"{server}_{name}", path)
    server_name: str | None = None
    if server == "prometheus":
        user = settings.prometheus_username
    else:
        user = settings.pushgateway_user
        # Before the first certificate is issued, there is no authority, and no Pushgateway with TLS.
        if settings.pushgateway_tls_lab_ca and lab_authority.authorities():
            files["ca_file"] = str(lab_authority.authorities_file())
            server_name = settings.name_in_certificate or None
    return Access(user, passwords.of_toolkit(settings, server), **files, server_name=server_name)


def for_url(allowed: Access, url: str) -> Access:
    """Return the credentials for requests to a URL.

    All certificates of the lab's authority have the names of loopback, so there the name of the host tells them apart: with
    the key of one host, nobody can pose as the Pushgateway of another one.

    Example:
        >>> for_url(Access(server_name="vm01"), "https://127.0.0.1:9091").server_name
        'vm01'
    """
    return allowed if loopback_of(url) is not None else allowed._replace(server_name=None)


def file_text(path: str | None) -> str:
    """Return the text of a file that `to_server` has checked; empty if `path` is None."""
    return Path(path).read_text(encoding="utf-8") if path else ""
