"""Why a host was not reached, in one sentence, with what to type."""

import errno
import os
import shlex
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from paramiko import (
    AuthenticationException,
    BadAuthenticationType,
    ChannelException,
    PasswordRequiredException,
    SSHException,
)
from paramiko.ssh_exception import NoValidConnectionsError
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.host import Host

from pushgateway_lab.run.attempts import is_dropped
from pushgateway_lab.run.jump_hosts import ChangedHostKeyError, JumpHostError
from pushgateway_lab.run.proxy_command import EndedError
from pushgateway_lab.run.run import Run
from pushgateway_lab.run.visible import cut, one_line, value

_LENGTH = 400
"""The largest number of characters of a reason."""

_NO_WAY = (
    (errno.EHOSTUNREACH, "no route to it"),
    (errno.ENETUNREACH, "no route to its network"),
)
_SSH_PORT = 22
# RFC 4254, section 5.1
_OPEN_CONNECT_FAILED = 2
_OPEN_PROHIBITED = 1


class Place(NamedTuple):
    """The host that did not let us in, as a user would log in to it.

    + name: the name or address that was connected to
    + user: None: the user of this machine
    + key: the key file; None: those of the agent and of ``~/.ssh``
    + has_password: whether a password was given
    + missing: key files of the SSH configuration that do not exist
    """

    name: str
    port: int = 22
    user: str | None = None
    key: str | None = None
    has_password: bool = False
    missing: tuple[str, ...] = ()


class _Reasons:
    """The reasons of the hosts of a run that were not reached."""

    def __init__(self, run: Run) -> None:
        del run
        self.of: dict[Host, str] = {}


def note(host: Host, reason: str) -> None:
    """Store why a host was not reached."""
    Run.of(host.state).part(_Reasons).of[host] = reason


def reason_of(host: Host) -> str:
    """Return why a host was not reached, in one line."""
    return Run.of(host.state).part(_Reasons).of.get(host, "no connection")


def reason(error: BaseException, place: Place) -> str:
    """Return why a host was not reached, in one line: escaped, and cut.

    + error: of paramiko, the system or pyinfra
    + place: the host; for a `JumpHostError`, the host behind the jump host
    """
    return one_line(cut(_reason(error, place), _LENGTH))


def _reason(error: BaseException, place: Place) -> str:
    for kind, explain in _KINDS:
        if isinstance(error, kind):
            return explain(error, place)
    return str(error)


def _jump_host(error: JumpHostError, place: Place) -> str:
    if isinstance(error.problem, ChannelException):
        return _behind(error.problem, str(error.jump), place)
    return f"jump host {error.jump}: {_reason(error.problem, _place_of(error))}"


def _refused(error: AuthenticationException, place: Place) -> str:
    if isinstance(error, PasswordRequiredException):
        return f"the key {place.key or 'file'} needs a password: set ssh_key_password, or use ssh-agent"
    tried = []
    if place.key:
        tried.append(f"the key {place.key}")
    elif not place.has_password:
        tried.append("the keys of ssh-agent and ~/.ssh")
    if place.has_password:
        tried.append("the password")
    only = (
        f" (it allows: {', '.join(error.allowed_types)})"
        if isinstance(error, BadAuthenticationType)
        else ""
    )
    missing = f"; {', '.join(place.missing)} does not exist" if place.missing else ""
    who = f" of {place.user}" if place.user else ""
    return (
        f"it refused the login{who} with {' and '.join(tried)}{only}{missing}. Try: {_command(place)}. "
        "--user and --key choose another user and key"
    )


def _command(place: Place) -> str:
    """Return the ssh command that logs in as pyinfra would."""
    port = ["-p", str(place.port)] if place.port != _SSH_PORT else []
    key = ["-i", place.key] if place.key else []
    return shlex.join(
        ["ssh", *port, *key, f"{place.user}@{place.name}" if place.user else place.name]
    )


def _changed_key(error: ChangedHostKeyError, place: Place) -> str:
    del place
    name = error.hostname if error.port == _SSH_PORT else f"[{error.hostname}]:{error.port}"
    default = str(Path("~/.ssh/known_hosts").expanduser())
    file = ["-f", error.file] if error.file and error.file != default else []
    remove = shlex.join(["ssh-keygen", *file, "-R", name])
    return f"its host key changed: somebody may intercept the connection. If it was installed anew, type: {remove}"


