"""The notes about changes of flags that a killed run left unfinished, and their parser. Pure.

``files/note-flags.sh`` writes such a note before the file with the flags is written, and deletes it when the server runs
with them, or has its old flags again.
"""

from typing import NamedTuple

from pushgateway_lab.facts.look_output import decoded, pair_of
from pushgateway_lab.facts.remains import NOTES
from pushgateway_lab.formats.file_text import ABSENT

SERVERS = ("prometheus", "pushgateway")


class UnfinishedFlags(NamedTuple):
    """A change of the flags of a server that is not finished.

    + file: the file with the flags
    + written: the digest of the text that the change writes, or `ABSENT`
    + old: the text before; None: there was no file
    + ran: the server ran before
    + held: its service was prevented from starting, as while its package is installed
    """

    file: str
    written: str
    old: str | None
    ran: bool
    held: bool = False


def unfinished_note(server: str) -> str:
    """Return the file on a host with the note about an unfinished change of the flags of a server."""
    return f"{NOTES}/unfinished-flags-{server}"


def parse_unfinished(said: dict[str, list[str]]) -> dict[str, UnfinishedFlags]:
    """Return the unfinished changes in the values of a look: server -> change. A note that is incomplete is left out."""
    found: dict[str, dict[str, str]] = {}
    for server, line in map(pair_of, said.get("unfinished_flags", ())):
        name, value = pair_of(line)
        found.setdefault(server, {})[name] = value
    return {
        server: UnfinishedFlags(
            file=decoded(values["file"]),
            written=values["written"],
            old=None if values["old"] == ABSENT else decoded(values["old"]),
            ran=values.get("ran") == "yes",
            held=values.get("ran") == "held",
        )
        for server, values in found.items()
        if {"file", "written", "old"} <= values.keys()
    }
