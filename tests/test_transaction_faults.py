"""The transaction on the configuration file, on real hosts: concurrent writers, and interruptions.

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
    TRANSACTION_RUNS,
    Run,
    assert_converged,
    assert_nothing_left,
    assert_serving,
    before_command,
    begin,
    bootstrap,
    converges,
    digests,
    interpose,
    is_reached,
    mend,
    merged,
    transaction_is_over,
    transaction_runs,
    watched,
)
from waiting import wait_for, wait_on_host

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "3"))
COMMANDS_OF_A_RUN = 130
"""About the number of commands in two transactions, on the Pushgateway's file and on Prometheus's."""
COMMANDS_OF_A_TRANSACTION = 60
"""Fewer commands than one transaction on Prometheus's file has."""

pytestmark = pytest.mark.lab_host(packages=PACKAGES)
rounds = pytest.mark.parametrize("seed", range(ROUNDS))

Note = Callable[[bool], None]


@pytest.fixture
def note(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    worker_id: str,
) -> Note:
    """Return `note(hit)`, which records whether a round hit its window; the last round fails if none did.

    The rounds of a test may run in several processes of pytest.
    """
    base = tmp_path_factory.getbasetemp()
    name = request.node.originalname
    notes = (base if worker_id == "master" else base.parent) / f"{name}.notes"
    every = sum(getattr(item, "originalname", "") == name for item in request.session.items)

    def note(hit: bool) -> None:
        with notes.open("a", encoding="utf-8") as file:
            file.write("hit\n" if hit else "missed\n")
        noted = notes.read_text(encoding="utf-8").split()
        print(f"{noted.count('hit')} of {len(noted)} rounds hit")
        # A single round is run by hand, to find the reason of a failure.
        assert len(noted) < max(every, 2) or "hit" in noted, "no round hit what it is about"

    return note


# Concurrent writers


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
    # The second ln gives the old text its second name.
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
        f"sh -c 'exec 3>>{CONFIG}; until [ -e /run/save ]; do sleep 0.01; done; "
        'echo "# theirs" >&3; touch /run/saved\''
    )
    saved = "touch /run/save; until [ -e /run/saved ]; do sleep 0.01; done"
    interpose(host, "systemctl", saved)
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
        f"Somebody else changed {CONFIG} 5 times",
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
    assert_refused(lab_host, bootstrap(run_pyinfra, lab_host), f"{CONFIG} does not exist")


