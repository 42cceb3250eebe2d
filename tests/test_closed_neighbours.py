"""A Pushgateway with TLS and a password, seen from another host: by anybody there, and by its Prometheus."""

from collections.abc import Callable
from pathlib import Path

import pytest

import shapes
from closed_hosts import OWN_FILES, assert_closed, code, health
from expectations import (
    BOOTSTRAP,
    FAST,
    INSTALLED,
    VERIFY,
    assert_unchanged_run,
    prometheus_runs,
    query,
    rows,
)
from labhost import Host, HostSpec, PyinfraResult
from trainee_commands import LABS
from waiting import wait_for
from web_looks import PASSWORD

Boot = Callable[..., list[Host]]
Run = Callable[..., PyinfraResult]


@pytest.mark.all_releases
def test_a_neighbour_gets_nothing_without_the_password(
    boot_hosts: Boot, run_pyinfra: Run, users: dict[str, str]
) -> None:
    """A password protects hosts of Debian 12, of testing, and of the lab's own shape."""
    releases = [HostSpec(suite=each, packages=INSTALLED) for each in ("bookworm", "forky")]
    *hosts, lab_vm, neighbour = boot_hosts(*releases, *[HostSpec(packages=INSTALLED)] * 2)
    shapes.training_vm(lab_vm)
    hosts.append(lab_vm)
    data = FAST | {"pushgateway_basic_auth_users": users, "pushgateway_tls_lab_ca": True}
    own = {each.name: {"pushgateway_listen_address": f"{each.address}:9091"} for each in hosts}
    done = run_pyinfra(hosts, "-y", BOOTSTRAP, data=data, own=own)
    assert done.returncode == 0, done.output
    for host in hosts:
        assert health(host) == ["up"]
        assert_closed_to(neighbour, host)
        assert_unchanged_run(run_pyinfra(host, "-y", BOOTSTRAP, data=data, own=own))


def assert_closed_to(neighbour: Host, host: Host) -> None:
    """Fail unless nobody on another host gets anything without the password and TLS, and the trainer all."""
    neighbour.write("/root/ca.pem", host.read(f"{OWN_FILES}/scrape-ca.pem"))
    url = f"https://{host.address}:9091"
    assert code(neighbour, f"{url}/metrics") == "000"  # it does not know the authority
    assert_closed(neighbour, url, f"trainer:{PASSWORD}", "--cacert /root/ca.pem")
    metrics = f"--cacert /root/ca.pem {url}/metrics"
    assert code(neighbour, f"-u 'trainer:{PASSWORD}' {metrics}") == "200"
    assert code(neighbour, f"-u 'somebody:{PASSWORD}' {metrics}") == "401"
    # Nothing is served without TLS.
    assert code(neighbour, f"-u 'trainer:{PASSWORD}' http://{host.address}:9091/metrics") == "400"


def test_prometheus_scrapes_the_closed_pushgateway_of_another_host(
    boot_hosts: Boot, run_pyinfra: Run, users: dict[str, str], tmp_path: Path
) -> None:
    prom, push = boot_hosts(HostSpec(name="prom"), HostSpec(name="push"))
    data = FAST | {
        "pushgateway_targets": [f"{push.address}:9091"],
        "pushgateway_tls_lab_ca": True,
    }
    own = {
        "prom": {
            "pushgateway_url": f"https://{push.address}:9091",
            "pushgateway_username": "trainer",
            "pushgateway_password_file": users["trainer"],
        },
        "push": {
            "prometheus_url": f"http://{prom.address}:9090",
            "pushgateway_listen_address": "0.0.0.0:9091",
            "pushgateway_basic_auth_users": users,
        },
    }

    def converge() -> None:
        done = run_pyinfra([prom, push], "-y", BOOTSTRAP, data=data, own=own)
        assert done.returncode == 0, done.output
        assert health(prom) == ["up"]
        for host in (prom, push):
            assert_unchanged_run(run_pyinfra(host, "-y", BOOTSTRAP, data=data, own=own))

    converge()
    assert push.run(f"ls -A {OWN_FILES}").stdout.split() == ["web-tls.yml", "web.crt", "web.key"]
    assert prom.run(f"ls -A {OWN_FILES}").stdout.split() == ["scrape-ca.pem", "scrape-password"]
    assert prom.run("ls /usr/bin | grep -c pushgateway", check=False).stdout == "0\n"
    assert push.run("ls /usr/bin | grep -cx prometheus", check=False).stdout == "0\n"

    options = f"--cacert {OWN_FILES}/scrape-ca.pem"
    url = f"https://{push.address}:9091"
    assert_closed(prom, url, f"trainer:{PASSWORD}", options)
    # The certificate of another host of the lab is not that of this one.
    assert (
        code(prom, f"{options} --connect-to push:9091:{push.address}:9091 https://push:9091/")
        == "401"
    )
    assert (
        code(prom, f"{options} --connect-to prom:9091:{push.address}:9091 https://prom:9091/")
        == "000"
    )
    pushed = f"-u 'trainer:{PASSWORD}' {options} --data-binary '{LABS} 4\n' {url}/metrics/job/prometheus_training"
    assert code(prom, pushed) == "200"
    wait_for(lambda: query(prom, f'{LABS}{{job="prometheus_training"}}'), "the metric is there")
    report = {"report": str(tmp_path / "report")}
    verified = run_pyinfra([prom, push], "-y", VERIFY, data=data | report, own=own)
    assert verified.returncode == 0, verified.output
    assert {row["stage"] for row in rows(tmp_path / "report").values()} == {"configured"}
    assert "wrong: " not in verified.stdout

    # Another password on both sides, and Prometheus has to get the right one.
    Path(users["trainer"]).write_text("another one\n")
    converge()
    assert code(prom, f"-u 'trainer:{PASSWORD}' {options} {url}/metrics") == "401"
    assert code(prom, f"-u 'trainer:another one' {options} {url}/metrics") == "200"
    prom.run("systemctl restart prometheus")
    prometheus_runs(prom)
    wait_for(lambda: health(prom) == ["up"], "the target is up")
