"""Both servers in units with other names, which the settings give."""

from collections.abc import Callable

import pytest

from expectations import (
    BOOTSTRAP,
    FAST,
    INSTALLED,
    assert_unchanged_run,
    prometheus_runs,
)
from labhost import Host, PyinfraResult

Run = Callable[..., PyinfraResult]

NAMED = FAST | {"pushgateway_unit": "push.service", "prometheus_unit": "prom.service"}
RENAME = """
for unit in prometheus-pushgateway:push prometheus:prom; do
    systemctl disable --now ${unit%:*}
    cp /lib/systemd/system/${unit%:*}.service /etc/systemd/system/${unit#*:}.service
done
rm /lib/systemd/system/prometheus-pushgateway.service /lib/systemd/system/prometheus.service
systemctl daemon-reload
systemctl enable --now prom
"""


@pytest.mark.lab_host(packages=INSTALLED)
def test_units_of_other_names_are_run_reloaded_and_verified(
    lab_host: Host, run_pyinfra: Run
) -> None:
    lab_host.run(RENAME)
    prometheus_runs(lab_host)
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=NAMED)
    assert result.returncode == 0, result.output
    assert "Proven" in result.stderr
    assert lab_host.run("systemctl is-active push prom").stdout.split() == ["active"] * 2
    assert lab_host.run("systemctl is-enabled push").stdout.strip() == "enabled"
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=NAMED))
    verified = run_pyinfra(lab_host, "-y", "deploy/verify.py", data=NAMED)
    assert verified.returncode == 0, verified.output
    lab_host.run("systemctl stop push")
    stopped = run_pyinfra(lab_host, "-y", "deploy/verify.py", data=NAMED)
    assert "sudo systemctl enable --now push" in stopped.stdout
    assert "prometheus-pushgateway" not in stopped.output
    # They are found without the settings, one that runs and one that does not; the init scripts of the packages,
    # which are still there, are not.
    found = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert found.returncode == 0, found.output
    assert lab_host.run("systemctl is-active push prom").stdout.split() == ["active"] * 2
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST))
    reset = run_pyinfra(lab_host, "-y", "deploy/reset.py", data=FAST)
    assert reset.returncode == 0, reset.output
    # A setting that names another service than the one that runs.
    given = FAST | {"prometheus_unit": "other.service"}
    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=given)
    assert refused.returncode == 1, refused.output
    assert "the host has no other.service to reload" in refused.stderr
