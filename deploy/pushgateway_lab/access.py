"""How to be let in: basic authentication and TLS, as `requests` takes them.

The files are on the machine that pyinfra runs on. Passwords come from files, not from settings:
those are printed when something is wrong with them.
"""

from pathlib import Path
from typing import NamedTuple

import requests
from requests.auth import HTTPBasicAuth
from typing_extensions import override

from pushgateway_lab.failure import HostError
from pushgateway_lab.settings import Settings


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

    @override
    def __repr__(self) -> str:
        """Without the password: what is an argument may be printed."""
        return f"Access(username={self.username!r}, cert_file={self.cert_file!r}, ...)"

    def apply(self, session: requests.Session) -> requests.Session:
        """Have a session of `requests` use it; returns the same session."""
        session.trust_env = False  # no proxy or .netrc of this machine's comes between
        if self.username is not None:
            # As UTF-8 (RFC 7617): requests would make Latin-1 of a text.
            session.auth = HTTPBasicAuth(self.username.encode(), self.password.encode())
        if self.ca_file:
            session.verify = self.ca_file
        if self.cert_file:
            session.cert = (self.cert_file, self.key_file or self.cert_file)
        return session


def to_pushgateway(settings: Settings) -> Access:
    """How a host's Pushgateway lets us in, as its settings say.

    Raises:
        HostError: a file that they name cannot be read, or there is a password without a user.
    """
    for key in ("pushgateway_ca_file", "pushgateway_cert_file", "pushgateway_key_file"):
        if path := getattr(settings, key):
            read(key, path)
    password = settings.pushgateway_password_file
    if password and not settings.pushgateway_username:
        raise HostError("pushgateway_password_file is set, but pushgateway_username is not.")
    return Access(
        settings.pushgateway_username,
        read("pushgateway_password_file", password).rstrip("\r\n") if password else "",
        settings.pushgateway_ca_file,
        settings.pushgateway_cert_file,
        settings.pushgateway_key_file,
    )


def text_of(path: str | None) -> str:
    """The text of a file that `to_pushgateway` has read; empty for none."""
    return Path(path).read_text(encoding="utf-8") if path else ""


def read(key: str, path: str) -> str:
    """The text of a file that a setting names.

    Raises:
        HostError: it cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HostError(f"{key}: {path} cannot be read here: {error}") from error
