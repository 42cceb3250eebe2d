"""The persistence file of a Pushgateway: whether it can be written, and whether deletions are in it."""

from collections.abc import Mapping, Sequence
from math import ceil

from pyinfra.api.host import Host

from pushgateway_lab.facts.look_output import decoded
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.answers import Group
from pushgateway_lab.formats.durations import seconds_of
from pushgateway_lab.installations.flags import PERSISTENCE
from pushgateway_lab.lab.excerpts import excerpt
from pushgateway_lab.run.failure import say
from pushgateway_lab.run.shell import ask

LONGEST_WAIT = 5
"""Seconds to wait for the Pushgateway; it may take the whole interval, for which a class should not wait."""

_INTERVAL = 300
"""The default of --persistence.interval, in seconds."""


FUNCTIONS = "persistence.sh"
"""The file of ``files/`` with the shell function that tries whether a Pushgateway can persist."""


def unwritable(host: Host, seen: Snapshot, file: str) -> str | None:
    """Return the directory in which a running Pushgateway cannot write its persistence file; None if it can.

    + seen: of the running Pushgateway
    + file: its persistence file

    Raises:
        HostError: the host did not answer.
    """
    pid = seen.pushgateway_pid
    if not pid:
        return None
    variables = {"process": str(pid), "file": file}
    answer = ask(host, "try-persistence.sh", variables, functions=("whose.sh", FUNCTIONS))
    return decoded(answer[0]) if answer and answer[0] else None


def await_saved(host: Host, flags: Mapping[str, str], deleted: Sequence[Group]) -> None:
    """Wait until deletions are in the persistence file, or say for how long they are not.

    + flags: those of the running Pushgateway, with defaults
    + deleted: groups that were deleted, and are gone from the Pushgateway's memory

    Raises:
        HostError: the host did not answer.
    """
    file = flags.get(PERSISTENCE)
    jobs = {each.labels["job"] for each in deleted}
    if not file or not jobs or "" in jobs:
        return
    variables = {
        "file": file,
        "jobs": "\n".join(sorted(jobs)),
        "interval": str(_interval(flags)),
        "most": str(LONGEST_WAIT),
    }
    answer = ask(host, "await-save.sh", variables)
    word, _, seconds = (answer or [""])[0].partition(" ")
    if word == "left" and seconds.isdecimal():
        say(
            host,
            f"The Pushgateway writes the deletion to {excerpt(file)} within {seconds[:9]} s (its "
            "flag --persistence.interval). Until then, a loss of power brings the groups back; verify counts "
            "them as nobody's work.",
            "yellow",
        )


def _interval(flags: Mapping[str, str]) -> int:
    try:
        return ceil(seconds_of(flags.get("persistence.interval", "")))
    except ValueError:
        return _INTERVAL
