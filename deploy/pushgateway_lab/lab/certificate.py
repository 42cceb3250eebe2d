"""The check of the certificate that this toolkit has given a host's Pushgateway: its dates and its names. Pure."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pushgateway_lab.formats.sockets import loopback_of
from pushgateway_lab.installations import address, web_files
from pushgateway_lab.installations.flags import parse_flags
from pushgateway_lab.lab.excerpts import excerpt, listed
from pushgateway_lab.lab.look import Look

if TYPE_CHECKING:
    from cryptography import x509

_MEND = "The trainer runs bootstrap or prepare, which sends a new one, or sets another pushgateway_tls_cert_file."


def problem(look: Look, url: str) -> str | None:
    """Return why a client does not accept the Pushgateway's certificate, with the dates and the names; None if it may.

    + url: at which the Pushgateway is asked

    Example:
        The Pushgateway's certificate (for localhost and vm01) expired on 2026-11-30 12:00 UTC. ...
    """
    text = look.snapshot.web_texts.get(web_files.CERTIFICATE)
    running = parse_flags((look.snapshot.pushgateway_argv or ("",))[1:])
    if text is None or not address.speaks_tls(running):
        return None
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificate(text.encode())
        names = _names(found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
        begins, ends = found.not_valid_before_utc, found.not_valid_after_utc
    except (
        ValueError,
        x509.DuplicateExtension,
        x509.ExtensionNotFound,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    ):
        return f"The Pushgateway's certificate in {web_files.CERTIFICATE} cannot be read, or has no names. {_MEND}"
    now = datetime.fromtimestamp(look.now, UTC)
    is_for = f"The Pushgateway's certificate (for {listed(names)})"
    if now > ends:
        return f"{is_for} expired on {_shown(ends)}. {_MEND}"
    if now < begins:
        return f"{is_for} is valid from {_shown(begins)} on, and this host's clock says {_shown(now)}. Correct the clock."
    return _other_name(look, url, names, is_for)


def _other_name(look: Look, url: str, names: list[str], is_for: str) -> str | None:
    """Return why the names of a certificate are the wrong ones; None if they are not."""
    own = look.settings.name_in_certificate if look.settings.pushgateway_tls_lab_ca else ""
    if own and loopback_of(url) is not None and own.lower() not in (each.lower() for each in names):
        return f"{is_for} is not that of this host, {excerpt(own)}. {_MEND}"
    host = (urlsplit(url).hostname or "").lower()
    if host not in (each.lower() for each in names) and not any(
        each.startswith("*.") and host.partition(".")[2] == each[2:].lower() for each in names
    ):
        return (
            f"{is_for} does not have the name {excerpt(host)}, at which it is asked. The trainer sets pushgateway_url to an "
            "https URL with one of these names."
        )
    return None


def _names(alternatives: "x509.SubjectAlternativeName") -> list[str]:
    from cryptography import x509

    addresses = alternatives.get_values_for_type(x509.IPAddress)
    return [*alternatives.get_values_for_type(x509.DNSName), *map(str, addresses)]


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
