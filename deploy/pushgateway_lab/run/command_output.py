"""Patch pyinfra 3.10 so that it reads the output of a command up to a limit.

pyinfra reads all there is, line by line: ``yes`` in a .bashrc took 3.3 GB of this machine's memory. And text
that is not UTF-8 was lost, with no word of it but a traceback.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import gevent
from pyinfra.api.output import echo, format_text
from pyinfra.connectors import ssh, util
from pyinfra.connectors.util import CommandOutput, OutputLine

from pushgateway_lab.run.visible import one_line

MEGABYTES = 12
"""Megabytes of output of one command, both streams together; the look at a large host prints one."""

LINES = 100_000
"""Lines of output of one command: each takes a quarter of a kilobyte of memory, however short it is."""

_BLOCK = 65_536


class CutOff(OutputLine):
    """The line after which a host was not listened to any more."""


def is_cut_off(output: CommandOutput) -> bool:
    """Return whether the output was longer than the limit."""
    return any(isinstance(line, CutOff) for line in output)


def bound() -> None:
    """Install the patch; a second call changes nothing."""
    # Both look it up by its name; local and docker use util's.
    for module in (util, ssh):
        vars(module)["read_output_buffers"] = read_output_buffers


def read_output_buffers(
    stdout_buffer: Any,
    stderr_buffer: Any,
    timeout: float | None,
    print_output: bool,
    print_prefix: str,
) -> CommandOutput:
    """Read what a command prints, as pyinfra's function of this name does.

    + stdout_buffer, stderr_buffer: of a paramiko channel, or of a process
    + timeout: seconds for all of it
    + print_output, print_prefix: whether to show each line, and what before it

    Raises:
        TimeoutError: it took longer. The channel, or the pipes, are closed.
    """
    reading = _Reading(print_prefix if print_output else None)
    buffers = {"stdout": stdout_buffer, "stderr": stderr_buffer}
    readers = [gevent.spawn(reading.read, *each) for each in buffers.items()]
    try:
        for _ in gevent.iwait(readers, timeout):
            if reading.is_over:
                break
        if reading.fault is not None:
            raise reading.fault
        if not reading.is_over and not all(reader.dead for reader in readers):
            raise TimeoutError
    finally:
        # Also when a deadline of the caller ended the wait: nobody would read on, and the command wait.
        if not all(reader.dead for reader in readers):
            gevent.killall(readers, block=True, timeout=1)
            for buffer in buffers.values():
                _close(buffer)
    return CommandOutput(reading.lines)


class _Reading:
    """The lines of one command, in the order in which they came.

    + prefix: what to show before each line; None: show none
    """

    def __init__(self, prefix: str | None) -> None:
        self.lines: list[OutputLine] = []
        self.is_over = False
        self.fault: Exception | None = None
        self._prefix = prefix
        self._size = 0

    def read(self, name: str, buffer: Any) -> None:
        """Read a stream to its end, or until the limit is hit."""
        begun = bytearray()
        try:
            for data in iter(_receive(name, buffer), b""):
                self._size += len(data)
                *whole, rest = data.split(b"\n")
                for each in whole:
                    begun += each
                    self._take(name, begun)
                    begun.clear()
                begun += rest
                if self._size > MEGABYTES * 1_000_000 or len(self.lines) > LINES:
                    self._end(buffer)
                    return
        except (OSError, EOFError, ValueError) as error:  # ValueError: it was closed meanwhile
            self.fault = None if self.is_over else error
        if begun:
            self._take(name, begun)

    def _take(self, name: str, line: bytearray) -> None:
        # Not UTF-8: what is meant cannot be known, and all of it is shown.
        text = line.decode("utf-8", "backslashreplace")
        self.lines.append(OutputLine(name, text))
        if self._prefix is not None:
            shown = one_line(text)
            shown = format_text(shown, "red") if name == "stderr" else shown
            echo(f"{self._prefix}{shown}", err=True)

    def _end(self, buffer: Any) -> None:
        self.is_over = True
        said = f"it sent more than {MEGABYTES} MB, or {LINES} lines, and was cut off"
        self.lines.append(CutOff("stderr", said))
        if hasattr(buffer, "channel"):
            buffer.channel.close()  # the other stream ends with it, and so does the exit status


def _receive(name: str, buffer: Any) -> Callable[[], bytes]:
    """Return a function that reads the next bytes of a stream, or none at its end."""
    channel = getattr(buffer, "channel", None)
    if channel is None:
        return partial(buffer.read1, _BLOCK)
    return partial(channel.recv_stderr if name == "stderr" else channel.recv, _BLOCK)


def _close(buffer: Any) -> None:
    (buffer.channel if hasattr(buffer, "channel") else buffer).close()
