"""Measure the time and the memory of a run of pyinfra."""

import re
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from labhost import PyinfraCommand


class Ran(NamedTuple):
    """The result of a measured run.

    + seconds: its duration
    + megabytes: the peak memory of its process
    """

    stdout: str
    stderr: str
    seconds: float
    megabytes: int


def measured(command: PyinfraCommand, process: "subprocess.Popen[str]", patience: float) -> Ran:
    """Wait for a run that has just started; kill it after `patience` seconds."""
    began = time.monotonic()
    megabytes = 0
    while process.poll() is None and time.monotonic() - began < patience:
        status = Path(f"/proc/{process.pid}/status").read_text()
        if peak := re.search(r"VmHWM:\s+(\d+) kB", status):
            megabytes = int(peak[1]) // 1000
        time.sleep(0.05)
    try:
        result = command.finish(process, timeout=1)
    except TimeoutError:
        return Ran("", "", time.monotonic() - began, megabytes)
    return Ran(result.stdout, result.stderr, time.monotonic() - began, megabytes)
