"""Certificates for servers of lab hosts, made with openssl."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization


def openssl(directory: Path, arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], cwd=directory, check=True, capture_output=True)


NEW = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"


def make_authority(directory: Path) -> None:
    """Write the certificate and the key of an authority: ``ca.pem`` and ``ca.key``."""
    openssl(directory, f"req -x509 {NEW} -days 2 -subj /CN=ca -keyout ca.key -out ca.pem")


def make_certificate(directory: Path, name: str, alternative: str = "", days: int = 2) -> None:
    """Write a certificate of the authority in the directory, and its key: ``NAME.pem`` and ``NAME.key``.

    + alternative: a name or address of the server, such as ``IP:127.0.0.1``; empty: for a client
    """
    extra = f"-addext subjectAltName={alternative}" if alternative else ""
    openssl(
        directory,
        f"req -x509 {NEW} -days {days} -subj /CN={name} {extra} -CA ca.pem -CAkey ca.key "
        f"-addext basicConstraints=CA:FALSE -keyout {name}.key -out {name}.pem",
    )


def let_expire(directory: Path, name: str) -> None:
    """Replace a certificate of the authority in the directory by one that expired an hour ago, for the same key."""
    path = directory / f"{name}.pem"
    found = x509.load_pem_x509_certificate(path.read_bytes())
    key = serialization.load_pem_private_key((directory / "ca.key").read_bytes(), None)
    ended = datetime.now(UTC) - timedelta(hours=1)
    made = (
        x509.CertificateBuilder(found.issuer, found.subject, found.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ended - timedelta(days=1))
        .not_valid_after(ended)
    )
    for each in found.extensions:
        made = made.add_extension(each.value, each.critical)
    signed = made.sign(key, hashes.SHA256())  # type: ignore[arg-type] # that of an authority can sign
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
