"""The refusal of a look's questions by Prometheus or curl: a password, TLS, a certificate or a path is wrong. Pure.

A server that is denied runs: it is not told as one that does not answer.
"""

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_CURL = re.compile(r"curl: \(([0-9]{1,3})\) (.*)")

# curl(1), "Exit codes".
_NO_TLS, _TLS_ENDED, _NOT_TRUSTED, _NO_AUTHORITIES = 35, 56, 60, 77


class Certificate(NamedTuple):
    """A server's certificate, in curl's words.

    + subject: its name, such as ``CN=prometheus``
    + since, until: when it is valid, such as ``Dec  2 13:37:42 2026 GMT``
    """

    subject: str
    since: str
    until: str


class Denial(NamedTuple):
    """The refusal of a look's questions; all fields are empty if Prometheus answers, or if nothing does.

    + status: the first HTTP status that was no success; 0 if there is none
    + code, words: of curl's first error, for a connection that failed; 0 and empty without one
    + expects_tls: the server answered plain http with the words of one that expects TLS
    + certificate: of a server whose certificate curl did not accept; None without one
    + is_withheld: the password was not sent, because another program could have received it
    """

    status: int = 0
    code: int = 0
    words: str = ""
    expects_tls: bool = False
    is_withheld: bool = False
    certificate: Certificate | None = None

    @property
    def is_unauthorized(self) -> bool:
        """Return whether the server wants a password, or another one."""
        return self.status == 401  # noqa: PLR2004 - RFC 9110, 15.5.2

    @property
    def is_forbidden(self) -> bool:
        """Return whether the server, or a proxy before it, answers nobody with these credentials."""
        return self.status == 403  # noqa: PLR2004 - RFC 9110, 15.5.4

    @property
    def is_not_found(self) -> bool:
        """Return whether the server has no metrics under the path of the URL."""
        return self.status == 404  # noqa: PLR2004 - RFC 9110, 15.5.5

    @property
    def is_plain(self) -> bool:
        """Return whether the server does not speak TLS, although the URL has https."""
        return self.code == _NO_TLS and any(
            words in self.words for words in ("wrong version number", "packet length too long")
        )

    @property
    def wants_certificate(self) -> bool:
        """Return whether the server ended the connection, because it wants a certificate of the client."""
        return self.code in (_NO_TLS, _TLS_ENDED) and "certificate" in self.words

    @property
    def is_not_trusted(self) -> bool:
        """Return whether the server's certificate was not accepted."""
        return self.code == _NOT_TRUSTED

    @property
    def has_another_name(self) -> bool:
        """Return whether the server's certificate is for other names than that of the URL."""
        return self.is_not_trusted and "subject name" in self.words

    @property
    def has_expired(self) -> bool:
        """Return whether the server's certificate, or that of its authority, is not valid at this time."""
        return self.is_not_trusted and any(
            words in self.words for words in ("has expired", "not yet valid")
        )

    @property
    def has_no_authorities(self) -> bool:
        """Return whether the file with the certificates to trust has none."""
        return self.code == _NO_AUTHORITIES


def parse_denial(said: Mapping[str, Sequence[str]]) -> Denial:
    """Return the denial in the lines of ``files/snapshot.sh``.

    + said: name -> values, see `pushgateway_lab.facts.look_output.lines_of`
    """
    statuses = [_number(value) for value in said.get("prometheus_answered", ())]
    error = _CURL.search(_words(said.get("prometheus_complaint", ())))
    return Denial(
        status=next((each for each in statuses if each >= 300), 0),  # noqa: PLR2004
        code=int(error[1]) if error else 0,
        words=error[2].strip() if error else "",
        expects_tls="tls" in said.get("prometheus_expects", ()),
        is_withheld="withheld" in said.get("prometheus_password", ()),
        certificate=_certificate(_words(said.get("prometheus_certificate", ()))),
    )


def _certificate(text: str) -> Certificate | None:
    values = {name: value for name, _, value in (line.partition(" ") for line in text.splitlines())}
    try:
        return Certificate(values["subject"], values["from"], values["until"])
    except KeyError:
        return None


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= 3 else 0  # noqa: PLR2004


def _words(values: Sequence[str]) -> str:
    """Return curl's words; the last value is the script's own, because an answer may have such lines, too."""
    try:
        return b64decode(values[-1], validate=True).decode(errors="replace") if values else ""
    except ValueError:
        return ""
