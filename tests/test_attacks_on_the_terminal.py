"""Text from a host reaches the trainer's terminal escaped.

The texts are those that a host can send during a run: a command line, a pushed label, the error of a scrape,
a log. ``test_hostile_login.py`` has the output of login shells.
"""

import shlex
from collections.abc import Callable, Iterator

import pytest

from attackers import Attacker
from expectations import BOOTSTRAP, FAST, INSTALLED, prometheus_runs
from labhost import Host, PyinfraResult
from waiting import wait_for_port, wait_on_host

Run = Callable[..., PyinfraResult]

pytestmark = [
    pytest.mark.lab_host(packages=INSTALLED),
    pytest.mark.parametrize("verbosity", ["", "-v", "-vvv"]),
]
CLIPBOARD = "\x1b]52;c;cm0gLXJmIC8K\x07"
"""Sets the clipboard of a terminal that allows it (OSC 52)."""
UNPROVEN = FAST | {"pushgateway_smoke": "never"}


@pytest.fixture
def host(module_host: Host) -> Iterator[Host]:
    prometheus_runs(module_host)
    yield module_host
    module_host.run("systemctl stop 'attacker-*' listener; systemctl reset-failed", check=False)
    module_host.run("systemctl start prometheus prometheus-pushgateway")


def harmless(result: PyinfraResult, shows: str = "]52;c;") -> None:
    """Fail if the run printed a control character of the host, or no text of the attack at all."""
    printed = result.output.replace("\n", "").replace("\t", "")
    assert shows in printed, "the attack did not get as far as the terminal"
    assert [each for each in printed if not each.isprintable()] == []


def options(verbosity: str) -> list[str]:
    return ["-y", *filter(None, [verbosity])]


def test_a_process_s_command_line(verbosity: str, host: Host, run_pyinfra: Run) -> None:
    host.run("systemctl stop prometheus-pushgateway")
    serve = "import socket,time; s=socket.create_server(('127.0.0.1',9091)); time.sleep(60)"
    host.run(
        "systemd-run --quiet --unit=listener --uid=student python3 -c "
        f"{shlex.quote(serve)} {shlex.quote(CLIPBOARD)}"
    )
    wait_for_port(host, 9091)
    result = run_pyinfra(host, *options(verbosity), BOOTSTRAP, data=UNPROVEN)
    assert "that port is in use by process" in result.stderr
    harmless(result)


def test_a_pushed_label(verbosity: str, host: Host, run_pyinfra: Run) -> None:
    Attacker(host).run(
        "echo 'm 1' | curl -sf --data-binary @- "
        "localhost:9091/metrics/job/mine/x/%1B%5D52%3Bc%3Bcm0gLXJmIC8K%07"
    )
    result = run_pyinfra(host, *options(verbosity), "deploy/reset.py", data=UNPROVEN)
    assert "Groups that do not belong to the lab, and were not changed" in result.stderr, (
        result.output
    )
    harmless(result)


def test_the_error_of_a_scrape(verbosity: str, host: Host, run_pyinfra: Run) -> None:
    """A target that is not a Pushgateway sends any text, which Prometheus passes on."""
    assert run_pyinfra(host, "-y", BOOTSTRAP, data=UNPROVEN).returncode == 0
    host.run("systemctl stop prometheus-pushgateway")
    Attacker(host).serve(9091, answers={"*": f"{CLIPBOARD} not metrics\n"})
    down = "curl -s localhost:9090/api/v1/targets | grep -q 'start token'"
    wait_on_host(host, down)
    harmless(run_pyinfra(host, *options(verbosity), "deploy/verify.py"), "start token")


def test_the_log_of_a_unit(verbosity: str, host: Host, run_pyinfra: Run) -> None:
    drop_in = "/run/systemd/system/prometheus-pushgateway.service.d"
    host.run(f"mkdir -p {drop_in}")
    host.write(
        "/opt/loud", f"#!/bin/sh\nprintf '%s\\n' {shlex.quote(CLIPBOARD)}\nexit 1\n".encode()
    )
    host.write(
        f"{drop_in}/loud.conf", b"[Service]\nRestart=no\nExecStart=\nExecStart=/bin/sh /opt/loud\n"
    )
    host.run("systemctl daemon-reload; systemctl restart prometheus-pushgateway", check=False)
    is_down = "systemctl show -p ActiveState --value prometheus-pushgateway | grep -q -v ^active"
    wait_on_host(host, is_down)
    try:
        # Without this setting, quoted text of a log is left out.
        data = {"lab_quote_files": True}
        harmless(run_pyinfra(host, *options(verbosity), "deploy/verify.py", data=data))
    finally:
        host.run(f"rm -r {drop_in}; systemctl daemon-reload")
