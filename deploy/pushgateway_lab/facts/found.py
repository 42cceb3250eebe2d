"""Parse what a look found of both servers: their candidates, their processes and the files of their units. Pure."""

from typing import NamedTuple

from pushgateway_lab.facts.look_output import decoded


class Server(NamedTuple):
    """A candidate for a server that was found on a host.

    + service: its service; None for a process of no service
    + pid: its process; 0 if it does not run
    """

    service: str | None
    pid: int

    def __str__(self) -> str:
        process = f"process {self.pid}" if self.pid else "does not run"
        return process if self.service is None else f"{self.service} ({process})"


class LoneProcess(NamedTuple):
    """The process of a server that is of no service.

    + pid: its process id
    + group: the first line of its control groups, as /proc/PID/cgroup has it
    """

    pid: int
    group: str


class UnitFile(NamedTuple):
    """A file that defines the Pushgateway's service: the unit itself, or a drop-in."""

    path: str
    text: str


def parse_rivals(value: str) -> tuple[str, tuple[Server, ...]]:
    """Return the server and its candidates in a line of ``print_server``."""
    server, encoded = value.split(" ")
    pairs = (word.rpartition(":")[::2] for word in decoded(encoded).split(" "))
    return server, tuple(Server(None if name == "-" else name, int(pid)) for name, pid in pairs)


def parse_lone(value: str) -> tuple[str, LoneProcess]:
    """Return the server and its process in a line of ``print_server``."""
    server, pid, group = value.split(" ")
    return server, LoneProcess(int(pid), decoded(group))


def parse_unit_file(value: str) -> UnitFile:
    """Return the file in a line of ``service_look_at_flags``."""
    path, text = map(decoded, value.split(" "))
    return UnitFile(path, text)
