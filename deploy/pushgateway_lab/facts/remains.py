"""The notes about what this toolkit put on a host, and what of it is still there. Pure.

The notes are root's, in a directory of root's. A run writes them before it changes anything: so a run that is killed
leaves a note about too much, never about too little. `pushgateway_lab.removal` reads them.
"""

import re
from base64 import b64decode
from collections.abc import Iterable
from typing import NamedTuple

from pushgateway_lab.facts.look_output import decoded
from pushgateway_lab.formats.file_text import digest_of

NOTES = "/var/lib/pushgateway-lab"
"""The directory of all notes on a host."""

PACKAGES_NOTE = f"{NOTES}/packages"
"""The file with the packages that were missing before an installation, see ``files/note-packages.sh``."""

USERS_NOTE = f"{NOTES}/users"
"""The file with the users and groups that were missing before an installation."""

HOLDS_NOTE = f"{NOTES}/holds"
"""The file with the packages that apt does not change because of this toolkit."""

ENABLED_NOTE = f"{NOTES}/enabled"
"""The file with the service that starts at boot because of this toolkit."""

REMOVAL_NOTE = f"{NOTES}/removal"
"""The file that an uninstallation writes before it stops a Pushgateway, when it is sure that no group is lost."""

FIREWALL_NOTE = f"{NOTES}/firewall"
"""The file with the ports that this toolkit opened in a firewall, see ``files/change-firewall.sh``."""

NOTE_FUNCTIONS = ("whose.sh", "close-directory.sh", "notes.sh")
"""The files of shell functions that a script needs to write a note."""

# Names that go to dpkg and userdel: no option, nothing that a shell or apt interprets.
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9.-]*[a-z0-9+.-]")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")

_GONE = ("", "not-installed")


class NotedPackage(NamedTuple):
    """A package that an installation of this toolkit added to a host, and that is still there.

    + came: it came with another package, nobody asked for it
    + keeps_files: its configuration files were there before
    + is_installed: False: only its configuration files are there
    """

    name: str
    came: bool
    keeps_files: bool
    is_installed: bool


class FlagsNote(NamedTuple):
    """The note about a file with the flags of a server.

    + first: the digest of the file before the first change, or `ABSENT`
    + text: the file before the first change
    + written: the digest of the file after the last change
    + added, taken: the flags that the changes added and took away
    + is_edited: somebody else changed the file between two changes
    """

    first: str
    text: bytes
    written: str
    added: tuple[str, ...]
    taken: tuple[str, ...]
    is_edited: bool


class Remains(NamedTuple):
    """The traces of this toolkit on a host.

    + paths: of files and directories of this toolkit alone
    + packages, users: those that its installations added; users are pairs of ``user`` or ``group`` and a name
    + holds: the packages that apt does not change because of this toolkit
    + has_packages_note: whether the installations were noted; earlier versions did not note them
    + enabled: the service that starts at boot because of this toolkit; empty if there is none
    + flags: the note about the file with the Pushgateway's flags; None if there is none
    + prometheus_flags: the same for Prometheus
    + prometheus_flags_text: the text of the file with Prometheus's flags, if it is noted; None if there is no file
    + groups_files: files in which a Pushgateway of this toolkit keeps its groups, and which go with it
    + has_begun: an uninstallation has begun to remove the Pushgateway, and was sure that no group is lost
    + is_unsafe: somebody else than root can write the notes, so they were not read
    """

    paths: tuple[str, ...] = ()
    packages: tuple[NotedPackage, ...] = ()
    users: tuple[tuple[str, str], ...] = ()
    holds: tuple[str, ...] = ()
    has_packages_note: bool = False
    enabled: str = ""
    flags: FlagsNote | None = None
    prometheus_flags: FlagsNote | None = None
    prometheus_flags_text: str | None = None
    groups_files: tuple[str, ...] = ()
    has_begun: bool = False
    is_unsafe: bool = False


def flags_note(path: str) -> str:
    """Return the file on a host with the note about a file with flags."""
    return f"{NOTES}/flags-{digest_of(path)[:16]}"


def parse_remains(said: dict[str, list[str]]) -> Remains:
    """Return the remains in the values of a look, see ``files/look-at-remains.sh``.

    Raises:
        ValueError: the values are not those of this look.
    """
    states = dict(_pair(each) for each in said.get("package_state", ()))
    return Remains(
        paths=tuple(map(decoded, said.get("remains", ()))),
        packages=tuple(_packages(said.get("noted_package", ()), states)),
        users=tuple(
            (kind, name)
            for kind, name in map(_pair, said.get("noted_user", ()))
            if kind in ("user", "group") and _USER.fullmatch(name)
        ),
        holds=tuple(
            name
            for name, want in map(_pair, said.get("noted_hold", ()))
            if want == "hold" and _PACKAGE.fullmatch(name)
        ),
        has_packages_note="has_packages_note" in said,
        enabled=said.get("noted_enabled", [""])[0],
        flags=_flags(said.get("noted_flags", ())),
        prometheus_flags=_flags(said.get("noted_prometheus_flags", ())),
        prometheus_flags_text=next(map(decoded, said.get("prometheus_flags_now", ())), None),
        groups_files=tuple(said.get("groups_file", ())),
        has_begun="removal_began" in said,
        is_unsafe="notes_unsafe" in said,
    )


def _pair(line: str) -> tuple[str, str]:
    first, _, second = line.partition(" ")
    return first, second


def _packages(lines: Iterable[str], states: dict[str, str]) -> Iterable[NotedPackage]:
    for line in lines:
        name, came, how = (*line.split(" "), "", "")[:3]
        state = states.get(name, "")
        if not _PACKAGE.fullmatch(name) or state in _GONE:
            continue
        if state == "config-files" and how == "remove":
            continue
        yield NotedPackage(name, came == "came", how == "remove", state != "config-files")


def _flags(lines: Iterable[str]) -> FlagsNote | None:
    pairs = [_pair(line) for line in lines]
    values = dict(pairs)
    if not {"first", "written"} <= values.keys():
        return None
    return FlagsNote(
        first=values["first"],
        text=b64decode(values.get("text", ""), validate=True),
        written=values["written"],
        added=tuple(decoded(value) for name, value in pairs if name == "added"),
        taken=tuple(decoded(value) for name, value in pairs if name == "taken"),
        is_edited="edited" in values,
    )
