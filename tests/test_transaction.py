"""The transaction on the configuration file, on real hosts: what it preserves, and how it is refused."""

from collections.abc import Callable

import pytest

from expectations import (
    CONFIG,
    DEFAULTS,
    assert_refused,
    assert_unchanged_run,
    loaded_jobs,
    prometheus_runs,
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
    digests,
    interpose,
    mend,
    merged,
    watched,
)
from waiting import wait_on_host

pytestmark = pytest.mark.lab_host(packages=PACKAGES)


# Preserved


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
    assert_converged(lab_host, merged(OLD, "pushgateway", "other"), ["pushgateway", "other"])


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


# No space, or no right to write


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


# promtool or Prometheus rejects


def test_promtool_refuses_the_job(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    interpose(lab_host, "promtool", "echo 'line 7: made up' >&2; exit 1")
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host),
        f"promtool rejects the new {CONFIG}",
        "line 7: made up",
        "Correct the file",
    )
    assert_serving(lab_host, OLD)
    assert_nothing_left(lab_host)
    converges(run_pyinfra, lab_host)


@pytest.mark.parametrize("suite", ["bullseye", "bookworm", "trixie", "forky"])
def test_prometheus_refuses_what_promtool_accepted(
    suite: str, boot_host: Callable[..., Host], run_pyinfra: Run
) -> None:
    host = boot_host(suite=suite, packages=PACKAGES)
    begin(host)
    host.write(BACKUP, b"an earlier one")
    # The job is valid, but the rules are not readable: Prometheus's unit hides them.
    host.write("/etc/prometheus/lab.rules", b"groups: []\n")
    host.run("mkdir /etc/systemd/system/prometheus.service.d")
    host.write(
        "/etc/systemd/system/prometheus.service.d/hidden.conf",
        b"[Service]\nInaccessiblePaths=/etc/prometheus/lab.rules\n",
    )
    host.run("systemctl daemon-reload; systemctl restart prometheus")
    prometheus_runs(host)
    text = OLD + b"rule_files: [lab.rules]\n"
    host.write(CONFIG, text)
    with watched(host) as watch:
        assert_refused(
            host,
            bootstrap(run_pyinfra, host),
            f"Prometheus rejected the new {CONFIG}; the old file was restored",
            "Error reloading config",
            "lab.rules: permission denied",
            "journalctl -u prometheus.service",
        )
    assert_serving(host, text)
    assert loaded_jobs(host) == ["prometheus", "node"]
    assert_nothing_left(host)
    assert host.read(BACKUP) == b"an earlier one"
    assert watch.texts() <= digests(text, merged(text))
    host.run("rm -r /etc/systemd/system/prometheus.service.d; systemctl daemon-reload")
    host.run("systemctl restart prometheus")
    prometheus_runs(host)
    converges(run_pyinfra, host, merged(text))


def test_promtool_refuses_what_prometheus_may_not_read(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    lab_host.write("/etc/prometheus/lab.rules", b"groups: []\n")
    lab_host.run("chmod 0600 /etc/prometheus/lab.rules")
    text = OLD + b"rule_files: [lab.rules]\n"
    lab_host.write(CONFIG, text)
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host),
        f"promtool rejects the new {CONFIG}",
        "lab.rules: permission denied",
    )
    assert_serving(lab_host, text)
    assert_nothing_left(lab_host)


def test_prometheus_decides_if_promtool_rejects_the_file_as_it_is(
    lab_host: Host, run_pyinfra: Run
) -> None:
    text = OLD.replace(
        b"job_name: 'node'", b"job_name: 'node'\n    bearer_token_file: /etc/no-token"
    )
    begin(lab_host, text)
    lab_host.write(CONFIG, text)
    # Prometheus has not loaded this file, so nothing tells who is right.
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host),
        f"promtool rejects the new {CONFIG}, and rejects the file as it is for the same reason",
        '"/etc/no-token"',
        "have it loaded (sudo systemctl reload prometheus)",
    )
    assert lab_host.read(CONFIG) == text
    lab_host.run("systemctl reload prometheus; sleep 1")

    result = bootstrap(run_pyinfra, lab_host)

    assert result.returncode == 0, result.output
    assert "promtool rejects the file, but for the same reason as the file before" in result.stderr
    assert '"/etc/no-token"' in result.stderr
    assert lab_host.read(CONFIG) == merged(text)
    assert loaded_jobs(lab_host) == ["prometheus", "node", "pushgateway"]
    assert_nothing_left(lab_host)
    assert_unchanged_run(bootstrap(run_pyinfra, lab_host))
    # A verdict about our edit counts, and so does Prometheus's.
    interpose(lab_host, "promtool", "echo 'line 7: made up' >&2; exit 1")
    other = {"pushgateway_job_name": "other"}
    assert_refused(
        lab_host, bootstrap(run_pyinfra, lab_host, **other), "promtool rejects the new", "made up"
    )
    mend(lab_host)
    interpose(lab_host, "systemctl", "exit 1")
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host, **other),
        f"Prometheus rejected the new {CONFIG}; the old file was restored",
    )
    assert lab_host.read(CONFIG) == merged(text)


