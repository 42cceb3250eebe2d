"""A course on a host whose Pushgateway wants TLS and a password: each deploy, each diagnosis and each fix shown."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from certificates import let_expire, make_authority, make_certificate
from expectations import (
    BOOTSTRAP,
    CONFIG,
    FAST,
    INSTALLED,
    PREPARE,
    RESET,
    VERIFY,
    assert_refused,
    assert_unchanged_run,
    prometheus_runs,
    rows,
)
from fixes import ASKS, NETRC, type_fixes, unsolved
from gateways import HASH, PASSWORD, restart
from labhost import Host, PyinfraResult
from pushgateway_lab.installations.web_files import SCRAPE_AUTHORITIES, SCRAPE_PASSWORD
from trainee_commands import JOB, LABS, RELOAD, SOME, UP, edit, until

Run = Callable[..., PyinfraResult]

AUTHORITY, SERVER = "/etc/ssl/lab-ca.pem", "/etc/web/server"
FLAGS = (
    "--web.listen-address=127.0.0.1:9091 --web.enable-admin-api --web.config.file=/etc/web/web.yml"
)
WEB_CONFIG = f"""\
tls_server_config:
  cert_file: {SERVER}.pem
  key_file: {SERVER}.key
basic_auth_users:
  trainer: {HASH}
