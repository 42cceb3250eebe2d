"""Whether this machine can boot lab hosts, and the message if it cannot."""

import os
import shutil
import sys

from .image import KEYRING

# Each program, and its Debian package.
_PROGRAMS = {
    "systemd-nspawn": "systemd-container",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "mount": "mount",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "setpriv": "util-linux",
}


def obstacle() -> str | None:
    """Return why this machine cannot boot lab hosts, with the next step, in one line; None if it can."""
    if not sys.platform.startswith("linux"):
        return "lab hosts need Linux: use a Debian virtual machine"
    if os.geteuid() != 0:
        return "lab hosts need root: run it with sudo, or as root"
    if packages := _missing_packages():
        return f"tools are missing: apt-get install {' '.join(packages)}"
    return None


def _missing_packages() -> list[str]:
    missing = {package for program, package in _PROGRAMS.items() if not shutil.which(program)}
    if not KEYRING.exists():
        missing.add("debian-archive-keyring")
    return sorted(missing)
