"""Run a command that prints a secret, on the machine that runs pyinfra.

No shell runs it, and it can ask nobody: its standard input is empty, it has no terminal, and GPG_TTY is taken from its
environment. Several hosts at once could ask at one terminal, below what pyinfra shows there. An agent that asks in a
window of its own (``gpg-agent`` with a graphical pinentry) still works.
"""

import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress

from pushgateway_lab.credentials.secret_error import SecretError
from pushgateway_lab.run.visible import start_of

TIMEOUT = 60.0
"""Seconds for a command."""

LARGEST = 4096
"""Bytes of the largest secret with its line end."""

_SHOWN = 300  # characters of the standard error of a command in a message
_BLOCK = 4096
_SHORTEST = 4  # characters of a printed line that is masked
_TRACE = re.compile(rb"\++ ")  # PS4 of shells: one + for each level

_BY_HAND = "Run it by hand until it prints the secret alone and asks for nothing."


def output_of(words: Sequence[str], timeout: float = TIMEOUT) -> bytes:
    r"""Return the standard output of a command, at most `LARGEST` bytes.

    While it runs, other greenlets run, if gevent has patched this process. Whatever ends the wait ends the command,
    with the processes that it has started.

    + words: the program, found through PATH, and its arguments
    + timeout: seconds until its end

    Raises:
        SecretError: it cannot be started, fails, prints too much, or does not end in time. The message quotes the
            last line of its standard error, escaped and cut.

    Example:
        >>> output_of(["echo", "a secret"])
        b'a secret\n'
    """
    name = start_of(words[0], _SHOWN)
    environment = {key: value for key, value in os.environ.items() if key != "GPG_TTY"}
    try:
        process = subprocess.Popen(
            list(words),
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env=environment,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        # Somebody may have written the secret in place of a command.
        named = name if len(words) > 1 or "/" in words[0] else "The program that it names"
        raise SecretError(f"{named} cannot be started here: {reason}.") from error
    has_ended = False
    try:
        printed, said, has_ended = _read(process, time.monotonic() + timeout)
    except TimeoutError as error:
        raise SecretError(f"{name} did not end within {timeout:g} s. {_BY_HAND}") from error
    finally:
        if not has_ended:
            _kill(process)
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()
    if len(printed) > LARGEST:
        raise SecretError(f"{name} printed more than {LARGEST} bytes. {_BY_HAND}")
    if process.returncode:
        how = (
            f"was ended by signal {-process.returncode}"
            if process.returncode < 0
            else f"ended with exit code {process.returncode}"
        )
        raise SecretError(f"{name} {how}{_quoted(said, printed)}. {_BY_HAND}")
    return printed


def _read(process: "subprocess.Popen[bytes]", ends_at: float) -> tuple[bytes, bytes, bool]:
    """Return what a process prints, and whether it has ended: it is not read to its end if it prints too much.

    + ends_at: the deadline, by `time.monotonic`

    Raises:
        TimeoutError: it did not end by the deadline.
    """
    assert process.stdout  # noqa: S101 - for mypy: both are pipes
    assert process.stderr  # noqa: S101
    printed, said = bytearray(), bytearray()
    streams = {process.stdout.fileno(): printed, process.stderr.fileno(): said}
    waiting = select.poll()
    for descriptor in streams:
        waiting.register(descriptor, select.POLLIN)
    while streams and len(printed) <= LARGEST:
        for descriptor, _ in waiting.poll(_left(ends_at) * 1000):
            block = os.read(descriptor, _BLOCK)
            if not block:
                waiting.unregister(descriptor)
                del streams[descriptor]
            else:
                streams[descriptor] += block
                del said[:-LARGEST]  # its last line is quoted
    if not streams:
        try:
            process.wait(_left(ends_at))
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error
    return bytes(printed), bytes(said), not streams


def _left(ends_at: float) -> float:
    seconds = ends_at - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process, and those that it has started in its session and that may still hold its output open."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _quoted(said: bytes, printed: bytes) -> str:
    """Return the last line of a command's standard error for a message.

    The secret may be in it: each line that the command had printed is masked. A line of which the beginning is gone is left
    out. Nothing is quoted if ``sh -x`` shows commands: those of a pipe write at the same time, so any line may be a part of
    a command.
    """
    lines = said.splitlines()[len(said) >= LARGEST :]
    shown = [line for line in lines if line.strip()]
    if not shown or any(_TRACE.match(line) for line in shown):
        return ""
    last = shown[-1].strip()
    secrets = {each for line in printed.splitlines() if len(each := line.strip()) >= _SHORTEST}
    for secret in sorted(secrets | ({printed.strip()} - {b""}), key=len, reverse=True):
        last = last.replace(secret, b"***")
    return f": {start_of(last, _SHOWN).rstrip('.')}"
