"""Round trips of a run, counted by the host's sshd: the limits of docs/architecture.md."""

from collections.abc import Callable

import pytest

from expectations import BOOTSTRAP, CONFIG, FAST, assert_unchanged_run
from labhost import Host, PyinfraResult

UNPROVEN = FAST | {"pushgateway_smoke": "never"}


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


def test_other_peoples_code_can_ask_for_the_snapshot_as_a_fact(
    lab_host: Host, run_pyinfra: Callable[..., PyinfraResult], sessions: Callable[[], int]
) -> None:
    sessions()
    result = run_pyinfra(lab_host, "fact", "pushgateway_lab.host.fact.HostSnapshot")
    assert result.returncode == 0, result.output
    assert "Debian GNU/Linux" in result.output
    assert sessions() == 1
