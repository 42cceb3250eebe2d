"""Another program on the port of a server: found, named and told."""

from base64 import b64encode

import pytest

from looks import encoded, look, unit
from pushgateway_lab.facts.program import Program, parse_programs
from pushgateway_lab.lab import servers
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.results import Finding, State
from snapshots import GATEWAY, PROMETHEUS, listen

JAVA = Program(12, "", "java -jar x --password=secret")
COCKPIT = Program(1, "cockpit.socket", "/sbin/init")


def test_a_program_is_read_and_put_in_words() -> None:
    command = encoded("java\0-jar\0x\0")
    init = b64encode(b"/sbin/init\0\xff").decode()
    found = parse_programs([f"5 12 - {command}", f"6 1 cockpit.socket {init}"])
    assert found["5"] == Program(12, "", "java -jar x")
    assert str(found["5"]) == "process 12 (java -jar x)"
    assert found["5"].without_arguments == "process 12 (java)"
    assert str(found["6"]) == "process 1 (/sbin/init \ufffd) of cockpit.socket"


@pytest.mark.parametrize("line", ["", "5 12 -", "5 x - eA==", "5 12 - ?", "5 12 - eA== more"])
def test_other_lines_are_no_programs(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of int, of base64, of unpacking
        parse_programs([line])


def finding(server: str, active: str, *lines: str, program: Program | None = None) -> Finding:
    """Return the finding about a server in this state, with a socket on its port that is not its own."""
    name, port = (PROMETHEUS, 9090) if server == "prometheus" else (GATEWAY, 9091)
    others = {PROMETHEUS: GATEWAY, GATEWAY: PROMETHEUS}
    looked: Look = look(
        *unit(name, active=active),
        *unit(others[name]),
        listen("127.0.0.1", port),
        *lines,
        programs={"5": program} if program else {},
    )
    check = servers.prometheus_runs if server == "prometheus" else servers.pushgateway_runs
    return check(looked)


@pytest.mark.parametrize("active", ["inactive", "failed", "activating"])
@pytest.mark.parametrize(("server", "port"), [("prometheus", 9090), ("pushgateway", 9091)])
def test_a_port_that_is_taken_is_named(active: str, server: str, port: int) -> None:
    found = finding(server, active, program=JAVA)
    assert found.state is State.WRONG
    assert f"is {active}, and its port {port} is in use by process 12 (java)." in found.says
    assert "secret" not in found.says
    assert found.fix
    assert found.fix.startswith("sudo kill 12\nsudo systemctl enable --now prometheus")


def test_a_socket_unit_is_named_with_the_command_that_stops_it() -> None:
    found = finding("prometheus", "failed", program=COCKPIT)
    assert "is in use by process 1 (/sbin/init) of cockpit.socket." in found.says
    assert found.fix
    assert found.fix.startswith("sudo systemctl disable --now cockpit.socket\n")


def test_nobody_is_told_to_stop_sshd() -> None:
    found = finding("pushgateway", "failed", program=Program(12, "ssh.service", "sshd"))
    assert "is in use by process 12 (sshd) of ssh.service." in found.says
    assert found.fix
    assert found.fix.startswith("sudo ss -lntp 'sport = :9091'\n")


def test_a_program_that_nothing_is_known_of() -> None:
    found = finding("pushgateway", "inactive")
    assert "its port 9091 is in use by another program." in found.says
    assert found.fix
    assert found.fix.startswith("sudo ss -lntp 'sport = :9091'\n")


def test_a_name_of_a_unit_cannot_change_the_command() -> None:
    found = finding("pushgateway", "failed", program=Program(1, "x;reboot.socket", "init"))
    assert found.fix
    assert found.fix.startswith("sudo systemctl disable --now 'x;reboot.socket'\n")


def test_a_prometheus_that_runs_beside_another_program_on_its_port() -> None:
    found = finding("prometheus", "active", "tool curl", program=JAVA)
    assert "is active, and its port 9090 is in use by process 12" in found.says
    # Its own socket, or curl is missing: nothing is known about another program.
    own = finding("prometheus", "active", "prometheus_socket socket:[5]", program=JAVA)
    assert "in use" not in own.says
    assert (
        "in use"
        not in servers.prometheus_runs(look(*unit(PROMETHEUS), listen("::", 9090), curl=False)).says
    )


def test_a_server_that_is_masked_or_missing() -> None:
    masked = look(*unit(GATEWAY, load="masked", active="inactive"), listen("::1"))
    assert "is masked" in servers.pushgateway_runs(masked).says
    missing = look(listen("127.0.0.1"), "service x", *unit(PROMETHEUS))
    found = servers.pushgateway_runs(missing)
    assert found.state is State.WRONG
    assert (
        "There is no prometheus-pushgateway.service on this host, and its port 9091" in found.says
    )


def test_a_prometheus_that_starts_is_not_wrong() -> None:
    lines = (*unit(PROMETHEUS), *unit(GATEWAY), listen("::", 9090), "prometheus_answered 503")
    found = servers.prometheus_runs(look(*lines))
    assert found.state is State.OPEN
    assert "write-ahead log" in found.says
