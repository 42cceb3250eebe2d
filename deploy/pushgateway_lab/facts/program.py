"""The program that listens on a port of a host, for messages about a port that is in use. Pure."""

from base64 import b64decode
from collections.abc import Iterable
from typing import NamedTuple

FUNCTIONS = "programs.sh"
"""The file of ``files/`` with the shell functions that find the programs."""

UNKNOWN = "another program"
"""The words for a program of which nothing is known."""

_NEEDED = ("ssh", "sshd", "prometheus", "systemd-resolved", "systemd-networkd")
"""The services that no message advises to stop."""


class Program(NamedTuple):
    """A process that holds a listening socket.

    + pid: its process id
    + unit: the service whose main process it is; for the init process, the socket unit for which it listens;
      empty if there is none
    + command: its command line
    """

    pid: int
    unit: str
    command: str

    def __str__(self) -> str:
        return self._in_words(self.command)

    @property
    def without_arguments(self) -> str:
        """The program in words, without the arguments of its command line."""
        return self._in_words(self.command.partition(" ")[0])

    @property
    def is_needed(self) -> bool:
        """Return whether the program must not be stopped: it is the host's sshd, its network or its Prometheus."""
        return self.unit.partition(".")[0].partition("@")[0] in _NEEDED

    def _in_words(self, command: str) -> str:
        process = f"process {self.pid} ({command})"
        return f"{process} of {self.unit}" if self.unit else process


def parse_programs(lines: Iterable[str]) -> dict[str, Program]:
    """Return the programs in the lines of ``files/programs.sh``, by the inode of their sockets.

    + lines: without the first word

    Raises:
        ValueError: the lines have another form.
    """
    found = {}
    for line in lines:
        inode, pid, unit, command = line.split(" ")
        words = b64decode(command, validate=True).decode(errors="replace")
        found[inode] = Program(
            int(pid), "" if unit == "-" else unit, words.replace("\0", " ").strip()
        )
    return found
