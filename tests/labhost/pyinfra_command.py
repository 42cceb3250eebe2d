"""pyinfra's command line as its users run it: on this machine, or on a lab host (`@local`)."""

import itertools
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
from .warm_pyinfra import PYINFRA, WarmPyinfra

REPOSITORY = Path(__file__).resolve().parents[2]

_ON_A_BUSY_MACHINE = {"lab_look_timeout": 60}
"""Host data of each run that does not give its own: a class boots here while others boot theirs."""


class PyinfraResult(NamedTuple):
    """The exit code and the output of a run of pyinfra."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Its standard output and standard error."""
        return self.stdout + self.stderr


class PyinfraCommand:
    """Runs `pyinfra INVENTORY ...` in the repository; `close()` kills the runs that have not ended."""

    def __init__(self, directory: Path, warm: WarmPyinfra, repository: Path = REPOSITORY) -> None:
        """Write inventories and outputs to `directory` and run pyinfra in `repository`."""
        self._directory, self._warm, self._repository = directory, warm, repository
        self._state = directory / "state"
        self._numbers = itertools.count()
        self._started: list[subprocess.Popen[str]] = []

    def start(
        self,
        hosts: Host | Sequence[Host],
        *arguments: str,
        data: Mapping[str, Any] | None = None,
        sudo: bool = False,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
        own: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> subprocess.Popen[str]:
        """Start pyinfra on hosts and return at once, so that a test can interrupt it or change a host.

        + hosts: the inventory
        + arguments: the arguments after the inventory
        + data: host data of all hosts, in addition to `_ON_A_BUSY_MACHINE`
        + sudo: pass `--sudo`
        + user: the user who logs in, instead of each host's own user
        + environment: variables in addition to those of this process
        + own: name of a host -> further host data of this one
        """
        words = self._words(hosts, arguments, data, user, own, sudo=sudo)
        process = subprocess.Popen(
            [PYINFRA, *words],
            cwd=self._repository,
            env=self._environment(environment),
            # A run that asks a question must fail and not wait.
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            # In a process group of its own it gets signals as from a terminal.
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
        own: Mapping[str, Mapping[str, Any]] | None = None,
        timeout: float = 180,
    ) -> PyinfraResult:
        """Run pyinfra on hosts to its end; after `timeout` seconds, kill it and raise `TimeoutError`.

        The arguments are those of `start`. Most of pyinfra is imported already, see `labhost.warm_pyinfra`.
        """
        words = self._words(hosts, arguments, data, user, own, sudo=sudo)
        run = self._warm.start(
            words,
            self._repository,
            self._environment(environment),
            self._directory / f"run{next(self._numbers)}",
        )
        try:
            code = run.wait(timeout)
        except TimeoutError:
            said = run.read("stdout") + run.read("stderr")
            raise TimeoutError(f"pyinfra took over {timeout} s:\n{said}") from None
        return PyinfraResult(code, run.read("stdout"), run.read("stderr") + self._logs())

    def _words(
        self,
        hosts: Host | Sequence[Host],
        arguments: Sequence[str],
        data: Mapping[str, Any] | None,
        user: str | None,
        own: Mapping[str, Mapping[str, Any]] | None,
        *,
        sudo: bool,
    ) -> list[str]:
        """Write the inventory, and return the words after ``pyinfra``."""
        path = self._directory / f"inventory{next(self._numbers)}.py"
        listed = [hosts] if isinstance(hosts, Host) else hosts
        write_inventory(path, listed, _ON_A_BUSY_MACHINE | dict(data or {}), user, own)
        return [str(path), *(["--sudo"] if sudo else []), *arguments]

    def _environment(self, more: Mapping[str, str] | None) -> dict[str, str]:
        return os.environ | {"XDG_STATE_HOME": str(self._state)} | dict(more or {})

    def finish(self, process: subprocess.Popen[str], timeout: float = 180) -> PyinfraResult:
        """Wait for the end of a started run; raise `TimeoutError` after `timeout` seconds."""
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            _kill_group(process)
            stdout, stderr = process.communicate()
            raise TimeoutError(f"pyinfra took over {timeout} s:\n{stdout}{stderr}") from None
        return PyinfraResult(process.returncode, stdout, stderr + self._logs())

    def _logs(self) -> str:
        """Return the logs of unexpected errors, so that a failed test shows the traceback."""
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

        Paths in the arguments are relative to the repository, as in `run`.
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
        """Kill all runs that have not ended."""
        for process in self._started:
            with process:
                _kill_group(process)


def toolkit_directories() -> tuple[str, ...]:
    """Return the directories that a host must share (`HostSpec.share`) to run pyinfra with `@local`.

    The host uses this machine's virtual environment. If that has the distribution's Python, the host must
    have this machine's release.
    """
    directories = {REPOSITORY, Path(sys.prefix), Path(sys.base_prefix)} - {Path("/usr")}
    return tuple(sorted(str(path) for path in directories if directories.isdisjoint(path.parents)))


def _kill_group(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
