"""The container of a host: its overlay root and its systemd-nspawn process, from start to removal."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from . import cgroup, network
from .state import Process

_STOP_TIMEOUT = 15  # seconds

# Containers that this process started: it has to wait for its children when they end.
_children: dict[Process, subprocess.Popen[bytes]] = {}


class ContainerError(RuntimeError):
    """A container could not be started or stopped."""


def mount_root(directory: Path, lower_directories: Sequence[Path]) -> None:
    """Mount `directory`/root: an overlay that writes to `directory`/upper."""
    for name in ("root", "upper", "work"):
        (directory / name).mkdir(exist_ok=True)
    lower = ":".join(str(path) for path in lower_directories)
    # `volatile` avoids writes to the disk: these files need not survive a crash of the machine.
    options = f"lowerdir={lower},upperdir={directory}/upper,workdir={directory}/work,volatile"
    _mount("-t", "overlay", "-o", options, "overlay", str(directory / "root"))


def unmount_root(directory: Path) -> None:
    """Undo `mount_root`, and unmount all that a test has mounted below it."""
    for mount_point in reversed(mounts_below(directory)):
        # A dying process of the host may still use it; a lazy unmount ends with that process.
        subprocess.run(["umount", "--lazy", mount_point], check=False, capture_output=True)
    if left := mounts_below(directory):
        raise ContainerError(f"cannot unmount {', '.join(left)}")


def mounts_below(directory: Path) -> list[str]:
    """Return the mount points at or below a directory, in the order of their mounts."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4] for line in lines]
    return [point for point in points if Path(point).is_relative_to(directory)]


def remove_tree(directory: Path) -> None:
    """Delete a directory, but never the content of a mount below it."""
    if left := mounts_below(directory):
        raise ContainerError(f"not deleted, still mounted: {', '.join(left)}")
    shutil.rmtree(directory, ignore_errors=True)
    if directory.exists():
        shutil.rmtree(directory)


def start(
    name: str, namespace: str, directory: Path, share: Sequence[str], *, systemd: bool
) -> Process:
    """Boot the root file system in `directory`/root; the console goes to `directory`/console.log.

    Its process has a session of its own, so it survives this process and a Ctrl-C in its terminal.
    """
    nspawn = _nspawn_command(name, namespace, directory / "root", share, systemd=systemd)
    command = [*cgroup.enter(namespace), *nspawn]
    with (directory / "console.log").open("wb") as console:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # systemd 258 and later need the unified hierarchy.
            env=os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
        )
    process = Process.of(child.pid)
    _children[process] = child
    return process


def _nspawn_command(
    name: str, namespace: str, root: Path, share: Sequence[str], *, systemd: bool
) -> list[str]:
    return [
        "systemd-nspawn",
        "--quiet",
        # Without systemd, the process 1 is nspawn's own, which only reaps children.
        "--boot" if systemd else "--as-pid2",
        f"--directory={root}",
        f"--machine={namespace}",
        f"--hostname={name}",
        f"--network-namespace-path={network.namespace_path(namespace)}",
        "--console=pipe",
        # Else nspawn would need a systemd on this machine.
        "--register=no",
        "--keep-unit",
        "--notify-ready=no",
        "--resolv-conf=off",
        "--timezone=off",
        "--link-journal=no",
        # The sandboxes of Debian's units need capabilities that nspawn drops by default.
        "--capability=all",
        "--system-call-filter=@memlock",
        *(f"--bind-ro={path}" for path in share),
        *([] if systemd else ["/bin/sh", "-c", "mkdir -p /run/sshd && exec /usr/sbin/sshd -D"]),
    ]


def find_init(nspawn: Process) -> Process | None:
    """Return the container's PID 1; None until it exists."""
    for pid in _descendants(nspawn.pid):
        with suppress(OSError, ProcessLookupError):
            status = Path(f"/proc/{pid}/status").read_text(errors="replace")
            ids = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()
            # Its ids, outermost namespace first: the last one is 1.
            if len(ids) > 2 and ids[-1] == "1":
                return Process.of(pid)
    return None


def kill(namespace: str, nspawn: Process | None) -> None:
    """Kill all processes in the network namespace: the container ends with its PID 1, and nspawn too."""
    deadline = time.monotonic() + _STOP_TIMEOUT
    while processes := network.processes_in(namespace):
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _wait_until(deadline, f"processes {processes} in {namespace} do not end")
    grace = time.monotonic() + 2
    while nspawn is not None and nspawn.is_alive():
        # nspawn ends by itself after its container; it is killed in case it has not started one yet.
        if time.monotonic() > grace:
            os.kill(nspawn.pid, signal.SIGKILL)
        _wait_until(deadline, f"nspawn process {nspawn.pid} of {namespace} does not end")
    if nspawn in _children:
        _children.pop(nspawn).wait()
    cgroup.remove(namespace)


def _wait_until(deadline: float, complaint: str) -> None:
    if time.monotonic() > deadline:
        raise ContainerError(complaint)
    time.sleep(0.01)


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in children.read_text().split():
                found += [int(child), *_descendants(int(child))]
    return found


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ContainerError(f"mount {' '.join(arguments)}: {done.stderr.strip()}")
