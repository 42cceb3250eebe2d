"""The check of the certificate of a host's Pushgateway: its dates, its names and its authority. Pure."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from pushgateway_lab.formats.sockets import loopback_of
from pushgateway_lab.installations import address, web_files
from pushgateway_lab.installations.flags import parse_flags
from pushgateway_lab.lab.excerpts import excerpt, listed
from pushgateway_lab.lab.look import Look

if TYPE_CHECKING:
    from cryptography import x509

_SENT = "The trainer runs bootstrap or prepare, which sends a new one, or sets another pushgateway_tls_cert_file."
_OF_OTHERS = "Whoever wrote the Pushgateway's web configuration file renews it."


class Certificate(NamedTuple):
    """A certificate of the Pushgateway.

    + names: host names and addresses
    + authority: the name of the one that issued it
    + begins, ends: the time in which it is valid
    """

    names: list[str]
    authority: str
    begins: datetime
    ends: datetime

    def __str__(self) -> str:
        return f"The Pushgateway's certificate (for {listed(self.names)})"


def problem(look: Look, url: str) -> str | None:
    """Return why a client does not accept the Pushgateway's certificate, with the dates and the names; None if it may.

    + url: at which the Pushgateway is asked

    Example:
        The Pushgateway's certificate (for localhost and vm01) expired on 2026-11-30 12:00 UTC. ...
    """
    text = _text_of(look)
    if not text:
        return None
    found = _parsed(text)
    if found is None:
        return f"The Pushgateway's certificate cannot be read, or has no names. {_mend(look)}"
    now = datetime.fromtimestamp(look.now, UTC)
    if now > found.ends:
        return f"{found} expired on {_shown(found.ends)}. {_mend(look)}"
    if now < found.begins:
        return f"{found} is valid from {_shown(found.begins)} on, and this host's clock says {_shown(now)}. Correct the clock."
    return _other_name(look, url, found)


def in_words(look: Look) -> str:
    """Return a sentence with the names, the authority and the end of a certificate that was not accepted; empty without."""
    found = _parsed(look.gateway_certificate) if look.gateway_certificate else None
    if found is None:
        return ""
    return f"{found} is of {excerpt(found.authority)}, and valid until {_shown(found.ends)}."


def _text_of(look: Look) -> str:
    """Return the certificate that the Pushgateway shows; else that of its file, if it is one of this toolkit."""
    of_file = look.snapshot.web_texts.get(web_files.CERTIFICATE, "")
    return look.gateway_certificate or (of_file if _uses_own_files(look) else "")


def _uses_own_files(look: Look) -> bool:
    """Return whether the Pushgateway runs with a web configuration file of this toolkit."""
    return address.speaks_tls(parse_flags((look.snapshot.pushgateway_argv or ("",))[1:]))


def _mend(look: Look) -> str:
    if path := look.settings.pushgateway_tls_host_cert_file:
        return f"Renew {excerpt(path)} on the host."
    return _SENT if _uses_own_files(look) else _OF_OTHERS


def _parsed(text: str) -> Certificate | None:
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificate(text.encode())
        return Certificate(
            _names(found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value),
            found.issuer.rfc4514_string(),
            found.not_valid_before_utc,
            found.not_valid_after_utc,
        )
    except (
        ValueError,
        x509.DuplicateExtension,
        x509.ExtensionNotFound,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    ):
        return None


def _other_name(look: Look, url: str, found: Certificate) -> str | None:
    """Return why the names of a certificate are the wrong ones; None if they are not."""
    names = [each.lower() for each in found.names]
    own = look.settings.name_in_certificate if look.settings.pushgateway_tls_lab_ca else ""
    if own and loopback_of(url) is not None and own.lower() not in names:
        return f"{found} is not that of this host, {excerpt(own)}. {_mend(look)}"
    host = (urlsplit(url).hostname or "").lower()
    if host not in names and not any(
        each.startswith("*.") and host.partition(".")[2] == each[2:] for each in names
    ):
        return (
            f"{found} does not have the name {excerpt(host)}, at which it is asked. The trainer sets pushgateway_url to an "
            "https URL with one of these names."
        )
    return None


def _names(alternatives: "x509.SubjectAlternativeName") -> list[str]:
    from cryptography import x509

    addresses = alternatives.get_values_for_type(x509.IPAddress)
    return [*alternatives.get_values_for_type(x509.DNSName), *map(str, addresses)]


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
