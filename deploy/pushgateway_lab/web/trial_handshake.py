"""A TLS handshake in memory with files on this machine: would the Pushgateway and its clients trust each other?"""

import ssl
from typing import NamedTuple

from pushgateway_lab.run.host_error import HostError

_OF_NAME = (62, 64)
"""Codes of OpenSSL (x509_vfy.h): the certificate is for another host name, or for another address."""


class Party(NamedTuple):
    """The files of one side, in PEM.

    + cert_file, key_file: its certificate and its key; None: it has none
    + ca_file: the certificates that it trusts; None: it asks for none
    """

    cert_file: str | None = None
    key_file: str | None = None
    ca_file: str | None = None


class UntrustedError(Exception):
    """One side does not trust the other.

    + is_of_client: whether it is the client's certificate that is not trusted
    + is_of_name: whether the certificate is trusted, and for another name
    """

    def __init__(self, words: str, *, is_of_client: bool, is_of_name: bool) -> None:
        super().__init__(words)
        self.is_of_client, self.is_of_name = is_of_client, is_of_name


def shake_hands(server: Party, client: Party, name: str) -> None:
    """Check that a client gets in at a server, with these files, in this process alone.

    + name: the host name or address at which the client asks

    Raises:
        UntrustedError: one of them does not trust the other.
        HostError: a file cannot be used.

    Example:
        shake_hands(Party("/srv/web.crt", "/srv/web.key"), Party(ca_file="/srv/ca.crt"), "127.0.0.1")
    """
    try:
        at_server = _context(ssl.PROTOCOL_TLS_SERVER, server)
        at_client = _context(ssl.PROTOCOL_TLS_CLIENT, client)
    except (ssl.SSLError, OSError) as error:
        raise HostError(f"A certificate of the settings cannot be used: {error}") from error
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = {
        False: at_client.wrap_bio(to_client, to_server, server_hostname=name),
        True: at_server.wrap_bio(to_server, to_client, server_side=True),
    }
    # With TLS 1.3 a client is done before the server has looked at its certificate.
    waiting = dict(sides)
    while waiting:
        for is_server, side in tuple(waiting.items()):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                raise UntrustedError(
                    error.verify_message.rstrip("."),
                    is_of_client=is_server,
                    is_of_name=error.verify_code in _OF_NAME,
                ) from error
            except ssl.SSLError as error:  # as a server that gets no certificate from the client
                words = (error.reason or str(error)).lower().replace("_", " ")
                raise UntrustedError(words, is_of_client=is_server, is_of_name=False) from error
            del waiting[is_server]


def _context(kind: "ssl._SSLMethod", party: Party) -> ssl.SSLContext:
    made = ssl.SSLContext(kind)
    if party.ca_file:
        made.load_verify_locations(party.ca_file)
        made.verify_mode = ssl.CERT_REQUIRED
    if party.cert_file:
        made.load_cert_chain(party.cert_file, party.key_file)
    return made
