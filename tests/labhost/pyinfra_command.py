"""pyinfra's own command line, run as its users run it: from here, or on a lab host (`@local`)."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .host import Host
from .inventory import write_inventory, write_local_inventory

REPOSITORY = Path(__file__).resolve().parents[2]


class PyinfraResult(NamedTuple):
    """How a run of pyinfra ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """All it printed."""
        return self.stdout + self.stderr


class PyinfraCommand:
    """Runs `pyinfra INVENTORY ...` in the repository; `close()` kills what still runs."""

    def __init__(self, directory: Path, repository: Path = REPOSITORY) -> None:
        """`directory` is where the inventories are written, `repository` where pyinfra runs."""
        self._directory, self._repository = directory, repository
        self._state = directory / "state"
        self._started: list[subprocess.Popen[str]] = []

    def start(
        self,
        hosts: Host | Sequence[Host],
        *arguments: str,
        data: Mapping[str, Any] | None = None,
        sudo: bool = False,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start pyinfra against hosts and go on, to interrupt it or to change a host meanwhile.

        + hosts: one or several; they become the inventory
        + arguments: what follows the inventory on the command line
        + data: host data that all of them get
        + sudo: pass `--sudo`
        + user: who logs in, instead of each host's own user
        + environment: variables on top of this process's own
        """
        path = self._directory / f"inventory{len(self._started)}.py"
        write_inventory(path, [hosts] if isinstance(hosts, Host) else hosts, data, user)
        process = subprocess.Popen(
            [Path(sys.prefix, "bin/pyinfra"), path, *(["--sudo"] if sudo else []), *arguments],
            cwd=self._repository,
            env=os.environ | {"XDG_STATE_HOME": str(self._state)} | dict(environment or {}),
            # Nothing may wait for an answer that nobody gives.
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            # A process group of its own can be signalled as a terminal does it.
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def run(
        self,
        hosts: Host | Sequence[Host],
        *arguments: str,
        data: Mapping[str, Any] | None = None,
        sudo: bool = False,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float = 180,
    ) -> PyinfraResult:
        """As `start`, and wait for its end: `timeout` seconds, then it is killed."""
        process = self.start(
            hosts, *arguments, data=data, sudo=sudo, user=user, environment=environment
        )
        return self.finish(process, timeout)

    def finish(self, process: subprocess.Popen[str], timeout: float = 180) -> PyinfraResult:
        """Wait for a pyinfra that was started; after `timeout` seconds, `TimeoutError`."""
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            _kill_group(process)
            stdout, stderr = process.communicate()
            raise TimeoutError(f"pyinfra took over {timeout} s:\n{stdout}{stderr}") from None
        return PyinfraResult(process.returncode, stdout, stderr + self._logs())

    def _logs(self) -> str:
        """The logs of errors that nobody expected, so that who looks for a traceback finds it."""
        logs = sorted(self._state.glob("pushgateway-lab/*.log"))
        texts = [path.read_text(encoding="utf-8") for path in logs]
        for path in logs:
            path.unlink()
        return "".join(texts)

    def run_locally(
        self,
        host: Host,
        *arguments: str,
        data: Mapping[str, Any] | None = None,
        timeout: float = 180,
    ) -> PyinfraResult:
        """Run `pyinfra @local ...` as root on a host that shares `toolkit_directories()`.

        Arguments that are paths are relative to the repository, as in `run`.
        """
        inventory = write_local_inventory(host.root / "root/inventory.py", data or {})
        words = [
            str(REPOSITORY / word) if (REPOSITORY / word).exists() else word for word in arguments
        ]
        pyinfra = shlex.join([f"{sys.prefix}/bin/pyinfra", f"/root/{inventory.name}", *words])
        # The repository is read-only there: pyinfra's debug log goes to its working directory.
        command = f"cd /root && PYTHONDONTWRITEBYTECODE=1 {pyinfra}"
        done = host.run(command, check=False, timeout=timeout)
        return PyinfraResult(done.returncode, done.stdout, done.stderr)

    def close(self) -> None:
        """Kill whatever still runs."""
        for process in self._started:
            with process:
                _kill_group(process)


def toolkit_directories() -> tuple[str, ...]:
    """What a host must share (`HostSpec.share`) to run pyinfra itself, for `@local`.

    With the distribution's own Python, the host must be of this machine's release: it uses this
    machine's virtual environment.
    """
    directories = {REPOSITORY, Path(sys.prefix), Path(sys.base_prefix)} - {Path("/usr")}
    return tuple(sorted(str(path) for path in directories if directories.isdisjoint(path.parents)))


def _kill_group(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
