"""A class behind a jump host, whose sshd has its defaults, and hosts that are not reached. Real hosts, real sshd."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from labhost import Host, HostSpec, PyinfraCommand, PyinfraResult

pytestmark = pytest.mark.xdist_group("jump hosts")

_DEFAULTS = b"MaxStartups 10:30:100\nMaxSessions 10\nLogLevel VERBOSE\n"
"""Of OpenSSH. Of MaxStartups, the last value counts, of the others the first."""


class Way(NamedTuple):
    """A jump host, a host behind it, and a directory for configurations."""

    jump: Host
    target: Host
    directory: Path

    def config(self, text: str, *, known_hosts: Path | None = None) -> dict[str, Any]:
        """Write an SSH configuration with the jump host as ``jump``; return the host data that names it."""
        path = self.directory / "config"
        path.write_text(
            f"{text}\nHost jump\n  HostName {self.jump.address}\n  User root\n  IdentityFile {self.jump.ssh_key}\n"
            f"  UserKnownHostsFile {known_hosts or self.jump.known_hosts}\n"
        )
        return {"ssh_config_file": str(path)}

    def said(self, host: Host, words: str) -> int:
        """Return how many lines of a host's journal have these words, and begin a new one."""
        log = host.run(
            "journalctl --sync; journalctl -o cat -u ssh; journalctl --rotate --vacuum-time=1s"
        )
        return log.stdout.count(words)


@dataclass
class Entry(Host):
    """An entry of an inventory with host data of its own; a value None takes a key away."""

    given: Mapping[str, Any] = field(default_factory=dict)

    def pyinfra_data(self, user: str | None = None) -> dict[str, Any]:
        """Return the host data with which pyinfra connects to it."""
        data = super().pyinfra_data(user) | dict(self.given)
        return {key: value for key, value in data.items() if value is not None}


@pytest.fixture(scope="module")
def hosts(boot_module_hosts: Callable[..., list[Host]]) -> list[Host]:
    booted = boot_module_hosts(HostSpec(), HostSpec())
    for host in booted:
        host.write("/etc/ssh/sshd_config.d/zz-defaults.conf", _DEFAULTS)
        host.run("systemctl restart ssh")
    return booted


@pytest.fixture
def way(hosts: list[Host], tmp_path: Path) -> Way:
    jump, target = hosts
    return Way(jump, target, tmp_path)


def a_class(host: Host, number: int) -> list[Host]:
    return [replace(host, name=f"vm{each}") for each in range(number)]


def run(
    pyinfra: PyinfraCommand, hosts: list[Host], data: Mapping[str, Any], directory: Path
) -> PyinfraResult:
    """Connect to hosts at once, with time enough for a slow machine."""
    config = directory / "config.py"
    config.write_text(
        "from pyinfra import config\nfrom pushgateway_lab import configure\nconfigure()\n"
        "config.CONNECT_TIMEOUT = 20\nconfig.PARALLEL = 300\n"
    )
    return pyinfra.run(hosts, "-y", "--config", str(config), "exec", "--", "true", data=data)


def test_a_class_connects_at_once_through_one_connection_to_its_jump_host(
    way: Way, pyinfra_command: PyinfraCommand
) -> None:
    for host in (way.jump, way.target):
        way.said(host, "")
    data = way.config(f"Host {way.target.address}\n  ProxyJump jump")
    result = run(pyinfra_command, a_class(way.target, 60), data, way.directory)
    assert result.returncode == 0, result.output
    assert result.stderr.count("Connected") == 60
    assert way.said(way.jump, "Accepted publickey") == 1
    # The host behind it, which is 60 hosts here, dropped connections.
    assert way.said(way.target, "MaxStartups") > 0


def test_a_class_connects_at_once_through_a_proxy_command(
    way: Way, pyinfra_command: PyinfraCommand
) -> None:
    way.said(way.jump, "")
    data = way.config(
        f"Host {way.target.address}\n  ProxyCommand ssh -F {way.directory / 'config'} -W %h:%p jump"
    )
    result = run(pyinfra_command, a_class(way.target, 16), data, way.directory)
    assert result.returncode == 0, result.output
    assert way.said(way.jump, "MaxStartups") > 0


def test_a_jump_host_with_another_key_fails_its_hosts_alone(
    way: Way, pyinfra_command: PyinfraCommand
) -> None:
    other = way.directory / "known_hosts"
    key = "AAAAC3NzaC1lZDI1NTE5AAAAIJh5ogWdkEXRQuuxqmmAtgl+u+H8XMsVRXKqDkwCVGpo"
    other.write_text(f"{way.jump.address} ssh-ed25519 {key}\n")
    # ProxyJump none: this host is not reached through a host whose name is none.
    data = way.config(
        f"Host {way.target.address}\n  ProxyJump jump\nHost *\n  ProxyJump none", known_hosts=other
    )
    behind = a_class(way.target, 2)
    result = run(pyinfra_command, [*behind, way.jump], data, way.directory)
    assert f"[{way.jump.name}] Connected" in " ".join(result.stderr.split())
    words = re.escape(
        "Not reached: jump host jump: its host key changed: somebody may intercept the connection. If it was "
        f"installed anew, type: ssh-keygen -f {other} -R {way.jump.address}"
    )
    assert len(re.findall(words, result.stderr)) == len(behind), result.stderr
    assert "Traceback" not in result.stderr
    assert "Success" in result.stderr


def test_each_host_says_why_it_was_not_reached(
    way: Way, pyinfra_command: PyinfraCommand, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    hidden = way.config("Host 10.255.255.255\n  ProxyJump jump")
    given: dict[str, Mapping[str, Any]] = {
        "good": {"ssh_known_hosts_file": None, "ssh_strict_host_key_checking": "accept-new"},
        "keyless": {"ssh_key": str(tmp_path / "no-key")},
        "closed": {"ssh_port": 1},
        "unknown": {"ssh_hostname": "unknown.invalid"},
        "stranger": {"ssh_user": "nobody"},
        "hidden": {"ssh_hostname": "10.255.255.255", **hidden},
    }
    fields = {key: value for key, value in vars(way.target).items() if key != "name"}
    entries = [Entry(name, **fields, given=each) for name, each in given.items()]
    script = tmp_path / "deploy.py"
    script.write_text("from pushgateway_lab import deploys\ndeploys.verify()\n")
    result = pyinfra_command.run(entries, "-y", str(script), environment={"HOME": str(home)})
    said = " ".join(result.stderr.split())
    for name, why in {
        "keyless": f"the key file {tmp_path / 'no-key'} does not exist",
        "closed": f"connection refused: nothing listens on {way.target.address} port 1.",
        "unknown": "unknown host name unknown.invalid",
        "stranger": f"it refused the login of nobody with the key {way.target.ssh_key}. Try: ssh -i ",
        "hidden": "jump host jump cannot connect to 10.255.255.255 port 22: ",
    }.items():
        assert f"[{name}] Not reached: {why}" in said, result.stderr
        assert f"[{name}] not reached: {why}" in said, result.stderr
    assert "[good] Connected" in said
    known = home / ".ssh/known_hosts"
    assert known.read_text().startswith(way.target.address)
    assert known.parent.stat().st_mode & 0o777 == 0o700
    assert "Traceback" not in result.stderr
