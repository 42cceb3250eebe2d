"""bootstrap on real hosts: bare ones, and ones that other people have changed."""

import json
import re
import signal
from collections.abc import Callable, Iterator

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
    assert_bootstrapped,
    assert_refused,
    assert_unchanged_run,
    fingerprint,
    prometheus_runs,
)
from labhost import Host, HostSpec, PyinfraResult
from labhost.image import SUITES
from labhost.pyinfra_command import PyinfraCommand, toolkit_directories
from shapes import QUERY
from trainee_commands import PUSH_TRAINING
from waiting import wait_for_port, wait_on_host

JOB = b"""

-   job_name: 'pushgateway'
    honor_labels: true
    static_configs:
        - targets:
              - localhost:9091
"""
"""The job that a run writes into `HAND_EDITED`."""


@pytest.fixture
def listening_log(lab_host: Host) -> Iterator[Callable[[], str]]:
    """Record on the host each address on which port 9091 listens; yield a function that returns the log."""
    lab_host.run(
        "systemd-run --quiet --unit=watch-9091 sh -c 'while :; do "
        "cat /proc/net/tcp /proc/net/tcp6 >/run/sample; "
        'grep -i ":2383 " /run/sample | grep " 0A " >>/run/9091.log; done\''
    )
    yield lambda: lab_host.run("cat /run/9091.log").stdout
    lab_host.run("systemctl stop watch-9091", check=False)


def test_a_bare_host_from_nothing_to_a_proven_push(
    lab_host: Host,
    run_pyinfra: Callable[..., PyinfraResult],
    listening_log: Callable[[], str],
) -> None:
    before = fingerprint(lab_host)
    # All commands of the README have -y, so people add --dry to them.
    for options in ("--dry", "--diff"), ("-y", "--dry"):
        dry = run_pyinfra(lab_host, *options, BOOTSTRAP)
        assert dry.returncode == 0, dry.output
        assert re.search(r"Merge the scrape job +1 ", dry.stderr), dry.stderr
        assert fingerprint(lab_host) == before

    first = run_pyinfra(lab_host, "-y", BOOTSTRAP)

    assert first.returncode == 0, first.output
    sample = re.search(
        r"Proven: .*\n.*  pushgateway_lab_smoke_pushed_at_seconds\{(.*)\} [\d.]+", first.stderr
    )
    assert sample, first.stderr
    assert f'instance="{lab_host.name}-' in sample[1]
    assert 'job="pushgateway_lab_smoke"' in sample[1]
    assert_bootstrapped(lab_host)
    # It listened on loopback only: 127.0.0.1:9091 in the format of /proc/net/tcp.
    assert {line.split()[1] for line in listening_log().splitlines()} == {"0100007F:2383"}
    assert not lab_host.run("ls /usr/sbin/policy-rc.d", check=False).stdout
    assert not lab_host.run("ls -A /run/systemd/system", check=False).stdout

    after = fingerprint(lab_host)
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP))
    assert run_pyinfra(lab_host, "--dry", "--diff", BOOTSTRAP).returncode == 0
    assert fingerprint(lab_host) == after


@pytest.mark.lab_host(user="trainer")
def test_as_a_user_with_sudo(lab_host: Host, run_pyinfra: Callable[..., PyinfraResult]) -> None:
    first = run_pyinfra(lab_host, "-y", BOOTSTRAP, sudo=True, data=FAST)
    assert first.returncode == 0, first.output
    assert_bootstrapped(lab_host)
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, sudo=True, data=FAST))


@pytest.mark.lab_host(share=toolkit_directories())
def test_on_the_machine_itself(lab_host: Host, pyinfra_command: PyinfraCommand) -> None:
    first = pyinfra_command.run_locally(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert first.returncode == 0, first.output
    assert f'instance="{lab_host.name}-' in first.stderr
    assert_bootstrapped(lab_host)
    assert_unchanged_run(pyinfra_command.run_locally(lab_host, "-y", BOOTSTRAP, data=FAST))


@pytest.mark.lab_host(packages=INSTALLED)
def test_other_peoples_configuration_stays_theirs(
    lab_host: Host, run_pyinfra: Callable[..., PyinfraResult]
) -> None:
    defaults = b'# mine\nARGS="--web.listen-address=:9091 --log.level=debug" \n'
    lab_host.write(CONFIG, HAND_EDITED)
    lab_host.write(DEFAULTS, defaults)
    lab_host.run("systemctl restart prometheus prometheus-pushgateway")
    prometheus_runs(lab_host)
    wait_for_port(lab_host, 9091)
    lab_host.run(
        "echo 'backup_done 1' | curl -sf --data-binary @- localhost:9091/metrics/job/backup"
    )
    changed = lab_host.run(
        f"chown prometheus:adm {CONFIG}; chmod 0640 {CONFIG}; stat -c '%U %G %a' {CONFIG}"
    )

    # With the admin API, everybody who reaches that address could wipe.
    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP)
    assert "would listen on :9091 with --web.enable-admin-api" in refused.stderr, refused.stderr
    data = {"pushgateway_allow_open_admin_api": True}
    dry = run_pyinfra(lab_host, "--dry", "--diff", BOOTSTRAP, data=data)
    assert "+ -   job_name: " in dry.stderr, dry.stderr
    assert lab_host.read(CONFIG) == HAND_EDITED
    assert lab_host.read(DEFAULTS) == defaults

    first = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data)

    assert first.returncode == 0, first.output
    assert_bootstrapped(lab_host)
    assert lab_host.read(CONFIG) == HAND_EDITED.replace(b"\n\n# end", JOB + b"\n# end")
    assert lab_host.run(f"stat -c '%U %G %a' {CONFIG}").stdout == changed.stdout
    assert lab_host.read(DEFAULTS) == defaults.replace(b'debug"', b'debug --web.enable-admin-api"')
    # An administrator's flag is kept and reported.
    assert "listens on :9091" in first.stderr
    # Debian's Pushgateway persists, so earlier pushes survive the restart.
    assert "backup_done" in lab_host.run("curl -s localhost:9091/metrics").stdout
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data))


