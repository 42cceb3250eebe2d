"""The names of the prune on a host: its files, its units, its group.

Only Python 3.9 and its standard library: the prune's program imports this module, too.
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
"""Files whose content a look does not report, only whether it is the wanted one."""

FILES = (
    PROGRAM,
    *(f"/etc/systemd/system/{unit}" for unit in UNITS),
    ARGUMENTS,
    AUTHORITIES,
    *SECRETS,
)
"""All installed files. Their names have no blanks and no wildcards, because shell scripts split them into words."""

NOTED = "/run/pushgateway-lab-prune.listeners"
"""The file in which the program, as root, notes the sockets that may receive the password."""

REPORT_JOB = "pushgateway_lab_prune"
"""The job label of the group that the program pushes with ``pushgateway_prune_report``."""


class InstalledFile(NamedTuple):
    """A file of the prune on a host.

    + mode: owner, group and permissions, such as ``0:0:644``
    + content: the SHA-256 in hexadecimal; for a secret ``same`` (as wanted), ``empty`` or ``differs``; empty if
      it is not a regular file
    """

    mode: str
    content: str
