"""Patch pyinfra 3.10 so that it reads the output of a command up to a limit.

pyinfra has no limit: with ``yes`` in a .bashrc, it used 3.3 GB of memory on this machine. It also loses text
that is not UTF-8, and shows only a traceback.
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
"""Megabytes of output of one command, both streams together; the snapshot of a large host has one."""

LINES = 100_000
"""Lines of output of one command: even a short line takes 250 bytes of memory."""

_BLOCK = 65_536


class CutOff(OutputLine):
    """The last line of an output that was longer than the limit."""


def is_cut_off(output: CommandOutput) -> bool:
    """Return whether the output was longer than the limit."""
    return any(isinstance(line, CutOff) for line in output)


def bound() -> None:
    """Install the patch; a second call changes nothing."""
    # Both modules look the function up by name; the connectors local and docker use util's.
    for module in (util, ssh):
        vars(module)["read_output_buffers"] = read_output_buffers


def read_output_buffers(
    stdout_buffer: Any,
    stderr_buffer: Any,
    timeout: float | None,
    print_output: bool,
    print_prefix: str,
) -> CommandOutput:
    """Read the output of a command; replaces pyinfra's function of the same name.

    + stdout_buffer, stderr_buffer: of a paramiko channel, or of a process
    + timeout: seconds for the whole output; None: no limit
    + print_output, print_prefix: whether to show each line, and its prefix

    Raises:
        TimeoutError: the command took longer. The channel, or the pipes, are closed.
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
        # Also when the caller's deadline ended the wait: without a reader, the command would block.
        if not all(reader.dead for reader in readers):
            gevent.killall(readers, block=True, timeout=1)
            for buffer in buffers.values():
                _close(buffer)
    return CommandOutput(reading.lines)


class _Reading:
    """Reads the lines of one command, in the order of their arrival.

    + prefix: shown before each line; None: do not show the lines
    """

    def __init__(self, prefix: str | None) -> None:
        self.lines: list[OutputLine] = []
        self.is_over = False
        self.fault: Exception | None = None
        self._prefix = prefix
        self._size = 0

    def read(self, name: str, buffer: Any) -> None:
        """Read a stream to its end, or to the limit."""
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
        except (
            OSError,
            EOFError,
            ValueError,
        ) as error:  # ValueError: the stream was closed meanwhile
            self.fault = None if self.is_over else error
        if begun:
            self._take(name, begun)

    def _take(self, name: str, line: bytearray) -> None:
        # Bytes that are not UTF-8 are shown as escapes, since their encoding is unknown.
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
            buffer.channel.close()  # this also ends the other stream and the wait for the exit status


def _receive(name: str, buffer: Any) -> Callable[[], bytes]:
    """Return a function that reads the next bytes of a stream, or none at its end."""
    channel = getattr(buffer, "channel", None)
    if channel is None:
        return partial(buffer.read1, _BLOCK)
    return partial(channel.recv_stderr if name == "stderr" else channel.recv, _BLOCK)


def _close(buffer: Any) -> None:
    (buffer.channel if hasattr(buffer, "channel") else buffer).close()
