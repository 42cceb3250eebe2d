"""pyinfra on a terminal, for tests that type an answer."""

import os
import pty
import select
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from labhost.pyinfra_command import REPOSITORY


def typed(
    inventory: Path, arguments: Sequence[str], answers: Sequence[tuple[str, str]]
) -> tuple[int, str]:
    """Run pyinfra on a terminal of its own; return its exit code and what the terminal showed.

    + answers: pairs of a text that is waited for and a line that is typed then
    """
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(REPOSITORY)
        os.execv(f"{sys.prefix}/bin/pyinfra", ["pyinfra", str(inventory), *arguments])  # noqa: S606  # nosec B606 # no shell is needed
    shown, waiting, ends = "", list(answers), time.monotonic() + 60
    seen = 0
    while select.select([terminal], [], [], max(ends - time.monotonic(), 0))[0]:
        try:
            data = os.read(terminal, 65_536)
        except OSError:  # the terminal was closed
            break
        if not data:
            break
        shown += data.decode(errors="replace")
        if waiting and waiting[0][0] in shown[seen:]:
            seen = len(shown)
            os.write(terminal, f"{waiting.pop(0)[1]}\n".encode())
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), shown