@pytest.mark.lab_host(packages=INSTALLED)
def test_json_keeps_standard_output_pure(
    lab_host: Host, run_pyinfra: Callable[..., PyinfraResult]
) -> None:
    result = run_pyinfra(lab_host, "-y", "--json", BOOTSTRAP, data=FAST)
    assert result.returncode == 0, result.output
    assert json.loads(result.stdout)["results"]["failed_hosts"] == []
    assert "Proven:" in result.stderr


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_job_without_honor_labels_and_with_a_blank_in_its_target_is_repaired_in_place(
    lab_host: Host, run_pyinfra: Callable[..., PyinfraResult]
) -> None:
    job = b"-   job_name: pushgateway  # a trainee's\n    static_configs:\n    - targets: ['localhost:9091 ']\n"
    text = HAND_EDITED.replace(b"\n# end", b"\n" + job + b"\n# end") + b"---\n# nothing\n"
    lab_host.write(CONFIG, text)
    lab_host.run("systemctl restart prometheus")
    prometheus_runs(lab_host)
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data={"pushgateway_smoke_timeout": 30})
    assert result.returncode == 0, result.output
    assert "Proven:" in result.stderr
    repaired = text.replace(b"9091 '", b"9091'").replace(
        b"trainee's\n", b"trainee's\n    honor_labels: true\n"
    )
    assert lab_host.read(CONFIG) == repaired


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_file_edited_by_hand_and_not_reloaded_is_loaded(
    lab_host: Host, run_pyinfra: Callable[..., PyinfraResult]
) -> None:
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST).returncode == 0
    edited = lab_host.read(CONFIG) + b"\n# a remark\n"
    lab_host.write(CONFIG, edited)
    before = lab_host.run("curl -s localhost:9090/metrics | grep last_reload_success_time").stdout

    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | {"pushgateway_smoke": "never"})

    assert result.returncode == 0, result.output
    after = lab_host.run("curl -s localhost:9090/metrics | grep last_reload_success_time").stdout
    assert after != before
    assert lab_host.read(CONFIG) == edited
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST))


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_pushgateway_that_would_lose_its_groups_is_not_restarted(
    lab_host: Host, run_pyinfra: Callable[..., PyinfraResult]
) -> None:
    text = b'ARGS="--web.listen-address=127.0.0.1:9091 --persistence.file="\n'
    lab_host.write(DEFAULTS, text)
    lab_host.run("systemctl restart prometheus-pushgateway")
    wait_for_port(lab_host, 9091)
    lab_host.run("echo 'mine 1' | curl -sf --data-binary @- localhost:9091/metrics/job/mine")

    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)

    would_lose = "holds 1 pushed group and does not persist"
    assert_refused(lab_host, refused, would_lose, "pushgateway_allow_data_loss=True")
    assert lab_host.read(DEFAULTS) == text
    assert (
        '\nmine{instance="",job="mine"} 1\n'
        in lab_host.run("curl -s localhost:9091/metrics").stdout
    )
    allowed = run_pyinfra(
        lab_host, "-y", BOOTSTRAP, data=FAST | {"pushgateway_allow_data_loss": True}
    )
    assert allowed.returncode == 0, allowed.output
    assert_bootstrapped(lab_host)


