"""Patch pyinfra at run time: limits on time and output, and escaping of everything that hosts print.

``config.py`` (`pushgateway_lab.configure`) and every deploy and operation call `apply`, because a user of the
installed package may have no such ``config.py``. The limits for connecting need the call from ``config.py``,
which runs before pyinfra connects.
"""

from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import Any

import gevent
import pyinfra
from pyinfra.api import host as pyinfra_host
from pyinfra.api import operations
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.state import State
from pyinfra.connectors import local, ssh, util
from pyinfra.connectors.ssh import SSHConnector

from pushgateway_lab.run import (
    arguments,
    command_line,
    command_output,
    connecting,
    deadline,
    gate,
    handshake,
    login_shell,
    sudo,
    visible,
)

COMMAND = 1800.0
"""Seconds for a command of pyinfra's own operations; an installation over a slow connection takes minutes."""

GOODBYE = 5.0
"""Seconds for the clean-up of a host, and for each command after the time limit of the run."""

_PATCHED = "patched_by_pushgateway_lab"


def apply() -> None:
    """Install all patches in this process; a second call changes nothing."""
    gate.close()
    command_output.bound()
    handshake.bound()
    connecting.install()
    _replace(SSHConnector, "connect", connecting.bound)
    for name in ("run_shell_command", "put_file", "get_file"):
        _replace(SSHConnector, name, _bounded)
    _replace(ssh, "make_unix_command_for_host", login_shell.bound)
    for module in (ssh, local):
        _replace(module, "execute_command_with_sudo_retry", sudo.bound)
    _replace(util, "getpass", _pausing)
    _replace(pyinfra_host, "remove_any_sudo_askpass_file", _in_short)
    _replace(State, "init", _checking_hosts)
    _replace(operations, "_run_host_ops", _noting_failure)
    if pyinfra.is_cli:
        # Imported only here: untyped, and missing where pyinfra is used as a library.
        from pyinfra_cli import cli  # type: ignore[import-untyped]
        from pyinfra_cli.exceptions import UnexpectedMixin  # type: ignore[import-untyped]

        _replace(cli, "make_inventory", _checking_inventory)
        _replace(UnexpectedMixin, "get_exception", _gated)
        _replace(cli, "_set_override_data", _checking_data)
        _replace(cli, "load_func", _checking_call)
        _replace(cli, "_do_confirm", _needing_a_terminal)


def _replace(owner: Any, name: str, by: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    original = getattr(owner, name)
    if not hasattr(original, _PATCHED):
        changed = wraps(original)(by(original))
        setattr(changed, _PATCHED, True)
        setattr(owner, name, changed)


def _bounded(act: Callable[..., Any]) -> Callable[..., Any]:
    """Limit the time of a whole command; pyinfra limits only the reading of its output."""

    def bounded(self: SSHConnector, *args: Any, **arguments: Any) -> Any:
        left = max(deadline.seconds_left(self.state), GOODBYE)
        seconds = min(arguments.get("_timeout") or COMMAND, left)
        give_up = self.client.close if self.client else None
        return deadline.within(seconds, partial(act, self, *args, **arguments), give_up)

    return bounded


def _checking_inventory(make: Callable[..., Any]) -> Callable[..., Any]:
    """Check the inventory on the command line before pyinfra reads it."""

    def checking_inventory(*args: Any, **arguments: Any) -> Any:
        command_line.check_inventory(command_line.current_command())
        return make(*args, **arguments)

    return checking_inventory


def _checking_hosts(init: Callable[..., None]) -> Callable[..., None]:
    """Check that a run has hosts, when pyinfra knows its inventory and its limit."""

    def checking_hosts(self: State, *args: Any, **arguments: Any) -> None:
        init(self, *args, **arguments)
        command_line.check_hosts(self)

    return checking_hosts


def _noting_failure(run: Callable[..., None]) -> Callable[..., None]:
    """Note a host that failed with ``--no-wait``; pyinfra forgets it, prints a traceback and ends with 0."""

    def noting_failure(state: State, host: pyinfra_host.Host, *args: Any, **arguments: Any) -> None:
        try:
            run(state, host, *args, **arguments)
        except PyinfraError:
            state.failed_hosts.add(host)

    return noting_failure


def _checking_data(parse: Callable[..., Any]) -> Callable[..., Any]:
    def checking_data(data: Iterable[str], *args: Any) -> Any:
        _refusing(arguments.check_data, data)
        return parse(data, *args)

    return checking_data


def _checking_call(load: Callable[..., None]) -> Callable[..., None]:
    def checking_call(state: Any, function: Any, *args: Any, **keywords: Any) -> None:
        _refusing(arguments.check_call, function, args, keywords)
        load(state, function, *args, **keywords)

    return checking_call


def _needing_a_terminal(confirm: Callable[[str], bool]) -> Callable[[str], bool]:
    """Say that nobody can press Enter; pyinfra would end in a traceback."""

    def needing_a_terminal(question: str) -> bool:
        try:
            return confirm(question)
        except (EOFError, RuntimeError) as error:  # RuntimeError: standard input is closed
            raise command_line.refusal(arguments.CONFIRM) from error

    return needing_a_terminal


def _refusing(check: Callable[..., None], *args: Any) -> None:
    """Call a check, and turn its error into pyinfra's own: one sentence, and the exit code 1."""
    try:
        check(*args)
    except arguments.WrongArgumentsError as error:
        raise command_line.refusal(visible.message(str(error))) from error


def _gated(tell: Callable[..., str]) -> Callable[..., str]:
    """Escape unexpected errors, which pyinfra writes to the terminal unchanged."""
    return lambda *args: gate.passed(tell(*args))


def _pausing(ask: Callable[..., Any]) -> Callable[..., Any]:
    """Pause the time limits while a user types a password."""

    def pausing(*args: Any, **arguments: Any) -> Any:
        with deadline.paused():
            return ask(*args, **arguments)

    return pausing


def _in_short(remove: Callable[..., None]) -> Callable[..., None]:
    """Limit the time of a clean-up, so that a hanging host does not delay the end of a run."""

    def in_short(host: pyinfra_host.Host) -> None:
        # Raises nothing: after a TimeoutError, pyinfra would try the next file.
        gevent.with_timeout(GOODBYE, remove, host, timeout_value=None)

    return in_short
