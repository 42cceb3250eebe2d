"""The note about a file with flags that belongs to somebody else, for the uninstallation."""

from base64 import b64encode

from pyinfra.api.host import Host

from pushgateway_lab.facts import remains
from pushgateway_lab.host import transaction
from pushgateway_lab.installations import own_text
from pushgateway_lab.run.shell import ask


def note_flags(host: Host, path: str, variable: str, old: str | None, new: str) -> None:
    """Note on the host what a file with flags has, and what it will get, before it is changed.

    + path: of the file
    + variable: the variable in it with the flags
    + old: its text; None: there is no file
    + new: the text that it will get

    Raises:
        HostError: see `pushgateway_lab.run.shell.ask`.
    """
    before = transaction.ABSENT if old is None else transaction.digest_of(_encoded(old))
    added, taken = own_text.changes(old, new, variable)
    variables = {
        "note": remains.flags_note(path),
        "before": before,
        "after": transaction.digest_of(_encoded(new)),
        "added": " ".join(b64encode(_encoded(each)).decode() for each in added),
        "taken": " ".join(b64encode(_encoded(each)).decode() for each in taken),
    }
    ask(host, "note-flags.sh", variables, _encoded(old or ""), functions=remains.NOTE_FUNCTIONS)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
