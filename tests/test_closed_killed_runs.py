"""Runs that give a Pushgateway a password and are killed, on a real host: the next run finishes their work."""

from pathlib import Path

import pytest

from closed_hosts import accepts, assert_one_password, bootstrapped, health
from expectations import BOOTSTRAP, FAST, INSTALLED, assert_unchanged_run
from labhost import Host, PyinfraCommand
from transactions import transaction_is_over
from waiting import wait_for, wait_for_value
from web_looks import PASSWORD as OLD

NEW = "another one"
REACHED, KILLED = "/run/reached", "/run/killed"

pytestmark = pytest.mark.lab_host(packages=INSTALLED)

MOMENTS = {
    "between the files of both servers": ("mv", "*new/scrape-*"),
    "before Prometheus's new configuration": ("setpriv", "*promtool*"),
    "before Prometheus loads it": ("systemctl", "reload*"),
    "before the old files are removed": ("rm", "'-f -- scrape-'*"),
}
"""The command on the host before which a run is killed, and a pattern of the shell for its arguments."""

ROTATION, FIRST = True, False


@pytest.mark.parametrize(
    ("has_password", "moment", "goes_on"),
    [
        *((ROTATION, moment, False) for moment in MOMENTS),
        (ROTATION, "before Prometheus loads it", True),
        (FIRST, "between the files of both servers", False),
        (FIRST, "before Prometheus's new configuration", False),
    ],
)
def test_the_next_run_finishes_the_work_of_a_killed_one(
    module_host: Host,
    pyinfra_command: PyinfraCommand,
    users: dict[str, str],
    moment: str,
    *,
    has_password: bool,
    goes_on: bool,
) -> None:
    host, run = module_host, pyinfra_command.run
    data = FAST | {"pushgateway_basic_auth_users": users}
    bootstrapped(run, host, data if has_password else FAST)
    Path(users["trainer"]).write_text(NEW)
    command, arguments = MOMENTS[moment]
    stop_before(host, command, arguments, goes_on=goes_on)
    running = pyinfra_command.start(host, "-y", BOOTSTRAP, data=data)
    wait_for(lambda: exists(host, REACHED) or running.poll() is not None, moment)
    assert exists(host, REACHED), pyinfra_command.finish(running).output
    running.kill()
    running.wait()
    host.run(f": >{KILLED}")
    wait_for(lambda: not exists(host, REACHED), "its commands on the host have ended")
    transaction_is_over(host)
    host.run(f"rm /usr/local/bin/{command} {KILLED}")
    # The Pushgateway's side was first, but for its flag.
    is_asked = has_password or command != "mv"
    assert accepts(host, NEW)
    assert accepts(host, OLD) is not is_asked
    if is_asked and not goes_on and command != "rm":
        wait_for_value(lambda: health(host), ["down"])

    assert "; it was changed\n" in bootstrapped(run, host, data).stderr
    assert health(host) == ["up"]
    assert accepts(host, NEW)
    assert not accepts(host, OLD)
    assert_one_password(host, "web.yml")
    assert_unchanged_run(run(host, "-y", BOOTSTRAP, data=data))
    assert health(host) == ["up"]


def stop_before(host: Host, command: str, arguments: str, *, goes_on: bool) -> None:
    """Stop before the first call of a command with such arguments, until the run was killed on this machine.

    + goes_on: whether the commands on the host go on then; False: all of them are killed, too
    """
    kill = "kill -KILL $(ps -o pid= --sid $(ps -o sid= -p $$))"
    host.write(
        f"/usr/local/bin/{command}",
        f"""#!/bin/sh
        PATH=/usr/sbin:/usr/bin:/sbin:/bin
        case "$*" in
        {arguments})
            if [ ! -e {KILLED} ] && mkdir {REACHED}; then
                until [ -e {KILLED} ]; do sleep 0.05; done
                rmdir {REACHED}
                {":" if goes_on else kill}
            fi ;;
        esac
        exec {command} "$@"
        """.encode(),
    )
    host.run(f"chmod 0755 /usr/local/bin/{command}")


def exists(host: Host, path: str) -> bool:
    return host.run(f"test -e {path}", check=False).returncode == 0
