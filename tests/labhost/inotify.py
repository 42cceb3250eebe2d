"""The limit of inotify instances, raised for many hosts.

The kernel's default is 128 for each user, and root on all hosts is this machine's root. A host needs six;
without them it hangs at its boot, without a message.
"""

from pathlib import Path

from .state import load_json, save_json, state_directory

LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")
A_HOST = 8
"""Instances for each host, with a reserve."""
OTHERS = 64
"""Instances for the other processes of this machine."""


def make_room(hosts: int) -> None:
    """Raise the limit if so many hosts need it. The caller holds the lock of the state."""
    limit, needed = int(LIMIT.read_text()), OTHERS + A_HOST * hosts
    if limit >= needed:
        return
    raised = load_json(_record())
    usual = raised["usual"] if raised and raised["raised"] == limit else limit
    # The old limit is written first: if this process is killed, the next one restores it.
    save_json(_record(), {"usual": usual, "raised": needed})
    LIMIT.write_text(str(needed))


def give_back() -> None:
    """Restore the limit, unless it was changed since. The caller holds the lock of the state."""
    raised = load_json(_record())
    if raised and int(LIMIT.read_text()) == raised["raised"]:
        LIMIT.write_text(str(raised["usual"]))
    _record().unlink(missing_ok=True)


def _record() -> Path:
    return state_directory() / "inotify.json"