@rounds
def test_an_editor_writes_at_a_random_moment(
    seed: int, boot_host: Callable[..., Host], pyinfra_command: PyinfraCommand, note: Note
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a moment, not a secret
    in_place = seed % 2
    host = boot_host(suite="bookworm" if in_place else "trixie", packages=PACKAGES)
    begin(host)
    edit = f"echo '# theirs' >>{CONFIG}" if in_place else f"sed -i '$a # theirs' {CONFIG}"
    # Half of the moments are any, half are within the transaction.
    within = seed % 4 in (1, 2)
    if within:
        before_command(host, chance.randrange(1, COMMANDS_OF_A_TRANSACTION), "sleep 1")
    running = pyinfra_command.start(host, "-y", BOOTSTRAP, data=SETTINGS)
    if within:
        _reached(host, running)
    else:
        time.sleep(chance.uniform(0.6, 2.0))
    edited = host.run(f"if {TRANSACTION_RUNS}; then echo within; fi; {edit}")
    result = pyinfra_command.finish(running)
    assert result.returncode == 0, result.output
    note(edited.stdout == "within\n")
    text = host.read(CONFIG)
    assert text in (merged(OLD + b"# theirs\n"), NEW + b"# theirs\n"), text.decode()
    converges(pyinfra_command.run, host, text)


@rounds
def test_two_runs_at_once(
    seed: int, lab_host: Host, pyinfra_command: PyinfraCommand, note: Note
) -> None:
    begin(lab_host)
    # One run is held up while it has the lock, and the other finds the lock taken.
    interpose(lab_host, "promtool", "sleep 0.5", once=False)
    taken = "flock -n /run/pushgateway-lab.lock true || : >/run/contended"
    interpose(lab_host, "flock", taken, once=False)
    names = ("pushgateway", "pushgateway" if seed % 2 == 0 else "other")
    with watched(lab_host) as watch:
        started = [
            pyinfra_command.start(
                lab_host, "-y", BOOTSTRAP, data=SETTINGS | {"pushgateway_job_name": name}
            )
            for name in names
        ]
        results = [pyinfra_command.finish(each) for each in started]
    # A run with another name moves the job of the one before it, which then finds no target of its own name.
    (kept,) = [name for name in loaded_jobs(lab_host) if name not in ("prometheus", "node")]
    for name, result in zip(names, results, strict=True):
        lost = f"Prometheus has no target localhost:9091 of the job {name}."
        assert result.returncode == 0 or (name != kept and lost in result.stderr), result.output
    assert 0 in [result.returncode for result in results]
    assert_converged(lab_host, merged(OLD, kept), [kept])
    assert watch.texts() <= digests(OLD, *(merged(OLD, name) for name in names))
    note(lab_host.run("test -e /run/contended", check=False).returncode == 0)
    mend(lab_host)
    for name in (kept, "pushgateway"):
        result = bootstrap(pyinfra_command.run, lab_host, pushgateway_job_name=name)
        assert result.returncode == 0, result.output
        assert_converged(lab_host, merged(OLD, name), [name])


# Interrupted runs


@rounds
def test_pyinfra_is_killed_at_a_random_moment(
    seed: int, lab_host: Host, pyinfra_command: PyinfraCommand, note: Note
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a moment, not a secret
    begin(lab_host)
    # Half of the moments are any, half are within the transaction.
    within = seed % 2
    if within:
        before_command(lab_host, chance.randrange(1, COMMANDS_OF_A_TRANSACTION), "sleep 1")
    with watched(lab_host) as watch:
        running = pyinfra_command.start(lab_host, "-y", BOOTSTRAP, data=SETTINGS)
        if within:
            _reached(lab_host, running)
        else:
            time.sleep(chance.uniform(0, 2.5))
        running.send_signal(signal.SIGKILL)
        running.wait()
        hit = transaction_runs(lab_host)
        transaction_is_over(lab_host)
    note(hit)
    assert_serving(lab_host, OLD, NEW)
    assert watch.texts() <= digests(OLD, NEW)
    converges(pyinfra_command.run, lab_host)


def _reached(host: Host, running: "subprocess.Popen[str]") -> None:
    """Wait until a run has reached the command of `before_command`."""
    wait_for(lambda: is_reached(host) or running.poll() is not None, "the command is reached")
    assert is_reached(host), "the transaction had fewer commands"


_STEPS = range(1, COMMANDS_OF_A_RUN, max(1, 36 // ROUNDS))


@pytest.mark.parametrize("number", _STEPS)
def test_it_is_killed_on_the_host_before_a_command(
    number: int, lab_host: Host, run_pyinfra: Run, note: Note
) -> None:
    begin(lab_host)
    lab_host.write(DEFAULTS, b"ARGS=--web.listen-address=127.0.0.1:9091\n")
    before_command(lab_host, number, KILL)
    with watched(lab_host) as watch:
        killed = bootstrap(run_pyinfra, lab_host)
        transaction_is_over(lab_host)
    was_reached = is_reached(lab_host)
    assert killed.returncode == was_reached, killed.output
    note(was_reached)
    assert "Traceback" not in killed.output
    if was_reached:
        assert "did not report a result" in killed.stderr
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
        f"The transaction on {CONFIG} did not report a result",
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
    # Without a reader, the transfer stops when SSH's window of 2 MB is full.
    interpose(lab_host, "cat", "touch /run/receiving; sleep 3")
    with DelayingProxy(lab_host.address, latency=0) as proxy:
        through = {"ssh_hostname": "127.0.0.1", "ssh_port": proxy.port}
        through["ssh_strict_host_key_checking"] = "no"
        running = pyinfra_command.start(lab_host, "-y", BOOTSTRAP, data=SETTINGS | through)
        wait_on_host(lab_host, "test -e /run/receiving", 60)
        time.sleep(0.5)
    cut = pyinfra_command.finish(running)
    assert_refused(lab_host, cut, f"The transaction on {CONFIG} did not report a result")
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
