"""The check of verify of a Pushgateway's certificate. Without hosts."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from looks import encoded, look
from pushgateway_lab.credentials import lab_authority
from pushgateway_lab.installations import web_files
from pushgateway_lab.lab import certificate
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.web.wanted_files import (
    wanted,
)
from snapshots import BOTH, argv, seen
from web_looks import NOW, settings

pytestmark = pytest.mark.usefixtures("state")


@pytest.mark.parametrize(
    ("url", "later", "says"),
    [
        ("https://localhost:9091", timedelta(0), None),
        ("https://[::1]:9091", timedelta(0), None),
        (
            "https://LOCALHOST:9091",
            timedelta(days=366),
            r"\(for localhost, vm01, 127\.0\.0\.1, ::1\) expired on 2027-12-01 00:00 UTC\..* sends a new one",
        ),
        ("https://localhost:9091", -timedelta(days=1), "valid from 2026-11-30 23:00 UTC on, and"),
        ("https://web:9091", timedelta(0), "does not have the name web, at which"),
    ],
)
def test_verify_names_the_date_and_the_names_of_a_certificate(
    url: str, later: timedelta, says: str | None
) -> None:
    issued = lab_authority.issue("vm01", ["vm01"], NOW)
    looked = look(
        *BOTH,
        argv("pushgateway", f"--web.config.file={web_files.WEB_CONFIG_TLS}"),
        f"web_text {web_files.CERTIFICATE} {encoded(issued.certificate)}",
        now=(NOW + later).timestamp(),
    )
    found = certificate.problem(looked, url)
    assert found is None if says is None else found and re.search(says, found), found


def test_the_certificate_that_is_shown_counts_also_of_somebody_else() -> None:
    issued = lab_authority.issue("vm01", ["vm01"], NOW).certificate
    shown = replace(
        look(*BOTH, argv("pushgateway", "--web.config.file=/etc/own.yml"), now=NOW.timestamp()),
        gateway_certificate=issued,
    )
    url = "https://localhost:9091"
    assert certificate.problem(shown, url) is None
    assert certificate.in_words(shown).endswith(
        "is of CN=pushgateway-lab 2026-12-01, and valid until 2027-12-01 00:00 UTC."
    )
    later = replace(shown, now=(NOW + timedelta(days=400)).timestamp())
    assert (certificate.problem(later, url) or "").endswith(
        "expired on 2027-12-01 00:00 UTC. Whoever wrote the Pushgateway's web configuration file renews it."
    )
    own = settings(
        pushgateway_tls_host_cert_file="/own.crt", pushgateway_tls_host_key_file="/own.key"
    )
    assert "Renew /own.crt on the host." in (
        certificate.problem(replace(later, settings=own), url) or ""
    )
    assert certificate.in_words(look(*BOTH)) == ""


def test_a_certificate_that_is_none_is_said_to_be_none() -> None:
    looked = look(
        *BOTH,
        argv("pushgateway", f"--web.config.file={web_files.WEB_CONFIG_TLS}"),
        f"web_text {web_files.CERTIFICATE} {encoded('none')}",
    )
    assert "cannot be read" in (certificate.problem(looked, "https://localhost:9091") or "")
    assert certificate.problem(look(*BOTH), "https://localhost:9091") is None


@pytest.mark.parametrize(
    "error",
    [
        x509.InvalidVersion("x", 7),
        x509.DuplicateExtension("x", x509.ObjectIdentifier("1.2.3")),
        x509.UnsupportedGeneralNameType("x"),
    ],
)
def test_a_strange_certificate_is_one_that_cannot_be_read(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(_: bytes) -> None:
        raise error

    monkeypatch.setattr(x509, "load_pem_x509_certificate", load)
    looked = look(
        *BOTH,
        argv("pushgateway", f"--web.config.file={web_files.WEB_CONFIG_TLS}"),
        f"web_text {web_files.CERTIFICATE} {encoded('strange')}",
    )
    assert "cannot be read" in (certificate.problem(looked, "https://localhost:9091") or "")
    (tmp_path / "pem").write_text("strange")
    files = dict.fromkeys(
        ("pushgateway_tls_cert_file", "pushgateway_tls_key_file"), str(tmp_path / "pem")
    )
    if isinstance(error, x509.InvalidVersion):
        with pytest.raises(HostError, match="in PEM"):
            wanted(seen(*BOTH), settings(**files))
