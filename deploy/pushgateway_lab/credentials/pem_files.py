"""Certificates in files on this machine: what of a file goes to a host as a file that everybody there can read."""

import functools
import re

from pushgateway_lab.credentials.local_files import read_file
from pushgateway_lab.run.host_error import HostError

_BLOCK = re.compile(
    r"^-----BEGIN (?P<kind>[A-Z0-9 ]+)-----\s.*?^-----END (?P=kind)-----[^\S\n]*$",
    re.MULTILINE | re.DOTALL,
)
_CERTIFICATES = ("CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE")


def certificates(key: str, path: str, *, with_key: bool = False) -> str:
    """Return the certificates in a file that a setting names, in PEM, and nothing else of the file.

    + key: the name of the setting, for the error
    + with_key: whether the file may have a private key beside them; the key is not returned

    Raises:
        HostError: the file cannot be read, has no certificate, one that cannot be read, or a private key.

    Example: ``certificates("pushgateway_ca_file", "/etc/ssl/lab-ca.pem")``
    """
    text = read_file(key, path)
    if not with_key and "PRIVATE KEY-----" in text:
        raise HostError(
            f"{key}: {path} has a private key, and everybody on the host could read it there. Nothing was changed. Name a "
            "file with certificates alone."
        )
    found = "".join(
        f"{each[0]}\n" for each in _BLOCK.finditer(text) if each["kind"] in _CERTIFICATES
    )
    if not _are_readable(found):
        raise HostError(
            f"{key}: {path} has no certificates in PEM that can be read. Nothing was changed. Such a file has lines "
            "-----BEGIN CERTIFICATE-----."
        )
    return found


@functools.lru_cache(maxsize=100)
def _are_readable(text: str) -> bool:
    from cryptography import x509

    try:
        return bool(x509.load_pem_x509_certificates(text.encode()))
    except (ValueError, x509.InvalidVersion):
        return False
