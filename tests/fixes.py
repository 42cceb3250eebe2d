"""Type the fixes that verify shows, literally, as somebody does who reads nothing else."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from labhost import Host

_EDITED, _EDITOR = "/run/edited", "/run/editor"

# A person takes longer to read the next fix than a server takes to listen.
_WAIT_FOR_PUSHGATEWAY = """
    for _ in $(seq 20); do
        systemctl --quiet is-active prometheus-pushgateway || break
        curl --silent --output /dev/null http://localhost:9091/ && break
        sleep 0.5
    done
"""

ASKS = "--user trainer"
"""The option with which curl asks a person for a password at the terminal."""

NETRC = "/run/netrc"
"""The file from which curl reads that password here."""

_HEADING = re.compile(
    r"(?:In (?P<path>\S+), )?(?:(?:after line (?P<after>\d+), )?(?P<add>add):"
    r"|(?P<replace>replace|delete) lines? (?P<first>\d+)(?: to (?P<last>\d+))?( by:|\.))",
    re.IGNORECASE,
)


class Shown(NamedTuple):
    """A finding that somebody reads."""

    check: str
    state: str
    says: str
    fix: str | None


def unsolved(row: Mapping[str, Any]) -> list[Shown]:
    """Return the findings of a host that are not done, in the order in which they are shown."""
    return [
        Shown(check["name"], check["state"], check["says"], check["fix"])
        for task in row["tasks"]
        for check in task["checks"]
        if check["state"] != "done"
    ]


def type_fixes(host: Host, found: list[Shown], by_hand: str) -> list[Shown]:
    """Type each fix once, in the order in which they are shown, and return the findings whose fixes were typed.

    Where curl asks for a password, it gets it from the file `NETRC`. A file is edited once: what the other findings say of its lines is no longer true then.

    + by_hand: a sed script for files of which no finding says what to write
    """
    typed, edited, known = [], set(), set()
    for each in found:
        if each.fix is None or each.fix in known:
            continue
        known.add(each.fix)
        if match := re.search(r"^sudoedit (\S+)", each.fix, re.MULTILINE):
            path = match[1]
            if path in edited:
                continue
            edited.add(path)
            _use_editor(host, path, each.says, by_hand)
        fix = each.fix.replace(ASKS, f"--netrc-file {NETRC}")
        host.run(f"export SUDO_EDITOR={_EDITOR}\n{fix}")
        if "systemctl" in each.fix:
            host.run(_WAIT_FOR_PUSHGATEWAY)
        typed.append(each)
    return typed


def _use_editor(host: Host, path: str, says: str, by_hand: str) -> None:
    """Put an editor on the host that does to the file what a finding says; else what `by_hand` says."""
    text = host.read(path).decode()
    if (new := edited(text, says, path)) != text:
        host.write(_EDITED, new.encode())
        script = f'cat {_EDITED} >"$1"'
    else:
        assert by_hand, f"nobody says what to write in {path}: {says}"
        script = f"sed -i '{by_hand}' \"$1\""
    host.write(_EDITOR, f"#!/bin/sh\n{script}\n".encode())
    host.run(f"chmod 0755 {_EDITOR}")


def edited(text: str, says: str, path: str) -> str:
    """Return the text of a file after what a finding says of its lines."""
    lines = text.splitlines()
    for first, end, new in list(_edits(says, path)):
        lines[first:end] = new
    return "".join(f"{line}\n" for line in lines)


def _edits(says: str, wanted: str) -> Iterator[tuple[int, int | None, list[str]]]:
    """Return the edits of a file that a finding names: the slice of its lines, and the new lines."""
    path: str | None = None
    new: list[str] | None = None
    for line in says.split("\n"):
        if match := _HEADING.search(line):
            path = match["path"] or path
            new = []
            if path != wanted:
                continue
            if match["replace"]:
                first, last = int(match["first"]), int(match["last"] or match["first"])
                yield first - 1, last, new
            else:
                at = int(match["after"]) if match["after"] else 0
                yield at, at, new
        elif new is not None:
            new.append(line)
