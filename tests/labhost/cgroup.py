"""A control group per host.

systemd-nspawn uses the group it was started in. If all hosts had the same group, the stop of a unit on one
host would stop the unit with that name on the others. If hosts had the caller's group, the hosts of
`make lab` would end with the session or service that started them.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def enter(name: str) -> list[str]:
    """Return the words before a command that run it in a control group of its own."""
    if Path("/run/systemd/system").exists():
        scope = ["--scope", f"--unit={name}", "--slice=machine.slice", "--property=Delegate=yes"]
        return ["systemd-run", "--quiet", "--collect", *scope, "--"]
    group = next((path for kind, path in directories(name) if kind == "cgroup2"), None)
    if group is None:
        return []
    group.mkdir(parents=True, exist_ok=True)
    script = 'echo $$ > "$0" && exec "$@"'
    return ["sh", "-c", script, str(group / "cgroup.procs")]


def remove(name: str) -> None:
    """Remove a group and all groups below it, if they exist. Their processes have ended.

    On a machine with systemd, systemd has removed them already.
    """
    for _, group in directories(name):
        for directory in [*_below(group), group]:
            _remove_empty(directory)
        # This succeeds only if the parent has no other group.
        with suppress(OSError):
            group.parent.rmdir()


def _below(group: Path) -> list[Path]:
    return sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True)


def _remove_empty(directory: Path) -> None:
    for _ in range(100):
        try:
            directory.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            # A group stays busy for a moment after the end of its last process.
            time.sleep(0.01)
        else:
            return


def directories(name: str) -> Iterator[tuple[str, Path]]:
    """Return the directories of a group in all hierarchies: nspawn also makes it in systemd's, if any."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount, _, file_system = line.partition(" - ")
        if file_system.startswith("cgroup"):
            yield file_system.split()[0], Path(mount.split()[4], "pushgateway-lab", name)
