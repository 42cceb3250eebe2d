"""The prune on real hosts: it deletes old groups and nothing else."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from expectations import (
    BOOTSTRAP,
    FAST,
    INSTALLED,
    VERIFY,
    assert_refused,
    assert_unchanged_run,
    fingerprint,
)
from gateways import HASH, PACKAGES, TORTURE, client, delete_all, fill, labels_of, restart
from labhost import SUITES, Host, HostSpec, PyinfraResult
from waiting import wait_for

PRUNE = "pushgateway_lab.prune.scheduled"
SERVICE = "pushgateway-lab-prune.service"
TIMER = "pushgateway-lab-prune.timer"
ON = {
    "pushgateway_prune_after": "3s",
    "pushgateway_prune_keep": ['job="keep"', 'job="a",x=~"ke.*"'],
}

BY_HAND = (
    "python3 /usr/local/lib/pushgateway-lab/prune.pyz"
    " @/etc/pushgateway-lab/prune.arguments --dry-run"
)

Run = Callable[..., PyinfraResult]


def prune(host: Host, *, succeeds: bool = True) -> str:
    """Run the service once; return its log of that run."""
    since = host.run("date +%s.%N").stdout.strip()
    done = host.run(f"systemctl start {SERVICE}", check=False)
    assert (done.returncode == 0) is succeeds, done
    host.run("journalctl --sync", check=False)
    return host.run(f"journalctl -o cat -u {SERVICE} --since @{since}").stdout


@pytest.mark.all_releases
def test_on_every_release(boot_hosts: Callable[..., list[Host]], run_pyinfra: Run) -> None:
    hosts = boot_hosts(*(HostSpec(name=suite, suite=suite, packages=PACKAGES) for suite in SUITES))
    for host in hosts:
        # Else the timer might start the service during a test.
        host.run(f"mkdir -p /etc/systemd/system/{TIMER}.d")
        host.write(
            f"/etc/systemd/system/{TIMER}.d/never.conf",
            b"[Timer]\nOnCalendar=\nOnCalendar=2100-1-1\n",
        )
    first = run_pyinfra(hosts, "-y", PRUNE, data=ON)
    assert first.returncode == 0, first.output
    again = run_pyinfra(hosts, "-y", PRUNE, data=ON)
    assert again.stderr.count("No changes") == len(hosts), again.stderr
    for host in hosts:
        _deletes_the_old_only(host)
        _survives_a_restart_and_an_interruption(host)
        _fails_without_a_pushgateway(host)
        score = host.run(f"systemd-analyze security --no-pager {SERVICE} | tail -n 1").stdout
        assert float(score.split(":")[1].split()[0]) < 1.5, score
    left = (
        "ls -d /etc/pushgateway-lab /usr/local/lib/pushgateway-lab /etc/systemd/system/*prune.*[er]"
    )
    units = "systemctl list-units --all --no-legend; ls /etc/systemd/system/*.wants"
    for host in hosts:
        assert len(host.run(left).stdout.split()) == 4
        assert "prune" in host.run(units).stdout
    off = run_pyinfra(hosts, "-y", PRUNE)
    assert off.returncode == 0, off.output
    for host in hosts:
        assert not host.run(left, check=False).stdout
        assert "prune" not in host.run(units).stdout
    assert run_pyinfra(hosts, "-y", PRUNE).stderr.count("No changes") == len(hosts)


def _deletes_the_old_only(host: Host) -> None:
    gateway = client(host)
    for value in TORTURE.values():
        gateway.push({"job": "old", "x": value}, "m 1\n")
    kept = [{"job": "keep"}, {"job": "a", "x": "kept"}]
    for labels in kept:
        gateway.push(labels, "m 1\n")
    gateway.push({"job": "old"}, "labels 1\npush_time_seconds 1\n")
    time.sleep(3.1)
    gateway.push({"job": "old", "x": "young"}, "m 1\n")
    log = prune(host)
    assert sorted(map(str, labels_of(gateway))) == sorted(
        map(str, [*kept, {"job": "old", "x": "young"}])
    )
    assert log.count("\ndeleted {") + log.startswith("deleted {") == len(TORTURE) + 1, log
    assert f"{len(TORTURE) + 1} groups deleted, 3 are there" in log


def _survives_a_restart_and_an_interruption(host: Host) -> None:
    gateway = client(host)
    delete_all(gateway)
    restart(host, "--persistence.interval=100ms --push.disable-consistency-check")
    fill(gateway, 600)
    gateway.push({"job": "keep"}, "m 1\n")
    time.sleep(3)
    restart(host, "--persistence.interval=100ms --push.disable-consistency-check")
    assert len(gateway.groups()) == 601
    # Killed in the middle: the groups in its log are deleted, and the next run deletes the others.
    host.run(f"systemctl start --no-block {SERVICE}")
    wait_for(lambda: len(gateway.groups()) < 600, "the first groups are deleted")
    host.run(
        f"systemctl kill --signal=KILL {SERVICE}; systemctl reset-failed {SERVICE}", check=False
    )
    prune(host)
    assert labels_of(gateway) == [{"job": "keep"}]


def _fails_without_a_pushgateway(host: Host) -> None:
    host.run("systemctl stop prometheus-pushgateway")
    log = prune(host, succeeds=False)
    assert "the Pushgateway does not answer at http://127.0.0.1:9091" in log
    assert "Traceback" not in log
    host.run("systemctl start prometheus-pushgateway")


@pytest.mark.lab_host(packages=INSTALLED)
def test_bootstrap_turns_it_on_repairs_it_and_turns_it_off(
    lab_host: Host, run_pyinfra: Run
) -> None:
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST).returncode == 0
    before = fingerprint(lab_host)
    data = FAST | ON | {"pushgateway_prune_report": True}
    assert run_pyinfra(lab_host, "--dry", BOOTSTRAP, data=data).returncode == 0
    assert fingerprint(lab_host) == before

    first = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data)
    assert first.returncode == 0, first.output
    assert lab_host.run(
        f"systemctl is-active {TIMER}; systemctl is-enabled {TIMER}"
    ).stdout.split() == [
        "active",
        "enabled",
    ]
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data))
    prune(lab_host)
    # Removal by hand, as in the unit file and docs/prune.md, leaves nothing (see the fingerprint below).
    for by_hand in (BY_HAND, BY_HAND.replace("python3", "/usr/bin/python3 -I")):
        assert "would be deleted" in lab_host.run(by_hand).stdout
    assert BY_HAND in lab_host.run(f"systemctl cat {SERVICE}").stdout
    assert BY_HAND in (Path(__file__).parents[1] / "docs/prune.md").read_text(encoding="utf-8")
    # Now the Pushgateway listens on loopback only.
    metrics = lab_host.run("curl -s localhost:9091/metrics").stdout
    assert (
        'pushgateway_lab_prune_limit_seconds{instance="",job="pushgateway_lab_prune"} 3' in metrics
    )

    # Each of these is repaired by the next run.
    for damage in (
        f"systemctl disable --now {TIMER}",
        "echo '# x' >>/usr/local/lib/pushgateway-lab/prune.pyz",
        "rm /usr/local/lib/pushgateway-lab/prune.pyz",
        "chmod 644 /etc/pushgateway-lab/prune.password",
        f"touch /etc/systemd/system/{SERVICE}",  # written, but not loaded
        f"rm /etc/systemd/system/{SERVICE}",
    ):
        lab_host.run(damage)
        repaired = run_pyinfra(lab_host, "-y", PRUNE, data=data)
        assert repaired.returncode == 0, repaired.output
        assert "No changes" not in repaired.stderr, damage
    assert "No changes" in run_pyinfra(lab_host, "-y", PRUNE, data=data).stderr

    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST).returncode == 0
    assert fingerprint(lab_host)["files"] == before["files"]
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST))


@pytest.mark.lab_host(packages=PACKAGES)
def test_without_python(lab_host: Host, run_pyinfra: Run) -> None:
    lab_host.run("mv /usr/bin/python3 /usr/bin/python3.away")
    result = run_pyinfra(lab_host, "-y", PRUNE, data=ON)
    assert_refused(lab_host, result, "apt-get install python3")


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_prune_that_fails_fails_its_installation_and_verify(
    lab_host: Host, run_pyinfra: Run
) -> None:
    drop_in = f"/etc/systemd/system/{SERVICE}.d/credentials.conf"
    lab_host.run(f"mkdir -p {drop_in.rpartition('/')[0]}")
    lab_host.write(drop_in, b"[Service]\nLoadCredential=password:/etc/no/such/file\n")
    for _ in range(2):
        refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | ON)
        assert_refused(lab_host, refused, "The prune could not be installed and run", "CREDENTIALS")
    seen = run_pyinfra(lab_host, "-y", VERIFY)
    assert seen.returncode == 1, seen.output
    assert "The last prune of old groups failed. Its log ends with:" in seen.stdout
    assert "CREDENTIALS" in seen.stdout

    lab_host.run(f"rm {drop_in}; systemctl daemon-reload")
    lab_host.write("/etc/web.yml", f"basic_auth_users:\n  trainer: {HASH}\n".encode())
    restart(lab_host, "--web.config.file=/etc/web.yml --web.listen-address=127.0.0.1:9091")
    unauthorized = run_pyinfra(lab_host, "-y", PRUNE, data=ON)
    assert_refused(lab_host, unauthorized, "The prune could not be installed and run", "401")

    restart(lab_host, "--web.listen-address=127.0.0.1:9091")
    mended = run_pyinfra(lab_host, "-y", PRUNE, data=ON)
    assert mended.returncode == 0, mended.output
    assert "No changes" in run_pyinfra(lab_host, "-y", PRUNE, data=ON).stderr
    assert "The last prune" not in run_pyinfra(lab_host, "-y", VERIFY).stdout


@pytest.mark.lab_host(packages=PACKAGES, user="student")
def test_without_rights(lab_host: Host, run_pyinfra: Run) -> None:
    result = run_pyinfra(lab_host, "-y", PRUNE, data=ON)
    assert_refused(lab_host, result, "Logged in as student, which is not root")


@pytest.mark.lab_host(packages=PACKAGES)
def test_5000_groups(lab_host: Host, run_pyinfra: Run) -> None:
    assert (
        run_pyinfra(lab_host, "-y", PRUNE, data={"pushgateway_prune_after": "1s"}).returncode == 0
    )
    lab_host.run(f"systemctl stop {TIMER}")
    restart(lab_host, "--push.disable-consistency-check")
    gateway = client(lab_host)
    fill(gateway, 5000)
    time.sleep(1.1)
    started = time.monotonic()
    log = prune(lab_host)
    print(f"prune of 5000 groups: {time.monotonic() - started:.2f} s")
    assert "5000 groups deleted, 0 are there" in log
