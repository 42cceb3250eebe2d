"""The words of the clients for what OpenSSL says. Without hosts."""

import ssl

import pytest
import requests

from pushgateway_lab.http.api import ApiError, Pushgateway


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)",
            "it speaks no TLS there",
        ),
        (
            "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)",
            "self-signed certificate. Set pushgateway_ca_file to the certificates of its authority; with",
        ),
        (
            "IP address mismatch, certificate is not valid for '127.0.0.1'. (_ssl.c:1006)",
            "is not valid for '127.0.0.1'",
        ),
        (
            "[X509: NO_CERTIFICATE_OR_CRL_FOUND] no certificate or crl found (_ssl.c:4149)",
            "no certificate or crl found",
        ),
    ],
)
def test_what_openssl_says_is_in_words(
    monkeypatch: pytest.MonkeyPatch, words: str, says: str
) -> None:
    client = Pushgateway(requests.Session(), "https://127.0.0.1:9091")

    def fail(*_: object, **__: object) -> None:
        raise requests.exceptions.SSLError(ssl.SSLError(1, words))

    monkeypatch.setattr(client._session, "request", fail)
    with pytest.raises(ApiError) as error:
        client.groups()
    assert says in str(error.value)
    assert "_ssl.c" not in str(error.value)
    assert "[" not in str(error.value)