def _behind(problem: ChannelException, jump: str, place: Place) -> str:
    where = f"{place.name} port {place.port}"
    if problem.code == _OPEN_PROHIBITED:
        return f"jump host {jump} does not allow connections to {where} (AllowTcpForwarding, PermitOpen)"
    if problem.code == _OPEN_CONNECT_FAILED:
        return f"jump host {jump} cannot connect to {where}: {value(problem.text)}"
    return f"jump host {jump} opens no connection to {where}: {value(problem.text)}"


def _place_of(error: JumpHostError) -> Place:
    used = getattr(error.client, "_ssh_config", {})
    return Place(
        error.jump.name,
        int(used.get("port") or error.jump.port or 22),
        used.get("username") or error.jump.user,
        error.keys[0] if len(error.keys) == 1 else None,
    )


def _unanswered(error: NoValidConnectionsError, place: Place) -> str:
    numbers = {getattr(each, "errno", None) for each in error.errors.values()}
    if errno.ECONNREFUSED in numbers:
        return f"connection refused: nothing listens on {place.name} port {place.port}. Does sshd run there?"
    ways = [words for number, words in _NO_WAY if number in numbers]
    return f"{ways[0]} ({place.name})" if ways else str(error.strerror)


def _system(error: OSError, place: Place) -> str:
    for number, words in _NO_WAY:
        if error.errno == number:
            return f"{words} ({place.name})"
    if isinstance(error, TimeoutError):
        return f"{place.name} port {place.port} did not answer in time: is the host up, and the name right?"
    if error.filename and error.errno:
        return f"{error.filename}: {os.strerror(error.errno)}"
    return os.strerror(error.errno) if error.errno else str(error)


def _ssh(error: SSHException, place: Place) -> str:
    said = str(error)
    if said == "No authentication methods available":
        missing = f"; {', '.join(place.missing)} does not exist" if place.missing else ""
        return (
            f"there is no key to log in with{missing}: neither in ssh-agent nor in ~/.ssh. Name one with --key, "
            "or make one with ssh-keygen"
        )
    if said.startswith("StrictPolicy"):
        return (
            "its host key is not in known_hosts, and ssh_strict_host_key_checking is yes. Log in to it with ssh "
            "once, and compare the key"
        )
    if is_dropped(error):
        return (
            "it closed the connection before it said anything; sshd does so beyond MaxStartups, and for addresses "
            "that it blocks. Try again, with fewer hosts at once (--parallel 10)"
        )
    if said == "Timeout opening channel.":
        return f"it did not answer in time ({place.name} port {place.port})"
    return said


def _proxy_command(error: EndedError, place: Place) -> str:
    del place
    said = f": {value(error.said)}" if error.said else ""
    return f"its ProxyCommand ended ({value(error.command)}){said}"


def _unknown_name(error: socket.gaierror, place: Place) -> str:
    del error
    return f"unknown host name {value(place.name)}; is it spelled right?"


def _pyinfra(error: PyinfraError, place: Place) -> str:
    del place
    said = str(error)
    name = said.removeprefix("No such private key file: ")
    return said if name == said else f"the key file {name} does not exist (--key, ssh_key)"


def _end(error: EOFError, place: Place) -> str:
    del place
    if str(error):  # of input(), as "EOF when reading a line"
        return "a question about it cannot be asked without a terminal"
    return "it closed the connection"


_KINDS: tuple[tuple[type[BaseException], Callable[[Any, Place], str]], ...] = (
    (JumpHostError, _jump_host),
    (ChangedHostKeyError, _changed_key),
    (AuthenticationException, _refused),
    (EndedError, _proxy_command),
    (NoValidConnectionsError, _unanswered),
    (socket.gaierror, _unknown_name),
    (OSError, _system),
    (SSHException, _ssh),
    (PyinfraError, _pyinfra),
    (EOFError, _end),
)
"""The explanation of each kind of error; the first that fits counts."""
