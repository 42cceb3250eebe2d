"""The search of ``files/find-servers.sh``, among processes of this machine and services that a test makes up."""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from pushgateway_lab.run.host_files import host_file

USUAL = "prometheus-pushgateway.service pushgateway.service"
MINE, OTHER = "prometheus-pushgateway.service", "my.service"
COMMAND = "/opt/pushgateway --x"

_PROCESS = """
import socket, sys
open("/proc/self/comm", "w").write(sys.argv[1])
listener = socket.create_server((sys.argv[2], int(sys.argv[3])), family=socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET)
if len(sys.argv) > 4:
    listener.close()
print(0 if len(sys.argv) > 4 else listener.getsockname()[1], flush=True)
input()
"""

_SERVICE_MANAGER = """
service_manager=$manager
service_is_transient() { [ "$1" = made-for-one-run.service ]; }
service_look() {
    for asked in "$@"; do
        printf '%s\\n' "$asked" >>"$looked"
        while read -r name state pid user group exists command; do
            [ "$name" != "$asked" ] || note_service "$name" "$state" "$pid" "${user#-}" "${group#-}" "$exists" "$command"
        done <"$services"
    done
}
service_with_program() { printf '%s\\n' "$1" >>"$sought"; cat "$could"; }
"""

_ANSWER = """
service_look ${given:-$usual}
find_server "$server" "$given" "$usual" "$port"
printf '%s\\n' "$found_unit" "$found_pid" "$is_service" "$rivals"
"""


class Process(NamedTuple):
    """A process that the test started, and the port on which it listens; 0 if it does not."""

    pid: int
    port: int


class Found(NamedTuple):
    """The result of find_server: the variables that it set."""

    unit: str
    pid: int
    is_service: bool
    rivals: tuple[str, ...]


Start = Callable[..., Process]


def started(
    stack: ExitStack,
    name: str,
    listens: str | None = None,
    port: int = 0,
    *,
    under: Sequence[str] = (),
) -> Process:
    """Start a process with a name, which ends with the stack.

    + listens: the address on which it listens; None: it does not listen
    + port: 0: any port
    + under: a program that becomes the process, with its arguments
    """
    words = [*under, sys.executable, "-c", _PROCESS, name, listens or "127.0.0.1", str(port)]
    words += [] if listens else ["silent"]
    pipe = subprocess.PIPE
    running = stack.enter_context(subprocess.Popen(words, stdin=pipe, stdout=pipe))
    stack.callback(running.kill)
    assert running.stdout
    return Process(running.pid, int(running.stdout.readline()))


class Machine:
    """The processes and services that find_server sees.

    + services: lines NAME STATE PID USER GROUP EXISTS COMMAND
    + groups: process -> text of its control groups
    + could: the services that start the server's program
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.services: list[str] = []
        self.groups: dict[int, str] = {}
        self.could: list[str] = []
        self.looked, self.sought = directory / "looked", directory / "sought"

    def service(self, name: str, pid: int = 0, command: str = COMMAND, *, exists: bool = True) -> None:  # fmt: skip
        """Add a service; with a process, it runs, and the process is in its control group."""
        state = "active" if pid else "inactive"
        self.services.append(f"{name} {state} {pid} - - {'yes' if exists else 'no'} {command}")
        if pid:
            self.in_group(pid, name)

    def in_group(self, pid: int, name: str) -> None:
        """Put a process into the control group of a service."""
        self.groups[pid] = f"0::/system.slice/{name}\n"

    def find(self, given: str = "", *, server: str = "pushgateway", usual: str = USUAL, port: int = 1, manager: str = "systemd") -> Found:  # fmt: skip
        """Return what is found among the processes of `groups`."""
        text = host_file("systemd.sh") + host_file("find-servers.sh")
        every, group = "in /proc/[0-9]*;", '"/proc/$1/cgroup"'
        assert every in text
        assert group in text
        pids = " ".join(f"/proc/{pid}" for pid in self.groups) or "/proc/0"
        text = text.replace(every, f"in {pids};").replace(group, f'"{self.directory}/$1"')
        for pid, group in self.groups.items():
            (self.directory / str(pid)).write_text(group)
        files = {"services": self.services, "could": self.could, "looked": [], "sought": []}
        for name, lines in files.items():
            (self.directory / name).write_text("".join(f"{line}\n" for line in lines))
        variables = {"given": given, "server": server, "usual": usual, "port": str(port)}
        variables["manager"] = manager
        variables |= {name: str(self.directory / name) for name in files}
        said = answer(text + _SERVICE_MANAGER + _ANSWER, variables).split("\n")
        return Found(said[0], int(said[1]), said[2] == "yes", tuple(said[3].split()))


def answer(text: str, variables: Mapping[str, str]) -> str:
    """Return the output of a shell script, which must not complain."""
    environment = {"PATH": "/usr/bin:/bin", **variables}
    done = subprocess.run(["/bin/sh", "-c", text], env=environment, capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stderr == ""
    return done.stdout
