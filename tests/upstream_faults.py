"""Print which faults of docs/upstream.md pyinfra and paramiko still have, without our patches: JSON, {name: bool}.

A program of its own, because the patches of other tests cannot be taken back.
"""

import inspect
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from paramiko import BadHostKeyException, ECDSAKey, HostKeys, ProxyCommand
from pyinfra.api.command import StringCommand
from pyinfra.api.config import Config
from pyinfra.api.exceptions import ConnectError
from pyinfra.api.inventory import Inventory
from pyinfra.api.state import State
from pyinfra.connectors import util
from pyinfra.connectors.sshuserclient import client
from pyinfra.connectors.util import CommandOutput, OutputLine

_KEY = ECDSAKey.generate()


@cache
def _directory() -> Path:
    return Path(tempfile.mkdtemp())


def _config(text: str) -> str:
    path = Path(tempfile.mkstemp(dir=_directory())[1])
    path.write_text(f"Host vm vm2\n{text}\n")
    return str(path)


def _parsed(text: str, host: str = "vm") -> dict[str, Any]:
    """Return the arguments for paramiko that pyinfra makes of a configuration."""
    parsed: dict[str, Any] = client.SSHClient().parse_config(host, ssh_config_file=_config(text))[1]
    return parsed


def _jumps(text: str, *hosts: str) -> list[str]:
    """Return the jump hosts to which pyinfra connects."""
    connected: list[str] = []

    class Hop(client.SSHClient):
        def connect(self, hostname: str, **_: Any) -> None:  # type: ignore[override]
            """Record the jump host."""
            connected.append(hostname)

        def gateway(self, *_: Any, **__: Any) -> None:
            """Open nothing."""

    original = client.SSHClient
    vars(client)["SSHClient"] = Hop
    path = _config(text)
    try:
        for host in hosts:
            original().parse_config(host, ssh_config_file=path)
    finally:
        vars(client)["SSHClient"] = original
    return connected


def _ends_for_all(data: dict[str, Any], error: Exception | None = None) -> bool:
    """Return whether an error ends the run for all hosts, because it becomes no `ConnectError`."""
    state = State(Inventory(([("vm", data)], {})), Config())
    host: Any = state.inventory.get_host("vm")

    def connect(*_: Any, **__: Any) -> None:
        if error:
            raise error

    original = client.SSHClient.connect
    client.SSHClient.connect = connect  # type: ignore[method-assign]
    try:
        host.connector.connect()
    except ConnectError:
        return False
    except Exception:  # noqa: BLE001 - any other
        return True
    finally:
        client.SSHClient.connect = original  # type: ignore[method-assign]
    return False


def _raises(act: Callable[[], object], *kinds: type[BaseException]) -> bool:
    try:
        act()
    except kinds:
        return True
    return False


def _append(path: Path) -> str:
    ssh = client.SSHClient()
    ssh._host_keys, ssh._host_keys_filename = HostKeys(), str(path)
    client.append_hostkey(ssh, "vm", _KEY)
    return path.read_text()


def _known_hosts_without_newline() -> bool:
    path = _directory() / "known_hosts"
    path.write_text("# mine")
    return len(_append(path).splitlines()) == 1


def _proxy_command_that_ends() -> bool:
    command = ProxyCommand("true")
    command.settimeout(0.5)
    return _raises(lambda: command.recv(64), TimeoutError)


def _sudo_in_german() -> bool:
    asked: list[str] = []
    original = vars(util)["getpass"]
    vars(util)["getpass"] = asked.append
    state = State(Inventory((["vm"], {})), Config())
    said = CommandOutput([OutputLine("stderr", "sudo: Ein Passwort ist notwendig")])
    host: Any = state.inventory.get_host("vm")
    util.execute_command_with_sudo_retry(host, {"_sudo": True}, lambda: (1, said))
    vars(util)["getpass"] = original
    return not asked


def _keys(text: str) -> list[str]:
    keys: list[str] = _parsed(text).get("key_filename", [])
    return keys


def _second_key() -> bool:
    files = [_directory() / "one", _directory() / "two"]
    for file in files:
        ECDSAKey.generate().write_private_key_file(str(file))
    parsed = _parsed("\n".join(f"IdentityFile {file}" for file in files))
    return "pkey" in parsed and "key_filename" not in parsed


def _user(text: str) -> object:
    return _parsed(text).get("username")


def _pyinfra(*words: str) -> subprocess.CompletedProcess[str]:
    """Run pyinfra with a deploy script that fails, which is none of ours."""
    (_directory() / "failing.py").write_text(
        "from pyinfra.operations import server\nserver.shell(['false'])\n"
    )
    return subprocess.run(
        [Path(sys.executable).with_name("pyinfra"), *words],
        cwd=_directory(),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).with_name("no_dns"))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _ends_with_0_on_interrupt() -> bool:
    # Imported here: it patches the process, that of the tests as well.
    from pyinfra_cli import main  # type: ignore[import-untyped]

    return "sys.exit(0)" in inspect.getsource(main.main)


FAULTS: tuple[tuple[str, Callable[[], bool]], ...] = (
    ("proxy-jump-none", lambda: _jumps("ProxyJump none", "vm") == ["none"]),
    ("one-connection-each", lambda: _jumps("ProxyJump a", "vm", "vm2") == ["a", "a"]),
    ("proxy-jump-uri", lambda: _raises(lambda: _jumps("ProxyJump ssh://a", "vm"), ValueError)),
    ("jump-host-key", lambda: _ends_for_all({}, BadHostKeyException("a", _KEY, _KEY))),
    ("missing-key", lambda: _ends_for_all({"ssh_key": "/no/key"})),
    (
        "no-ssh-directory",
        lambda: _raises(lambda: _append(_directory() / "no/known_hosts"), OSError),
    ),
    ("known-hosts-line", _known_hosts_without_newline),
    ("connect-timeout", lambda: _raises(lambda: _parsed("ConnectTimeout none"), ValueError)),
    ("missing-identity", lambda: _keys("IdentityFile /no/key") == ["/no/key"]),
    ("second-identity", _second_key),
    ("match-keyword", lambda: _user("Match localnetwork 192.0.2.0/24\n  User me") == "me"),
    ("match-exec", lambda: _user("Match exec true\n  User me") != "me"),
    ("proxy-command-end", _proxy_command_that_ends),
    ("sudo-language", _sudo_in_german),
    (
        "login-shell",
        lambda: "\n" in util.make_unix_command(StringCommand("a\nb")).get_raw_value(),
    ),
    ("no-host", lambda: _pyinfra("-y", "no.such.host.invalid", "failing.py").returncode == 0),
    (
        "dry-yes",
        lambda: "Detected changes" not in _pyinfra("-y", "--dry", "@local", "failing.py").stderr,
    ),
    ("interrupted", _ends_with_0_on_interrupt),
    ("no-wait", lambda: _pyinfra("-y", "--no-wait", "@local", "failing.py").returncode == 0),
    ("json-of-failures", lambda: not _pyinfra("-y", "--json", "@local", "failing.py").stdout),
    (
        "wrong-arguments",
        lambda: "internal exception" in _pyinfra("-y", "@local", "server.shell", "x=1").stderr,
    ),
)

if __name__ == "__main__":
    logging.disable()
    json.dump({name: fault() for name, fault in FAULTS}, sys.stdout)
    shutil.rmtree(_directory())
