"""The transaction on the configuration file, on real hosts: what it keeps, and what it survives.

The tests of random moments run FAULT_ROUNDS times each (3 if not given); the long campaign is

    FAULT_ROUNDS=50 .venv/bin/pytest -n 3 tests/test_transaction.py
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from expectations import CONFIG, DEFAULTS, assert_unchanged_run, wait_for
from labhost import Host, PyinfraCommand, PyinfraResult, faults
from labhost.proxy import DelayingProxy
from transactions import (
    BACKUP,
    NEW,
    OLD,
    PACKAGES,
    SETTINGS,
    assert_converged,
    assert_nothing_left,
    assert_serving,
    begin,
    digests,
    interpose,
    kill_before_command,
    loaded_jobs,
    mend,
    merged,
    transaction_is_over,
    watched,
)

BOOTSTRAP = "deploy/bootstrap.py"
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "3"))
COMMANDS_OF_A_RUN = 100
"""A few more than two transactions start, on the Pushgateway's file and on Prometheus's."""

Run = Callable[..., PyinfraResult]

pytestmark = pytest.mark.lab_host(packages=PACKAGES)
rounds = pytest.mark.parametrize("seed", range(ROUNDS))


def bootstrap(run_pyinfra: Run, host: Host, **data: object) -> PyinfraResult:
    return run_pyinfra(host, "-y", BOOTSTRAP, data=SETTINGS | data)


def refused(run_pyinfra: Run, host: Host, *says: str, **data: object) -> None:
    """A run fails on this host with these words, and with no traceback."""
    result = bootstrap(run_pyinfra, host, **data)
    assert result.returncode == 1, result.output
    assert "Traceback" not in result.output
    for words in says:
        assert words in result.stderr, result.stderr
    first = [line for line in result.stderr.splitlines() if says[0] in line]
    assert all(f"[{host.name}] " in line for line in first), result.stderr


def converges(run_pyinfra: Run, host: Host, text: bytes = NEW) -> None:
    """The next run ends well, and the one after it has nothing left to do."""
    mend(host)
    result = bootstrap(run_pyinfra, host)
    assert result.returncode == 0, result.output
    assert_converged(host, text)
    assert_unchanged_run(bootstrap(run_pyinfra, host))


# What it keeps


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
    lab_host.run("rm -r /etc/prometheus/rules")
    missing = '"/etc/prometheus/rules/lab.rules" does not point to an existing file'
    refused(run_pyinfra, lab_host, "promtool refuses", missing, pushgateway_job_name="other")


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
    # It looks without a pause, but between any two steps it must have the time to.
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
    assert f"[{lab_host.name}] promtool accepts the file, and says about it:" in result.stderr
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


# Somebody else writes


@pytest.mark.parametrize(
    "edit",
    [f"echo '# theirs' >>{CONFIG}", f"sed -i '$a # theirs' {CONFIG}"],
    ids=["in place", "by a rename"],
)
@pytest.mark.parametrize("moment", ["flock", "promtool", "ln"])
def test_an_editor_writes_between_look_and_act(
    edit: str, moment: str, lab_host: Host, run_pyinfra: Run
) -> None:
    begin(lab_host)
    # The second ln is the one that gives the old text its second name.
    guard = '[ "$1" = -s ] || ' if moment == "ln" else ""
    interpose(
        lab_host, moment, f"{guard}[ -e /run/edited ] || {{ : >/run/edited; {edit}; }}", once=False
    )
    result = bootstrap(run_pyinfra, lab_host)
    assert result.returncode == 0, result.output
    assert_converged(lab_host, merged(OLD + b"# theirs\n"))
    assert lab_host.read(BACKUP) == OLD + b"# theirs\n"
    converges(run_pyinfra, lab_host, merged(OLD + b"# theirs\n"))


@pytest.mark.parametrize(
    ("suite", "edit"),
    [
        ("bookworm", f"echo '# theirs' >>{CONFIG}"),
        ("trixie", f"echo '# theirs' >>{CONFIG}"),
        # Only an exchange shows what a rename displaces: not before Debian 13.
        ("trixie", f"sed -i '$a # theirs' {CONFIG}"),
    ],
)
def test_an_editor_writes_after_the_last_look(
    suite: str, edit: str, boot_host: Callable[..., Host], run_pyinfra: Run
) -> None:
    host = boot_host(suite=suite, packages=PACKAGES)
    begin(host)
    rename = f'[ "$1" = --help ] || [ -e /run/edited ] || {{ : >/run/edited; {edit}; }}'
    interpose(host, "mv", rename, once=False)
    result = bootstrap(run_pyinfra, host)
    assert result.returncode == 0, result.output
    assert host.run("test -e /run/edited").returncode == 0
    assert_converged(host, merged(OLD + b"# theirs\n"))
    converges(run_pyinfra, host, merged(OLD + b"# theirs\n"))


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_an_editor_that_has_the_old_file_open_writes_after_the_rename(
    suite: str, boot_host: Callable[..., Host], run_pyinfra: Run
) -> None:
    host = boot_host(suite=suite, packages=PACKAGES)
    begin(host)
    host.run(
        "systemd-run --quiet --unit=editor "
        f"sh -c 'exec 3>>{CONFIG}; until [ -e /run/save ]; do sleep 0.01; done; echo \"# theirs\" >&3'"
    )
    interpose(host, "systemctl", "touch /run/save; sleep 0.5")
    result = bootstrap(run_pyinfra, host)
    assert result.returncode == 0, result.output
    assert_converged(host, merged(OLD + b"# theirs\n"))
    converges(run_pyinfra, host, merged(OLD + b"# theirs\n"))


def test_an_editor_that_never_stops_is_given_way(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    interpose(lab_host, "flock", f"echo '# theirs' >>{CONFIG}", once=False)
    refused(
        run_pyinfra, lab_host, f"{CONFIG} was changed by somebody else 5 times", "Run this again"
    )
    text = OLD + b"# theirs\n" * 5
    assert_serving(lab_host, text)
    converges(run_pyinfra, lab_host, merged(text))


def test_the_file_or_its_symlink_vanishes_under_way(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    other = OLD.replace(b"platform", b"other")
    lab_host.write("/etc/prometheus/other", other)
    interpose(lab_host, "promtool", f"ln -sf other {CONFIG}")
    result = bootstrap(run_pyinfra, lab_host)
    assert result.returncode == 0, result.output
    assert lab_host.read("/etc/prometheus/other") == merged(other)
    lab_host.write("/etc/prometheus/other", OLD)
    interpose(lab_host, "sync", f"rm {CONFIG}")
    refused(run_pyinfra, lab_host, f"{CONFIG} is absent")


@rounds
def test_an_editor_writes_at_a_random_moment(
    seed: int, boot_host: Callable[..., Host], pyinfra_command: PyinfraCommand
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a moment, not a secret
    in_place = seed % 2
    host = boot_host(suite="bookworm" if in_place else "trixie", packages=PACKAGES)
    begin(host)
    edit = f"echo '# theirs' >>{CONFIG}" if in_place else f"sed -i '$a # theirs' {CONFIG}"
    running = pyinfra_command.start(host, "-y", BOOTSTRAP, data=SETTINGS)
    time.sleep(chance.uniform(0.6, 2.0))
    host.run(edit)
    result = pyinfra_command.finish(running)
    assert result.returncode == 0, result.output
    text = host.read(CONFIG)
    assert text in (merged(OLD + b"# theirs\n"), NEW + b"# theirs\n"), text.decode()
    converges(pyinfra_command.run, host, text)


@rounds
def test_two_runs_at_once(seed: int, lab_host: Host, pyinfra_command: PyinfraCommand) -> None:
    begin(lab_host)
    names = ("pushgateway", "pushgateway" if seed % 2 == 0 else "other")
    with watched(lab_host) as watch:
        started = [
            pyinfra_command.start(
                lab_host, "-y", BOOTSTRAP, data=SETTINGS | {"pushgateway_job_name": name}
            )
            for name in names
        ]
        results = [pyinfra_command.finish(each) for each in started]
    assert [result.returncode for result in results] == [0, 0], results
    jobs = [name for name in loaded_jobs(lab_host) if name not in ("prometheus", "node")]
    assert sorted(jobs) == sorted(set(names))
    assert_converged(lab_host, merged(OLD, *jobs), jobs)
    assert watch.texts() <= digests(OLD, merged(OLD, jobs[0]), merged(OLD, *jobs))
    converges(pyinfra_command.run, lab_host, merged(OLD, *jobs)) if len(jobs) == 1 else None


# Nothing can be written


def test_a_full_disk(lab_host: Host, run_pyinfra: Run) -> None:
    text = OLD + b"# much\n" * 3000
    begin(lab_host, text)
    # Its own pages fit, a second copy does not.
    with faults.tiny_disk(lab_host, "/etc/prometheus", size="40k"):
        lab_host.run("systemctl restart prometheus")
        begin(lab_host, text)
        refused(
            run_pyinfra,
            lab_host,
            f"{CONFIG} could not be replaced and was not changed: ",
            "No space left on device",
            "Make room there",
        )
        assert_serving(lab_host, text)
        assert_nothing_left(lab_host)
        assert not lab_host.run(f"ls {BACKUP}", check=False).stdout
    begin(lab_host, text)
    converges(run_pyinfra, lab_host, merged(text))


def test_a_read_only_file_system(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    with faults.read_only(lab_host, "/etc/prometheus"):
        refused(
            run_pyinfra,
            lab_host,
            f"{CONFIG} could not be replaced and was not changed: ",
            "Read-only file system",
            "make it writable",
        )
        assert_serving(lab_host, OLD)
    converges(run_pyinfra, lab_host)


@pytest.mark.parametrize("what", [CONFIG, "/etc/prometheus"])
def test_an_immutable_file_or_directory(what: str, lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    lab_host.write(BACKUP, b"an earlier one")
    lab_host.run(f"chattr +i {what}")
    try:
        refused(
            run_pyinfra,
            lab_host,
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
    lab_host.run("until ! flock -n /run/pushgateway-lab.lock true; do sleep 0.05; done")
    refused(
        run_pyinfra,
        lab_host,
        "Another run has held /run/pushgateway-lab.lock for 7 s",
        "Run this again when that run is done",
        prometheus_reload_timeout=1,
    )
    assert_serving(lab_host, OLD)
    lab_host.run("systemctl stop holder")
    converges(run_pyinfra, lab_host)


def test_the_lock_cannot_be_taken(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    lab_host.run("mkdir /run/pushgateway-lab.lock")
    refused(
        run_pyinfra, lab_host, f"{CONFIG} could not be replaced", "cannot open /run/pushgateway"
    )
    assert_serving(lab_host, OLD)
    lab_host.run("rmdir /run/pushgateway-lab.lock")
    converges(run_pyinfra, lab_host)


# Somebody refuses


def test_promtool_refuses_the_job(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    interpose(lab_host, "promtool", "echo 'line 7: made up' >&2; exit 1")
    refused(run_pyinfra, lab_host, f"promtool refuses {CONFIG}", "line 7: made up", "Mend the file")
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
    # The job's own text will do, but not with the rules, which root may read and Prometheus may not.
    host.write("/etc/prometheus/lab.rules", b"groups: []\n")
    host.run("chmod 0600 /etc/prometheus/lab.rules")
    text = OLD + b"rule_files: [lab.rules]\n"
    host.write(CONFIG, text)
    with watched(host) as watch:
        refused(
            run_pyinfra,
            host,
            f"Prometheus did not take the new {CONFIG}; the file is what it was",
            "Error reloading config",
            "lab.rules: permission denied",
            "journalctl -u prometheus.service",
        )
    assert_serving(host, text)
    assert loaded_jobs(host) == ["prometheus", "node"]
    assert_nothing_left(host)
    assert host.read(BACKUP) == b"an earlier one"
    assert watch.texts() <= digests(text, merged(text))
    host.run("chmod 0644 /etc/prometheus/lab.rules")
    converges(run_pyinfra, host, merged(text))


def test_prometheus_takes_the_old_text_again(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    # Like a promtool of another version: it accepts what this Prometheus does not know.
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

    refused(
        run_pyinfra,
        lab_host,
        f"Prometheus did not take the new {CONFIG}; the file is what it was",
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
    refused(
        run_pyinfra,
        lab_host,
        f"Prometheus did not take {CONFIG}, and somebody changed it meanwhile",
        "so it was left as it is",
    )
    assert_serving(lab_host, NEW + b"# theirs\n")
    assert lab_host.read(BACKUP) == OLD
    assert_nothing_left(lab_host)
    converges(run_pyinfra, lab_host, NEW + b"# theirs\n")


def test_prometheus_is_stopped_under_way(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    interpose(lab_host, "promtool", "systemctl stop prometheus")
    refused(run_pyinfra, lab_host, "the file is what it was", "not active", "journalctl")
    assert lab_host.read(CONFIG) == OLD
    assert_nothing_left(lab_host)
    refused(run_pyinfra, lab_host, "prometheus.service is installed but inactive")
    lab_host.run("systemctl start prometheus")
    converges(run_pyinfra, lab_host)


def test_prometheus_hangs(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    interpose(lab_host, "systemctl", "pkill -STOP -x prometheus")
    refused(
        run_pyinfra,
        lab_host,
        "the file is what it was",
        "It neither took nor refused the configuration within 2 s",
        prometheus_reload_timeout=2,
    )
    lab_host.run("pkill -CONT -x prometheus")
    assert_serving(lab_host, OLD)
    converges(run_pyinfra, lab_host)


# A run ends in the middle


@rounds
def test_pyinfra_is_killed_at_a_random_moment(
    seed: int, lab_host: Host, pyinfra_command: PyinfraCommand
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a moment, not a secret
    begin(lab_host)
    with watched(lab_host) as watch:
        running = pyinfra_command.start(lab_host, "-y", BOOTSTRAP, data=SETTINGS)
        # Half of the moments are any, half are in the steps that matter.
        if seed % 2:
            _read_until(running, "Merge the scrape job")
        time.sleep(chance.uniform(0, 0.6 if seed % 2 else 2.5))
        running.send_signal(signal.SIGKILL)
        running.wait()
        transaction_is_over(lab_host)
    assert_serving(lab_host, OLD, NEW)
    assert watch.texts() <= digests(OLD, NEW)
    converges(pyinfra_command.run, lab_host)


def _read_until(running: "subprocess.Popen[str]", words: str) -> None:
    assert running.stderr
    for line in running.stderr:
        if words in line:
            return


_STEPS = range(1, COMMANDS_OF_A_RUN, max(1, 36 // ROUNDS))


@pytest.mark.parametrize("number", _STEPS)
def test_it_is_killed_on_the_host_before_a_command(
    number: int, lab_host: Host, run_pyinfra: Run
) -> None:
    begin(lab_host)
    lab_host.write(DEFAULTS, b"ARGS=--web.listen-address=127.0.0.1:9091\n")
    kill_before_command(lab_host, number)
    with watched(lab_host) as watch:
        killed = bootstrap(run_pyinfra, lab_host)
        transaction_is_over(lab_host)
    assert killed.returncode in (0, 1)
    assert "Traceback" not in killed.output
    if killed.returncode:
        assert "ended without a word" in killed.stderr
        assert "Run this again" in killed.stderr
    assert_serving(lab_host, OLD, NEW)
    assert watch.texts() <= digests(OLD, NEW)
    converges(run_pyinfra, lab_host)


def test_it_is_killed_between_rename_and_reload(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    interpose(lab_host, "systemctl", "kill -KILL 0")
    refused(run_pyinfra, lab_host, f"The transaction on {CONFIG} ended without a word")
    assert_serving(lab_host, NEW)
    assert "pushgateway" not in loaded_jobs(lab_host)
    converges(run_pyinfra, lab_host)
    assert lab_host.read(BACKUP) == OLD


def test_what_a_killed_run_left_is_swept_though_all_is_right(
    lab_host: Host, run_pyinfra: Run
) -> None:
    begin(lab_host, NEW)
    lab_host.write("/etc/prometheus/.prometheus.yml.pushgateway-lab.abcdefgh", b"half a te")
    converges(run_pyinfra, lab_host)
    lab_host.write("/etc/default/.prometheus-pushgateway.pushgateway-lab.abcdefgh.previous", OLD)
    converges(run_pyinfra, lab_host)
    assert lab_host.read(f"{DEFAULTS}.before-pushgateway-lab") == OLD


LARGE = OLD + b"# a remark of sixty characters, so that there is much to send\n" * 50_000


def test_the_connection_is_cut_in_the_middle_of_the_transfer(
    lab_host: Host, pyinfra_command: PyinfraCommand
) -> None:
    begin(lab_host, LARGE)
    # With nobody reading, the transfer stops when SSH's window of 2 MB is full.
    interpose(lab_host, "cat", "touch /run/receiving; sleep 3")
    with DelayingProxy(lab_host.address, latency=0) as proxy:
        through = {"ssh_hostname": "127.0.0.1", "ssh_port": proxy.port}
        through["ssh_strict_host_key_checking"] = "no"
        running = pyinfra_command.start(lab_host, "-y", BOOTSTRAP, data=SETTINGS | through)
        wait_for(lambda: lab_host.run("test -e /run/receiving", check=False).returncode == 0)
        time.sleep(0.5)
    cut = pyinfra_command.finish(running)
    assert cut.returncode == 1, cut.output
    assert "Traceback" not in cut.output
    assert f"[{lab_host.name}] The transaction on {CONFIG} ended without a word" in cut.stderr
    transaction_is_over(lab_host)
    assert_serving(lab_host, LARGE)
    assert_nothing_left(lab_host)
    converges(pyinfra_command.run, lab_host, merged(LARGE))


def test_a_control_machine_that_freezes_in_the_transfer_holds_up_nobody(
    lab_host: Host, pyinfra_command: PyinfraCommand
) -> None:
    begin(lab_host, LARGE)
    interpose(lab_host, "cat", "touch /run/receiving; sleep 1")
    frozen = pyinfra_command.start(lab_host, "-y", BOOTSTRAP, data=SETTINGS)
    wait_for(lambda: lab_host.run("test -e /run/receiving", check=False).returncode == 0)
    frozen.send_signal(signal.SIGSTOP)
    try:
        converges(pyinfra_command.run, lab_host, merged(LARGE))
    finally:
        frozen.send_signal(signal.SIGCONT)
    thawed = pyinfra_command.finish(frozen)
    assert thawed.returncode == 0, thawed.output
    assert_converged(lab_host, merged(LARGE))
