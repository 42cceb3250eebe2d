"""prepare and reset bring hosts to the lab's start line and change nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expectations import (
    BOOTSTRAP,
    CONFIG,
    DEFAULTS,
    FAST,
    HAND_EDITED,
    INSTALLED,
    PREPARE,
    RESET,
    VERIFY,
    assert_refused,
    assert_unchanged_run,
    groups,
    loaded_jobs,
    prometheus_runs,
    query,
    rows,
    untouched,
)
from labhost import Host, PyinfraResult
from trainee_commands import LABS, PUSH_INSTANCE, PUSH_TRAINING, PUSHED, RELOAD, UP, until
from waiting import wait_for_value, wait_on_host

Run = Callable[..., PyinfraResult]

BY_HAND = b"""\
-   job_name: pushgateway     # task 4.2.1
    honor_labels: true
    static_configs:
        -   targets: ["localhost:9091"]
"""
"""The job in the indentation of `HAND_EDITED`."""

WITH_JOB = HAND_EDITED.replace(b"\n# end", BY_HAND + b"\n# end")
PUSH_BACKUP = "echo backup_files 42 | curl --data-binary @- localhost:9091/metrics/job/backup"


def ends_well(result: PyinfraResult) -> None:
    assert result.returncode == 0, result.output
    assert "Traceback" not in result.output


def changes_nothing(host: Host, result: PyinfraResult, *says: str) -> None:
    assert_refused(host, result, *says)
    so_far = ("Nothing was changed", "No group was deleted")
    assert any(words in result.stderr for words in so_far), result.stderr


def load(host: Host, config: bytes) -> None:
    """Let a host's Prometheus run with a configuration."""
    prometheus_runs(host)
    host.write(CONFIG, config)
    host.run(RELOAD)


def at_the_start_line(host: Host, run_pyinfra: Run, directory: Path) -> dict[str, Any]:
    """Fail unless verify finds a host at the start line; return the host of the report."""
    assert groups(host) == []
    assert "pushgateway" not in loaded_jobs(host)
    assert b"job_name: pushgateway" not in host.read(CONFIG)
    ends_well(run_pyinfra(host, "-y", VERIFY, "--data", f"report={directory}"))
    row = rows(directory)[host.name]
    assert row["stage"] == "prepared"
    assert [task["state"] for task in row["tasks"]] == ["done", "open", "open", "open"], row
    assert row["began_at"]
    return row


def test_prepare_takes_a_bare_host_to_the_start_line(
    lab_host: Host, run_pyinfra: Run, tmp_path: Path
) -> None:
    before = untouched(lab_host)
    ends_well(run_pyinfra(lab_host, "--dry", PREPARE))
    assert untouched(lab_host) == before

    ends_well(run_pyinfra(lab_host, "-y", PREPARE))
    running = lab_host.run("systemctl is-active prometheus prometheus-pushgateway").stdout
    assert running.split() == ["active", "active"]
    at_the_start_line(lab_host, run_pyinfra, tmp_path)

    before = untouched(lab_host)
    assert_unchanged_run(run_pyinfra(lab_host, "-y", PREPARE))
    assert untouched(lab_host) == before
    assert_unchanged_run(run_pyinfra(lab_host, "-y", RESET))
    assert untouched(lab_host) == before


def test_reset_says_that_nothing_is_installed(lab_host: Host, run_pyinfra: Run) -> None:
    before = untouched(lab_host)
    result = run_pyinfra(lab_host, "-y", RESET)
    assert_refused(lab_host, result, "Run deploy/prepare.py, which installs both servers")
    assert untouched(lab_host) == before


