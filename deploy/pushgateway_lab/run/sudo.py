"""Patch pyinfra so that it asks for a sudo password whatever language sudo speaks, and explain what sudo refuses.

pyinfra compares what sudo says with two English sentences. On a host in another language, it never asks. Without a
terminal, it asks and ends in a traceback.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from pyinfra.api.command import QuoteString, StringCommand
from pyinfra.api.host import Host
from pyinfra.connectors import util
from pyinfra.connectors.util import CommandOutput

_PREFIXES = ("sudo: ", "sudo-rs: ")
"""Sudo's messages begin with its name in every language."""

_WRONG = ("sorry, try again", "incorrect password attempt", "incorrect authentication attempt")
"""The messages of sudo and sudo-rs about a wrong password, in lower case."""

Execute = Callable[[], tuple[int, CommandOutput]]


def bound(original: Callable[..., Any]) -> Callable[..., tuple[int, CommandOutput]]:
    """Return a replacement of `execute_command_with_sudo_retry`, which asks whatever language sudo speaks."""
    del original

    def asking(
        host: Host, command_arguments: Mapping[str, Any], execute_command: Execute
    ) -> tuple[int, CommandOutput]:
        code, output = execute_command()
        if code == 0 or _knows_password(host, command_arguments) or not _is_of_sudo(output):
            return code, output
        if not sys.stdin.isatty() or not _wants_password(host, command_arguments):
            return code, output
        # Looked up here, because `pushgateway_lab.run.patches` replaces it.
        password = vars(util)["getpass"](f"{host.print_prefix}sudo password: ")
        host.connector_data["prompted_sudo_password"] = password
        return execute_command()

    return asking


def refusal(host: Host, given: Mapping[str, Any], output: CommandOutput) -> str | None:
    """Return a message about a command that sudo or su did not start; None if neither was asked to.

    + given: the global arguments of the command, such as ``_sudo``
    + output: of the command
    """
    said = output.stderr.strip() or output.stdout.strip()
    if given.get("_su_user"):
        return f"su did not start a command as {given['_su_user']}. It says: {said or 'nothing'}"
    if not given.get("_sudo"):
        return None
    user = host.data.get("ssh_user")
    whose = f" of {user}" if user else ""
    if any(words in said.lower() for words in _WRONG):
        return f"The sudo password{whose} is wrong on this host. sudo says: {said}"
    if _knows_password(host, given):
        return (
            f"sudo did not start a command: the password{whose} may be wrong, or this user may not use sudo here. "
            f"sudo says: {said or 'nothing'}"
        )
    return f"sudo did not start a command. It says: {said}" if _is_of_sudo(output) else None


def _knows_password(host: Host, given: Mapping[str, Any]) -> bool:
    return bool(given.get("_sudo_password") or host.connector_data.get("prompted_sudo_password"))


def _is_of_sudo(output: CommandOutput) -> bool:
    return any(line.strip().startswith(_PREFIXES) for line in output.output_lines)


def _wants_password(host: Host, given: Mapping[str, Any]) -> bool:
    """Ask sudo the same in English: does it want a password?"""
    if not given.get("_sudo"):
        return False
    user = ["-u", QuoteString(given["_sudo_user"])] if given.get("_sudo_user") else []
    probe = StringCommand("LC_ALL=C", "sudo", "-H", "-n", *user, "sh", "-c", "true")
    _, output = host.run_shell_command(probe)
    wanted = util.SUDO_PASSWORD_REQUIRED_LINES
    return any(line.strip() in wanted for line in output.output_lines)
