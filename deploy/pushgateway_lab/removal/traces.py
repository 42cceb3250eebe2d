"""The look at a host for the uninstallation: what this toolkit has left there, and which packages can go.

As long as something is left, the notes are there: they are removed last. So a host without traces is done.
"""

from collections.abc import Iterable
from typing import NamedTuple

from pyinfra.api.host import Host

from pushgateway_lab import installations
from pushgateway_lab.course.start_file import SUFFIX
from pushgateway_lab.facts import remains
from pushgateway_lab.facts.remains import Remains, parse_remains
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.facts.snapshot_parser import parse_snapshot
from pushgateway_lab.host import looking, transaction
from pushgateway_lab.installations import web_files
from pushgateway_lab.installations.debian import PROMETHEUS_DEFAULTS
from pushgateway_lab.installations.release import GROUPS_FILE, PUSHGATEWAY
from pushgateway_lab.pruning import files as prune_files
from pushgateway_lab.run.host_files import script
from pushgateway_lab.run.shell import ask
from pushgateway_lab.settings import Settings

LOCK = "/run/pushgateway-lab.lock"
"""The lock file of the transactions."""

DIRECTORIES = ("/etc/pushgateway-lab", "/usr/local/lib/pushgateway-lab")
"""The directories of the prune, and of the files for TLS and passwords."""

_SIMULATIONS = 300
"""Seconds in which apt says which packages can go."""


class Traces(NamedTuple):
    """One look at a host, for the uninstallation.

    + snapshot: of the host
    + remains: the notes, and the files of this toolkit
    + going: the noted packages that can go without another one
    + unsafe: directories of their configuration files that others than root can change
    """

    snapshot: Snapshot
    remains: Remains
    going: tuple[str, ...]
    unsafe: tuple[str, ...] = ()

    @property
    def is_clear(self) -> bool:
        """Return whether nothing of this toolkit is left."""
        return not self.remains.paths and not self.snapshot.prune_files

    @property
    def staying(self) -> tuple[str, ...]:
        """The noted packages that stay, because somebody else needs them."""
        return tuple(
            each.name
            for each in self.remains.packages
            if each.name not in self.going and each.is_installed
        )

    @property
    def prometheus_goes(self) -> bool:
        """Return whether the package of Prometheus goes, with its configuration file."""
        return installations.PACKAGES[0] in self.going and _is_purged(self, 0)

    @property
    def pushgateway_goes(self) -> bool:
        """Return whether the Pushgateway goes, with its groups and its flags: its package, or its release."""
        if PUSHGATEWAY.name in self.snapshot.releases:
            return True
        return installations.PACKAGES[1] in self.going and _is_purged(self, 1)

    @property
    def groups_files(self) -> tuple[str, ...]:
        """The files with groups that go with the Pushgateway."""
        of_release = PUSHGATEWAY.name in self.snapshot.releases
        going = GROUPS_FILE if of_release else installations.DEFAULT_PERSISTENCE_FILE
        return tuple(each for each in self.remains.groups_files if each == going)


def note_removal(host: Host, traces: Traces) -> None:
    """Note that the removal of a Pushgateway that goes has begun: if this run is killed, the next one counts no groups.

    Raises:
        HostError: see `pushgateway_lab.run.shell.ask`.
    """
    if traces.pushgateway_goes and not traces.remains.has_begun:
        variables = {"note": remains.REMOVAL_NOTE, "word": "began"}
        ask(host, "note.sh", variables, functions=remains.NOTE_FUNCTIONS)


def _is_purged(traces: Traces, which: int) -> bool:
    name = installations.PACKAGES[which]
    return any(each.name == name and not each.keeps_files for each in traces.remains.packages)


def look_for_traces(host: Host, settings: Settings) -> Traces:
    """Return a look at a host for the uninstallation: the remembered one if it is valid, else a new one.

    Raises:
        HostError: the look failed, or apt cannot say which packages can go.
    """
    return looking.remembered(host, Traces) or looking.remember(
        host, lambda: _look(host, settings), lambda found: found.snapshot
    )


def _look(host: Host, settings: Settings) -> Traces:
    own = (
        *prune_files.REMOVED,
        *web_files.FILES,
        LOCK,
        f"{PROMETHEUS_DEFAULTS}.{transaction.BACKUP}",
    )
    further = script(
        "look-at-remains.sh",
        {
            "notes": remains.NOTES,
            "packages_note": remains.PACKAGES_NOTE,
            "users_note": remains.USERS_NOTE,
            "holds_note": remains.HOLDS_NOTE,
            "enabled_note": remains.ENABLED_NOTE,
            "removal_note": remains.REMOVAL_NOTE,
            "groups_files": f"{installations.DEFAULT_PERSISTENCE_FILE} {GROUPS_FILE}",
            "prometheus_flags": PROMETHEUS_DEFAULTS,
            "own_files": " ".join(own),
            "own_directories": " ".join(DIRECTORIES),
            "backups": f"{transaction.BACKUP} {SUFFIX}",
        },
    )
    seen, left = looking.ask(
        host,
        settings,
        lambda answer: (parse_snapshot(answer.said), parse_remains(answer.said)),
        further,
    )
    return Traces(seen, left, *_going(host, left))


def _going(host: Host, left: Remains) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not left.packages:
        return (), ()
    variables = {
        "packages": " ".join(each.name for each in left.packages),
        "came": " ".join(each.name for each in left.packages if each.came),
        "kept": " ".join(each.name for each in left.packages if each.keeps_files),
    }
    functions = ("whose.sh", installations.FUNCTIONS)
    lines = ask(
        host, "removable-packages.sh", variables, functions=functions, deadline=_SIMULATIONS
    )
    return parse_going(lines, left)


def parse_going(lines: Iterable[str], left: Remains) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the noted packages that can go, and the unsafe directories, without those that are below another one.

    + lines: the answer of ``files/removable-packages.sh``
    """
    said = [line.partition(" ") for line in lines]
    going = {value for word, _, value in said if word == "goes"}
    unsafe = {value for word, _, value in said if word == "unsafe"}
    highest = (each for each in unsafe if not any(each.startswith(f"{other}/") for other in unsafe))
    return tuple(each.name for each in left.packages if each.name in going), tuple(sorted(highest))
