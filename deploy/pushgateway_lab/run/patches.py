"""Patch pyinfra at run time: limits on time and output, and escaping of everything that hosts print.

Called by ``config.py`` (`pushgateway_lab.configure`), and by every deploy and operation: who installed the
package may have no such file. The limits for connecting hold only if it was called before that.
"""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import gevent
import pyinfra
from pyinfra.api import host as pyinfra_host
from pyinfra.connectors import util
from pyinfra.connectors.ssh import SSHConnector

from pushgateway_lab.run import command_output, deadline, gate, handshake

COMMAND = 1800.0
"""Seconds for a command of pyinfra's own operations; an installation on a slow line takes minutes."""

GOODBYE = 5.0
"""Seconds for what is removed from a host at the end; and what a command gets when a run is over."""

_PATCHED = "patched_by_pushgateway_lab"


def apply() -> None:
    """Change pyinfra in this process; may be called again."""
    gate.close()
    command_output.bound()
    handshake.bound()
    for name in ("run_shell_command", "put_file", "get_file"):
        _replace(SSHConnector, name, _bounded)
    _replace(util, "getpass", _pausing)
    _replace(pyinfra_host, "remove_any_sudo_askpass_file", _in_short)
    if pyinfra.is_cli:
        # Untyped, and not there for who uses pyinfra as a library.
        from pyinfra_cli.exceptions import UnexpectedMixin  # type: ignore[import-untyped]

        _replace(UnexpectedMixin, "get_exception", _gated)


def _replace(owner: Any, name: str, by: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    original = getattr(owner, name)
    if not hasattr(original, _PATCHED):
        changed = wraps(original)(by(original))
        setattr(changed, _PATCHED, True)
        setattr(owner, name, changed)


def _bounded(act: Callable[..., Any]) -> Callable[..., Any]:
    """Bound all of a command: pyinfra bounds the reading of what it prints."""

    def bounded(self: SSHConnector, *args: Any, **arguments: Any) -> Any:
        left = max(deadline.seconds_left(self.state), GOODBYE)
        seconds = min(arguments.get("_timeout") or COMMAND, left)
        give_up = self.client.close if self.client else None
        return deadline.within(seconds, partial(act, self, *args, **arguments), give_up)

    return bounded


def _gated(tell: Callable[..., str]) -> Callable[..., str]:
    """Escape what pyinfra did not expect: it writes that to the terminal as it is."""
    return lambda *args: gate.passed(tell(*args))


def _pausing(ask: Callable[..., Any]) -> Callable[..., Any]:
    """Give time to who types a password: nothing else happens meanwhile."""

    def pausing(*args: Any, **arguments: Any) -> Any:
        with deadline.paused():
            return ask(*args, **arguments)

    return pausing


def _in_short(remove: Callable[..., None]) -> Callable[..., None]:
    """Let no host that hangs hold up the end of a run."""

    def in_short(host: pyinfra_host.Host) -> None:
        # No TimeoutError: pyinfra takes that for a reason to try the next file.
        gevent.with_timeout(GOODBYE, remove, host, timeout_value=None)

    return in_short
