"""The private authority of a lab, and the certificates of hosts. Without hosts."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from pushgateway_lab.credentials import lab_authority
from pushgateway_lab.install import preflight
from pushgateway_lab.pushgateway import closing
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.web.server_certificate import is_certified, names_of
from pushgateway_lab.web.wanted_files import (
    wanted,
)
from snapshots import BOTH, config, seen
from snapshots import flags as flags_line
from web_looks import NOW, settings

pytestmark = pytest.mark.usefixtures("state")


def test_the_certificate_of_a_lab_is_issued_once_and_renewed_in_time(state: Path) -> None:
    given = settings(pushgateway_tls_lab_ca=True)
    host = seen(*BOTH, "hostname VM01")
    assert wanted(host, given) is None, "a decision does not issue one"
    assert not closing.is_done(host, given)
    issued = lab_authority.issue("vm01", ["vm01", "10.0.0.1"], NOW)
    assert lab_authority.stored("vm01") == issued
    names = ["vm01", "10.0.0.1", "::1", "localhost"]
    assert lab_authority.is_good(issued, names, NOW)
    assert not lab_authority.is_good(issued, [*names, "vm02"], NOW)
    assert not lab_authority.is_good(issued, ["vm01"], NOW), "a name that it has no longer"
    third = lab_authority.LIFE * 2 / 3
    assert lab_authority.is_good(issued, names, NOW + third - timedelta(days=1))
    assert not lab_authority.is_good(issued, names, NOW + third + timedelta(days=1))
    assert issued.key not in repr(issued)
    for path in (state / "lab-ca").iterdir():
        assert path.stat().st_mode & 0o077 == 0
    found = x509.load_pem_x509_certificate(issued.certificate.encode())
    found.verify_directly_issued_by(
        x509.load_pem_x509_certificate(lab_authority.authorities().encode())
    )


def test_an_authority_that_cannot_be_read_is_found_before_anything_is_changed(state: Path) -> None:
    given = settings(pushgateway_tls_lab_ca=True)
    host = seen(*BOTH, *config("scrape_configs: []\n"))
    assert preflight.is_free(host, given)
    lab_authority.issue("vm01", ["vm01"], NOW)
    assert preflight.is_free(host, given)
    (state / "lab-ca/ca.pem").write_text("garbage\n")
    with pytest.raises(
        HostError, match=r"ca\.pem is not the authority that this toolkit wrote\. Remove"
    ):
        preflight.is_free(host, given)


def test_a_certificate_of_another_authority_is_replaced(state: Path) -> None:
    issued = lab_authority.issue("vm01", ["vm01"], NOW)
    for path in (state / "lab-ca").iterdir():
        path.unlink()
    lab_authority.issue("vm02", ["vm02"], NOW)
    assert not lab_authority.is_good(issued, ["vm01"], NOW)


def test_an_authority_that_expires_within_the_life_of_a_certificate_is_replaced() -> None:
    lab_authority.issue("vm01", [], NOW)
    old = lab_authority.authorities()
    lab_authority.issue("vm01", [], NOW + lab_authority.LIFE_OF_AUTHORITY - timedelta(days=1))
    assert lab_authority.authorities() != old


def test_a_certificate_is_for_names_of_the_settings_alone() -> None:
    given = settings(
        pushgateway_listen_address="10.0.0.1:9091",
        pushgateway_targets=["Web.example.org:9091", "[fe80::1]:9091"],
        pushgateway_url="https://push.example.org:9091",
    )
    assert list(names_of(given)) == [
        *("vm01", "10.0.0.1", "Web.example.org", "fe80::1", "push.example.org")
    ]
    assert is_certified(given, "web.example.org")
    assert is_certified(given, "[::1]")
    assert not is_certified(given, "vm02")


LISTENS = 'ARGS="--web.listen-address=192.0.2.7:9091"\n'


@pytest.mark.parametrize(
    ("lines", "data", "to_set"),
    [
        (["hostname vm02"], {}, None),
        ([flags_line(LISTENS)], {}, "pushgateway_listen_address=192.0.2.7:9091"),
        ([flags_line(LISTENS)], {"pushgateway_listen_address": "192.0.2.7:9091"}, None),
        (
            [flags_line(LISTENS)],
            {"pushgateway_targets": ["vm01:9091"]},
            "pushgateway_url=https://192.0.2.7:9091",
        ),
        (
            [flags_line(LISTENS)],
            {"pushgateway_targets": ["vm01:9091"], "pushgateway_url": "https://vm01:9091"},
            None,
        ),
        (
            [*config("scrape_configs:\n- job_name: pushgateway\n  static_configs:\n  - targets: [vm02:9091]\n"),
             "hostname vm02", "address 192.0.2.7", flags_line('ARGS="--web.listen-address=:9091"\n')],
            {"pushgateway_allow_open_admin_api": True},
            "pushgateway_targets=vm02:9091",
        ),
    ],
)  # fmt: skip
def test_a_name_that_only_the_host_says_is_refused(
    lines: list[str], data: dict[str, Any], to_set: str | None
) -> None:
    text = (
        () if any(each.startswith("config ") for each in lines) else config("scrape_configs: []\n")
    )
    host = seen(*BOTH, *text, *lines)
    given = settings(pushgateway_tls_lab_ca=True, pushgateway_admin_api=False, **data)
    if to_set is None:
        assert preflight.is_free(host, given)
        return
    with pytest.raises(HostError, match=re.escape(f"set {to_set}")):
        preflight.is_free(host, given)
