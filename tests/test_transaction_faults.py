"""The transaction on the configuration file, on real hosts: who interferes, and what ends it.

The tests of random moments run FAULT_ROUNDS times each (3 if not given); the long campaign is

    make faults
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from expectations import BOOTSTRAP, CONFIG, DEFAULTS, assert_refused, loaded_jobs
from labhost import Host, PyinfraCommand
from labhost.proxy import DelayingProxy
from transactions import (
    BACKUP,
    KILL,
    NEW,
    OLD,
    PACKAGES,
    SETTINGS,
    Run,
    assert_converged,
    assert_nothing_left,
    assert_serving,
    begin,
    bootstrap,
    converges,
    digests,
    interpose,
    kill_before_command,
    merged,
    transaction_is_over,
    watched,
)
from waiting import wait_on_host

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "3"))
COMMANDS_OF_A_RUN = 100
"""A few more than two transactions start, on the Pushgateway's file and on Prometheus's."""

pytestmark = pytest.mark.lab_host(packages=PACKAGES)
rounds = pytest.mark.parametrize("seed", range(ROUNDS))


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
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host),
        f"{CONFIG} was changed by somebody else 5 times",
        "Run this again",
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
    assert_refused(lab_host, bootstrap(run_pyinfra, lab_host), f"{CONFIG} is absent")


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
    interpose(lab_host, "systemctl", KILL)
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host),
        f"The transaction on {CONFIG} ended without a word",
    )
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


LARGE = OLD + b"# a remark of sixty characters, so that there is much to send\n" * 31_000


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
        wait_on_host(lab_host, "test -e /run/receiving", 60)
        time.sleep(0.5)
    cut = pyinfra_command.finish(running)
    assert_refused(lab_host, cut, f"The transaction on {CONFIG} ended without a word")
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
    wait_on_host(lab_host, "test -e /run/receiving", 60)
    frozen.send_signal(signal.SIGSTOP)
    try:
        converges(pyinfra_command.run, lab_host, merged(LARGE))
    finally:
        frozen.send_signal(signal.SIGCONT)
    thawed = pyinfra_command.finish(frozen)
    assert thawed.returncode == 0, thawed.output
    assert_converged(lab_host, merged(LARGE))
