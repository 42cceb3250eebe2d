"""Certificates that no client of a Pushgateway accepts, on a real host: verify names them, and bootstrap mends them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import shapes
from certificates import let_expire, make_authority, make_certificate
from closed_hosts import OWN_FILES, bootstrapped, health
from expectations import (
    BOOTSTRAP,
    FAST,
    INSTALLED,
    VERIFY,
    assert_refused,
    assert_unchanged_run,
    rows,
)
from host_comparison import UNINSTALL
from labhost import Host, HostSpec, PyinfraResult
from pushgateway_lab.credentials import lab_authority
from pushgateway_lab.credentials.lab_authority import Certificate
from waiting import wait_for, wait_for_port

Run = Callable[..., PyinfraResult]

TARGETS = "curl -s localhost:9090/api/v1/targets?state=active"

# The state directory of the test is that of its runs.
pytestmark = [
    pytest.mark.lab_host(packages=INSTALLED),
    pytest.mark.usefixtures("state"),
]


def use(host: Host, found: Certificate) -> None:
    """Give the Pushgateway of a host another certificate, and wait until Prometheus has seen it."""
    host.write(f"{OWN_FILES}/web.crt", found.certificate.encode())
    host.write(f"{OWN_FILES}/web.key", found.key.encode())
    reconnect(host)


def reconnect(host: Host) -> None:
    """End Prometheus's connection to the Pushgateway, which outlives a certificate, and wait until it fails to connect."""
    host.run("systemctl restart '*pushgateway.service'")
    wait_for_port(host, 9091)
    wait_for(lambda: "x509" in host.run(TARGETS).stdout, "a scrape that does not accept it")


def findings(host: Host, run_pyinfra: Run, data: dict[str, Any], tmp_path: Path) -> dict[str, str]:
    """Return what verify says of the checks that are wrong; it must not advise to restart a Pushgateway that runs."""
    reports = tmp_path / "report"
    verified = run_pyinfra(host, "-y", VERIFY, data=data | {"report": str(reports)})
    assert "Traceback" not in verified.output
    row = rows(reports)[host.name]
    found = [check for task in row["tasks"] for check in task["checks"]]
    wrong = [check for check in found if check["state"] == "wrong"]
    assert all(check["fix"] is None for check in wrong), wrong
    is_broken = any(check["name"] == "pushgateway" for check in wrong)
    assert verified.returncode == is_broken, verified.output
    assert (row["stage"] is None) is is_broken, row
    said = {check["name"]: check["says"] for check in wrong}
    for each in said.values():
        assert each.split("\n")[0] in verified.stdout, verified.stdout
    return said


def is_mended(host: Host, run_pyinfra: Run, data: dict[str, Any], tmp_path: Path) -> None:
    """Fail unless one run of bootstrap is enough."""
    bootstrapped(run_pyinfra, host, data)
    assert health(host) == ["up"]
    assert findings(host, run_pyinfra, data, tmp_path) == {}
    assert_unchanged_run(run_pyinfra(host, "-y", BOOTSTRAP, data=data))


def test_of_the_labs_authority(
    lab_host: Host, run_pyinfra: Run, users: dict[str, str], tmp_path: Path
) -> None:
    host, now = lab_host, datetime.now(UTC)
    data = FAST | {"pushgateway_basic_auth_users": users, "pushgateway_tls_lab_ca": True}
    is_mended(host, run_pyinfra, data, tmp_path)

    # A year has passed: it is the one that this machine keeps, too.
    issued_at = now - timedelta(days=400)
    use(host, lab_authority.issue(host.name, [host.name], issued_at))
    found = findings(host, run_pyinfra, data, tmp_path)
    ended = f"expired on {issued_at + lab_authority.LIFE:%Y-%m-%d %H:%M} UTC. The trainer runs"
    assert f"(for {host.name}, localhost, 127.0.0.1, ::1) {ended}" in found["pushgateway"]
    assert "x509: certificate has expired" in found["target_up"]
    is_mended(host, run_pyinfra, data, tmp_path)

    # It is renewed before it expires, while both servers go on.
    kept = lab_authority.issue(host.name, [host.name], now - timedelta(days=300))
    host.write(f"{OWN_FILES}/web.crt", kept.certificate.encode())
    host.write(f"{OWN_FILES}/web.key", kept.key.encode())
    assert findings(host, run_pyinfra, data, tmp_path) == {}
    is_mended(host, run_pyinfra, data, tmp_path)
    assert host.read(f"{OWN_FILES}/web.crt").decode() not in kept.certificate

    # All hosts of the lab have localhost; the toolkit and Prometheus want the name of this one.
    use(host, lab_authority.issue("other", ["other"], now))
    found = findings(host, run_pyinfra, data, tmp_path)
    assert f" is not that of this host, {host.name}. The trainer runs" in found["pushgateway"]
    assert f"valid for localhost, other, not {host.name}" in found["target_up"]
    assert "The toolkit does not accept that certificate either" in found["target_up"]
    is_mended(host, run_pyinfra, data, tmp_path)

    (tmp_path / "another").mkdir()
    make_authority(tmp_path / "another")
    use(host, made(tmp_path / "another", f"DNS:{host.name},DNS:localhost,IP:127.0.0.1"))
    found = findings(host, run_pyinfra, data, tmp_path)
    assert "unable to get local issuer certificate" in found["pushgateway"]
    assert (
        f"(for {host.name}, localhost, 127.0.0.1) is of CN=ca, and valid until "
        in found["pushgateway"]
    )
    assert "x509: certificate signed by unknown authority" in found["target_up"]
    is_mended(host, run_pyinfra, data, tmp_path)


