"""Prometheus behind a password, TLS and a prefix, on a real host: every deploy asks it, and nobody else hears it."""

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from certificates import make_authority, make_certificate
from expectations import (
    BOOTSTRAP,
    CONFIG,
    FAST,
    INSTALLED,
    VERIFY,
    assert_refused,
    assert_unchanged_run,
)
from hunting import forms, places_on_host, watched
from labhost import Host, PyinfraResult
from trainee_commands import PUSH_TRAINING
from waiting import wait_for_port, wait_on_host

Run = Callable[..., PyinfraResult]
Sessions = Callable[[], int]

USER, PASSWORD = "trainer", 'pr0m-s3cret: ü"\\'
# bcrypt of that password
HASH = "$2b$05$dB5T2NYufwLZvKNIjqJOb.SjN7ZnSOILlQ7P4VgqGAkzFhs6D6Hiu"
WEB = f"basic_auth_users:\n  {USER}: {HASH}\n"
TLS = """\
tls_server_config:
  cert_file: /etc/prometheus/server.pem
  key_file: /etc/prometheus/server.key
"""
LOGIN = b64encode(f"{USER}:{PASSWORD}".encode())
SECRETS = forms(PASSWORD, USER)
THIEF = """\
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print(self.headers, file=open("/root/thief.log", "a"), flush=True)
        self.send_error(401)
http.server.HTTPServer(("127.0.0.1", 9090), Handler).serve_forever()
"""


def start(host: Host, web: str, *flags: str) -> None:
    """Start Prometheus with this web configuration file and these flags."""
    host.write("/etc/prometheus/web.yml", web.encode())
    words = " ".join(("--web.config.file=/etc/prometheus/web.yml", *flags))
    host.write("/etc/default/prometheus", f'ARGS="{words}"\n'.encode())
    host.run("systemctl restart prometheus")
    wait_for_port(host, 9090)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """The password, and certificates for the address and for another name."""
    make_authority(tmp_path)
    make_certificate(tmp_path, "server", "IP:127.0.0.1")
    make_certificate(tmp_path, "other", "DNS:prometheus.example.org")
    (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    (tmp_path / "wrong").write_text("wrong\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def login(secrets: Path) -> dict[str, Any]:
    return {
        "prometheus_username": USER,
        "prometheus_password_file": str(secrets / "password"),
    }


@pytest.mark.lab_host(packages=INSTALLED, user="trainer")
def test_a_password_and_a_prefix(
    lab_host: Host,
    run_pyinfra: Run,
    sessions: Sessions,
    secrets: Path,
    login: dict[str, Any],
) -> None:
    start(lab_host, WEB, "--web.external-url=http://localhost/prom")
    for data, says in (
        ({}, "Prometheus at http://127.0.0.1:9090/prom wants a password (401), and none is set"),
        (login | {"prometheus_password_file": str(secrets / "wrong")}, "rejects the user 'trainer'"),
        (login | {"prometheus_url": "http://127.0.0.1:9090"}, "has no metrics under this path (404)"),
    ):  # fmt: skip
        assert_refused(
            lab_host, run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | data, sudo=True), says
        )
        assert says in run_pyinfra(lab_host, "-y", VERIFY, data=FAST | data, sudo=True).stdout
    with watched(SECRETS) as shown:
        first = run_pyinfra(lab_host, "-y", "-vvv", BOOTSTRAP, data=FAST | login, sudo=True)
        assert first.returncode == 0, first.output
        assert "Proven: " in first.stderr
        sessions()
        assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | login, sudo=True))
        assert sessions() == 1
        lab_host.run(PUSH_TRAINING)
        verified = run_pyinfra(lab_host, "-y", VERIFY, data=FAST | login, sudo=True)
        assert sessions() == 1
        # An edit by hand is reloaded; of one that only Prometheus rejects, the reason is told.
        lab_host.write(CONFIG, lab_host.read(CONFIG) + b"\n# by hand\n")
        reloaded = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | login, sudo=True)
        assert reloaded.returncode == 0, reloaded.output
        lab_host.write(CONFIG, lab_host.read(CONFIG) + b"nonsense: 1\n")
        refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | login, sudo=True)
        assert_refused(lab_host, refused, "nonsense")
    assert f"{lab_host.name}  configured  done" in verified.stdout, verified.output
    assert shown == []
    for each in (first, verified, reloaded, refused):
        assert PASSWORD not in each.output
        assert LOGIN.decode() not in each.output
    assert places_on_host(lab_host, SECRETS) == set()


@pytest.mark.lab_host(packages=INSTALLED)
def test_another_program_on_the_port_gets_no_password(
    lab_host: Host, run_pyinfra: Run, login: dict[str, Any]
) -> None:
    start(lab_host, WEB, "--web.listen-address=[::1]:9090")
    lab_host.write("/root/thief.py", THIEF.encode())
    lab_host.run("systemd-run --quiet --unit=thief python3 /root/thief.py")
    wait_on_host(lab_host, "curl -so /dev/null http://127.0.0.1:9090")
    data = FAST | login | {"prometheus_url": "http://localhost:9090"}
    says = "not prometheus.service listens there, but another program"
    assert_refused(lab_host, run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data), says)
    assert says in run_pyinfra(lab_host, "-y", VERIFY, data=data).stdout
    heard = lab_host.read("/root/thief.log").decode()
    assert "Host: 127.0.0.1:9090" in heard
    assert "Authorization" not in heard


# Its Prometheus is a release 3, and speaks HTTP/2.
@pytest.mark.lab_host(packages=INSTALLED, suite="forky")
def test_tls(
    lab_host: Host,
    run_pyinfra: Run,
    sessions: Sessions,
    secrets: Path,
    login: dict[str, Any],
) -> None:
    for name in ("server", "other"):
        for end in ("pem", "key"):
            lab_host.write(
                f"/etc/prometheus/{name}.{end}", (secrets / f"{name}.{end}").read_bytes()
            )
    start(lab_host, WEB + TLS.replace("server.", "other."))
    over_tls = login | {"prometheus_url": "https://127.0.0.1:9090"}
    trusted = over_tls | {"prometheus_ca_file": str(secrets / "ca.pem")}
    for data, says in (
        (login, "expects TLS. Set prometheus_url=https://127.0.0.1:9090"),
        (trusted, " GMT) has other names: "),
    ):
        assert_refused(lab_host, run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | data), says)
        assert says in run_pyinfra(lab_host, "-y", VERIFY, data=FAST | data).stdout
    start(lab_host, WEB + TLS)
    untrusted = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | over_tls)
    assert_refused(lab_host, untrusted, "(CN=server, valid from ", " GMT) is not trusted: ")
    first = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | trusted)
    assert "Proven: " in first.stderr, first.output
    sessions()
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | trusted))
    assert sessions() == 1
    lab_host.write(CONFIG, lab_host.read(CONFIG) + b"\n# by hand\n")
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | trusted).returncode == 0
    lab_host.run(PUSH_TRAINING)
    verified = run_pyinfra(lab_host, "-y", VERIFY, data=FAST | trusted)
    assert f"{lab_host.name}  configured  done" in verified.stdout, verified.output
    removed = run_pyinfra(lab_host, "-y", "deploy/uninstall.py", data=FAST | trusted)
    assert removed.returncode == 0, removed.output
    assert b"pushgateway" not in lab_host.read(CONFIG)
