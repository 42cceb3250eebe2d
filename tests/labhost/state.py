"""Where images and hosts are kept, who owns them, and the locks between runs.

Nothing is kept in memory alone: a run that is killed leaves behind what the next run needs to
clean up after it.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple


def cache_directory() -> Path:
    """Images: made once, shared by all runs. PUSHGATEWAY_LAB_CACHE puts them elsewhere."""
    return Path(os.environ.get("PUSHGATEWAY_LAB_CACHE", "/var/cache/pushgateway-lab"))


def state_directory() -> Path:
    """Running hosts. PUSHGATEWAY_LAB_STATE puts them elsewhere (not onto an overlay mount)."""
    return Path(os.environ.get("PUSHGATEWAY_LAB_STATE", "/var/lib/pushgateway-lab"))


class Process(NamedTuple):
    """A process that can be told from a later one with the same id, even after a reboot."""

    pid: int
    started: int
    boot_id: str

    @classmethod
    def of(cls, pid: int) -> "Process":
        """The process that has the id `pid` now; `ProcessLookupError` if none has."""
        return cls(pid, _state_and_start(pid)[1], _boot_id())

    def is_alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        try:
            state, started = _state_and_start(self.pid)
        except ProcessLookupError:
            return False
        return state not in "ZX" and (started, _boot_id()) == (self.started, self.boot_id)


def _state_and_start(pid: int) -> tuple[str, int]:
    """What it does (a letter, as ps shows it), and since when (clock ticks from the boot)."""
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
    """Hold the lock file `path`; gives its file descriptor.

    While somebody else holds it, wait for that, or raise `BlockingIOError` if `wait` is off.
    A child process that inherits the descriptor holds the lock too, for as long as it lives.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield descriptor
    finally:
        os.close(descriptor)


def save_json(path: Path, content: Any) -> None:
    """Replace the file in one step: a reader sees the old content or the new, never a part."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(json.dumps(content))
    unfinished.replace(path)


def load_json(path: Path) -> Any:
    """The file's content; None if there is none, or none that a finished run can have written."""
    with suppress(FileNotFoundError, ValueError):
        return json.loads(path.read_text())
    return None