@pytest.fixture(params=["bookworm", "forky", "training_vm"])
def any_host(request: pytest.FixtureRequest, boot_hosts: Callable[..., list[Host]]) -> Host:
    """A host of Debian 12, of testing, or of the lab's own shape."""
    suite = "forky" if request.param == "forky" else "bookworm"
    (host,) = boot_hosts(HostSpec(suite=suite, packages=INSTALLED))
    if request.param == "training_vm":
        shapes.training_vm(host)
    return host


@pytest.mark.all_releases
def test_of_this_machine(
    any_host: Host, run_pyinfra: Run, users: dict[str, str], tmp_path: Path
) -> None:
    host = any_host
    data: dict[str, Any] = FAST | {
        "pushgateway_basic_auth_users": users,
        "pushgateway_ca_file": str(tmp_path / "ca.pem"),
        "pushgateway_tls_cert_file": str(tmp_path / "web.pem"),
        "pushgateway_tls_key_file": str(tmp_path / "web.key"),
    }
    make_authority(tmp_path)
    right = "DNS:localhost,IP:127.0.0.1"
    made(tmp_path, right)
    is_mended(host, run_pyinfra, data, tmp_path)

    # Another name: it is not sent, because no client would accept it. Somebody else may have put it there.
    wrong = made(tmp_path, "DNS:web.example.org")
    refused = run_pyinfra(host, "-y", BOOTSTRAP, data=data)
    assert_refused(host, refused, "is not for 127.0.0.1, at which the Pushgateway is asked")
    assert host.read(f"{OWN_FILES}/web.crt").decode() != wrong.certificate
    use(host, wrong)
    found = findings(host, run_pyinfra, data, tmp_path)
    assert "(for web.example.org) does not have the name localhost" in found["pushgateway"]
    assert "valid for web.example.org, not localhost" in found["target_up"]
    made(tmp_path, right)
    is_mended(host, run_pyinfra, data, tmp_path)


def test_of_the_host(
    lab_host: Host, run_pyinfra: Run, users: dict[str, str], tmp_path: Path
) -> None:
    """A certificate on the host that its owner installs and renews."""
    host = lab_host
    certificate, key = "/etc/ssl/site/site.crt", "/etc/ssl/site/site.key"
    data: dict[str, Any] = FAST | {
        "pushgateway_basic_auth_users": users,
        "pushgateway_ca_file": str(tmp_path / "ca.pem"),
        "pushgateway_tls_host_cert_file": certificate,
        "pushgateway_tls_host_key_file": key,
    }
    make_authority(tmp_path)
    right = "DNS:localhost,IP:127.0.0.1"
    before = host.run("sha256sum /etc/prometheus/prometheus.yml; ls -A /etc").stdout

    # Neither is there; then the Pushgateway's user may not read the key.
    missing = run_pyinfra(host, "-y", BOOTSTRAP, data=data)
    assert_refused(host, missing, certificate)
    host.run("install -d /etc/ssl/site")
    give(host, made(tmp_path, right), certificate, key)
    host.run(f"chmod 600 {key}")
    unreadable = run_pyinfra(host, "-y", BOOTSTRAP, data=data)
    assert_refused(host, unreadable, key)
    assert host.run("sha256sum /etc/prometheus/prometheus.yml; ls -A /etc").stdout == before
    host.run(f"chown prometheus: {key}")
    is_mended(host, run_pyinfra, data, tmp_path)
    assert not host.run(f"ls {OWN_FILES} | grep -x -e web.crt -e web.key", check=False).stdout

    # It expires. No run renews it; whoever does need not run the toolkit.
    expired = made(tmp_path, right)
    let_expire(tmp_path, "web")
    give(host, expired._replace(certificate=(tmp_path / "web.pem").read_text()), certificate, key)
    reconnect(host)
    found = findings(host, run_pyinfra, data, tmp_path)
    assert "(for localhost, 127.0.0.1) expired on" in found["pushgateway"]
    assert f"Renew {certificate} on the host." in found["pushgateway"]
    failed = run_pyinfra(host, "-y", BOOTSTRAP, data=data)
    assert_refused(host, failed, "x509: certificate has expired")
    give(host, made(tmp_path, right), certificate, key)
    is_mended(host, run_pyinfra, data, tmp_path)
    removed = run_pyinfra(host, "-y", UNINSTALL, data=data | {"lab_wipe": True})
    assert removed.returncode == 0, removed.output
    assert host.run("ls -A /etc/ssl/site").stdout.split() == ["site.crt", "site.key"]


def give(host: Host, found: Certificate, certificate: str, key: str) -> None:
    """Put a certificate on a host, where the Pushgateway reads it anew for each connection."""
    host.write(certificate, found.certificate.encode())
    host.write(key, found.key.encode())


def made(directory: Path, names: str) -> Certificate:
    """Make a certificate of the authority in a directory, and its key; the files of the one before are replaced."""
    make_certificate(directory, "web", names)
    return Certificate((directory / "web.pem").read_text(), (directory / "web.key").read_text())
