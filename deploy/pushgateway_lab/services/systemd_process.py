"""The main process of a systemd unit, asked on the host itself.

Python 3.9 and its standard library: the prune's program carries this module.
"""

from __future__ import annotations

import subprocess
from typing import NamedTuple


class Process(NamedTuple):
    """The main process of a unit, and the control group of the unit."""

    number: str
    group: str


class UnknownProcessError(Exception):
    """systemd does not say what the main process of a unit is."""


def main_process(unit: str) -> Process:
    """Return the main process of a unit; it has the number 0 where the unit does not run.

    Raises:
        UnknownProcessError: systemd does not say.
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
