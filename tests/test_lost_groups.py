"""Groups that a restart of the Pushgateway would lose: which of them stop prepare, and which it deletes itself."""

from collections.abc import Callable
from pathlib import Path

import pytest

from expectations import (
    BOOTSTRAP,
    DEFAULTS,
    FAST,
    INSTALLED,
    PREPARE,
    RESET,
    VERIFY,
    assert_bootstrapped,
    assert_refused,
    assert_unchanged_run,
    groups,
    prometheus_runs,
    rows,
    untouched,
)
from labhost import Host, PyinfraResult
from trainee_commands import PUSH_TRAINING
from waiting import wait_for_port, wait_for_value

Run = Callable[..., PyinfraResult]

KEPT = "/var/lib/prometheus/pushgateway.data"
PUSH_BACKUP = "echo backup_files 42 | curl -sf --data-binary @- localhost:9091/metrics/job/backup"
PUSH_REPORT = (
    "echo x 1 | curl -sf --data-binary @- localhost:9091/metrics/job/pushgateway_lab_prune"
)
IN_MEMORY = "--web.listen-address=127.0.0.1:9091 --persistence.file="
RESET_IT = {"lab_reset": True}


def run_with(host: Host, flags: str) -> None:
    """Restart a host's Pushgateway with these flags."""
    host.write(DEFAULTS, f'ARGS="{flags}"\n'.encode())
    host.run("systemctl restart prometheus-pushgateway")
    wait_for_port(host, 9091)


def persists(host: Host) -> bool:
    return bool(host.run(f"grep -c prometheus_training {KEPT}", check=False).stdout.strip("0\n"))


@pytest.mark.lab_host(packages=INSTALLED)
def test_the_labs_groups_do_not_stop_a_prepare_that_deletes_them(
    lab_host: Host, run_pyinfra: Run, tmp_path: Path
) -> None:
    prometheus_runs(lab_host)
    assert run_pyinfra(lab_host, "-y", PREPARE).returncode == 0
    begin = lab_host.run("cat /var/lib/pushgateway-lab/course-began").stdout
    run_with(lab_host, IN_MEMORY)
    lab_host.run(f"{PUSH_TRAINING}\n{PUSH_REPORT}")
    before = untouched(lab_host)

    refused = run_pyinfra(lab_host, "-y", PREPARE)
    assert_refused(lab_host, refused, "Somebody worked here before", "lab_reset=True")
    lab_host.run(PUSH_BACKUP)
    with_backup = untouched(lab_host)
    refused = run_pyinfra(lab_host, "-y", PREPARE, data=RESET_IT)
    assert_refused(lab_host, refused, 'do not belong to the lab: {job="backup"}', "lab_wipe=True")
    assert untouched(lab_host) == with_backup
    lab_host.run("curl -sf -X DELETE localhost:9091/metrics/job/backup")
    wait_for_value(lambda: len(groups(lab_host)), 2)
    assert run_pyinfra(lab_host, "--dry", PREPARE, data=RESET_IT).returncode == 0
    assert untouched(lab_host) == before

    result = run_pyinfra(lab_host, "-y", PREPARE, data=RESET_IT)
    assert result.returncode == 0, result.output
    assert 'Deleted {job="prometheus_training"}' in result.stderr
    assert groups(lab_host) == []
    assert lab_host.run("cat /var/lib/pushgateway-lab/course-began").stdout > begin
    assert_unchanged_run(run_pyinfra(lab_host, "-y", PREPARE))
    assert run_pyinfra(lab_host, "-y", VERIFY, "--data", f"report={tmp_path}").returncode == 0
    assert rows(tmp_path)[lab_host.name]["stage"] == "prepared"


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_prepare_that_wipes_is_stopped_by_no_group(lab_host: Host, run_pyinfra: Run) -> None:
    prometheus_runs(lab_host)
    run_with(lab_host, IN_MEMORY)
    lab_host.run(f"{PUSH_TRAINING}\n{PUSH_BACKUP}\n{PUSH_REPORT}")
    data = RESET_IT | {"lab_wipe": True}
    result = run_pyinfra(lab_host, "-y", PREPARE, data=data)
    assert result.returncode == 0, result.output
    assert groups(lab_host) == []
    assert_unchanged_run(run_pyinfra(lab_host, "-y", PREPARE, data=data))


@pytest.mark.lab_host(packages=INSTALLED)
def test_what_an_earlier_pushgateway_kept_comes_back_with_the_restart(
    lab_host: Host, run_pyinfra: Run
) -> None:
    prometheus_runs(lab_host)
    lab_host.run(PUSH_TRAINING)
    run_with(lab_host, IN_MEMORY)
    assert persists(lab_host)
    # The flags in the file persist again; those of the process do not.
    lab_host.write(DEFAULTS, b'ARGS=""\n')
    lab_host.run(PUSH_TRAINING)
    # reset restarts nothing.
    before = lab_host.run("systemctl show -p MainPID prometheus-pushgateway").stdout
    result = run_pyinfra(lab_host, "-y", RESET)
    assert result.returncode == 0, result.output
    assert groups(lab_host) == []
    assert lab_host.run("systemctl show -p MainPID prometheus-pushgateway").stdout == before

    lab_host.run(PUSH_TRAINING)
    result = run_pyinfra(lab_host, "-y", PREPARE, data=RESET_IT)
    assert result.returncode == 0, result.output
    assert f"The Pushgateway writes the deletion to {KEPT} within" in result.stderr
    assert groups(lab_host) == []
    assert_unchanged_run(run_pyinfra(lab_host, "-y", PREPARE))


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_pushgateway_that_would_read_another_file_is_not_restarted(
    lab_host: Host, run_pyinfra: Run
) -> None:
    prometheus_runs(lab_host)
    run_with(lab_host, "--web.listen-address=127.0.0.1:9091")
    # The flags in the file do not persist any more; those of the process do.
    text = f'ARGS="{IN_MEMORY}"\n'.encode()
    lab_host.write(DEFAULTS, text)
    lab_host.run(PUSH_BACKUP)
    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert_refused(
        lab_host, refused, "holds 1 pushed group", KEPT, "pushgateway_allow_data_loss=True"
    )
    assert groups(lab_host) == [{"job": "backup"}]
    assert lab_host.read(DEFAULTS) == text
    # A file named as the default is the same file.
    lab_host.write(DEFAULTS, f'ARGS="--persistence.file={KEPT}"\n'.encode())
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert result.returncode == 0, result.output
    assert_bootstrapped(lab_host)
    assert groups(lab_host) == [{"job": "backup"}]
    lab_host.write(DEFAULTS, b'ARGS=""\n')
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert result.returncode == 0, result.output
    assert groups(lab_host) == [{"job": "backup"}]

    lab_host.run(f"curl -sf -X DELETE localhost:9091/metrics/job/backup; {PUSH_TRAINING}")
    lab_host.write(DEFAULTS, text)
    result = run_pyinfra(lab_host, "-y", PREPARE, data=RESET_IT)
    assert result.returncode == 0, result.output
    assert groups(lab_host) == []
    assert not persists(lab_host)
