"""How long a run of pyinfra takes, and how much memory, while it runs."""

import re
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from labhost import PyinfraCommand


class Ran(NamedTuple):
    """How a run went.

    + seconds: until it ended
    + megabytes: what its process took at most
    """

    stdout: str
    stderr: str
    seconds: float
    megabytes: int


def measured(command: PyinfraCommand, process: "subprocess.Popen[str]", patience: float) -> Ran:
    """Wait for a run that was just started; it is killed after `patience` seconds."""
    began = time.monotonic()
    megabytes = 0
    while process.poll() is None and time.monotonic() - began < patience:
        status = Path(f"/proc/{process.pid}/status").read_text()
        if peak := re.search(r"VmHWM:\s+(\d+) kB", status):
            megabytes = int(peak[1]) // 1000
        time.sleep(0.05)
    result = command.finish(process, timeout=1)
    return Ran(result.stdout, result.stderr, time.monotonic() - began, megabytes)
