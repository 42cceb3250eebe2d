"""The notes about a change of a server's flags: ``files/note-flags.sh``.

One is for a run that takes the change back; the other, about a file that belongs to somebody else, for the uninstallation.
"""

from base64 import b64encode
from typing import NamedTuple

from pyinfra.api.host import Host

from pushgateway_lab.facts import remains
from pushgateway_lab.facts.unfinished import unfinished_note
from pushgateway_lab.formats.file_text import digest_of, encoded
from pushgateway_lab.installations import own_text
from pushgateway_lab.run.shell import ask
from pushgateway_lab.services import FUNCTIONS, Service


class FlagsFile(NamedTuple):
    """The file with the flags of a server.

    + server: ``prometheus`` or ``pushgateway``
    + path: of the file
    + variable: the variable in it with the flags; None: the file is a drop-in of this toolkit
    """

    server: str
    path: str
    variable: str | None


def begin(
    host: Host,
    file: FlagsFile,
    old: str | None,
    new: str | None,
    *,
    service: Service,
    ran: bool,
    resumes: bool,
) -> None:
    """Note on the host what a file with flags has, and what it will get, before it is changed.

    + old, new: its text, and the one that it will get; None: no file
    + service: of the server
    + ran: the server ran with the old text
    + resumes: a killed run left a change of the file unfinished, whose note is taken back first

    Raises:
        HostError: see `pushgateway_lab.run.shell.ask`.
    """
    added: list[str] = []
    taken: list[str] = []
    if file.variable is not None:
        added, taken = own_text.changes(old, new or "", file.variable)
    variables = {
        "action": "begin",
        "file": file.path,
        "before": digest_of(old),
        "after": digest_of(new),
        "service": service.name,
        "ran": "yes" if ran else "",
        "resumes": "yes" if resumes else "",
        "added": " ".join(b64encode(encoded(each)).decode() for each in added),
        "taken": " ".join(b64encode(encoded(each)).decode() for each in taken),
    }
    _ask(host, file, variables, encoded(old or ""))


def take_back(host: Host, file: FlagsFile) -> None:
    """Take the note for the uninstallation back, before the old text is written again. Raises as `begin`."""
    _ask(host, file, {"action": "back"})


def settle(host: Host, file: FlagsFile) -> None:
    """Note that the change is finished: the server runs with the new flags, or the file has its old text again.

    Raises as `begin`.
    """
    _ask(host, file, {"action": "settle"})


def _ask(
    host: Host, file: FlagsFile, variables: dict[str, str], stdin: bytes | None = None
) -> None:
    notes = {
        "unfinished": unfinished_note(file.server),
        "note": "" if file.variable is None else remains.flags_note(file.path),
    }
    functions = (*remains.NOTE_FUNCTIONS, *FUNCTIONS)
    ask(host, "note-flags.sh", variables | notes, stdin, functions=functions)