"""
CLOSED_JOB = JOB.replace(
    "honor_labels: true",
    f"""honor_labels: true
    scheme: https
    tls_config:
      ca_file: {AUTHORITY}
    basic_auth:
      username: trainer
      password_file: /etc/prometheus/password""",
)
OWN_JOB = CLOSED_JOB.replace(
    AUTHORITY, f"{SCRAPE_AUTHORITIES}\n      server_name: localhost"
).replace("/etc/prometheus/password", SCRAPE_PASSWORD)
"""The same with the files that bootstrap and prepare write, and with the name in the URL."""
CURL = f"curl -sS --netrc-file {NETRC} --cacert {AUTHORITY}"
METRICS = "https://localhost:9091/metrics/job"
# Both jobs are misspelt, and one metric has another type.
MISTAKES = f"""\
echo '{LABS} 4' | {CURL} --data-binary @- {METRICS}/prometheus_trainings
printf '# TYPE {SOME} gauge\\n{SOME} 42\\n' | {CURL} --data-binary @- {METRICS}/prometheus_training/instance/myinstances
"""


@pytest.fixture
def closed_host(lab_host: Host, tmp_path: Path) -> Host:
    """A host whose Pushgateway wants TLS and a password; Prometheus scrapes every two seconds."""
    make_authority(tmp_path)
    make_certificate(tmp_path, "server", "DNS:localhost,IP:127.0.0.1")
    make_certificate(tmp_path, "client")
    lab_host.run("install -d /etc/web")
    for name in ("server.pem", "server.key"):
        lab_host.write(f"/etc/web/{name}", (tmp_path / name).read_bytes())
    lab_host.write(AUTHORITY, (tmp_path / "ca.pem").read_bytes())
    lab_host.write("/etc/web/web.yml", WEB_CONFIG.encode())
    lab_host.write("/etc/prometheus/password", PASSWORD.encode())
    lab_host.write(NETRC, f'machine localhost login trainer password "{PASSWORD}"\n'.encode())
    lab_host.run(f"chmod 600 {NETRC}")
    prometheus_runs(lab_host)
    lab_host.run(f"sed -i 's/scrape_interval: *15s/scrape_interval: 2s/' {CONFIG}; {RELOAD}")
    restart(lab_host, FLAGS)
    return lab_host


@pytest.fixture
def data(closed_host: Host, tmp_path: Path) -> dict[str, Any]:
    """Return the settings with which the toolkit gets in: the password of this host comes from a command."""
    (tmp_path / "passwords").mkdir()
    (tmp_path / "passwords" / closed_host.name).write_text(f"{PASSWORD}\n", encoding="utf-8")
    return {
        "pushgateway_url": "https://localhost:9091",
        "pushgateway_username": "trainer",
        "pushgateway_password_command": ["cat", f"{tmp_path}/passwords/{{host}}"],
        "pushgateway_ca_file": str(tmp_path / "ca.pem"),
        "lab_curl_options": f"--cacert {AUTHORITY} {ASKS}",
    }


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_course_behind_tls_and_a_password(
    closed_host: Host,
    data: dict[str, Any],
    run_pyinfra: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = closed_host
    reports = tmp_path / "report"

    def verified(settings: dict[str, Any]) -> dict[str, Any]:
        result = run_pyinfra(host, "-y", VERIFY, data=settings | {"report": str(reports)})
        assert "Traceback" not in result.output
        assert PASSWORD not in result.output
        return rows(reports)[host.name]

    def why_silent(settings: dict[str, Any]) -> str:
        (found,) = [each for each in unsolved(verified(settings)) if each.check == "pushgateway"]
        assert found.fix is None, found
        return found.says

    # What is missing is named, and nobody is told to restart a Pushgateway that runs.
    assert "expects TLS" in why_silent({})
    untrusted = {each: data[each] for each in data if each != "pushgateway_ca_file"}
    assert "unable to get local issuer certificate" in why_silent(untrusted)
    assert "(for localhost, 127.0.0.1) is of CN=ca, and valid until" in why_silent(untrusted)
    right = {path: host.read(path) for path in (f"{SERVER}.pem", f"{SERVER}.key")}
    make_certificate(tmp_path, "old", "DNS:localhost,IP:127.0.0.1")
    let_expire(tmp_path, "old")
    for path in right:
        host.write(path, (tmp_path / f"old.{path[-3:]}").read_bytes())
    assert "Whoever wrote the Pushgateway's web configuration file renews it" in why_silent(data)
    assert "(for localhost, 127.0.0.1) expired on" in why_silent(data)
    for path, content in right.items():
        host.write(path, content)
    monkeypatch.setenv("LAB_PASSWORD", "another one")
    wrong = data | {
        "pushgateway_password_command": None,
        "pushgateway_password_environment": "LAB_PASSWORD",
    }
    said = why_silent(wrong)
    assert "refuses the password of the user trainer" in said
    assert "pushgateway_username and pushgateway_password_environment with" in said
    assert_refused(host, run_pyinfra(host, "-y", RESET, data=wrong), "refuses the password")
    failing = data | {"pushgateway_password_command": ["sh", "-c", "echo locked >&2; exit 2"]}
    assert_refused(
        host,
        run_pyinfra(host, "-y", PREPARE, data=failing),
        "pushgateway_password_command: sh ended with exit code 2: locked. Run it by hand",
    )

    host.run(edit(CLOSED_JOB) + RELOAD + UP)
    for deploy in (RESET, PREPARE):
        done = run_pyinfra(host, "-y", deploy, data=data)
        assert done.returncode == 0, done.output

    # A trainee makes mistakes, and types what verify shows.
    host.run(edit(OWN_JOB) + RELOAD + UP + MISTAKES)
    found = unsolved(verified(data))
    fixes = [each for each in found if each.fix]
    assert {each.check for each in fixes} == {"labs_completed_pushed", "some_metric_pushed"}
    assert all(f"curl --cacert {AUTHORITY} {ASKS} " in str(each.fix) for each in fixes)
    type_fixes(host, found, "")
    host.run(
        until(f'{LABS}{{job="prometheus_training"}}') + until(f'{SOME}{{instance="myinstance"}}')
    )
    assert verified(data)["stage"] == "pushed"
    for group in ("prometheus_training", "prometheus_training/instance/myinstance"):
        host.run(f"{CURL} -X DELETE {METRICS}/{group}")
    assert verified(data)["stage"] == "cleaned"

    done = run_pyinfra(host, "-y", RESET, data=data)
    assert done.returncode == 0, done.output
    assert '"data":[]' in host.run(f"{CURL} https://localhost:9091/api/v1/metrics").stdout
    processes = host.run("journalctl -o cat").stdout + host.run("ps -eo args").stdout
    assert PASSWORD not in processes
    assert os.environ["LAB_PASSWORD"] not in processes


@pytest.mark.lab_host(packages=INSTALLED)
def test_the_owners_password_and_certificates_stay_until_they_are_refused(
    closed_host: Host, data: dict[str, Any], run_pyinfra: Run
) -> None:
    host = closed_host
    host.run(edit(CLOSED_JOB) + RELOAD + UP)
    whole = data | FAST | {"pushgateway_prune_after": "24h", "pushgateway_scrape_interval": None}
    bootstrapped = run_pyinfra(host, "-y", BOOTSTRAP, data=whole)
    assert bootstrapped.returncode == 0, bootstrapped.output
    assert "Proven: " in bootstrapped.stderr
    assert CLOSED_JOB in host.read(CONFIG).decode()
    assert "scrape" not in host.run("ls /etc/pushgateway-lab").stdout
    assert_unchanged_run(run_pyinfra(host, "-y", BOOTSTRAP, data=whole))

    host.write("/etc/prometheus/password", b"another one")
    host.run("systemctl restart prometheus\n" + until('up{job="pushgateway"} == 0'))
    mended = run_pyinfra(host, "-y", BOOTSTRAP, data=whole)
    assert mended.returncode == 0, mended.output
    expected = CLOSED_JOB.replace("/etc/prometheus/password", SCRAPE_PASSWORD)
    assert expected in host.read(CONFIG).decode()
    assert host.run("ls /etc/pushgateway-lab | grep scrape").stdout == "scrape-password\n"
    assert_unchanged_run(run_pyinfra(host, "-y", BOOTSTRAP, data=whole))
