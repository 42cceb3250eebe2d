"""The transaction on the configuration file, on real hosts: what it preserves, and how it is refused."""

from collections.abc import Callable

import pytest

from expectations import (
    CONFIG,
    DEFAULTS,
    assert_refused,
    assert_unchanged_run,
)
from labhost import Host, faults
from transactions import (
    BACKUP,
    NEW,
    OLD,
    PACKAGES,
    Run,
    assert_converged,
    assert_nothing_left,
    assert_serving,
    begin,
    bootstrap,
    converges,
    interpose,
    merged,
)
from waiting import wait_on_host

pytestmark = pytest.mark.lab_host(packages=PACKAGES)


@pytest.mark.parametrize("suite", ["bullseye", "bookworm", "trixie", "forky"])
def test_owner_mode_acl_attributes_and_a_symlink_are_kept(
    suite: str, boot_host: Callable[..., Host], run_pyinfra: Run
) -> None:
    host = boot_host(suite=suite, packages=PACKAGES)
    begin(host)
    host.run(f"""set -e
        mkdir /srv/config
        mv {CONFIG} /srv/config/shared.yml
        ln -s ../../srv/config/shared.yml {CONFIG}
        setfacl -d -m u:student:rw,g:games:rw /srv/config
        cd /srv/config
        chown prometheus:adm shared.yml
        chmod 0640 shared.yml
        setfacl -m u:trainer:r shared.yml
        setfattr -n user.ticket -v 4711 shared.yml
        setfattr -n trusted.ticket -v 4712 shared.yml""")
    kept = (
        "cd /srv/config; stat -c %U:%G:%a {0}; getfacl -cn {0}; getfattr -d -m - {0} | tail -n +2"
    )
    before = host.run(kept.format("shared.yml")).stdout

    result = bootstrap(run_pyinfra, host)

    assert result.returncode == 0, result.output
    assert host.run(kept.format("shared.yml")).stdout == before
    assert host.run(f"readlink {CONFIG}").stdout == "../../srv/config/shared.yml\n"
    assert host.read("/srv/config/shared.yml") == NEW
    names = host.run("ls -A /srv/config").stdout.split()
    assert names == ["shared.yml", "shared.yml.before-pushgateway-lab"]
    assert host.run(kept.format(names[1])).stdout == before
    assert host.read(f"/srv/config/{names[1]}") == OLD
    assert_converged(host)
    assert_unchanged_run(bootstrap(run_pyinfra, host))


def test_relative_paths_are_judged_where_prometheus_sees_them(
    lab_host: Host, run_pyinfra: Run
) -> None:
    text = OLD + b"rule_files: [rules/lab.rules]\n"
    lab_host.run("mkdir /etc/prometheus/rules; echo 'groups: []' >/etc/prometheus/rules/lab.rules")
    begin(lab_host, text)
    lab_host.run(f"mkdir /srv/config; mv {CONFIG} /srv/config/; ln -s /srv/config/* {CONFIG}")
    result = bootstrap(run_pyinfra, lab_host)
    assert result.returncode == 0, result.output
    assert lab_host.read("/srv/config/prometheus.yml") == merged(text)
    assert_serving(lab_host, merged(text))
    # Prometheus runs without them, and so it does after another change of the file.
    lab_host.run("rm -r /etc/prometheus/rules")
    missing = '"/etc/prometheus/rules/lab.rules" does not point to an existing file'
    result = bootstrap(run_pyinfra, lab_host, pushgateway_job_name="other")
    assert result.returncode == 0, result.output
    assert "promtool rejects the file, but for the same reason as the file before" in result.stderr
    assert missing in result.stderr


_SPY = f"""
import glob, os, pwd
os.setgid(pwd.getpwnam("student").pw_gid)
os.setuid(pwd.getpwnam("student").pw_uid)
seen, leaked = set(), open("/tmp/leaked", "w", buffering=1)
while True:
    for path in glob.glob("/etc/prometheus/.prom*") + glob.glob("{CONFIG}*"):
        if path not in seen:
            seen.add(path)
            print("saw", path, file=leaked)
        try:
            with open(path) as file:
                print("READ", path, repr(file.read(20)), file=leaked)
        except OSError:
            pass
"""


def test_nobody_reads_the_new_text_who_could_not_read_the_old(
    lab_host: Host, run_pyinfra: Run
) -> None:
    begin(lab_host)
    lab_host.run(f"chown root:prometheus {CONFIG}; chmod 0640 {CONFIG}")
    lab_host.run("setfacl -d -m u:student:rwx,o::rwx /etc/prometheus")
    lab_host.write("/root/spy.py", _SPY.encode())
    lab_host.run("systemd-run --quiet --unit=spy python3 /root/spy.py")
    # The watch reads without a pause; between any two steps there must be time for a read.
    for command in ("cp", "base64", "sync", "promtool", "ln", "mv", "systemctl"):
        interpose(lab_host, command, "sleep 0.05", once=False)

    result = bootstrap(run_pyinfra, lab_host)

    assert result.returncode == 0, result.output
    lines = lab_host.run("cat /tmp/leaked").stdout.splitlines()
    assert any(".pushgateway-lab." in line for line in lines), "the spy saw no temporary file"
    assert not [line for line in lines if line.startswith("READ")]


