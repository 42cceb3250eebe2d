"""The result of one installation by apt, and the messages about it.

A new VM runs apt several times while it boots (cloud-init, automatic updates), so a lock that was free a moment ago
may be taken when apt starts. apt itself waits for dpkg's lock alone, not for the one of the package lists.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pushgateway_lab.formats.words import counted

_LOCKED = (
    "Could not get lock",
    "Unable to lock",
    "Unable to acquire the dpkg frontend lock",
    "frontend lock was locked by another process",
)
"""Words of apt and dpkg about a lock, in the locale C."""

_SET_UP = re.compile(r"Setting up (?P<name>[^\s:]+)(?::\S+)? \((?P<version>[^\s)]+)\)")
_UPGRADED = re.compile(
    r"Unpacking (?P<name>[^\s:]+)(?::\S+)? \([^\s)]+\) over \((?P<old>[^\s)]+)\)"
)

_QUOTED = 5
"""Lines of apt that a message quotes."""


@dataclass
class Apt:
    """The result of one installation by apt.

    + wanted: the packages that were asked for
    + versions: of the packages that were set up
    + replaced: the earlier versions of packages that were upgraded
    + complaints: of ``apt-get update``, which failed for a package source, or warned
    """

    wanted: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    has_failed_update: bool = False

    def note_update(self, lines: Iterable[str], *, succeeded: bool) -> None:
        """Store what ``apt-get update`` complained about."""
        self.has_failed_update = not succeeded
        lines = list(lines)
        kinds = (
            [line for line in lines if line.startswith(kind)] for kind in ("E: ", "Err:", "W: ")
        )
        self.complaints = next(filter(None, kinds), [])

    def note_install(self, wanted: Sequence[str], lines: Iterable[str]) -> None:
        """Store what ``apt-get install`` did, from its output in the locale C."""
        self.wanted.extend(wanted)
        for line in lines:
            if found := _SET_UP.match(line):
                self.versions[found["name"]] = found["version"]
            elif found := _UPGRADED.match(line):
                self.replaced[found["name"]] = found["old"]

    def installed(self) -> str:
        """Return a sentence with the packages that were installed, and their versions.

        Example:
            >>> apt = Apt()
            >>> apt.note_install(["curl"], ["Setting up curl (7.88.1-10) ...", "Setting up libcurl4:amd64 (7.88.1-10)"])
            >>> apt.installed()
            'Installed: curl 7.88.1-10; and 1 package that they need: libcurl4 7.88.1-10'
        """
        named = [f"{name} {self.versions[name]}" for name in self.wanted if name in self.versions]
        others = [
            f"{name} {version}{f' (was {self.replaced[name]})' if name in self.replaced else ''}"
            for name, version in self.versions.items()
            if name not in self.wanted
        ]
        sentence = f"Installed: {', '.join(named) or 'nothing'}"
        if not others:
            return sentence
        return (
            f"{sentence}; and {counted(len(others), 'package')} that they need: {', '.join(others)}"
        )

    def warning(self) -> str | None:
        """Return a warning about package sources that apt could not read; None if it could."""
        if not self.has_failed_update:
            return None
        return "\n".join(
            [
                "apt could not read all package sources of this host. What was needed was installed. It says:",
                *quoted(self.complaints),
            ]
        )

    def failure(self, packages: Sequence[str], lines: Sequence[str]) -> str:
        """Return the message about packages that apt did not install.

        + lines: the output of apt
        """
        said = [line for line in lines if line.startswith(("E: ", "Err:", "dpkg: error"))]
        before = (
            ["Before that, apt-get update said:", *quoted(self.complaints)]
            if self.complaints
            else []
        )
        return "\n".join(
            [
                f"apt could not install {', '.join(packages)}. It says:",
                *quoted(said or lines),
                *before,
                "Solve this on the host (apt-get update; apt-get install ...), then run this again.",
            ]
        )


def is_locked(lines: Iterable[str]) -> bool:
    """Return whether apt, in the locale C, failed because another process holds a lock."""
    return any(words in line for line in lines for words in _LOCKED)


def quoted(lines: Sequence[str]) -> list[str]:
    """Return the last lines of an output, indented."""
    return [f"  {line}" for line in lines[-_QUOTED:]]
