"""The main process of a systemd unit on this machine.

Only Python 3.9 and its standard library: the prune's program uses this module on a host.
"""

from __future__ import annotations

import subprocess
from typing import NamedTuple


class Process(NamedTuple):
    """The process id of a unit's main process, and the control group of the unit."""

    number: str
    group: str


class UnknownProcessError(Exception):
    """systemctl failed, so the main process of a unit is unknown."""


def main_process(unit: str) -> Process:
    """Return the main process of a unit; its number is 0 if the unit does not run.

    Raises:
        UnknownProcessError: systemctl failed.
    """
    try:
        shown = subprocess.run(
            ["/bin/systemctl", "show", "--property=MainPID,ControlGroup", "--", unit],
            capture_output=True, text=True, timeout=20, check=True,
        ).stdout  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise UnknownProcessError(f"systemctl does not say whether {unit} runs: {error}") from error
    said = dict(line.partition("=")[::2] for line in shown.splitlines())
    return Process(said.get("MainPID", "0"), said.get("ControlGroup", ""))
