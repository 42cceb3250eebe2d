"""Certificates of an authority that a test makes for itself."""

import subprocess
from pathlib import Path

_NEW = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"


def make_authority(directory: Path, *, server: str) -> None:
    """Write an authority (``ca.pem``), a server's certificate and a client's, each with its key (``.key``).

    + server: the subject alternative names of the server, as ``IP:127.0.0.1``
    """
    _openssl(directory, f"req -x509 {_NEW} -subj /CN=ca -keyout ca.key -out ca.pem")
    for name, extra in (("server", f"-addext subjectAltName={server}"), ("client", "")):
        _openssl(
            directory,
            f"req -x509 {_NEW} -subj /CN={name} {extra} -CA ca.pem -CAkey ca.key -addext basicConstraints=CA:FALSE "
            f"-keyout {name}.key -out {name}.pem",
        )


def _openssl(directory: Path, arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], cwd=directory, check=True, capture_output=True)
