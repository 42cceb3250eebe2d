"""The names of what the prune puts on a host: its files, its units, its group.

Python 3.9 and its standard library: the prune's program takes its names from here, too.
"""

from __future__ import annotations

from typing import NamedTuple

SERVICE = "pushgateway-lab-prune.service"
TIMER = "pushgateway-lab-prune.timer"
UNITS = (SERVICE, TIMER)

PROGRAM = "/usr/local/lib/pushgateway-lab/prune.pyz"
ARGUMENTS = "/etc/pushgateway-lab/prune.arguments"
PASSWORD = "/etc/pushgateway-lab/prune.password"  # noqa: S105 - a path
AUTHORITIES = "/etc/pushgateway-lab/prune.ca.pem"
CLIENT = "/etc/pushgateway-lab/prune.client.pem"

SECRETS = (PASSWORD, CLIENT)
"""Files of which a look tells only whether they are what is wanted."""

FILES = (
    PROGRAM,
    *(f"/etc/systemd/system/{unit}" for unit in UNITS),
    ARGUMENTS,
    AUTHORITIES,
    *SECRETS,
)
"""All files that are installed. Names without blanks and patterns: shell scripts take them as words."""

NOTED = "/run/pushgateway-lab-prune.listeners"
"""File in which the program, as root, notes the sockets that may get the password."""

REPORT_JOB = "pushgateway_lab_prune"
"""The job label of the group that the program pushes with ``pushgateway_prune_report``."""


class InstalledFile(NamedTuple):
    """A file of ours on a host.

    + mode: owner, group and permissions, as ``0:0:644``
    + content: its SHA-256, in hexadecimal; of a secret ``same`` (as is wanted), ``empty`` or ``differs``;
      nothing where it is no regular file
    """

    mode: str
    content: str