@pytest.mark.lab_host(packages=INSTALLED)
def test_settings_choose_port_flags_and_job(
    lab_host: Host, run_pyinfra: Callable[..., PyinfraResult]
) -> None:
    data = FAST | {
        "pushgateway_listen_address": "127.0.0.1:9095",
        "pushgateway_extra_flags": {"log.level": "debug"},
        "pushgateway_job_name": "gateway of the class",
    }
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data)
    assert result.returncode == 0, result.output
    config = lab_host.read(CONFIG).decode()
    assert "gateway of the class" in config
    assert "localhost:9095" in config
    assert (
        lab_host.read(DEFAULTS)
        .decode()
        .endswith(
            'ARGS="--web.listen-address=127.0.0.1:9095 --web.enable-admin-api --log.level=debug"\n'
        )
    )
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data))


@pytest.mark.lab_host(packages=INSTALLED)
def test_where_ssh_forwards_nothing_curl_on_the_host_does_it(
    lab_host: Host, run_pyinfra: Callable[..., PyinfraResult]
) -> None:
    lab_host.run("echo 'AllowTcpForwarding no' >/etc/ssh/sshd_config.d/00-none.conf")
    lab_host.run("systemctl restart ssh")
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert result.returncode == 0, result.output
    assert "Proven:" in result.stderr
    assert_bootstrapped(lab_host)


def test_a_policy_of_the_host_stays_in_force(
    lab_host: Host, run_pyinfra: Callable[..., PyinfraResult]
) -> None:
    policy = b"#!/bin/sh\n# the owner's\nexit 101\n"
    lab_host.write("/usr/sbin/policy-rc.d", policy)
    lab_host.run("chmod 0755 /usr/sbin/policy-rc.d")
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert result.returncode == 0, result.output
    assert_bootstrapped(lab_host)
    assert lab_host.read("/usr/sbin/policy-rc.d") == policy


@pytest.mark.parametrize("suite", SUITES)
def test_the_main_job_on_each_release(
    suite: str, boot_host: Callable[..., Host], run_pyinfra: Callable[..., PyinfraResult]
) -> None:
    host = boot_host(suite=suite)
    result = run_pyinfra(host, "-y", BOOTSTRAP, data=FAST)
    assert result.returncode == 0, result.output
    assert_bootstrapped(host)
    assert_unchanged_run(run_pyinfra(host, "-y", BOOTSTRAP, data=FAST))
    installed = host.read(f"{CONFIG}.before-pushgateway-lab")
    host.run(PUSH_TRAINING)
    wait_on_host(host, f"{QUERY}prometheus_training_labs_completed_total | grep -q value")
    verified = run_pyinfra(host, "-y", VERIFY, data=FAST)
    assert verified.returncode == 0, verified.output
    assert f"{host.name}  configured  done  done   " in verified.stdout
    for deploy in (RESET, PREPARE):
        done = run_pyinfra(host, "-y", deploy, data=FAST)
        assert done.returncode == 0, done.output
    assert host.read(CONFIG) == installed
    assert "prometheus_training" not in host.run("curl -s localhost:9091/metrics").stdout
    assert_unchanged_run(run_pyinfra(host, "-y", PREPARE, data=FAST))


def test_an_interrupted_smoke_push_leaves_no_group_and_no_proof(
    boot_host: Callable[..., Host],
    pyinfra_command: PyinfraCommand,
    run_pyinfra: Callable[..., PyinfraResult],
) -> None:
    host = boot_host(packages=INSTALLED)
    never = {"pushgateway_scrape_interval": "1h", "pushgateway_smoke_timeout": 120}
    running = pyinfra_command.start(host, "-y", BOOTSTRAP, data=never)
    wait_on_host(host, "curl -s localhost:9091/metrics | grep -q pushgateway_lab", 60)
    running.send_signal(signal.SIGINT)
    interrupted = pyinfra_command.finish(running, timeout=10)
    assert interrupted.returncode == 130  # as a shell reports SIGINT
    assert f"[{host.name}] Interrupted." in interrupted.stderr
    assert f"[{host.name}] not finished: run this again" in interrupted.stderr
    assert "pushgateway_lab" not in host.run("curl -s localhost:9091/metrics").stdout
    # What the interrupted run did not prove is left to the next one.
    again = run_pyinfra(host, "-y", BOOTSTRAP, data=never | {"pushgateway_smoke_timeout": 1})
    assert_refused(host, again, "The push did not arrive in Prometheus within 1 s")


def test_many_hosts_one_unreachable(
    boot_hosts: Callable[..., list[Host]], pyinfra_command: PyinfraCommand
) -> None:
    good, other, gone = boot_hosts(*[HostSpec(packages=INSTALLED)] * 3)
    gone.run("systemctl stop ssh ssh.socket", check=False)
    result = pyinfra_command.run([good, other, gone], "-y", BOOTSTRAP, data=FAST)
    assert result.returncode != 0
    for words in ("Not reached", "not reached"):
        assert f"[{gone.name}] {words}: connection refused: nothing listens on" in result.stderr
    assert_bootstrapped(good)
    assert_bootstrapped(other)
