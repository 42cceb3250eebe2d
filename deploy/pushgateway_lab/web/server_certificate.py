"""The certificate of the Pushgateway that the settings of a host want, and the names in it.

No host is asked; files are read on this machine.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from pushgateway_lab.credentials import lab_authority
from pushgateway_lab.credentials.lab_authority import Certificate
from pushgateway_lab.credentials.local_files import read_file
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings
from pushgateway_lab.web.trial_handshake import Party, UntrustedError, shake_hands

Issuer = Callable[[str, Iterable[str]], Certificate]


def certificate_of(settings: Settings, issue: Issuer | None) -> Certificate | None:
    """Return the Pushgateway's certificate and key, empty if they are not of this toolkit; None: to be issued.

    + issue: issues the certificate of the lab's authority, for the name of the host in the inventory and its other names

    Raises:
        HostError: a file on this machine that the settings name cannot be used.
    """
    if settings.pushgateway_tls_cert_file:
        found = Certificate(
            read_file("pushgateway_tls_cert_file", settings.pushgateway_tls_cert_file),
            read_file("pushgateway_tls_key_file", settings.pushgateway_tls_key_file or ""),
        )
        _check_pair(settings, found)
        return found
    if not settings.pushgateway_tls_lab_ca:
        return Certificate("", "")
    stored = lab_authority.stored(settings.host)
    names = tuple(names_of(settings))
    if stored and lab_authority.is_good(stored, names, datetime.now(UTC)):
        return stored
    return issue(settings.host, names) if issue else None


def _check_pair(settings: Settings, found: Certificate) -> None:
    """Check that a certificate and a key belong together, or the Pushgateway would not start; and that it is valid."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    try:
        certificate = x509.load_pem_x509_certificate(found.certificate.encode())
        public = certificate.public_key()
        own = serialization.load_pem_private_key(found.key.encode(), None).public_key()
    except (ValueError, TypeError, x509.InvalidVersion) as error:
        raise HostError(
            f"pushgateway_tls_cert_file, pushgateway_tls_key_file: {settings.pushgateway_tls_cert_file} and "
            f"{settings.pushgateway_tls_key_file} must be a certificate and a key without a passphrase, in PEM."
        ) from error
    as_der = (
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo,
    )
    if public.public_bytes(*as_der) != own.public_bytes(*as_der):
        raise HostError(
            f"pushgateway_tls_key_file: {settings.pushgateway_tls_key_file} is not the key of the certificate in "
            f"{settings.pushgateway_tls_cert_file}. Set the key that belongs to it."
        )
    if certificate.not_valid_after_utc < datetime.now(UTC):
        raise HostError(
            f"pushgateway_tls_cert_file: the certificate in {settings.pushgateway_tls_cert_file} expired on "
            f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC. Set one that is valid."
        )


def check_trust(settings: Settings, url: str) -> None:
    """Check that the Pushgateway with the certificate of the settings, and those who ask it, will trust each other.

    + url: at which it is asked

    Raises:
        HostError: they will not, or a file on this machine that the settings name cannot be used.
    """
    path = settings.pushgateway_tls_cert_file
    # Without a file of authorities, Prometheus trusts those of its host, which this machine does not know.
    if path is None or not (settings.pushgateway_ca_file or settings.pushgateway_smoke != "never"):
        return
    server = Party(path, settings.pushgateway_tls_key_file, settings.pushgateway_tls_client_ca_file)
    authorities = settings.pushgateway_ca_file or _usual_authorities()
    client = Party(settings.pushgateway_cert_file, settings.pushgateway_key_file, authorities)
    name = urlsplit(url).hostname or ""
    try:
        shake_hands(server, client, name)
    except UntrustedError as error:
        raise HostError(f"{_distrust(settings, name, error)} Nothing was changed.") from error


def _usual_authorities() -> str:
    from requests.utils import DEFAULT_CA_BUNDLE_PATH  # here: it takes 0.1 s to import

    return str(DEFAULT_CA_BUNDLE_PATH)


def _distrust(settings: Settings, name: str, error: UntrustedError) -> str:
    path, authorities = settings.pushgateway_tls_cert_file, settings.pushgateway_ca_file
    if error.is_of_client:
        return (
            f"pushgateway_cert_file: the Pushgateway will not let in this toolkit and Prometheus: {error}. It wants a client "
            f"certificate of an authority in {settings.pushgateway_tls_client_ca_file} (pushgateway_tls_client_ca_file)."
        )
    if error.is_of_name:
        return (
            f"pushgateway_tls_cert_file: the certificate in {path} is not for {name}, at which the Pushgateway is asked. Set "
            "pushgateway_url=https://NAME:PORT with a name of the certificate that the host itself can resolve."
        )
    if authorities is None:
        return (
            f"pushgateway_tls_cert_file: the certificate in {path} is of no authority that is trusted here: {error}. Set "
            "pushgateway_ca_file to the certificates of its authority."
        )
    return (
        f"pushgateway_ca_file: no authority in {authorities} issued the certificate in {path} "
        f"(pushgateway_tls_cert_file): {error}. Set the file of its own authority."
    )


def names_of(settings: Settings) -> Iterator[str]:
    """Yield the names and addresses by which others know the Pushgateway of a host, for its certificate.

    All are from the inventory and the settings. What a host says counts for nothing: its root could name another host.
    """
    yield settings.name_in_certificate
    hosts = [settings.pushgateway_listen_address, *(settings.pushgateway_targets or ())]
    for each in hosts:
        host = each.rpartition(":")[0].strip("[]").partition("%")[0]
        if host not in ("", "0.0.0.0", "::"):  # noqa: S104 - compared, not bound to
            yield host
    if settings.pushgateway_url:
        yield urlsplit(settings.pushgateway_url).hostname or ""


def is_certified(settings: Settings, host: str) -> bool:
    """Return whether a host's certificate of the lab's authority is for a name or an address."""
    names = {each.lower() for each in lab_authority.alternatives(names_of(settings))}
    wanted = lab_authority.alternatives([host.partition("%")[0]])
    return names.issuperset(each.lower() for each in wanted)
