"""Transactions that end early, while a directory is closed: by a kill, a signal, a rejection; and the run after them."""

from collections.abc import Iterator

import pytest

from attackers import Attacker
from expectations import BOOTSTRAP, CONFIG, HAND_EDITED, assert_refused, assert_unchanged_run
from labhost import Host
from shared_directories import (
    DIRECTORY,
    NOTE,
    RIGHTS,
    Run,
    assert_open,
    bootstrap,
    mode,
    shared_directory,
)
from transactions import (
    KILL,
    NEW,
    PACKAGES,
    SETTINGS,
    assert_nothing_left,
    interpose,
    mend,
    transaction_is_over,
)

pytestmark = pytest.mark.lab_host(packages=PACKAGES)


@pytest.fixture
def host(module_host: Host) -> Iterator[Host]:
    with shared_directory(module_host):
        yield module_host


KILLS = {
    "before the closing": ("chmod", KILL),
    "within": ("promtool", KILL),
    "after the rename": ("systemctl", KILL),
    "before the opening": ("chmod", f'[ "$1" != 770 ] || {{ {KILL}; }}'),
}


@pytest.mark.parametrize("moment", KILLS)
def test_the_run_after_a_killed_one_opens_the_directory(
    moment: str, host: Host, run_pyinfra: Run
) -> None:
    before = host.run(RIGHTS).stdout
    command, shell = KILLS[moment]
    interpose(host, command, shell, once=False)
    killed = bootstrap(run_pyinfra, host)
    transaction_is_over(host)
    assert_refused(host, killed, "did not report a result")
    assert host.run(f"test -f {NOTE}").returncode == 0
    assert mode(host) == ("770" if moment == "before the closing" else "750")
    assert host.run(f"stat -c '%u %a' {NOTE}").stdout == "0 600\n"
    mend(host)
    healed = bootstrap(run_pyinfra, host)
    assert healed.returncode == 0, healed.output
    assert host.read(CONFIG) == NEW
    assert host.run(RIGHTS).stdout == before
    assert_open(host)
    assert_nothing_left(host)
    assert_unchanged_run(run_pyinfra(host, "-y", BOOTSTRAP, data=SETTINGS))


def test_a_signal_opens_the_directory_at_once(host: Host, run_pyinfra: Run) -> None:
    interpose(host, "promtool", KILL.partition(";")[0].replace("KILL", "TERM"))
    result = bootstrap(run_pyinfra, host)
    transaction_is_over(host)
    assert_refused(host, result, "did not report a result")
    assert_open(host)
    assert host.read(CONFIG) == HAND_EDITED


def test_a_rejected_file_opens_the_directory(host: Host, run_pyinfra: Run) -> None:
    host.write("/usr/local/bin/promtool", b"#!/bin/sh\n! grep job_name:.*pushgateway $3\n")
    host.run("chmod 755 /usr/local/bin/promtool")
    result = bootstrap(run_pyinfra, host)
    assert_refused(host, result, "promtool rejects the new")
    assert_open(host)


@pytest.mark.parametrize("change", ["chmod 711", "chgrp student"])
def test_the_rights_that_somebody_gave_meanwhile_stay(
    change: str, host: Host, run_pyinfra: Run
) -> None:
    host.run(f"chmod 775 {DIRECTORY}")
    interpose(host, "systemctl", f"{change} {DIRECTORY}; {KILL}")
    bootstrap(run_pyinfra, host)
    transaction_is_over(host)
    rights = host.run(f"stat -c %G:%a {DIRECTORY}").stdout
    mend(host)
    result = bootstrap(run_pyinfra, host)
    assert result.returncode == 0, result.output
    assert host.run(f"stat -c %G:%a {DIRECTORY}").stdout == rights
    assert host.run(f"ls {NOTE}*", check=False).stdout == ""
    host.run(f"chgrp prometheus {DIRECTORY}; chmod 770 {DIRECTORY}")


@pytest.mark.parametrize(
    ("swap", "then", "upper"),
    [
        ("ln -s /srv/victim b", "true", "770"),
        ("ln -s /srv/victim b", "chmod 755 /srv/a", "755"),
        ("mkdir -m 750 b", "chmod 755 /srv/a", "755"),
    ],
)
def test_a_directory_put_in_the_place_of_a_closed_one_is_not_opened(
    swap: str, then: str, upper: str, host: Host, run_pyinfra: Run
) -> None:
    """The run was killed, root opened the upper directory by hand, and a member of the group swaps the lower one."""
    host.run(
        f"chmod 755 {DIRECTORY}; mkdir -p /srv/a/b /srv/victim && mv {CONFIG} /srv/a/b/p.yml && "
        f"ln -s /srv/a/b/p.yml {CONFIG} && chown root:prometheus /srv/a /srv/a/b /srv/victim && "
        "chmod 770 /srv/a /srv/a/b && chmod 750 /srv/victim"
    )
    interpose(host, "promtool", KILL)
    bootstrap(run_pyinfra, host)
    transaction_is_over(host)
    mend(host)
    assert host.run(f"wc -l <{NOTE}").stdout == "2\n"
    host.run("chmod 770 /srv/a")
    Attacker(host, "prometheus").run(f"cd /srv/a && mv b c && {swap}")
    assert bootstrap(run_pyinfra, host).returncode == 1
    host.run(f"{then}; rm {CONFIG}")
    host.write(CONFIG, HAND_EDITED)
    result = bootstrap(run_pyinfra, host)
    assert result.returncode == 0, result.output
    listed = host.run("stat -c '%n %a' /srv/victim /srv/a /srv/a/c").stdout
    assert listed == f"/srv/victim 750\n/srv/a {upper}\n/srv/a/c 750\n"
    assert host.run("ls -A /srv/victim").stdout == ""
    assert host.run(f"ls {NOTE}*", check=False).stdout == ""
