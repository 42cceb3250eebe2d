"""Servers that no service started get no secret. Without hosts."""

from pathlib import Path
from typing import Any

import pytest

from certificates import make_authority
from pushgateway_lab.install import preflight
from pushgateway_lab.installations import web_files
from pushgateway_lab.prometheus import listening
from pushgateway_lab.pushgateway import closing
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.web.wanted_files import (
    wanted,
)
from snapshots import BOTH, argv, config, seen
from web_looks import settings

pytestmark = pytest.mark.usefixtures("state")


LOGIN = {"pushgateway_username": "a", "pushgateway_password_environment": "LAB_PASSWORD"}


LONE = {
    "pushgateway": ("process pushgateway 7 ", "pushgateway_pid 7"),
    "prometheus": ("process prometheus 8 ", "prometheus_pid 8"),
}
"""Programs that anybody may have started, with the names of the servers."""


@pytest.mark.parametrize(
    ("lone", "data", "says"),
    [
        ("pushgateway", {"pushgateway_basic_auth_users": {}}, "The Pushgateway gets no file"),
        ("pushgateway", {"pushgateway_tls_lab_ca": True}, "The Pushgateway gets no file"),
        ("prometheus", {"pushgateway_basic_auth_users": {}}, "Prometheus gets no file"),
        ("prometheus", LOGIN, "Prometheus gets no file"),
        ("prometheus", {"pushgateway_cert_file": "/x"}, "Prometheus gets no file"),
        ("pushgateway", LOGIN, "Prometheus gets no password"),
    ],
)
def test_a_process_of_no_service_gets_no_secret(
    users: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    lone: str,
    data: dict[str, Any],
    says: str,
) -> None:
    monkeypatch.setenv("LAB_PASSWORD", "a password")
    if "pushgateway_basic_auth_users" in data:
        data = {"pushgateway_basic_auth_users": users}
    given = settings(**data)
    command = argv("pushgateway", f"--web.config.file={web_files.web_config_of(given)}")
    host = seen(*BOTH, *config("scrape_configs: []\n"), *LONE[lone], command, "user_of pushgateway 1000", "user_of prometheus 1000")  # fmt: skip
    for refuse in (wanted, closing.is_done, preflight.is_free):
        with pytest.raises(HostError, match=f"{says}.*which no service started, so anybody may"):
            refuse(host, given)


def test_a_password_goes_to_a_process_of_no_service_over_https_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LAB_PASSWORD", "a password")
    given = settings(**LOGIN, pushgateway_url="https://vm01:9091")
    found = wanted(seen(*BOTH, *LONE["pushgateway"]), given)
    assert found is not None
    assert [each.path for each in found] == [web_files.SCRAPE_PASSWORD]


def test_a_prometheus_of_no_service_gets_what_everybody_may_read(tmp_path: Path) -> None:
    make_authority(tmp_path)
    given = settings(pushgateway_ca_file=str(tmp_path / "ca.pem"))
    found = wanted(seen(*BOTH, *LONE["prometheus"]), given)
    assert found is not None
    assert [(each.path, each.owner) for each in found] == [(web_files.SCRAPE_AUTHORITIES, "root")]


def test_a_prometheus_of_no_service_is_named() -> None:
    (note,) = listening.notes(seen(*BOTH, *LONE["prometheus"]), settings())
    assert "which no service started, so it is used as it is. Any user of the host may have" in note
    assert list(listening.notes(seen(*BOTH), settings())) == []