def test_there_is_one_backup_of_the_text_before(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    assert bootstrap(run_pyinfra, lab_host).returncode == 0
    assert lab_host.read(BACKUP) == OLD
    assert bootstrap(run_pyinfra, lab_host, pushgateway_job_name="other").returncode == 0
    assert lab_host.read(BACKUP) == NEW
    assert_converged(lab_host, merged(OLD, "other"), ["other"])


def test_promtools_warnings_are_passed_on(lab_host: Host, run_pyinfra: Run) -> None:
    rule = "  - {record: one, expr: up}\n"
    rules = f"groups:\n- name: lab\n  rules:\n{rule}{rule}"
    lab_host.write("/etc/prometheus/lab.rules", rules.encode())
    begin(lab_host, OLD + b"rule_files: [lab.rules]\n")
    result = bootstrap(run_pyinfra, lab_host)
    assert result.returncode == 0, result.output
    assert f"[{lab_host.name}] promtool accepts the file, with these remarks:" in result.stderr
    assert "1 duplicate rule(s) found" in result.stderr
    assert "SUCCESS" not in result.stderr


def test_the_pushgateways_file_is_replaced_the_same_way(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host, NEW)
    old = b"# mine\nARGS=--web.listen-address=127.0.0.1:9091\n"
    lab_host.write(DEFAULTS, old)
    lab_host.run(
        f"chown root:adm {DEFAULTS}; chmod 0640 {DEFAULTS}; setfacl -m u:trainer:r {DEFAULTS}"
    )
    kept = f"getfacl -cnp {DEFAULTS}; stat -c %U:%G:%a {DEFAULTS}"
    before = lab_host.run(kept).stdout
    result = bootstrap(run_pyinfra, lab_host)
    assert result.returncode == 0, result.output
    assert b"--web.enable-admin-api" in lab_host.read(DEFAULTS)
    assert lab_host.run(kept).stdout == before
    assert lab_host.read(f"{DEFAULTS}.before-pushgateway-lab") == old
    assert_nothing_left(lab_host)

    lab_host.run(f"rm {DEFAULTS}*")
    result = bootstrap(run_pyinfra, lab_host)
    assert result.returncode == 0, result.output
    assert lab_host.run(f"stat -c %U:%G:%a {DEFAULTS}").stdout == "root:root:644\n"
    assert_nothing_left(lab_host)


def test_a_full_disk(lab_host: Host, run_pyinfra: Run) -> None:
    text = OLD + b"# much\n" * 3000
    begin(lab_host, text)
    # One copy of the file fits, a second one does not.
    with faults.tiny_disk(lab_host, "/etc/prometheus", size="40k"):
        lab_host.run("systemctl restart prometheus")
        begin(lab_host, text)
        assert_refused(
            lab_host,
            bootstrap(run_pyinfra, lab_host),
            f"{CONFIG} could not be replaced and was not changed: ",
            "No space left on device",
            "Check free space",
        )
        assert_serving(lab_host, text)
        assert_nothing_left(lab_host)
        assert not lab_host.run(f"ls {BACKUP}", check=False).stdout
    begin(lab_host, text)
    converges(run_pyinfra, lab_host, merged(text))


def test_a_read_only_file_system(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    with faults.read_only(lab_host, "/etc/prometheus"):
        assert_refused(
            lab_host,
            bootstrap(run_pyinfra, lab_host),
            f"{CONFIG} could not be replaced and was not changed: ",
            "Read-only file system",
            "attributes there",
        )
        assert_serving(lab_host, OLD)
    converges(run_pyinfra, lab_host)


@pytest.mark.parametrize("what", [CONFIG, "/etc/prometheus"])
def test_an_immutable_file_or_directory(what: str, lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    lab_host.write(BACKUP, b"an earlier one")
    lab_host.run(f"chattr +i {what}")
    try:
        assert_refused(
            lab_host,
            bootstrap(run_pyinfra, lab_host),
            f"{CONFIG} could not be replaced and was not changed: ",
            "Operation not permitted",
            "lsattr",
        )
    finally:
        lab_host.run(f"chattr -i {what}")
    assert_serving(lab_host, OLD)
    assert_nothing_left(lab_host)
    assert lab_host.read(BACKUP) == b"an earlier one"
    converges(run_pyinfra, lab_host)


def test_another_run_holds_the_lock(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    lab_host.run("systemd-run --quiet --unit=holder flock /run/pushgateway-lab.lock sleep 300")
    wait_on_host(lab_host, "! flock -n /run/pushgateway-lab.lock true")
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host, prometheus_reload_timeout=1),
        "Another run has held /run/pushgateway-lab.lock for 7 s",
        "Run this again when that run is done",
    )
    assert_serving(lab_host, OLD)
    lab_host.run("systemctl stop holder")
    converges(run_pyinfra, lab_host)


def test_the_lock_cannot_be_taken(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    lab_host.run("mkdir /run/pushgateway-lab.lock")
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host),
        f"{CONFIG} could not be replaced",
        "cannot open /run/pushgateway",
    )
    assert_serving(lab_host, OLD)
    lab_host.run("rmdir /run/pushgateway-lab.lock")
    converges(run_pyinfra, lab_host)