@pytest.mark.lab_host(packages=INSTALLED)
def test_prepare_refuses_what_somebody_left_until_it_is_told_to_reset(
    lab_host: Host, run_pyinfra: Run, tmp_path: Path
) -> None:
    load(lab_host, HAND_EDITED)
    ends_well(run_pyinfra(lab_host, "-y", PREPARE))

    lab_host.run(PUSH_TRAINING)
    before = untouched(lab_host)
    group = '{job="prometheus_training"}'
    changes_nothing(lab_host, run_pyinfra(lab_host, "-y", PREPARE), group)
    assert untouched(lab_host) == before

    load(lab_host, WITH_JOB)
    lab_host.run(PUSHED)
    before = untouched(lab_host)
    job = f"the job pushgateway in {CONFIG} (line 17)"
    for arguments in (["--dry"], ["-y"]):
        changes_nothing(lab_host, run_pyinfra(lab_host, *arguments, PREPARE), job, group)
    ends_well(run_pyinfra(lab_host, "--dry", PREPARE, data={"lab_reset": True}))
    ends_well(run_pyinfra(lab_host, "--dry", RESET))
    assert untouched(lab_host) == before

    ends_well(run_pyinfra(lab_host, "-y", PREPARE, data={"lab_reset": True}))
    assert lab_host.read(CONFIG) == HAND_EDITED
    at_the_start_line(lab_host, run_pyinfra, tmp_path)


@pytest.mark.lab_host(packages=INSTALLED)
def test_prepare_deletes_groups_that_are_not_the_labs_only_when_told_to_wipe(
    lab_host: Host, run_pyinfra: Run
) -> None:
    prometheus_runs(lab_host)
    lab_host.run(f"{PUSH_BACKUP}; {PUSH_TRAINING}")
    wait_for_value(lambda: len(groups(lab_host)), 2)
    before = untouched(lab_host)
    result = run_pyinfra(lab_host, "-y", PREPARE, data={"lab_reset": True})
    changes_nothing(
        lab_host, result, 'groups that do not belong to the lab: {job="backup"}.', "lab_wipe=True"
    )
    assert untouched(lab_host) == before

    data = {"lab_reset": True, "lab_wipe": True}
    ends_well(run_pyinfra(lab_host, "-y", PREPARE, data=data))
    assert groups(lab_host) == []


@pytest.mark.lab_host(packages=INSTALLED)
def test_what_a_stopped_pushgateway_kept_is_not_deleted_unasked(
    lab_host: Host, run_pyinfra: Run
) -> None:
    prometheus_runs(lab_host)
    lab_host.run(f"{PUSH_TRAINING}\nsystemctl stop prometheus-pushgateway")
    changes_nothing(lab_host, run_pyinfra(lab_host, "-y", PREPARE), '{job="prometheus_training"}')
    assert groups(lab_host) == [{"job": "prometheus_training"}]
    ends_well(run_pyinfra(lab_host, "-y", PREPARE, data={"lab_reset": True}))
    assert groups(lab_host) == []


@pytest.mark.lab_host(packages=INSTALLED)
def test_what_the_prune_pushes_is_nobodys_work(lab_host: Host, run_pyinfra: Run) -> None:
    prometheus_runs(lab_host)
    data = {"pushgateway_prune_after": "1h", "pushgateway_prune_report": True}
    ends_well(run_pyinfra(lab_host, "-y", PREPARE, data=data))
    lab_host.run("systemctl start pushgateway-lab-prune.service")
    wait_for_value(lambda: groups(lab_host), [{"job": "pushgateway_lab_prune"}])
    assert_unchanged_run(run_pyinfra(lab_host, "-y", PREPARE, data=data))


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_pushgateway_that_does_not_say_what_it_holds_is_not_prepared(
    lab_host: Host, run_pyinfra: Run
) -> None:
    load(lab_host, WITH_JOB)
    lab_host.run("kill -STOP $(pidof prometheus-pushgateway)")
    data = {"lab_reset": True}
    changes_nothing(lab_host, run_pyinfra(lab_host, "-y", PREPARE, data=data), "does not answer")
    assert lab_host.read(CONFIG) == WITH_JOB


