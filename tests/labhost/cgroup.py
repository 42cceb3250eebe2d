"""A control group per host.

systemd-nspawn uses the group it was started in. Were that the same one for all hosts, then
stopping a unit on one host would hit the unit of the same name on the others; were it the
caller's, the hosts of `make lab` would end with the session or service that started them.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def enter(name: str) -> list[str]:
    """The words to put before a command so that it runs in a control group of its own."""
    if Path("/run/systemd/system").exists():
        scope = ["--scope", f"--unit={name}", "--slice=machine.slice", "--property=Delegate=yes"]
        return ["systemd-run", "--quiet", "--collect", *scope, "--"]
    group = next((path for kind, path in _groups(name) if kind == "cgroup2"), None)
    if group is None:
        return []
    group.mkdir(parents=True, exist_ok=True)
    script = 'echo $$ > "$0" && exec "$@"'
    return ["sh", "-c", script, str(group / "cgroup.procs")]


def remove(name: str) -> None:
    """Remove the group with all below it, as far as it is there. Its processes have ended.

    Where there is a systemd on this machine, it does that itself, and nothing is found here.
    """
    for _, group in _groups(name):
        for directory in [*_below(group), group]:
            _remove_empty(directory)
        # The parent goes with its last group; with others left, it cannot.
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
            # A group counts as busy for a moment after its last process has ended.
            time.sleep(0.01)
        else:
            return


def _groups(name: str) -> Iterator[tuple[str, Path]]:
    """Where the group is, in each hierarchy: nspawn copies it to the one of systemd, if there is."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount, _, file_system = line.partition(" - ")
        if file_system.startswith("cgroup"):
            yield file_system.split()[0], Path(mount.split()[4], "pushgateway-lab", name)
