"""Basic authentication and TLS, with a Pushgateway that requires both, on every release."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from certificates import make_authority, make_certificate
from gateways import HASH, PACKAGES, PASSWORD, restart
from labhost import SUITES, Host, HostSpec, PyinfraResult
from pushgateway_lab.http.access import Access
from pushgateway_lab.http.api import ApiError, Pushgateway

PUSH, DELETE = "pushgateway_lab.groups.push", "pushgateway_lab.groups.delete"
PRUNE = "pushgateway_lab.prune.scheduled"
SERVICE = "pushgateway-lab-prune.service"
BACKUP = 'labels={"job": "backup", "path": "/"}'
WEB_CONFIG = """\
tls_server_config:
  cert_file: /etc/web/server.pem
  key_file: /etc/web/server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: /etc/web/ca.pem
basic_auth_users:
  trainer: {hash}
"""

Run = Callable[..., PyinfraResult]


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate authority, a server's certificate for 127.0.0.1, a client's, and a password."""
    path = tmp_path_factory.mktemp("secrets")
    make_authority(path)
    make_certificate(path, "server", "IP:127.0.0.1")
    make_certificate(path, "client")
    (path / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def hosts(boot_module_hosts: Callable[..., list[Host]], secrets: Path) -> list[Host]:
    booted = boot_module_hosts(*(HostSpec(suite=suite, packages=PACKAGES) for suite in SUITES))
    for host in booted:
        host.run("install -d /etc/web")
        for name in ("ca.pem", "server.pem", "server.key"):
            host.write(f"/etc/web/{name}", (secrets / name).read_bytes())
        host.write("/etc/web/web.yml", WEB_CONFIG.format(hash=HASH).encode())
        restart(host, "--web.config.file=/etc/web/web.yml")
    return booted


@pytest.fixture
def data(secrets: Path) -> dict[str, Any]:
    """Return the settings that the Pushgateway accepts."""
    return {
        "pushgateway_url": "https://127.0.0.1:9091",
        "pushgateway_username": "trainer",
        "pushgateway_password_file": str(secrets / "password"),
        "pushgateway_ca_file": str(secrets / "ca.pem"),
        "pushgateway_cert_file": str(secrets / "client.pem"),
        "pushgateway_key_file": str(secrets / "client.key"),
    }


@pytest.fixture(params=["through SSH", "with curl"])
def way(request: pytest.FixtureRequest, hosts: list[Host]) -> str:
    for host in hosts:
        word = "yes" if request.param == "through SSH" else "no"
        host.run(
            f"echo AllowTcpForwarding {word} >/etc/ssh/sshd_config.d/forwarding.conf; systemctl restart ssh"
        )
    return str(request.param)


@pytest.mark.all_releases
def test_push_and_delete(
    hosts: list[Host], data: dict[str, Any], way: str, run_pyinfra: Run
) -> None:
    pushed = run_pyinfra(hosts, "-y", "-vvv", PUSH, BACKUP, "body=m 1", data=data)
    assert pushed.returncode == 0, (way, pushed.output)
    assert pushed.stderr.count("Pushed to") == len(hosts)
    assert PASSWORD not in pushed.output
    deleted = run_pyinfra(hosts, "-y", DELETE, BACKUP, data=data)
    assert deleted.returncode == 0, deleted.output
    assert deleted.stderr.count("Deleted {") == len(hosts)


def test_what_is_missing_is_told(
    hosts: list[Host], data: dict[str, Any], way: str, run_pyinfra: Run, tmp_path: Path
) -> None:
    for without, says in (
        ("pushgateway_password_file", "pushgateway_username: needs a password; set"),
        ("pushgateway_ca_file", "certificate"),
        ("pushgateway_username", "pushgateway_password_file: needs pushgateway_username"),
    ):
        some = {key: value for key, value in data.items() if key != without}
        refused = run_pyinfra(hosts[1], "-y", DELETE, BACKUP, data=some)
        assert refused.returncode == 1, (way, refused.output)
        assert says in refused.stderr
        assert "Traceback" not in refused.output
    (tmp_path / "wrong").write_text("wrong\n", encoding="utf-8")
    wrong = data | {"pushgateway_password_file": str(tmp_path / "wrong")}
    refused = run_pyinfra(hosts[1], "-y", DELETE, BACKUP, data=wrong)
    assert "answered 401: Unauthorized. Check pushgateway_username and" in refused.stderr
    gone = data | {"pushgateway_password_file": "/nowhere"}
    assert (
        "/nowhere cannot be read here"
        in run_pyinfra(hosts[1], DELETE, BACKUP, "-y", data=gone).stderr
    )


@pytest.mark.all_releases
def test_the_prune_gets_in_with_its_credentials(
    hosts: list[Host], data: dict[str, Any], run_pyinfra: Run
) -> None:
    assert run_pyinfra(hosts, "-y", PUSH, BACKUP, "body=m 1", data=data).returncode == 0
    data["pushgateway_prune_after"] = "1s"
    installed = run_pyinfra(hosts, "-y", PRUNE, data=data)
    assert installed.returncode == 0, installed.output
    for host in hosts:
        host.run(f"systemctl start {SERVICE}")
        log = host.run(f"journalctl -o cat -u {SERVICE}").stdout
        assert 'deleted {job="backup", path="/"}' in log
        mode = host.run("stat -c %U:%a /etc/pushgateway-lab/prune.password").stdout
        assert mode == "root:600\n"
        assert PASSWORD not in host.run("cat /etc/pushgateway-lab/prune.arguments").stdout
    assert run_pyinfra(hosts, "-y", PRUNE, data=data).stderr.count("No changes") == len(hosts)


def test_the_clients_from_anywhere(hosts: list[Host], secrets: Path) -> None:
    """The URL is an address of this machine's network, which the certificate does not have."""
    access = Access(
        "trainer",
        PASSWORD,
        str(secrets / "ca.pem"),
        str(secrets / "client.pem"),
        str(secrets / "client.key"),
    )
    gateway = Pushgateway(access.apply(requests.Session()), f"https://{hosts[1].address}:9091")
    with pytest.raises(ApiError, match="match"):
        gateway.groups()
