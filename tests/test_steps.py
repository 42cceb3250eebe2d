"""A converged host gets one operation, and a drifted host never counts as converged."""

from collections.abc import Callable
from pathlib import Path

import pytest

from expectations import BOOTSTRAP, CONFIG, FAST, INSTALLED, assert_refused, assert_unchanged_run
from labhost import Host, HostSpec, PyinfraResult
from pushgateway_lab.tables.bootstrap import BOOTSTRAP as STEPS

Run = Callable[..., PyinfraResult]

UNPROVEN = FAST | {"pushgateway_smoke": "never"}


def test_of_a_fleet_only_what_is_not_right_gets_all_steps(
    boot_hosts: Callable[..., list[Host]], run_pyinfra: Run
) -> None:
    hosts = boot_hosts(*[HostSpec(packages=INSTALLED)] * 2)
    right, bare = hosts
    assert run_pyinfra(right, "-y", BOOTSTRAP, data=UNPROVEN).returncode == 0
    result = run_pyinfra(hosts, "-y", BOOTSTRAP, data=UNPROVEN)
    assert result.returncode == 0, result.output
    assert result.stderr.count("--> Starting operation:") == len(STEPS)
    assert result.stderr.count(f"[{right.name}] No changes") == 1
    assert result.stderr.count(f"[{bare.name}] Success") >= 2
    for host in hosts:
        assert_unchanged_run(run_pyinfra(host, "-y", BOOTSTRAP, data=UNPROVEN))


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_host_that_is_changed_after_it_was_found_right_is_not_called_right(
    lab_host: Host, run_pyinfra: Run, tmp_path: Path
) -> None:
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=UNPROVEN).returncode == 0
    script = tmp_path / "deploy.py"
    script.write_text(
        "from pyinfra.context import ctx_host\n"
        "from pushgateway_lab import deploys\nfrom pushgateway_lab.host import looking\n"
        "looking.GOOD_FOR = 0  # as when somebody thinks before saying yes\n"
        "deploys.bootstrap()\n"
        f"ctx_host.get().run_shell_command('sed -i s/honor_labels/honor_timestamps/ {CONFIG}')\n"
    )
    result = run_pyinfra(lab_host, "-y", str(script), data=UNPROVEN)
    assert_refused(lab_host, result, "has drifted since. Run this again.")
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=UNPROVEN).returncode == 0
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=UNPROVEN))


def test_a_host_that_hangs_is_waited_for_once(
    lab_host: Host, run_pyinfra: Run, sessions: Callable[[], int]
) -> None:
    lab_host.write("/usr/local/bin/systemctl", b"#!/bin/sh\nexec sleep 60\n")
    lab_host.run("chmod 755 /usr/local/bin/systemctl")
    sessions()
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data={"lab_look_timeout": 2})
    assert result.returncode == 1
    assert result.stderr.count("It connected, but did not answer within 2 s (the look") >= 1
    assert "Traceback" not in result.output
    assert sessions() == 1
