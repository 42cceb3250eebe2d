"""The restricted service of the Pushgateway's package, on each release's systemd."""

import re
from collections.abc import Callable

import pytest

from expectations import (
    BOOTSTRAP,
    CONFIG,
    FAST,
    INSTALLED,
    VERIFY,
    assert_refused,
    assert_unchanged_run,
    groups,
)
from labhost import SUITES, Host, HostSpec, PyinfraResult
from trainee_commands import PUSH_TRAINING

Boot = Callable[..., list[Host]]
Run = Callable[..., PyinfraResult]
SERVICE = "prometheus-pushgateway"
DROP_IN = f"/etc/systemd/system/{SERVICE}.service.d/pushgateway-lab-hardening.conf"
MOST = 2.0
"""The largest exposure that systemd-analyze may find; the package's own is 9.2."""


def exposure(host: Host, service: str = SERVICE) -> float:
    said = host.run(f"systemd-analyze security --no-pager {service} 2>&1").stdout
    found = re.search(r"Overall exposure level for \S+ ([0-9.]+)", said)
    assert found, said
    return float(found[1])


def test_everything_works_with_the_restrictions(boot_hosts: Boot, run_pyinfra: Run) -> None:
    hosts = boot_hosts(*(HostSpec(suite=suite, packages=INSTALLED) for suite in SUITES))
    assert run_pyinfra(hosts, "-y", BOOTSTRAP, data=FAST).returncode == 0
    before = [exposure(host, service) for host in hosts for service in (SERVICE, "prometheus")]
    assert min(before) > MOST
    data = FAST | {
        "prometheus_harden": True,
        "pushgateway_harden": True,
        "pushgateway_prune_after": "24h",
    }

    result = run_pyinfra(hosts, "-y", BOOTSTRAP, data=data)

    assert result.returncode == 0, result.output
    for host in hosts:
        assert exposure(host) <= MOST
        assert exposure(host, "prometheus") <= MOST
        # Pushed, persisted at the end of the process, and there again after the restart.
        host.run(PUSH_TRAINING)
        host.run(f"systemctl restart {SERVICE}")
    again = run_pyinfra(hosts, "-y", BOOTSTRAP, data=data)
    assert again.returncode == 0, again.output
    assert "nothing was changed" in again.stderr
    for host in hosts:
        assert [each["job"] for each in groups(host)] == ["prometheus_training"]
    wiped = run_pyinfra(hosts, "-y", VERIFY)
    assert "Traceback" not in wiped.output


def test_it_goes_with_the_setting_and_with_the_uninstallation(
    boot_hosts: Boot, run_pyinfra: Run
) -> None:
    (host,) = boot_hosts(HostSpec(packages=INSTALLED))
    data = FAST | {"pushgateway_harden": True}
    first = run_pyinfra(host, "-y", BOOTSTRAP, data=data)
    assert first.returncode == 0, first.output
    # Written and not in use: somebody started it without the drop-in.
    text = host.read(DROP_IN)
    host.run(f"rm {DROP_IN}; systemctl daemon-reload; systemctl restart {SERVICE}")
    host.write(DROP_IN, text)
    host.run("systemctl daemon-reload")
    assert run_pyinfra(host, "-y", BOOTSTRAP, data=data).returncode == 0
    assert exposure(host) <= MOST
    assert_unchanged_run(run_pyinfra(host, "-y", BOOTSTRAP, data=data))

    assert run_pyinfra(host, "-y", BOOTSTRAP, data=FAST).returncode == 0
    assert exposure(host) > MOST
    host.run(f"test ! -e {DROP_IN} && test ! -e {DROP_IN.rpartition('/')[0]}")

    assert run_pyinfra(host, "-y", BOOTSTRAP, data=data).returncode == 0
    removed = run_pyinfra(host, "-y", "deploy/uninstall.py", data=FAST | {"lab_wipe": True})
    assert removed.returncode == 0, removed.output
    assert exposure(host) > MOST
    host.run(f"test ! -e {DROP_IN} && systemctl is-active {SERVICE}")


@pytest.mark.lab_host(packages=INSTALLED)
def test_groups_that_a_restart_would_lose_keep_it_from_being_restricted(
    lab_host: Host, run_pyinfra: Run
) -> None:
    lab_host.write(
        f"/etc/default/{SERVICE}",
        b'ARGS="--web.listen-address=127.0.0.1:9091 --web.enable-admin-api --persistence.file="\n',
    )
    lab_host.run(f"systemctl restart {SERVICE}; sleep 1; {PUSH_TRAINING}")
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | {"pushgateway_harden": True})
    assert result.returncode == 1
    assert "holds 1 pushed group and does not persist them" in result.stderr
    lab_host.run(f"test ! -e {DROP_IN}")
    assert groups(lab_host)


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_prometheus_that_does_not_come_up_restricted_runs_as_before(
    lab_host: Host, run_pyinfra: Run
) -> None:
    drop_in = DROP_IN.replace(SERVICE, "prometheus")
    restricted = FAST | {"prometheus_harden": True}
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST).returncode == 0
    text = lab_host.read(CONFIG)
    # It writes this log, for which the restrictions have no place.
    lab_host.run(
        "install -d -o prometheus /srv/log; systemctl stop prometheus\n"
        f"sed -i 's,^global:,&\\n  query_log_file: /srv/log/query,' {CONFIG}; systemctl start prometheus"
    )
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST).returncode == 0
    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=restricted)
    assert_refused(lab_host, refused, "Prometheus does not start with prometheus_harden")
    lab_host.run(f"test ! -e {drop_in}; systemctl is-active prometheus")
    # It was restarted just now, so the target has to be seen up once more.
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST).returncode == 0
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST))

    lab_host.write(CONFIG, text)
    lab_host.run("systemctl restart prometheus")
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=restricted)
    assert result.returncode == 0, result.output
    assert exposure(lab_host, "prometheus") <= MOST
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=restricted))
    # A run that was killed when it had removed the drop-in, and before the restart, is finished by the next one.
    is_restricted = "grep -qz ^PUSHGATEWAY_LAB_HARDENING= /proc/$(systemctl show -p MainPID --value prometheus)/environ"
    lab_host.run(f"rm {drop_in}; systemctl daemon-reload; {is_restricted}")
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST).returncode == 0
    lab_host.run(f"! {is_restricted}")
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST))
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=restricted).returncode == 0
    # Its package was there before, so it stays, as it was.
    removed = run_pyinfra(
        lab_host, "-y", "deploy/uninstall.py", data=restricted | {"lab_wipe": True}
    )
    assert removed.returncode == 0, removed.output
    assert exposure(lab_host, "prometheus") > MOST
    lab_host.run(f"test ! -e {drop_in}; systemctl is-active prometheus")
