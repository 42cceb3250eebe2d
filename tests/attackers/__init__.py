"""Attackers on real hosts: a local user without rights, and hostile servers.

`Attacker` acts as the account ``student`` of a lab host, which has no sudo rights. It runs the files of this
directory on the host.
"""

import json
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labhost import Host
from waiting import wait_for, wait_for_port

_SERVER = Path(__file__).with_name("hostile_server.py")
_SSHD = Path(__file__).with_name("hostile_sshd.py")

BEHAVIOURS = (
    *(
        "say",
        "hang",
        "drip",
        "endless",
        "zeros",
        "deep",
        "truncated",
        "bomb",
        "drip_head",
        "objects",
    ),
    *("status_line", "headers", "large_headers", "nul", "interim", "chunks", "large", "redirect"),
)
"""Behaviours of the hostile server, see ``hostile_server.py``."""

WRONG = {
    "endless": "its body is larger than 8 MB",
    "zeros": "its body is larger than 8 MB",
    "large": "its body is larger than 8 MB",
    "deep": "its body is unexpected",
    "truncated": "its body is incomplete",
    "bomb": "its body is compressed ('gzip'), which was not requested",
    "objects": "its body is unexpected: the answer has more than",
    "status_line": "its headers are larger than 64 KB",
    "headers": "it has more than 100 headers",
    "large_headers": "its headers are larger than 64 KB",
    "nul": r"its headers are malformed: 'X-Nul: a\x00b\x1b]52",
    "interim": "it sent more than 10 interim answers",
    "chunks": "its body is incomplete",
}
"""Behaviours that are not a server's answer -> the first words of the toolkit's message."""


class Attacker:
    """A local user of a lab host, without sudo rights."""

    def __init__(self, host: Host, login: str = "student") -> None:
        self.host, self.login = host, login

    def run(self, command: str, *, check: bool = True, timeout: float = 60) -> str:
        """Run a shell command as the user; return its standard output."""
        return self.host.run(
            f"setpriv --reuid={self.login} --regid={self.login} --init-groups --inh-caps=-all "
            f"env HOME=/home/{self.login} USER={self.login} sh -c {shlex.quote(command)}",
            check=check,
            timeout=timeout,
        ).stdout

    def serve(
        self,
        port: int,
        behaviour: str = "say",
        answers: Mapping[str, object] | None = None,
        address: str = "127.0.0.1",
    ) -> None:
        """Answer on a port of the host as this user, until `stop_serving` or the host's end.

        + behaviour: one of `BEHAVIOURS`
        + answers: path -> the body: a text, or a value that is sent as JSON; a missing path gets the
          body of ``*``, else 404
        """
        texts = {
            path: body if isinstance(body, str) else json.dumps(body)
            for path, body in (answers or {}).items()
        }
        self.host.run("install -d -m 0755 /opt/attacker")
        self.host.write("/opt/attacker/hostile_server.py", _SERVER.read_bytes())
        self.host.write(f"/opt/attacker/{port}.json", json.dumps(texts).encode())
        self.host.run(
            f"systemctl reset-failed attacker-{port} 2>/dev/null; "
            f"systemd-run --quiet --unit=attacker-{port} --uid={self.login} python3 "
            f"/opt/attacker/hostile_server.py {address} {port} {behaviour} /opt/attacker/{port}.json"
        )
        wait_for_port(self.host, port)

    def stop_serving(self, port: int) -> None:
        """Stop the server and free the port."""
        self.host.run(f"systemctl stop attacker-{port}")

    def requests(self, port: int) -> list[dict[str, str]]:
        """Return the requests to a port: ``line`` and the headers, with names in lower case.

        Fail if there was no server.
        """
        log = self.host.run(f"cat /tmp/attacker-{port}.log").stdout
        return [json.loads(line) for line in log.splitlines()]


@contextmanager
def servers_here(directory: Path) -> Iterator[Callable[..., int]]:
    """Yield `start(behaviour, answers)`, which starts a server on this machine and returns its port.

    + directory: for the files with the answers
    + answers: path -> the body, as text
    """
    servers: dict[int, subprocess.Popen[bytes]] = {}

    def start(behaviour: str, answers: Mapping[str, str] | None = None) -> int:
        port = free_port()
        told = directory / f"{port}.json"
        told.write_text(json.dumps(answers or {}), encoding="utf-8")
        words = [sys.executable, str(_SERVER), "127.0.0.1", str(port), behaviour, str(told)]
        servers[port] = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        connect = socket.create_connection
        connection = wait_for(
            lambda: connect(("127.0.0.1", port)), f"port {port} answers", passing=OSError
        )
        connection.close()
        return port

    try:
        yield start
    finally:
        for port, server in servers.items():
            server.kill()
            server.wait()
            Path(f"/tmp/attacker-{port}.log").unlink(missing_ok=True)  # noqa: S108 - the server's


def free_port() -> int:
    """Return a TCP port of loopback that no process uses."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def hostile_sshd(behaviour: str) -> Iterator[int]:
    """Run ``hostile_sshd.py`` with a behaviour on this machine; yield its port."""
    with subprocess.Popen(
        [sys.executable, _SSHD, behaviour],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            yield int(server.stdout.readline())
        finally:
            server.kill()


@dataclass
class HostileHost(Host):
    """A host of an inventory whose SSH server is on this machine."""

    port: int = 0

    def pyinfra_data(self, user: str | None = None) -> dict[str, Any]:
        """Return the host data with which pyinfra connects to it."""
        return super().pyinfra_data(user) | {
            "ssh_hostname": "127.0.0.1",
            "ssh_port": self.port,
            "ssh_strict_host_key_checking": "accept-new",
        }


def hostile_host(name: str, port: int, directory: Path, ssh_key: Path) -> HostileHost:
    """Return a host that consists of the server on `port`.

    + directory: for its keys; this function makes it
    + ssh_key: the key to log in with
    """
    directory.mkdir()
    made = HostileHost(name, "bookworm", "root", 0, 0, directory, port=port)
    made.ssh_key.write_bytes(ssh_key.read_bytes())
    made.ssh_key.chmod(0o600)
    made.known_hosts.touch()
    return made
