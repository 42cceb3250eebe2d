"""The services and processes of both servers, found by ``files/find-servers.sh`` among processes of this machine."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from pushgateway_lab.facts.found import Server
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.run.host_files import host_file
from server_search import COMMAND, MINE, OTHER, USUAL, Found, Machine, Start, answer, started
from snapshots import seen


@pytest.fixture
def start() -> Iterator[Start]:
    """Return a function that starts a process with a name, which ends after the test."""
    with ExitStack() as stack:
        yield partial(started, stack)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# By the service


def test_a_bare_host_has_the_first_usual_service(machine: Machine) -> None:
    assert machine.find() == Found(MINE, 0, is_service=True, rivals=())
    assert machine.sought.read_text() == "pushgateway\n"


@pytest.mark.parametrize("name", USUAL.split())
@pytest.mark.parametrize("program", ["pushgateway", "prometheus-pushgateway"])
def test_a_usual_service_that_runs_the_server(
    machine: Machine, start: Start, name: str, program: str
) -> None:
    running = start(program)
    machine.service(name, running.pid)
    assert machine.find() == Found(name, running.pid, is_service=True, rivals=())


def test_a_usual_service_that_runs_wins_over_one_that_is_stopped(
    machine: Machine, start: Start
) -> None:
    machine.service(MINE)
    running = start("pushgateway")
    machine.service("pushgateway.service", running.pid)
    assert machine.find().unit == "pushgateway.service"


@pytest.mark.parametrize("program", ["nginx", "prometheus"])
def test_a_usual_service_that_runs_another_program_does_not_count(
    machine: Machine, start: Start, program: str
) -> None:
    machine.service(MINE, start(program).pid)
    running = start("pushgateway")
    machine.service(OTHER, running.pid)
    assert machine.find() == Found(OTHER, running.pid, is_service=True, rivals=())


def test_any_service_that_runs_the_server(machine: Machine, start: Start) -> None:
    running = start("prometheus")
    machine.service("my@a:b-1.service", running.pid, "/opt/start")
    found = machine.find(server="prometheus", usual="prometheus.service")
    assert found == Found("my@a:b-1.service", running.pid, is_service=True, rivals=())
    # A Pushgateway is no Prometheus.
    assert machine.find() == Found(MINE, 0, is_service=True, rivals=())


def test_a_program_that_the_service_started_with_another(machine: Machine, start: Start) -> None:
    running = start("pushgateway")
    machine.in_group(running.pid, OTHER)
    machine.service(OTHER, 0, "/bin/sh -c /opt/pushgateway")
    assert machine.find() == Found(OTHER, running.pid, is_service=True, rivals=())


def test_the_service_of_the_settings_is_the_one(machine: Machine, start: Start) -> None:
    running, named = start("pushgateway"), start("other")
    machine.service(MINE, running.pid)
    machine.service("named.service", named.pid)
    assert machine.find("named.service") == Found("named.service", named.pid, is_service=True, rivals=())  # fmt: skip
    assert machine.find("gone.service") == Found("gone.service", 0, is_service=True, rivals=())
    assert machine.sought.read_text() == ""


def test_the_server_that_the_service_of_the_settings_started_with_another_program(
    machine: Machine, start: Start
) -> None:
    shell, other, running = start("sh"), start("prometheus"), start("pushgateway")
    machine.service(OTHER, shell.pid)
    assert machine.find(OTHER).pid == shell.pid
    for each in (other, running):
        machine.in_group(each.pid, OTHER)
    assert machine.find(OTHER) == Found(OTHER, running.pid, is_service=True, rivals=())
    machine.in_group(running.pid, "third.service")
    assert machine.find(OTHER).pid == shell.pid


# Among several


def test_several_services_are_rivals(machine: Machine, start: Start) -> None:
    first, second = start("pushgateway"), start("pushgateway")
    machine.service(MINE, first.pid)
    machine.service(OTHER, second.pid)
    # The usual service is enough: the other one is not looked for.
    assert machine.find() == Found(MINE, first.pid, is_service=True, rivals=())
    machine.services[0] = machine.services[0].replace(MINE, "unusual.service")
    machine.in_group(first.pid, "unusual.service")
    found = machine.find()
    assert set(found.rivals) == {f"unusual.service:{first.pid}", f"{OTHER}:{second.pid}"}
    assert machine.find(OTHER).rivals == ()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::"])
def test_of_several_the_one_on_the_port_is_preferred(
    machine: Machine, start: Start, address: str
) -> None:
    first, second = start("pushgateway", address), start("pushgateway", "127.0.0.1")
    names = USUAL.split()
    for name, each in zip(names, (first, second), strict=True):
        machine.service(name, each.pid)
    assert machine.find(port=first.port) == Found(names[0], first.pid, is_service=True, rivals=())
    assert machine.find(port=second.port) == Found(names[1], second.pid, is_service=True, rivals=())  # fmt: skip
    both = tuple(f"{name}:{each.pid}" for name, each in zip(names, (first, second), strict=True))
    assert machine.find(port=1).rivals == both


def test_a_port_of_a_process_that_does_not_listen_there(machine: Machine, start: Start) -> None:
    first, second, third = start("pushgateway"), start("pushgateway"), start("x", "127.0.0.1")
    for name, each in zip(USUAL.split(), (first, second), strict=True):
        machine.service(name, each.pid)
    assert len(machine.find(port=third.port).rivals) == 2


def test_two_that_listen_on_the_port_are_rivals(machine: Machine, start: Start) -> None:
    first = start("pushgateway", "127.0.0.1")
    second = start("pushgateway", "::1", first.port)
    for name, each in zip(USUAL.split(), (first, second), strict=True):
        machine.service(name, each.pid)
    assert len(machine.find(port=first.port).rivals) == 2


# Of no service


@pytest.mark.parametrize(
    "group",
    [
        "0::/\n",
        "0::/user.slice/user-1.slice/session-1.scope\n",
        "0::/user.slice/user-1.slice/user@1.service/app.slice/my.service\n",
        "1:name=systemd:/user.slice/user-1.slice/user@1.service/my.service\n",
        "0::/lxc/a/user.slice/user-1.slice/user@1.service/app.slice/my.service\n",
        "0::/system.slice/docker-0123.scope\n",
        "0::/system.slice/my.service/inner\n",
        "2:memory:/system.slice/my.service\n",
        "0::/system.slice/gone.service\n",
        "0::/system.slice/ssh.service\n",
        "0::/system.slice/a b.service\n",
        "0::/system.slice/-my.service\n",
        "0::/system.slice/$(touch x).service\n",
        "0::/system.slice/*.service\n",
        "",
    ],
)
def test_a_process_of_no_service(machine: Machine, start: Start, group: str) -> None:
    running = start("pushgateway")
    machine.groups[running.pid] = group
    machine.service("my.service")
    machine.service("ssh.service", 0, "/usr/bin/sshd -D")
    machine.service("gone.service", 0, COMMAND, exists=False)
    assert machine.find() == Found(MINE, running.pid, is_service=False, rivals=())
    asked = set(machine.looked.read_text().splitlines())
    assert asked <= {*USUAL.split(), "my.service", "ssh.service", "gone.service"}


def test_both_ways_to_name_the_group_of_a_service(machine: Machine, start: Start) -> None:
    running = start("pushgateway")
    machine.service(OTHER, running.pid)
    for group in (f"0::/system.slice/{OTHER}\n", f"9:cpu:/\n1:name=systemd:/system.slice/{OTHER}\n0::/\n"):  # fmt: skip
        machine.groups[running.pid] = group
        assert machine.find().unit == OTHER


def test_a_service_wins_over_a_process_of_no_service(machine: Machine, start: Start) -> None:
    alone, running = start("pushgateway", "127.0.0.1"), start("pushgateway")
    machine.groups[alone.pid] = "0::/user.slice/x.scope\n"
    machine.service(OTHER, running.pid)
    assert machine.find(port=alone.port) == Found(OTHER, running.pid, is_service=True, rivals=())


@pytest.mark.parametrize("name", USUAL.split())
def test_a_stopped_service_wins_over_a_process_of_no_service(
    machine: Machine, start: Start, name: str
) -> None:
    alone = start("pushgateway", "127.0.0.1")
    machine.groups[alone.pid] = "0::/\n"
    machine.service(name)
    assert machine.find(port=alone.port) == Found(name, 0, is_service=True, rivals=())


def test_a_stopped_service_that_starts_the_program(machine: Machine, start: Start) -> None:
    alone = start("pushgateway")
    machine.groups[alone.pid] = "0::/\n"
    machine.could = [OTHER]
    machine.service(OTHER)
    assert machine.find() == Found(OTHER, 0, is_service=True, rivals=())
    assert machine.looked.read_text().split()[-1] == OTHER
    machine.could = [OTHER, "third.service"]
    machine.service("third.service")
    assert machine.find().rivals == (f"{OTHER}:0", "third.service:0")
    # One that exists under a usual name comes first.
    machine.service(MINE)
    assert machine.find() == Found(MINE, 0, is_service=True, rivals=())


def test_in_a_container_a_process_on_the_port_counts_more_than_a_stopped_init_script(
    machine: Machine, start: Start
) -> None:
    alone = start("pushgateway", "127.0.0.1")
    machine.groups[alone.pid] = "0::/\n"
    machine.service(MINE, command="{ path=/etc/init.d/prometheus-pushgateway ; }")
    by_script = Found(MINE, 0, is_service=True, rivals=())
    assert machine.find(port=alone.port) == by_script
    assert machine.find(manager="init") == by_script  # not on the port
    found = machine.find(manager="init", port=alone.port)
    assert found == Found(MINE, alone.pid, is_service=False, rivals=())


OWN_NAMESPACE = ("unshare", "--user", "--map-root-user")


@pytest.mark.skipif(
    subprocess.run([*OWN_NAMESPACE, "true"], capture_output=True, check=False).returncode != 0
    and not os.environ.get("CI"),
    reason="this machine forbids user namespaces",
)
def test_with_a_user_namespace_of_its_own_a_process_displaces_no_stopped_service(
    machine: Machine, start: Start
) -> None:
    own, usual = start("pushgateway", "127.0.0.1", under=OWN_NAMESPACE), start("pushgateway", "127.0.0.1")  # fmt: skip
    machine.service(MINE)
    for process, pid in ((own, 0), (usual, usual.pid)):
        machine.groups = {process.pid: "0::/\n"}
        assert machine.find(manager="init", port=process.port).pid == pid


def test_processes_of_no_service_are_rivals_or_found_by_their_port(
    machine: Machine, start: Start
) -> None:
    first, second = start("pushgateway", "127.0.0.1"), start("pushgateway", "127.0.0.1")
    machine.groups = {first.pid: "0::/\n", second.pid: "0::/\n"}
    assert set(machine.find().rivals) == {f"-:{first.pid}", f"-:{second.pid}"}
    assert machine.find(port=second.port) == Found(MINE, second.pid, is_service=False, rivals=())


@pytest.mark.parametrize(
    "name",
    ["prometheus x", " prometheus ", "pushgateway;id", "$(id)", "*", "-", "a\nprometheus", "Prometheus",
     "prometheus-node", "pushgateway-1", "a:prometheus", "\\prometheus", "x pushgateway"],
)  # fmt: skip
def test_other_names_are_no_servers(machine: Machine, start: Start, name: str) -> None:
    running = start(name)
    machine.groups[running.pid] = "0::/\n"
    assert machine.find() == Found(MINE, 0, is_service=True, rivals=())
    found = machine.find(server="prometheus", usual="prometheus.service")
    assert found == Found("prometheus.service", 0, is_service=True, rivals=())


def test_all_processes_are_scanned_without_starting_a_program(start: Start) -> None:
    running, other = start("pushgateway"), start("pushgateway")
    text = (
        host_file("find-servers.sh") + 'PATH=/nonexistent\nscan_processes\nprintf "%s\\n" $servers'
    )
    assert f"{running.pid}:pushgateway" in answer(text, {}).split()
    assert f"{other.pid}:pushgateway" in answer(text, {}).split()


# The lines of the look


def looked_at(found_unit: str, found_pid: int, *, is_service: bool, rivals: Sequence[str] = ()) -> Snapshot:  # fmt: skip
    """Return the snapshot with the lines that snapshot.sh prints for a Pushgateway that was found."""
    text = host_file("snapshot.sh")
    begin = text.index("print_text()")
    end = text.index("\nprint_base64()")
    print_text = text[begin:end]
    begin = text.index("print_server()")
    print_server = text[begin : text.index("\n}", begin) + 3]
    variables = {"found_unit": found_unit, "found_pid": str(found_pid), "rivals": " ".join(rivals)}
    variables["is_service"] = "yes" if is_service else "no"
    lines = answer(f"{print_text}\n{print_server}\nprint_server pushgateway", variables)
    found = seen(*lines.splitlines()[1:])
    assert lines.splitlines()[0] == f"pushgateway_service {found_unit}"
    return found


def test_what_is_found_becomes_the_snapshot(start: Start) -> None:
    running = start("pushgateway")
    found = looked_at(MINE, running.pid, is_service=False)
    assert found.lone["pushgateway"].pid == running.pid
    assert found.lone["pushgateway"].group == Path(f"/proc/{running.pid}/cgroup").read_text().split("\n")[0]  # fmt: skip
    assert found.pushgateway.name == f"process {running.pid}"
    assert found.pushgateway.runs
    assert found.pushgateway.main_pid == running.pid
    assert looked_at(MINE, running.pid, is_service=True).lone == {}
    rivals = looked_at(MINE, 0, is_service=True, rivals=["a:b.service:5", "-:6", "c.service:0"])
    assert rivals.rivals == {"pushgateway": (Server("a:b.service", 5), Server(None, 6), Server("c.service", 0))}  # fmt: skip
    words = "a:b.service (process 5) and process 6 and c.service (does not run)"
    assert " and ".join(map(str, rivals.rivals["pushgateway"])) == words
