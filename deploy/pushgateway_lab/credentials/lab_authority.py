"""A private certificate authority for labs: it is made on this machine, and issues a certificate for each host.

It is kept in the state directory, in which only its user reads. Anybody who can read its key can
impersonate every host.
"""

import functools
from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from typing_extensions import override

from pushgateway_lab.credentials.local_files import put, state_directory
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings.secret_source import path_component

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

LIFE = timedelta(days=365)
"""The life of a host's certificate."""

LIFE_OF_AUTHORITY = timedelta(days=3650)

LEAST_LEFT = timedelta(days=30)
"""A certificate is renewed if it has less than this, or less than a third of its life, left."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_LONGEST_NAME = 64  # X.520, ub-common-name


class Certificate(NamedTuple):
    """A certificate of a host and its key, in PEM."""

    certificate: str
    key: str

    @override
    def __repr__(self) -> str:
        """Omit the key."""
        return "Certificate(...)"


def authorities() -> str:
    """Return the certificate of the authority in PEM; empty if there is none yet.

    Raises:
        HostError: the state directory is not safe.
    """
    try:
        return authorities_file().read_text(encoding="ascii")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise HostError(f"{authorities_file()} cannot be read here: {error}") from error


def begin(now: datetime) -> None:
    """Make the authority if there is none. Raises as `issue`."""
    _authority(now)


def check() -> None:
    """Check that the authority can be used, if there is one.

    Raises:
        HostError: it cannot.
    """
    if (path := _path()).exists():
        _load(path)


def authorities_file() -> Path:
    """Return the file on this machine with the certificate of the authority.

    Raises:
        HostError: the state directory is not safe.
    """
    return state_directory("lab-ca") / "ca.crt"


def stored(host: str) -> Certificate | None:
    """Return the certificate of a host that was issued last; None if there is none.

    + host: its name in the inventory

    Raises:
        HostError: the state directory is not safe.
    """
    try:
        text = _file_of(host).read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise HostError(f"{_file_of(host)} cannot be read here: {error}") from error
    certificate, mark, key = text.partition("-----BEGIN PRIVATE KEY-----")
    return Certificate(certificate, f"{mark}{key}")


def _file_of(host: str) -> Path:
    return state_directory("lab-ca") / f"host-{path_component(host)}.pem"


def is_good(issued: Certificate, names: Iterable[str], now: datetime) -> bool:
    """Return whether a certificate is of the present authority, has exactly the names of a host, and enough life left.

    + names: host names and addresses
    """
    return _is_good(
        issued, frozenset(alternatives(names)), authorities(), now.replace(second=0, microsecond=0)
    )


@functools.lru_cache(maxsize=1000)
def _is_good(issued: Certificate, names: frozenset[str], authority: str, now: datetime) -> bool:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    try:
        found = x509.load_pem_x509_certificate(issued.certificate.encode())
        found.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.encode()))
        of_extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    had = {*of_extension.get_values_for_type(x509.DNSName)}
    had |= {str(each) for each in of_extension.get_values_for_type(x509.IPAddress)}
    left = found.not_valid_after_utc - now
    life = found.not_valid_after_utc - found.not_valid_before_utc
    return names == had and left >= max(life / 3, LEAST_LEFT)


def issue(host: str, names: Iterable[str], now: datetime) -> Certificate:
    """Make, store and return a new certificate for a host; the authority is made if there is none.

    + host: its name in the inventory
    + names: host names and addresses; localhost and the addresses of loopback are added

    Raises:
        HostError: it cannot be stored.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    authority, authority_key = _authority(now)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, (host or "host")[:_LONGEST_NAME])])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clocks differ
        .not_valid_after(min(now + LIFE, authority.not_valid_after_utc))
        .add_extension(x509.SubjectAlternativeName(_general_names(names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    issued = Certificate(
        made.public_bytes(serialization.Encoding.PEM).decode(),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
    )
    put(_file_of(host), f"{issued.certificate}{issued.key}".encode(), replace=True)
    return issued


def alternatives(names: Iterable[str]) -> set[str]:
    """Return the names and addresses in the certificate of a host with these names: also those of loopback."""
    found = set()
    for name in (*_LOOPBACK, *names):
        try:
            found.add(str(ip_address(name.strip("[]"))))
        except ValueError:
            if name.isascii() and all(each.isalnum() or each in "-._" for each in name):
                found.add(name.rstrip("."))
    return found - {""}


def _general_names(names: Iterable[str]) -> "list[x509.GeneralName]":
    from cryptography import x509

    found: list[x509.GeneralName] = []
    for name in sorted(alternatives(names)):
        try:
            found.append(x509.IPAddress(ip_address(name)))
        except ValueError:
            found.append(x509.DNSName(name))
    return found


def _authority(now: datetime) -> "tuple[x509.Certificate, ec.EllipticCurvePrivateKey]":
    """Return the authority's certificate and key; they are made if they are missing, or expire within `LIFE`."""
    from cryptography.hazmat.primitives import serialization

    path = _path()
    if not path.exists():
        put(path, _new_authority(now), replace=False)
    certificate, key = _load(path)
    if certificate.not_valid_after_utc < now + LIFE:
        put(path, _new_authority(now), replace=True)
        certificate, key = _load(path)
    public = certificate.public_bytes(serialization.Encoding.PEM)
    if authorities() != public.decode():
        put(authorities_file(), public, replace=True)
    return certificate, key


def _path() -> Path:
    """Return the file with the certificate and the key of the authority."""
    return state_directory("lab-ca") / "ca.pem"


def _load(path: Path) -> "tuple[x509.Certificate, ec.EllipticCurvePrivateKey]":
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        data = path.read_bytes()
        certificate = x509.load_pem_x509_certificate(data)
        key = serialization.load_pem_private_key(data, None)
    except (OSError, ValueError) as error:
        raise HostError(_foreign(path)) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise HostError(_foreign(path))
    return certificate, key


def _foreign(path: Path) -> str:
    return (
        f"{path} is not the authority that this toolkit wrote. Remove the directory {path.parent}; the next run makes a "
        "new authority, and new certificates for all hosts."
    )


def _new_authority(now: datetime) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"pushgateway-lab {now:%Y-%m-%d}")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFE_OF_AUTHORITY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=True,
                crl_sign=True,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
