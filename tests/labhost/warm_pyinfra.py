"""pyinfra's command line without its imports, which take a second of processor time: a process that has them forks.

Only pyinfra and what it imports are there before a run. The toolkit itself, the inventory and the settings are
imported by each run, as by a new interpreter. This file is also the program of the process that forks.
"""

import json
import os
import random
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

PYINFRA = Path(sys.prefix, "bin/pyinfra")


class Run(NamedTuple):
    """A run that was started.

    + process: its process id, and the id of its process group
    + directory: with its output, in the files ``stdout`` and ``stderr``
    + end: the end of a pipe that is closed when the run has ended, after its wait status was written
    """

    process: int
    directory: Path
    end: int

    def wait(self, timeout: float) -> int:
        """Wait for the end, and return the exit code; after `timeout` seconds, kill it and raise `TimeoutError`."""
        try:
            if not select.select([self.end], [], [], timeout)[0]:
                with suppress(ProcessLookupError):
                    os.killpg(self.process, signal.SIGKILL)
                raise TimeoutError
            return os.waitstatus_to_exitcode(int(os.read(self.end, 16)))
        finally:
            os.close(self.end)

    def read(self, name: str) -> str:
        """Return its output: ``stdout`` or ``stderr``."""
        return (self.directory / name).read_text(encoding="utf-8", errors="replace")


class WarmPyinfra:
    """Starts runs of pyinfra; `close()` ends the process that forks."""

    def __init__(self) -> None:
        """Start that process with the first run."""
        self._lock = Lock()
        self._server: subprocess.Popen[bytes] | None = None

    def start(
        self, words: Sequence[str], cwd: Path, environment: Mapping[str, str], directory: Path
    ) -> Run:
        """Start ``pyinfra WORDS`` without standard input, in a session of its own.

        + directory: for its output; a new one
        """
        directory.mkdir()
        os.mkfifo(directory / "end")
        end = os.open(directory / "end", os.O_RDONLY | os.O_NONBLOCK)
        asked = {"words": list(words), "cwd": str(cwd), "environment": dict(environment)}
        with self._lock:
            self._server = self._server or subprocess.Popen(
                [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            assert self._server.stdin
            assert self._server.stdout
            line = json.dumps(asked | {"directory": str(directory)})
            self._server.stdin.write(f"{line}\n".encode())
            self._server.stdin.flush()
            # From now on, somebody holds the other end of the pipe.
            return Run(int(self._server.stdout.readline()), directory, end)

    def close(self) -> None:
        """End the process that forks. A run goes on until its end."""
        if self._server is not None:
            self._server.communicate()


def _serve() -> None:
    """Start a run for each line of standard input, and print its process id."""
    import pyinfra_cli.main  # type: ignore[import-untyped]  # it patches the standard library
    from gevent.monkey import get_original

    fork: Callable[[], int] = get_original("os", "fork")
    wait: Callable[[int, int], tuple[int, int]] = get_original("os", "waitpid")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the processes below
    for line in sys.stdin.buffer:
        if fork():
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        asked = json.loads(line)
        end = os.open(f"{asked['directory']}/end", os.O_WRONLY)
        if process := fork():
            os.write(1, b"%d\n" % process)
            os.write(end, b"%d" % wait(process, 0)[1])
            os._exit(0)
        os.close(end)
        _become(asked)
        sys.exit(pyinfra_cli.main.main())


def _become(asked: Mapping[str, Any]) -> None:
    """Make this process what a new one would be."""
    os.setsid()
    for number, path in enumerate(
        (os.devnull, f"{asked['directory']}/stdout", f"{asked['directory']}/stderr")
    ):
        opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    random.seed()
    sys.argv[:] = [str(PYINFRA), *asked["words"]]
    sys.path[0] = str(PYINFRA.parent)


if __name__ == "__main__":
    _serve()
