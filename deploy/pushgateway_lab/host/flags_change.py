"""New flags of a server: written, and in use after a restart. If the server does not come up, its old flags come back.

A run that is killed in between leaves a note, see `pushgateway_lab.facts.unfinished`: the next run goes on from the old
flags.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from pyinfra.api.host import Host

from pushgateway_lab.facts import remains
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.facts.unfinished import UnfinishedFlags
from pushgateway_lab.formats.file_text import encoded
from pushgateway_lab.host import drop_in, flags_note, restriction, service_control, transaction
from pushgateway_lab.host.file_removal import put_or_remove, remove_files
from pushgateway_lab.host.flags_note import FlagsFile
from pushgateway_lab.host.server_start import wait_until_up
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.shell import ask
from pushgateway_lab.services import Service
from pushgateway_lab.settings import Settings


@dataclass(frozen=True)
class FlagsChange:
    """A change of the flags of a server.

    + file: the file with the flags
    + title: the server in a sentence
    + service: of the server
    + now: the text of the file; None: there is no file
    + new: the text that it gets; None: no file
    + unfinished: a change of the file that a killed run left; None: there is none
    + runs: the server runs
    + words: the new flags, with the settings that give them, for a message
    + settings: the names of these settings
    + hardening: the old and the new text of the drop-in that restricts the service
    + restarts: whether a server that runs is restarted
    + enables: whether the service starts at boot from now on
    + seconds: the longest wait for the server
    + is_up: returns whether a server that runs and listens does so as it should
    """

    file: FlagsFile
    title: str
    service: Service
    now: str | None
    new: str | None
    unfinished: UnfinishedFlags | None
    runs: bool
    words: str
    settings: str
    seconds: float
    is_up: Callable[[Snapshot], bool]
    hardening: tuple[str, str] = ("", "")
    restarts: bool = True
    enables: bool = False

    @property
    def old(self) -> str | None:
        """The text to which it goes back: that of before an unfinished change."""
        return self.unfinished.old if self.unfinished else self.now

    @property
    def ran(self) -> bool:
        """Return whether the server ran with the old text."""
        return self.runs or (self.unfinished is not None and self.unfinished.ran)

    @property
    def is_noted(self) -> bool:
        """Return whether the host has a note about the change until it is settled."""
        return self.old != self.new or self.unfinished is not None

    @property
    def restricts(self) -> bool:
        """Return whether the drop-in that restricts the service is written."""
        return self.hardening[0] != self.hardening[1]


def make(host: Host, settings: Settings, change: FlagsChange) -> None:
    """Write the new flags, and start the server with them.

    Raises:
        HostError: the server does not come up with them. Then the file, the service and the notes are as before, and the
            server runs with its old flags if it ran before.
    """
    _write_new(host, change)
    began = time.monotonic()
    held = change.unfinished is not None and change.unfinished.held
    try:
        held = service_control.release(host, change.service) or held
        if change.enables:
            _note_enabled(host, change.service.name)
        start = service_control.restart if change.restarts else service_control.start
        start(host, change.service, enable=change.enables)
        wait_until_up(host, settings, change.file.server, change.seconds, change.is_up)
    except HostError as error:
        raise HostError(_explain(host, settings, change, error, began, held=held)) from error
    if change.is_noted:
        flags_note.settle(host, change.file)


def _write_new(host: Host, change: FlagsChange) -> None:
    if change.old != change.new:
        flags_note.begin(
            host,
            change.file,
            change.old,
            change.new,
            service=change.service,
            ran=change.ran,
            resumes=change.unfinished is not None,
        )
    elif change.unfinished:
        flags_note.take_back(host, change.file)
    _write(host, change, change.now, change.new)
    if change.restricts:
        restriction.write(host, change.service, *change.hardening)


def _write(host: Host, change: FlagsChange, present: str | None, text: str | None) -> None:
    if present == text:
        return
    if change.file.variable is None:
        drop_in.write(host, change.service, PurePosixPath(change.file.path).name, present, text)
    else:
        put_or_remove(host, change.file.path, present, None if text is None else encoded(text))


def _note_enabled(host: Host, name: str) -> None:
    variables = {"note": remains.ENABLED_NOTE, "word": name}
    ask(host, "note.sh", variables, functions=remains.NOTE_FUNCTIONS)


def _explain(
    host: Host,
    settings: Settings,
    change: FlagsChange,
    error: HostError,
    began: float,
    *,
    held: bool,
) -> str:
    """Go back, and return the message: what does not run, why, what was done about it, and what to do."""
    log = change.service.commands.log
    try:
        words = service_control.log(
            host, change.service, seconds=math.ceil(time.monotonic() - began) + 1
        )
    except HostError as unknown:
        words = str(unknown)
    reason = (
        f"{change.title[0].upper()}{change.title[1:]} does not run with {change.words} in {change.file.path}: "
        f"{str(error).rstrip('.')}."
    )
    quoted = f"Its log says:\n{words}\nThe whole log: {log}"
    if change.old == change.new and not change.restricts:
        return f"{reason} Solve that, then run this again. {quoted}"
    try:
        state = _go_back(host, settings, change, held=held)
    except HostError as second:
        state = f"Going back to the old flags failed, too: {str(second).rstrip('.')}."
    # The next step comes before the log: the list of failed hosts at the end of a run shows the beginning alone.
    return f"{reason} {state} Correct {change.settings}, then run this again. {quoted}"


def _go_back(host: Host, settings: Settings, change: FlagsChange, *, held: bool) -> str:
    """Restore the files and the service; return their state in a sentence.

    Raises:
        HostError: a file or the service could not be restored.
    """
    if change.old != change.new:
        flags_note.take_back(host, change.file)
    _write(host, change, change.new, change.old)
    if change.file.variable is not None and change.old not in (None, change.new):
        # It has the flags with which the server does not run.
        remove_files(host, [f"{change.file.path}.{transaction.BACKUP}"])
    if change.restricts:
        restriction.write(host, change.service, *reversed(change.hardening))
    # Of a service that was held, the package has enabled the start on all interfaces.
    service_control.put_back(
        host, change.service, runs=change.ran, disables=change.enables or held, holds=held
    )
    if change.enables:
        _note_enabled(host, "")
    if change.is_noted:
        flags_note.settle(host, change.file)
    was = "was removed again" if change.old is None else "has its old text again"
    if held:
        return (
            f"{change.file.path} {was}, and {change.service.name} is stopped and prevented from starting, because with the "
            "flags of its package it would listen on all addresses."
        )
    if not change.ran:
        return f"{change.file.path} {was}, and {change.service.name} is stopped, as it was before."
    try:
        wait_until_up(host, settings, change.file.server, change.seconds)
    except HostError as error:
        return f"{change.file.path} {was}, but {change.title} does not run with its old flags either: {error}."
    return f"{change.file.path} {was}, and {change.title} runs with its old flags."