@pytest.mark.parametrize("writer", ["bootstrap", "by hand"])
@pytest.mark.lab_host(packages=INSTALLED)
def test_reset_removes_what_is_the_labs_and_nothing_else(
    lab_host: Host, run_pyinfra: Run, writer: str
) -> None:
    if writer == "bootstrap":
        load(lab_host, HAND_EDITED)
        ends_well(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST))
        lab_host.run(UP)
    else:
        load(lab_host, WITH_JOB)
        lab_host.run(UP)
    lab_host.run(f"{PUSHED}\n{PUSH_BACKUP}")

    result = run_pyinfra(lab_host, "-y", RESET)
    ends_well(result)
    assert (
        'Groups that do not belong to the lab, and were not changed: {job="backup"}'
        in result.stderr
    )
    assert lab_host.read(CONFIG) == HAND_EDITED
    assert loaded_jobs(lab_host) == ["prometheus", "node"]
    assert groups(lab_host) == [{"job": "backup"}]
    seen = query(lab_host, f"max_over_time({LABS}[1h])")
    assert [sample["value"][1] for sample in seen] == ["4"], "Prometheus's history is lost"

    before = untouched(lab_host)
    assert_unchanged_run(run_pyinfra(lab_host, "-y", RESET))
    assert untouched(lab_host) == before

    ends_well(run_pyinfra(lab_host, "-y", RESET, data={"lab_wipe": True}))
    assert groups(lab_host) == []


@pytest.mark.lab_host(packages=INSTALLED)
def test_what_trainees_do_to_the_file_comes_to_an_end(
    lab_host: Host, run_pyinfra: Run, tmp_path: Path
) -> None:
    load(lab_host, HAND_EDITED)
    ends_well(run_pyinfra(lab_host, "-y", PREPARE))

    # No YAML any more, and Prometheus was restarted with it.
    theirs = WITH_JOB + b"  - job_name: [more\n"
    lab_host.write(CONFIG, theirs)
    lab_host.run("systemctl restart prometheus", check=False)
    wait_on_host(lab_host, "systemctl is-failed --quiet prometheus", 30)
    before = untouched(lab_host)
    for deploy in (PREPARE, RESET):
        result = run_pyinfra(lab_host, "-y", deploy)
        assert_refused(
            lab_host, result, f"{CONFIG}: line ", "Nothing was written", "lab_restore=True"
        )
    data = {"lab_restore": True}
    ends_well(run_pyinfra(lab_host, "--dry", RESET, data=data))
    assert untouched(lab_host) == before

    result = run_pyinfra(lab_host, "-y", RESET, data=data)
    ends_well(result)
    assert f"kept as {CONFIG}.before-lab-restore" in result.stderr
    assert lab_host.read(f"{CONFIG}.before-lab-restore") == theirs
    assert lab_host.read(CONFIG) == HAND_EDITED
    assert_unchanged_run(run_pyinfra(lab_host, "-y", RESET, data=data))

    # Prometheus runs; the file is gone.
    lab_host.run(f"rm {CONFIG}")
    ends_well(run_pyinfra(lab_host, "-y", PREPARE, data=data))
    assert lab_host.read(CONFIG) == HAND_EDITED

    # A job under another name.
    load(lab_host, WITH_JOB.replace(b"job_name: pushgateway", b"job_name: push"))
    before = untouched(lab_host)
    named = "the job 'push' (line 17), which scrapes localhost:9091"
    for deploy in (PREPARE, RESET):
        changes_nothing(lab_host, run_pyinfra(lab_host, "-y", deploy), named)
    assert untouched(lab_host) == before
    ends_well(run_pyinfra(lab_host, "-y", RESET, data={"lab_reset": True}))
    assert lab_host.read(CONFIG) == HAND_EDITED
    at_the_start_line(lab_host, run_pyinfra, tmp_path)


