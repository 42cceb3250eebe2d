"""Hosts without systemd: Debian's packages with their init scripts, and a container that starts its servers itself."""

import os
import pwd
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import shapes
from expectations import (
    BOOTSTRAP,
    FAST,
    INSTALLED,
    PREPARE,
    RESET,
    VERIFY,
    assert_unchanged_run,
)
from labhost import Host, PyinfraResult
from pushgateway_lab import services
from pushgateway_lab.run.host_files import host_file
from pushgateway_lab.services import FUNCTIONS

Run = Callable[..., PyinfraResult]


def test_commands_for_people() -> None:
    init = services.manager("init")
    assert init is not None
    commands = init.service("prometheus.service", main_pid=7).commands
    assert commands.start == "sudo service prometheus start"
    assert commands.reload == "sudo kill -HUP 7"
    assert (
        commands.disable_and_stop
        == "sudo service prometheus stop && sudo update-rc.d prometheus disable"
    )
    assert init.service("prometheus").commands.reload == commands.restart
    assert "systemctl" not in " ".join(commands)


def test_the_managers_are_known_by_what_the_host_says() -> None:
    names = [each and each.name for each in map(services.manager, ("systemd", "init", "", None))]
    assert names == ["systemd", "init", None, None]
    assert FUNCTIONS[0] == "systemd.sh"  # the other one replaces functions of it


USER = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
"""A user who is not root."""


