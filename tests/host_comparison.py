"""A host before bootstrap and after the uninstallation, compared file by file."""

import re
from collections.abc import Callable

from expectations import FAST, assert_unchanged_run
from labhost import Host, PyinfraResult

Run = Callable[..., PyinfraResult]
UNINSTALL = "deploy/uninstall.py"

_LEFT_OUT = (
    "/proc /sys /dev /run /tmp /srv/apt /var/tmp",  # not of the host, or of this boot
    "/var/log /var/cache /var/lib/apt /var/lib/dpkg",  # logs, and what apt and dpkg remember
    "/etc/passwd- /etc/group- /etc/shadow- /etc/gshadow- /etc/.pwd.lock",  # backups of each change of a user
    "/etc/ssh/sshd_config.d/00-verbose.conf",  # of a test
    "/var/lib/systemd/timers /var/lib/systemd/random-seed",  # systemd's own state
)


def listing(host: Host, *also: str) -> dict[str, str]:
    """Return all files of a host: path -> type, owner, mode, size and digest, or the target of a link.

    + also: further paths that are left out
    """
    pruned = " -o ".join(f"-path {path}" for path in " ".join((*_LEFT_OUT, *also)).split())
    found = host.run(
        f"find / -xdev \\( {pruned} \\) -prune -o -type f -size -20000k -printf '%p\\t%y %U:%G %m %s %C@\\n' -o "
        "-not -type f -printf '%p\\t%y %u:%g %m %l\\n'\n"
        f"find /etc /usr/local /opt /home /srv /boot /var -xdev \\( {pruned} \\) -prune -o -type f -size -20000k -exec sha256sum {{}} + |"
        " sed -E 's,^(\\w+)  (.*)$,\\2\\tsha256 \\1,'"
    ).stdout
    files: dict[str, str] = {}
    for line in found.splitlines():
        path, _, about = line.partition("\t")
        if not path.startswith(
            "/usr/"
        ):  # of the many files there, the ctime stands for the content
            about = re.sub(r" \d+\.\d+$", "", about)
        files[path] = f"{files.get(path, '')} {about}".strip()
    assert "sha256" in files["/etc/passwd"]
    assert "/usr/bin/dpkg" in files
    return files


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return what differs between two listings."""
    return [
        f"{path}: {before.get(path)} -> {after.get(path)}"
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def assert_as_before(host: Host, run_pyinfra: Run, before: dict[str, str], *also: str) -> None:
    """Fail unless a host is as before, has no note, and a second run changes nothing."""
    differing = differences(before, listing(host, *also))
    assert not differing, "\n".join(differing)
    assert host.run("ls -d /run/*pushgateway-lab*", check=False).stdout == ""
    assert_unchanged_run(run_pyinfra(host, "-y", UNINSTALL, data=FAST, sudo=host.user != "root"))
