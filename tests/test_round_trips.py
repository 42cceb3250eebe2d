"""How often a run asks a host: the budget of docs/architecture.md, counted by the host's own sshd."""

from collections.abc import Callable

import pytest

from expectations import BOOTSTRAP, CONFIG, FAST, assert_unchanged_run
from labhost import Host, PyinfraResult

UNPROVEN = FAST | {"pushgateway_smoke": "never"}


@pytest.fixture
def sessions(lab_host: Host) -> Callable[[], int]:
    """How many commands the host was asked to run since the last question."""
    lab_host.run("echo 'LogLevel VERBOSE' >/etc/ssh/sshd_config.d/00-verbose.conf")
    lab_host.run("systemctl restart ssh")
    asked = 0

    def since_then() -> int:
        nonlocal asked
        before = asked
        # Of a session's processes, only one logs this line.
        log = lab_host.run(
            "journalctl --sync; journalctl -o cat | grep -c 'Starting session:'", check=False
        )
        asked = int(log.stdout)
        return asked - before

    return since_then


def test_the_budget(
    lab_host: Host, run_pyinfra: Callable[..., PyinfraResult], sessions: Callable[[], int]
) -> None:
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=UNPROVEN).returncode == 0
    assert sessions() <= 20

    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=UNPROVEN))
    assert sessions() == 1

    lab_host.write(CONFIG, lab_host.read(CONFIG) + b"\n# by hand\n")
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=UNPROVEN).returncode == 0
    assert sessions() <= 4


@pytest.mark.lab_host(user="trainer")
def test_sudo_costs_no_round_trip(
    lab_host: Host, run_pyinfra: Callable[..., PyinfraResult], sessions: Callable[[], int]
) -> None:
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=UNPROVEN, sudo=True).returncode == 0
    sessions()
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=UNPROVEN, sudo=True))
    assert sessions() == 1