@pytest.mark.parametrize("suite", ["bookworm", "forky"])
def test_the_next_trainee_does_not_start_as_done(
    boot_host: Callable[..., Host], run_pyinfra: Run, tmp_path: Path, suite: str
) -> None:
    host = boot_host(suite=suite, packages=INSTALLED)
    load(host, HAND_EDITED)
    ends_well(run_pyinfra(host, "-y", PREPARE))
    first = at_the_start_line(host, run_pyinfra, tmp_path)

    load(host, WITH_JOB)
    host.run(f"{UP}{PUSHED}")
    ends_well(run_pyinfra(host, "-y", VERIFY, "--data", f"report={tmp_path}"))
    assert rows(tmp_path)[host.name]["stage"] == "pushed"

    ends_well(run_pyinfra(host, "-y", RESET))
    assert host.read(CONFIG) == HAND_EDITED
    assert query(host, f"max_over_time({LABS}[1h])"), "Prometheus's history is lost"
    second = at_the_start_line(host, run_pyinfra, tmp_path)
    assert second["began_at"] > first["began_at"]

    host.run(f"{PUSH_TRAINING}\n{PUSH_INSTANCE}")
    before = untouched(host)
    changes_nothing(host, run_pyinfra(host, "-y", PREPARE), "Somebody worked here before")
    assert untouched(host) == before


@pytest.mark.lab_host(packages=INSTALLED)
def test_what_a_reset_deleted_does_not_come_back_as_somebodys_work(
    lab_host: Host, run_pyinfra: Run, tmp_path: Path
) -> None:
    kept = "/var/lib/prometheus/pushgateway.data"
    is_kept = f"grep -qs prometheus_training {kept}"
    ready = "curl -sfo /dev/null localhost:9091/-/ready"
    killed = "systemctl kill -s KILL prometheus-pushgateway; sleep 0.5; systemctl start prometheus-pushgateway"
    load(lab_host, HAND_EDITED)
    ends_well(run_pyinfra(lab_host, "-y", PREPARE))

    lab_host.run(f"sed -i 's/ARGS=\"/&--persistence.interval=2s /' {DEFAULTS}")
    lab_host.run("systemctl restart prometheus-pushgateway")
    wait_on_host(lab_host, ready)
    lab_host.run(PUSH_TRAINING)
    wait_on_host(lab_host, is_kept)
    result = run_pyinfra(lab_host, "-y", RESET)
    ends_well(result)
    assert "--persistence.interval" not in result.stderr
    assert lab_host.run(is_kept, check=False).returncode == 1
    lab_host.run(killed)
    wait_on_host(lab_host, ready)
    assert groups(lab_host) == []

    lab_host.run(f"sed -i 's/interval=2s/interval=1h/' {DEFAULTS}")
    lab_host.run(f"{PUSH_TRAINING}; systemctl restart prometheus-pushgateway")
    wait_on_host(lab_host, ready)
    result = run_pyinfra(lab_host, "-y", RESET)
    ends_well(result)
    assert f"The Pushgateway writes the deletion to {kept} within 3" in result.stderr
    lab_host.run(killed)
    wait_on_host(lab_host, ready)
    assert groups(lab_host) == [{"job": "prometheus_training"}]
    load(lab_host, WITH_JOB)
    lab_host.run(UP + until(LABS))
    ends_well(run_pyinfra(lab_host, "-y", VERIFY, "--data", f"report={tmp_path}"))
    row = rows(tmp_path)[lab_host.name]
    assert row["stage"] == "configured"
    states = {each["name"]: each["state"] for task in row["tasks"][2:] for each in task["checks"]}
    assert set(states.values()) == {"open"}, states

    lab_host.run("systemctl stop prometheus-pushgateway")
    lab_host.run(
        "systemd-run -q prometheus-pushgateway --web.listen-address=127.0.0.1:9091 --persistence.file=/run/x"
    )
    wait_on_host(lab_host, ready)
    lab_host.run(PUSH_TRAINING)
    assert_refused(
        lab_host, run_pyinfra(lab_host, "-y", RESET), "is in use by", "prometheus-pushgateway"
    )
    assert groups(lab_host) == [{"job": "prometheus_training"}]
