"""How to be let in: basic authentication and TLS, as `requests` takes them.

The files are on the machine that pyinfra runs on. Passwords come from files, not from settings:
those are printed when something is wrong with them.

A password goes over plain http only to loopback, where nobody listens in, and on a host only to the
Pushgateway's own socket: ports beyond 1023 are anybody's, and whoever listens there gets it.
"""

from collections.abc import Callable
from ipaddress import IPv6Address
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
from requests.auth import HTTPBasicAuth

from pushgateway_lab.formats.sockets import loopback_of
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings

_USE_TLS = (
    "Have the Pushgateway speak TLS (--web.config.file) and set pushgateway_url to its https URL, or to "
    "its address on loopback, such as http://127.0.0.1:9091."
)


class PasswordWithheldError(requests.RequestException):
    """A request was withheld: the listener may be another program, and would get the password."""


class Access(NamedTuple):
    """What a server asks for, or nothing.

    + username, password: for basic authentication
    + ca_file: certificates in PEM to trust instead of the usual authorities
    + cert_file, key_file: the client's certificate and its key in PEM; the key may be in the first
    """

    username: str | None = None
    password: str = ""
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None

    def __repr__(self) -> str:
        fields = self._asdict() | {"password": "***" if self.password else ""}
        return f"Access({', '.join(f'{name}={value!r}' for name, value in fields.items())})"

    def apply(
        self, session: requests.Session, check: Callable[[str], None] | None = None
    ) -> requests.Session:
        """Give a session of `requests` this access, and return the session.

        + check: called with the URL right before each request that carries the password over plain http;
          raises `PasswordWithheldError` if it must not. That the URL is one of loopback is seen to anyway.
        """
        session.trust_env = False  # no proxy or .netrc of this machine's comes between
        if self.username is not None:
            session.auth = _Password(self, check)
        if self.ca_file:
            session.verify = self.ca_file
        if self.cert_file:
            session.cert = (self.cert_file, self.key_file or self.cert_file)
        return session


class _Password(HTTPBasicAuth):
    """Basic authentication for servers that may be told the password."""

    def __init__(self, access: Access, check: Callable[[str], None] | None) -> None:
        # As UTF-8 (RFC 7617): requests would make Latin-1 of a text.
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
    """Return why no password goes to a URL over plain http, and what to do; None if it may."""
    if not _is_plain_address(url):
        return "The password is not sent: the URL is not made of http://, an address, a port and a path."
    if loopback_of(url) is None:
        return (
            f"The password is not sent to {url}: over plain http, whoever is on the way can read it. "
            f"{_USE_TLS}"
        )
    return None


def _is_plain_address(url: str) -> bool:
    """Return whether every URL parser finds the same host in a URL, and the URL holds no password."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return False
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return parts.netloc.lower() == (host if port is None else f"{host}:{port}")


def addressed(url: str) -> str:
    """Return a loopback URL with the address in the place of a name: then no resolver is asked."""
    parts, address = urlsplit(url), loopback_of(url)
    if address is None:
        return url
    host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    return parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host).geturl()


def to_pushgateway(settings: Settings) -> Access:
    """How a host's Pushgateway lets us in, as its settings say.

    Raises:
        HostError: a file that they name cannot be read, or there is a password without a user.
    """
    for key in ("pushgateway_ca_file", "pushgateway_cert_file", "pushgateway_key_file"):
        if path := getattr(settings, key):
            read_file(key, path)
    password = settings.pushgateway_password_file
    if password and not settings.pushgateway_username:
        raise HostError("pushgateway_password_file is set, but pushgateway_username is not.")
    return Access(
        settings.pushgateway_username,
        read_file("pushgateway_password_file", password).rstrip("\r\n") if password else "",
        settings.pushgateway_ca_file,
        settings.pushgateway_cert_file,
        settings.pushgateway_key_file,
    )


def file_text(path: str | None) -> str:
    """The text of a file that `to_pushgateway` has read; empty for none."""
    return Path(path).read_text(encoding="utf-8") if path else ""


def read_file(key: str, path: str) -> str:
    """The text of a file that a setting names.

    Raises:
        HostError: it cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HostError(f"{key}: {path} cannot be read here: {error}") from error