@pytest.mark.parametrize(
    ("text", "is_started"),
    [
        # As Debian's scripts have it, where the script has the name of a user.
        (f"NAME={USER}\nUSER=$NAME\nGROUP=$NAME\n", True),
        (f"USER={USER}\nGROUP=$USER\n", True),
        (f'NAME=x\nUSER="{USER}"\n', True),
        # Of somebody else.
        (f"DAEMON_USER='{USER}'\n", True),
        (f"start-stop-daemon --start --chuid {USER}:{USER} --exec $DAEMON\n", True),
        (f"start-stop-daemon -S -c {USER} -x $DAEMON\n", True),
        # The id of a server that ended is that of a program of another user.
        ("NAME=daemon\nUSER=$NAME\n", False),
        (f"NAME={USER}\nUSER=daemon\n", False),
        ("USER=no-such-user\n", False),
        (f"# for {USER}\nDESC={USER}\nNAME={USER}\n", False),
        (f"DAEMON_USER={USER}s\n", False),
        ("", False),
    ],
)
def test_only_a_process_of_root_or_of_the_user_of_the_script_is_its_own(
    tmp_path: Path, text: str, *, is_started: bool
) -> None:
    script = tmp_path / "a-lab-test"
    script.write_text(text)
    functions = host_file("init-scripts.sh").replace("/run/systemd/system", "/nonexistent")
    ask = f'{functions}\nscript=$1; if is_of_script_user "$2"; then echo yes; else echo no; fi'

    def answer(process: int) -> str:
        shell = ["/bin/sh", "-c", ask, "sh", str(script), str(process)]
        done = subprocess.run(shell, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout.strip()

    with subprocess.Popen(["/bin/sleep", "60"], user=USER, cwd="/") as process:
        try:
            assert answer(process.pid) == ("yes" if is_started else "no")
        finally:
            process.kill()
    if os.geteuid() == 0:
        assert answer(os.getpid()) == "yes"
    assert answer(0) == "no"


@pytest.mark.parametrize("suite", ["bullseye", "bookworm", "forky"])
def test_a_bare_host_is_set_up_with_the_scripts_of_the_packages(
    suite: str, boot_host: Callable[..., Host], run_pyinfra: Run
) -> None:
    host = boot_host(suite=suite, systemd=False)
    result = run_pyinfra(host, "-y", BOOTSTRAP, data=FAST)
    assert result.returncode == 0, result.output
    assert "Proven" in result.stderr
    # Its package did not start it on all interfaces, and nothing is left of what prevented that.
    assert host.run("pgrep -xc prometheus-push").stdout == "1\n"
    assert host.run("ls /usr/sbin/policy-rc.d", check=False).returncode != 0
    assert_unchanged_run(run_pyinfra(host, "-y", BOOTSTRAP, data=FAST))
    assert f"{host.name}  configured" in run_pyinfra(host, "-y", VERIFY, data=FAST).stdout
    for deploy in (RESET, PREPARE):
        done = run_pyinfra(host, "-y", deploy, data=FAST)
        assert done.returncode == 0, done.output
    assert_unchanged_run(run_pyinfra(host, "-y", PREPARE, data=FAST))
    pruned = run_pyinfra(host, "-y", PREPARE, data=FAST | {"pushgateway_prune_after": "1h"})
    assert "a timer of systemd, which does not run on this host" in pruned.stderr


@pytest.mark.lab_host(packages=INSTALLED, systemd=False)
def test_what_verify_shows_mends_and_a_rejected_file_is_taken_back(
    lab_host: Host, run_pyinfra: Run
) -> None:
    stopped = run_pyinfra(lab_host, "-y", VERIFY, data=FAST)
    shown = "sudo update-rc.d prometheus defaults && sudo service prometheus start"
    assert f"prometheus is inactive: somebody stopped it.\n      {shown}\n" in stopped.stdout
    assert "systemctl" not in stopped.output
    lab_host.run(f"{shown}; {shown.replace('prometheus', 'prometheus-pushgateway')}")
    shapes.both_answer(lab_host)
    # promtool does not open this file; Prometheus does, and says in its log why it rejects the configuration.
    before = lab_host.read(shapes.CONFIG)
    broken = (
        before
        + b"# \n"
        + b"remote_write:\n  - url: http://x\n    name: a\n  - url: http://y\n    name: a\n"
    )
    lab_host.run("mv /usr/bin/promtool /root/")
    lab_host.write(shapes.CONFIG, broken)
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert result.returncode == 1
    assert "name" in result.stderr, result.stderr
    assert lab_host.read(shapes.CONFIG) == broken
    lab_host.write(shapes.CONFIG, before)
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert result.returncode == 0, result.output


@pytest.mark.lab_host(packages=INSTALLED, systemd=False)
def test_a_link_in_the_directory_of_the_log_shows_nobody_else_s_file(
    lab_host: Host, run_pyinfra: Run
) -> None:
    lab_host.run("chown prometheus /var/log/prometheus")
    lab_host.run("ln -sf /etc/shadow /var/log/prometheus/prometheus.log")
    for deploy in (BOOTSTRAP, VERIFY):
        result = run_pyinfra(lab_host, "-y", "-vvv", deploy, data=FAST)
        assert result.returncode == 1
        assert "root:*:" not in result.output


@pytest.mark.lab_host(packages=INSTALLED, systemd=False)
def test_the_id_of_a_process_that_ended_is_not_the_service_s(
    lab_host: Host, run_pyinfra: Run
) -> None:
    lab_host.run("service prometheus start; service prometheus-pushgateway start")
    shapes.both_answer(lab_host)
    lab_host.run("pkill -KILL -x prometheus; pgrep -o sshd >/run/prometheus/prometheus.pid")
    verified = run_pyinfra(lab_host, "-y", VERIFY, data=FAST)
    assert "prometheus is inactive: somebody stopped it." in verified.stdout


@pytest.mark.lab_host(packages=INSTALLED, systemd=False)
def test_servers_that_a_container_starts_itself_are_used_as_they_run(
    lab_host: Host, run_pyinfra: Run
) -> None:
    for program in ("prometheus", "prometheus-pushgateway --web.enable-admin-api"):
        lab_host.run(
            "mkdir -p /srv/data; chown prometheus /srv/data; cd /srv/data; "
            f"setsid setpriv --reuid=prometheus --regid=prometheus --clear-groups /usr/bin/{program} >/dev/null 2>&1 </dev/null &"
        )
    shapes.both_answer(lab_host)
    lab_host.run("chown prometheus: /etc/prometheus /etc/prometheus/prometheus.yml")
    processes = lab_host.run("pgrep prometheus").stdout
    data = FAST | {"pushgateway_allow_open_admin_api": True}
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data)
    assert result.returncode == 0, result.output
    assert "Proven" in result.stderr
    assert lab_host.run("pgrep prometheus").stdout == processes
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data))