def test_prometheus_takes_the_old_text_again(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    # Like a promtool of another version, it accepts a field that this Prometheus does not know.
    interpose(lab_host, "promtool", f"echo 'unknown: 1' >>{CONFIG}.extra; exit 0", once=False)
    reject = f"grep -q pushgateway {CONFIG} && exit 1; exec /bin/kill -HUP $1"
    lab_host.write("/usr/local/sbin/reload", f"#!/bin/sh\n{reject}\n".encode())
    lab_host.run(
        "chmod 0755 /usr/local/sbin/reload; mkdir /etc/systemd/system/prometheus.service.d"
    )
    lab_host.write(
        "/etc/systemd/system/prometheus.service.d/reload.conf",
        b"[Service]\nExecReload=\nExecReload=/usr/local/sbin/reload $MAINPID\n",
    )
    lab_host.run("systemctl daemon-reload")
    taken = "curl -s localhost:9090/metrics | grep ^prometheus_config_last_reload_success_timestamp"
    before = lab_host.run(taken).stdout

    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host),
        f"Prometheus rejected the new {CONFIG}; the old file was restored",
        "Job for prometheus.service failed",
    )

    assert_serving(lab_host, OLD)
    assert_nothing_left(lab_host)
    assert lab_host.run(taken).stdout != before
    lab_host.run("rm -r /etc/systemd/system/prometheus.service.d; systemctl daemon-reload")
    converges(run_pyinfra, lab_host)


def test_somebody_mends_the_file_while_prometheus_refuses_it(
    lab_host: Host, run_pyinfra: Run
) -> None:
    begin(lab_host)
    interpose(lab_host, "systemctl", f"echo '# theirs' >>{CONFIG}; exit 1")
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host),
        f"Prometheus rejected {CONFIG}, and somebody else changed the file meanwhile",
        "so their version was kept",
    )
    assert_serving(lab_host, NEW + b"# theirs\n")
    assert lab_host.read(BACKUP) == OLD
    assert_nothing_left(lab_host)
    converges(run_pyinfra, lab_host, NEW + b"# theirs\n")


def test_prometheus_is_stopped_under_way(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    interpose(lab_host, "promtool", "systemctl stop prometheus")
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host),
        "the old file was restored",
        "not active",
        "journalctl",
    )
    assert lab_host.read(CONFIG) == OLD
    assert_nothing_left(lab_host)
    assert_refused(
        lab_host, bootstrap(run_pyinfra, lab_host), "prometheus.service is installed but inactive"
    )
    lab_host.run("systemctl start prometheus")
    converges(run_pyinfra, lab_host)


def test_prometheus_hangs(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    interpose(lab_host, "systemctl", "pkill -STOP -x prometheus")
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host, prometheus_reload_timeout=2),
        "the old file was restored",
        "It neither loaded nor rejected the configuration within 2 s",
    )
    lab_host.run("pkill -CONT -x prometheus")
    assert_serving(lab_host, OLD)
    converges(run_pyinfra, lab_host)


def test_a_reload_that_hangs_holds_no_lock(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    interpose(lab_host, "systemctl", "exec sleep 300", once=False)
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host),
        f"Prometheus rejected the new {CONFIG}; the old file was restored",
        "did not finish within 30 s",
    )
    assert lab_host.run("flock -n /run/pushgateway-lab.lock true", check=False).returncode == 0
    assert lab_host.run("pgrep -fc 'slee[p] 300'", check=False).stdout == "0\n"
    assert_serving(lab_host, OLD)
    assert_nothing_left(lab_host)
    converges(run_pyinfra, lab_host)
