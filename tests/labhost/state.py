"""The directories of images and hosts, their owners, and the locks between runs.

All state is in files: if a run is killed, the next run finds there what it has to clean up.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple


def cache_directory() -> Path:
    """Return the directory of images, which all runs share; PUSHGATEWAY_LAB_CACHE overrides it."""
    return Path(os.environ.get("PUSHGATEWAY_LAB_CACHE", "/var/cache/pushgateway-lab"))


def state_directory() -> Path:
    """Return the directory of running hosts; PUSHGATEWAY_LAB_STATE overrides it (no overlay mount)."""
    return Path(os.environ.get("PUSHGATEWAY_LAB_STATE", "/var/lib/pushgateway-lab"))


class Process(NamedTuple):
    """A process, distinguished from a later one with the same id, even after a reboot."""

    pid: int
    started: int
    boot_id: str

    @classmethod
    def of(cls, pid: int) -> "Process":
        """Return the process with the id `pid`; raise `ProcessLookupError` if there is none."""
        return cls(pid, _state_and_start(pid)[1], _boot_id())

    def is_alive(self) -> bool:
        """Return whether this process still runs (a zombie does not)."""
        try:
            state, started = _state_and_start(self.pid)
        except ProcessLookupError:
            return False
        return state not in "ZX" and (started, _boot_id()) == (self.started, self.boot_id)


def _state_and_start(pid: int) -> tuple[str, int]:
    """Return its state (a letter, as in ps) and its start (clock ticks since the boot)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        raise ProcessLookupError(pid) from None
    # The second field is the program's name in parentheses and may hold anything, even ") ".
    fields = stat[stat.rindex(")") + 2 :].split()
    return fields[0], int(fields[19])


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


@contextmanager
def exclusive(path: Path, *, wait: bool = True) -> Iterator[int]:
    """Hold the lock file `path` inside the block; yield its file descriptor.

    If another process holds it, wait, or raise `BlockingIOError` if `wait` is false. A child process that
    inherits the descriptor holds the lock, too, until it ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield descriptor
    finally:
        os.close(descriptor)


def save_json(path: Path, content: Any) -> None:
    """Replace a file in one step: a reader sees the old content or the new, never a part."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(json.dumps(content))
    unfinished.replace(path)


def load_json(path: Path) -> Any:
    """Return the file's content; None if the file is missing or incomplete."""
    with suppress(FileNotFoundError, ValueError):
        return json.loads(path.read_text())
    return None
