"""Room for the inotify instances of many hosts.

The kernel allows a user 128 of them by default, and all hosts' root counts as this machine's. A host
takes six; one that gets none hangs at its boot without a word.
"""

from pathlib import Path

from .state import load_json, save_json, state_directory

LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")
A_HOST = 8
"""Instances that a host may take, with some to spare."""
OTHERS = 64
"""Instances that are left to what else runs on this machine."""


def make_room(hosts: int) -> None:
    """Raise the limit where so many hosts need it; the caller holds the lock of the state."""
    limit, needed = int(LIMIT.read_text()), OTHERS + A_HOST * hosts
    if limit >= needed:
        return
    raised = load_json(_record())
    usual = raised["usual"] if raised and raised["raised"] == limit else limit
    # Written first: whoever cleans up after this process must know.
    save_json(_record(), {"usual": usual, "raised": needed})
    LIMIT.write_text(str(needed))


def give_back() -> None:
    """Set the limit to what it was, unless somebody else set it since; as above, with the lock."""
    raised = load_json(_record())
    if raised and int(LIMIT.read_text()) == raised["raised"]:
        LIMIT.write_text(str(raised["usual"]))
    _record().unlink(missing_ok=True)


def _record() -> Path:
    return state_directory() / "inotify.json"
