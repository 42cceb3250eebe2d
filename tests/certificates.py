"""Certificates for servers of lab hosts, made with openssl."""

import subprocess
from pathlib import Path


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
