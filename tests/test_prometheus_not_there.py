"""Hosts whose Prometheus does not answer: another program has its port, or it reads its write-ahead log."""

from collections.abc import Callable

import pytest

from expectations import (
    BOOTSTRAP,
    FAST,
    INSTALLED,
    VERIFY,
    assert_bootstrapped,
    assert_refused,
    assert_unchanged_run,
    prometheus_runs,
)
from labhost import Host, PyinfraResult
from labhost.pyinfra_command import PyinfraCommand
from waiting import wait_for_port, wait_on_host

Run = Callable[..., PyinfraResult]

QUICK = FAST | {"pushgateway_smoke": "never"}

SOCKET = b"[Socket]\nListenStream=9090\n"
SERVICE = b"[Service]\nExecStart=/bin/sleep 1000\n"

WAL = "/var/lib/prometheus/metrics2/wal"
# Puts an empty file there, then ends Prometheus's reading of the pipe.
RELEASE = f"""
exec 3<>{WAL}/00000000
install -o prometheus -g prometheus /dev/null /var/lib/prometheus/empty
mv /var/lib/prometheus/empty {WAL}/00000000
"""
READY = "curl -so /dev/null -w '%{http_code}' localhost:9090/-/ready"


def test_another_program_has_the_port(lab_host: Host, run_pyinfra: Run) -> None:
    # Like Cockpit, systemd listens for it.
    lab_host.write("/etc/systemd/system/panel.socket", SOCKET)
    lab_host.write("/etc/systemd/system/panel.service", SERVICE)
    lab_host.run("systemctl daemon-reload; systemctl start panel.socket")
    assert_refused(
        lab_host,
        run_pyinfra(lab_host, "-y", BOOTSTRAP, data=QUICK),
        "The port of http://127.0.0.1:9090 is in use by process 1 (",
        ") of panel.socket, and does not answer as Prometheus does",
        "stop it (sudo systemctl disable --now panel.socket), or give Prometheus another port",
    )
    # The advice works.
    lab_host.write("/etc/default/prometheus", b'ARGS="--web.listen-address=127.0.0.1:9099"\n')
    moved = QUICK | {"prometheus_url": "http://127.0.0.1:9099"}
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=moved)
    assert result.returncode == 0, result.output
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=moved))
    # It is found there without the setting; another setting is refused.
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=QUICK))
    given = QUICK | {"prometheus_url": "http://127.0.0.1:9090"}
    assert_refused(
        lab_host,
        run_pyinfra(lab_host, "-y", BOOTSTRAP, data=given),
        "Prometheus does not listen at http://127.0.0.1:9090, but on 127.0.0.1:9099",
    )

    lab_host.run("systemctl stop prometheus-pushgateway prometheus")
    lab_host.run(
        "systemd-run --quiet --unit=thief python3 -m http.server 9091 --bind 127.0.0.1;"
        "setsid python3 -m http.server 9099 --bind 127.0.0.1 >/dev/null 2>&1 </dev/null &"
    )
    wait_for_port(lab_host, 9091)
    wait_for_port(lab_host, 9099)
    verified = run_pyinfra(lab_host, "-y", VERIFY, data=moved)
    assert "port 9091 is in use by process " in verified.stdout, verified.output
    assert " of thief.service.\n" in verified.stdout
    assert "sudo systemctl disable --now thief\n" in verified.stdout
    assert "port 9099 is in use by process " in verified.stdout
    assert "sudo kill " in verified.stdout
    assert_refused(
        lab_host,
        run_pyinfra(lab_host, "-y", BOOTSTRAP, data=moved),
        "prometheus.service is installed but inactive, and the port of http://127.0.0.1:9099 is in use by process ",
    )


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_prometheus_that_reads_its_log_is_waited_for(
    lab_host: Host, run_pyinfra: Run, pyinfra_command: PyinfraCommand
) -> None:
    prometheus_runs(lab_host)
    # Prometheus reads a named pipe until somebody has written to it: as long as this test wants.
    lab_host.run(
        f"systemctl stop prometheus; rm -r {WAL}; mkdir {WAL}; mkfifo {WAL}/00000000;"
        f"chown -R prometheus: {WAL}; systemctl start prometheus"
    )
    wait_on_host(lab_host, f'[ "$({READY})" = 503 ]')
    verified = run_pyinfra(lab_host, "-y", VERIFY)
    assert "Prometheus starts: it answers 503" in verified.stdout, verified.output
    assert "does not answer at" not in verified.stdout
    short = QUICK | {"prometheus_start_timeout": 3}
    assert_refused(
        lab_host,
        run_pyinfra(lab_host, "-y", BOOTSTRAP, data=short),
        "Prometheus has been reading its write-ahead log for more than 3 s",
    )
    running = pyinfra_command.start(lab_host, "-y", BOOTSTRAP, data=FAST)
    waits = "Prometheus starts and reads its write-ahead log (503)"
    assert running.stderr
    assert any(waits in line for line in running.stderr)
    lab_host.run(RELEASE)
    result = pyinfra_command.finish(running)
    assert result.returncode == 0, result.output
    assert_bootstrapped(lab_host)
