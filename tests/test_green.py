"""No run is green while the job's target is down, or while the last change is not proven."""

from collections.abc import Callable

import pytest

from expectations import (
    BOOTSTRAP,
    CONFIG,
    DEFAULTS,
    FAST,
    INSTALLED,
    assert_refused,
    assert_unchanged_run,
)
from gateways import HASH
from labhost import Host, PyinfraResult
from waiting import wait_on_host

Run = Callable[..., PyinfraResult]

NO_PUSH = FAST | {"pushgateway_smoke": "never"}
DOWN = "curl -s 'localhost:9090/api/v1/targets?state=active' | grep -q 'HTTP status {}'"

# Of an authority whose key nobody has.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUcOl0jy/ITTBmQcnT0BjI/dpbwZgwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMzAxMzQ3NDVaGA8yMTI2MTEwNjEzNDc0
NVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPBl
PHlDP9NwdODfdO7yGoD7/RBpuz91b+GkTrpARP0U+VVVsZOvPUbUzBwhVFNzF44G
vcieTpKpPPs1DU2POd6jUzBRMB0GA1UdDgQWBBRt5E8TMDWUKCqlhMRLambuNbK9
AjAfBgNVHSMEGDAWgBRt5E8TMDWUKCqlhMRLambuNbK9AjAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIQDsdaiygRl+OTBY7k7jhGsj9vrwsZ6GnZu3
BA0J25jKSAIgdfqrMxyiwxrFeJYYJiVYtB/KiGHklZUDuq83F/WANtM=
-----END CERTIFICATE-----
"""


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_target_that_is_down_is_never_green(lab_host: Host, run_pyinfra: Run) -> None:
    # Nobody pushes, but the target must be seen up.
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=NO_PUSH).returncode == 0
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=NO_PUSH))
    # That push is still to come; then nothing is.
    proven = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert "Proven: " in proven.stderr
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST))

    flags = lab_host.read(DEFAULTS)
    lab_host.write("/etc/web.yml", f"basic_auth_users:\n  trainer: {HASH}\n".encode())
    lab_host.run(f"sed -i 's|^ARGS=\"|&--web.config.file=/etc/web.yml |' {DEFAULTS}")
    lab_host.run("systemctl restart prometheus-pushgateway")
    wait_on_host(lab_host, DOWN.format(401))
    says = "HTTP status 401 Unauthorized. That server wants a password"
    for _ in range(2):
        assert_refused(lab_host, run_pyinfra(lab_host, "-y", BOOTSTRAP, data=NO_PUSH), says)
        assert_refused(
            lab_host, run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST), "The smoke push failed"
        )

    lab_host.write(DEFAULTS, flags)
    lab_host.run(f"sed -i 's|honor_labels: true|&\\n    metrics_path: /wrong|' {CONFIG}")
    lab_host.run("systemctl restart prometheus-pushgateway; systemctl reload prometheus")
    wait_on_host(lab_host, DOWN.format(404))
    for data in (NO_PUSH, FAST | {"pushgateway_smoke_timeout": 2}):
        says = (
            "Prometheus cannot scrape http://localhost:9091/wrong: server returned HTTP status 404"
        )
        assert_refused(lab_host, run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data), says)

    lab_host.run(f"sed -i '/wrong/d' {CONFIG}; systemctl reload prometheus")
    mended = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert mended.returncode == 0, mended.output
    assert "Proven: " in mended.stderr
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST))

    # Prometheus starts without a file of the job, and does not look for it again.
    lab_host.run(
        f"sed -i 's|honor_labels: true|&\\n    tls_config: {{ca_file: /etc/ca.pem}}|' {CONFIG}"
    )
    lab_host.run("systemctl restart prometheus")
    says = "It could not read a file of the job's tls_config when it loaded the job."
    assert_refused(lab_host, run_pyinfra(lab_host, "-y", BOOTSTRAP, data=NO_PUSH), says)
    lab_host.write("/etc/ca.pem", CERTIFICATE.encode())
    mended = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert mended.returncode == 0, mended.output
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST))
