"""The secret of a setting for a host, fetched from its source once for a run."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gevent.lock import BoundedSemaphore
from pyinfra.context import ctx_state

from pushgateway_lab.credentials import command, kept_passwords
from pushgateway_lab.credentials.command import LARGEST
from pushgateway_lab.credentials.secret_error import SecretError
from pushgateway_lab.formats.characters import shown
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.interrupt import interruptible
from pushgateway_lab.run.run import Run
from pushgateway_lab.settings.secret_source import Kind, Source

MOST_COMMANDS = 4
"""The most commands at once: ``gpg-agent`` fails if a hundred ask it at the same time."""


class _Known:
    """The secrets of a run, by their places; and why others cannot be fetched."""

    def __init__(self, run: Run) -> None:
        del run
        self.found: dict[Source, str | SecretError] = {}
        self.commands = BoundedSemaphore(MOST_COMMANDS)
        self._locks: dict[Source, BoundedSemaphore] = {}

    @contextmanager
    def locked(self, place: Source) -> Iterator[None]:
        """Inside the block, no other greenlet fetches the secret of this place."""
        with self._locks.setdefault(place, BoundedSemaphore(1)):
            yield


def secret_of(host: str, key: str, source: Source) -> str:
    """Return the secret of a setting for a host.

    Each place is read, and each command runs, once for a run; while a command runs, other hosts go on.

    + host: its name in the inventory
    + key: the name of the setting, for the error

    Raises:
        HostError: the secret cannot be fetched; the message never has it.

    Example: ``secret_of("vm01", "pushgateway_password_file", Source(Kind.FILE, ("/secrets/{host}",)))``.
    """
    place = source.for_host(host)
    found = _known(place) if ctx_state.isset() else _fetched(place, None)
    if isinstance(found, SecretError):
        raise HostError(f"{key}: {found}") from found
    return found


def _known(place: Source) -> str | SecretError:
    """Return the secret of a place, or why it cannot be fetched: from this run's memory, or fetched now."""
    state = ctx_state.get()
    known = Run.of(state).part(_Known)
    with interruptible(state), known.locked(place):
        if place not in known.found:
            known.found[place] = _fetched(place, known.commands)
    return known.found[place]


def _fetched(place: Source, commands: BoundedSemaphore | None) -> str | SecretError:
    try:
        return fetch(place, commands)
    except SecretError as error:
        return error


def fetch(place: Source, commands: BoundedSemaphore | None = None) -> str:
    """Return the secret of a place, without its line end.

    + place: without ``{host}``, see `Source.for_host`
    + commands: limits the number of commands at once; None: no limit

    Raises:
        SecretError: the secret cannot be fetched, or it is empty, or it is not one line of text.
    """
    match place.kind:
        case Kind.FILE:
            return _one_line(_read(Path(place.words[0])), place.words[0])
        case Kind.GENERATED:
            path = kept_passwords.keep(place.words[0])
            return _one_line(_read(path), str(path))
        case Kind.ENVIRONMENT:
            name = place.words[0]
            if (value := os.environb.get(name.encode())) is None:
                # Somebody may have written the secret in place of the name.
                is_name = name[0].isupper() and "_" in name
                named = f" {name}" if is_name else " that it names"
                raise SecretError(
                    f"The environment variable{named} is not set: export it, and run this again."
                )
            return _one_line(value, f"the environment variable {name}")
        case Kind.COMMAND:
            with commands or BoundedSemaphore(1):
                printed = command.output_of(place.words)
            return _one_line(printed, f"the output of {shown(place.words[0])}")


def _read(path: Path) -> bytes:
    """Return the beginning of a file, a little more than `LARGEST` bytes at most."""
    try:
        # A pipe would block until somebody writes, and could be read only once.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise SecretError(f"{path} is not a regular file: name a file with the secret.")
            return os.read(descriptor, LARGEST + 1)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SecretError(
            f"{path} cannot be read here: {reason}. Write the secret into this file, or name another one."
        ) from error


def _one_line(data: bytes, place: str) -> str:
    """Return a secret as text, without its line end. See `fetch` for errors."""
    if len(data) > LARGEST:
        raise SecretError(f"{place} has more than {LARGEST} bytes, which is refused.")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise SecretError(f"{place} is not text in UTF-8.") from error
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise SecretError(f"{place} is empty: it must have the secret in one line.")
    if "\n" in secret or "\r" in secret:
        raise SecretError(f"{place} has several lines: it must have the secret alone, in one line.")
    # RFC 7617, 2: neither a user name nor a password has control characters.
    if any(ord(each) < ord(" ") or each == "\x7f" for each in secret):
        raise SecretError(f"{place} holds a control character, which no password may have.")
    return secret
