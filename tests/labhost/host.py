"""One lab host: a Debian with systemd, sshd and apt, and the operations that tests need."""

import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import container, network
from .image import Image, ensure_image
from .state import Process, load_json, save_json

_BOOT_TIMEOUT = 90  # seconds; one is usual, but many hosts may share few cores


class HostError(RuntimeError):
    """A host did not boot, or a command on it failed."""


@dataclass(frozen=True)
class HostSpec:
    """The description of a host to boot.

    + name: its host name; None: one that is free in its lab
    + suite: the Debian release
    + packages: packages in its image, with their services enabled and running
    + user: the user who logs in: `root`, `trainer` (may use sudo) or `student` (may not)
    + share: directories of this machine that the host has at the same path, read-only
    + systemd: whether systemd boots the host; else nothing runs but sshd, as in many a container
    """

    name: str | None = None
    suite: str = "bookworm"
    packages: Sequence[str] = ()
    user: str = "root"
    share: Sequence[str] = ()
    systemd: bool = True


@dataclass
class Host:
    """A host in a lab. `boot()` makes one, `stop()` leaves no trace of it.

    + name, suite, user: as in `HostSpec`
    + lab, number: its lab, and its number there (from 0)
    + directory: all files about it
    + nspawn, init: the container's process on this machine, and its PID 1
    """

    name: str
    suite: str
    user: str
    lab: int
    number: int
    directory: Path
    nspawn: Process | None = None
    init: Process | None = None

    @property
    def address(self) -> str:
        """Its address, for this machine and the other hosts of the lab."""
        return network.address(self.lab, self.number)

    @property
    def namespace(self) -> str:
        """The name of its network namespace."""
        return network.namespace_name(self.lab, self.number)

    @property
    def root(self) -> Path:
        """The host's root file system, without the host's own mounts (/run, /tmp)."""
        return self.directory / "root"

    @property
    def ssh_key(self) -> Path:
        """The private key with which root, trainer and student log in."""
        return self.directory / "ssh_key"

    @property
    def known_hosts(self) -> Path:
        """A known_hosts file with its keys."""
        return self.directory / "known_hosts"

    def is_running(self) -> bool:
        """Whether its container runs, booted or booting."""
        return self.init is not None and self.init.is_alive()

    def run(
        self,
        command: str,
        *,
        check: bool = True,
        input: str | None = None,  # noqa: A002 - the word of subprocess.run
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell command as root inside the host, without sshd.

        Raises:
            TimeoutError: the command took longer than `timeout` seconds, and was killed.
        """
        done = self._run(command, None if input is None else input.encode(), timeout)
        stdout, stderr = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
        if check and done.returncode != 0:
            raise HostError(
                f"{self.name}: {command!r} ended with {done.returncode}\n{stdout}{stderr}"
            )
        return subprocess.CompletedProcess(command, done.returncode, stdout, stderr)

    def read(self, path: str) -> bytes:
        """Return the content of a file."""
        done = self._run(f"cat -- {shlex.quote(path)}", None, 60)
        if done.returncode != 0:
            raise HostError(f"{self.name}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def write(self, path: str, content: bytes) -> None:
        """Set a file's content; an existing file keeps its owner and mode."""
        done = self._run(f"cat > {shlex.quote(path)}", content, 60)
        if done.returncode != 0:
            raise HostError(f"{self.name}: {done.stderr.decode(errors='replace').strip()}")

    def pyinfra_data(self, user: str | None = None) -> dict[str, Any]:
        """Return the host data with which pyinfra connects to this host."""
        return {
            "ssh_hostname": self.address,
            "ssh_user": user or self.user,
            "ssh_key": str(self.ssh_key),
            "ssh_known_hosts_file": str(self.known_hosts),
            "ssh_strict_host_key_checking": "yes",
            # The user's own ssh configuration must not affect tests.
            "ssh_config_file": "/dev/null",
        }

    def ssh_command(self, user: str | None = None) -> list[str]:
        """Return the ssh command that logs in to this host."""
        options = ["-F", "/dev/null", "-i", str(self.ssh_key)]
        options += ["-o", f"UserKnownHostsFile={self.known_hosts}"]
        return ["ssh", *options, f"{user or self.user}@{self.address}"]

    def stop(self) -> None:
        """Stop the host and remove all that was made for it. Idempotent."""
        container.kill(self.namespace, self.nspawn)
        container.unmount_root(self.directory)
        network.detach_host(self.lab, self.number)
        container.remove_tree(self.directory)

    def save(self) -> None:
        """Write to `directory` the data that another run needs to use or to remove this host."""
        record = {name: value for name, value in vars(self).items() if name != "directory"}
        save_json(self.directory / "host.json", record)

    @classmethod
    def load(cls, directory: Path) -> "Host | None":
        """Return the host that was saved in `directory`, running or not."""
        record = load_json(directory / "host.json")
        if record is None:
            return None
        for name in ("nspawn", "init"):
            record[name] = Process(*record[name]) if record[name] else None
        return cls(**record, directory=directory)

    def _run(
        self, command: str, content: bytes | None, timeout: float
    ) -> subprocess.CompletedProcess[bytes]:
        if self.init is None or not self.init.is_alive():
            raise HostError(f"{self.name} is not running")
        enter = f"nsenter --target {self.init.pid} --mount --uts --ipc --net --pid"
        environment = "env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8"
        # The time limit is inside the host: if nsenter were killed, the command would go on.
        limit = f"timeout --signal=KILL {timeout} sh -c"
        started = time.monotonic()
        done = subprocess.run(
            [*enter.split(), *environment.split(), *limit.split(), command],
            input=content,
            stdin=subprocess.DEVNULL if content is None else None,
            capture_output=True,
            timeout=timeout + 5,
            check=False,
        )
        if done.returncode in (-signal.SIGKILL, 137) and time.monotonic() - started >= timeout:
            raise TimeoutError(f"{self.name}: {command!r} took longer than {timeout} s")
        return done


def boot(host: Host, spec: HostSpec) -> None:
    """Boot a host whose network and `directory` exist; return when sshd answers.

    After an error, the caller has to remove the host with `stop()`.
    """
    image = ensure_image(spec.suite, spec.packages)
    container.mount_root(host.directory, image.lower_directories)
    _write_identity(host, image)
    host.nspawn = container.start(
        host.name, host.namespace, host.directory, spec.share, systemd=spec.systemd
    )
    host.save()
    _wait_for_sshd(host, host.nspawn)
    host.init = container.find_init(host.nspawn)
    host.save()
    # sshd starts before the other services; a test needs all of them.
    if spec.systemd:
        host.run("systemctl is-system-running --wait", check=False, timeout=_BOOT_TIMEOUT)


def _write_identity(host: Host, image: Image) -> None:
    """Write the host's name, and this machine's files for the login."""
    (host.root / "etc/hostname").write_text(f"{host.name}\n")
    (host.root / "etc/hosts").write_text(
        f"127.0.0.1\tlocalhost\n127.0.1.1\t{host.name}\n::1\tlocalhost ip6-localhost\n"
    )
    host.known_hosts.write_text("".join(f"{host.address} {key}\n" for key in image.host_keys))
    host.ssh_key.write_bytes(image.ssh_key.read_bytes())
    host.ssh_key.chmod(0o600)


def _wait_for_sshd(host: Host, nspawn: Process) -> None:
    deadline = time.monotonic() + _BOOT_TIMEOUT
    while not _sshd_answers(host.address):
        if not nspawn.is_alive() or time.monotonic() > deadline:
            console = (host.directory / "console.log").read_text(errors="replace")
            end = "\n".join(console.splitlines()[-20:])
            raise HostError(
                f"{host.name} ({host.suite}) did not boot; the end of its console:\n{end}"
            )
        time.sleep(0.02)


def _sshd_answers(address: str) -> bool:
    with suppress(OSError), socket.create_connection((address, 22), timeout=1) as connection:
        return connection.recv(256).startswith(b"SSH-")
    return False
