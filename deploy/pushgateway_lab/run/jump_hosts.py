"""Patch pyinfra so that all hosts behind a jump host share one connection to it.

pyinfra opens a connection to the jump host for each host. An sshd with the default ``MaxStartups 10:30:100``
drops most of them if a class connects at once. OpenSSH forwards any number of connections through one.
``MaxSessions`` does not count them.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import Any, cast

from gevent.event import AsyncResult
from paramiko import BadHostKeyException, SSHException
from pyinfra.connectors.sshuserclient.client import SSHClient

from pushgateway_lab.run import handshake, ssh_config
from pushgateway_lab.run.attempts import retried
from pushgateway_lab.run.run import Run
from pushgateway_lab.run.ssh_config import Jump


class JumpHostError(SSHException):
    """A jump host could not be reached, or does not reach the next host.

    + jump: the jump host
    + client: the client of the jump host
    + problem: the error; a `ChannelException` is about the host behind the jump host
    + keys: the key files for it in the SSH configuration
    """

    def __init__(
        self, jump: Jump, client: SSHClient, problem: BaseException, keys: Sequence[str] = ()
    ) -> None:
        super().__init__(f"jump host {jump}: {problem}")
        self.jump = jump
        self.client = client
        self.problem = problem
        self.keys = tuple(keys)


class ChangedHostKeyError(SSHException):
    """A host has another key than known_hosts says.

    + hostname, port: as in known_hosts
    + file: the known_hosts file; None if there is none
    """

    def __init__(self, hostname: str, port: int, file: str | None) -> None:
        super().__init__(f"Host key for {hostname} does not match.")
        self.hostname = hostname
        self.port = port
        self.file = file


class _Jumps:
    """The connections to jump hosts of one run; each is made by the first host that needs it."""

    def __init__(self, run: Run) -> None:
        self._made: dict[Hashable, AsyncResult[Any]] = {}
        run.at_end(self._close)

    def client(self, key: Hashable, connect: Callable[[], SSHClient]) -> SSHClient:
        """Return a connected client; make it with `connect` if there is none, or its connection broke.

        Raises:
            Exception: `connect` raised it, for this host or for one that needed it at the same time.
        """
        result = self._made.get(key)
        if result is not None and _is_usable(result):
            return cast(SSHClient, result.get())
        result = self._made[key] = AsyncResult()
        try:
            made = connect()
        except BaseException as error:
            result.set_exception(error)
            raise
        result.set(made)
        return made

    def _close(self) -> None:
        for result in self._made.values():
            if result.successful():
                cast(SSHClient, result.get()).close()


_jumps: ContextVar[_Jumps | None] = ContextVar("_jumps", default=None)


def bound() -> None:
    """Install the patch; a second call changes nothing."""
    original = SSHClient.connect
    if hasattr(original, "__wrapped__"):
        return

    @wraps(original)
    def connect(self: SSHClient, hostname: str, **arguments: Any) -> None:
        if file := arguments.get("_pyinfra_ssh_config_file"):
            arguments["_pyinfra_ssh_config_file"] = str(Path(file).expanduser())
        if arguments.get("sock") is None and (jumps := _jumps_to(hostname, arguments)):
            arguments["sock"] = _channel(jumps, hostname, arguments)
        try:
            original(self, hostname, **arguments)  # type: ignore[no-untyped-call]
        except BadHostKeyException as error:
            port = int(self._ssh_config.get("port") or 22)
            raise ChangedHostKeyError(error.hostname, port, self._host_keys_filename) from error

    SSHClient.connect = connect  # type: ignore[method-assign, assignment]


@contextmanager
def shared(run: Run) -> Iterator[None]:
    """Let the connections that are made inside the block share those to jump hosts with the whole run."""
    token = _jumps.set(run.part(_Jumps))
    try:
        yield
    finally:
        _jumps.reset(token)


def _jumps_to(hostname: str, arguments: dict[str, Any]) -> tuple[Jump, ...]:
    config = ssh_config.of(arguments.get("_pyinfra_ssh_config_file"))
    return config.jumps(hostname) if config else ()


def _channel(jumps: tuple[Jump, ...], hostname: str, arguments: dict[str, Any]) -> Any:
    """Return a connection to a host through its jump hosts.

    Raises:
        JumpHostError: there is none.
    """
    jump = jumps[-1]
    client = _client(jumps, arguments)
    host, port = _place(hostname, arguments.get("port"), arguments)
    seconds = handshake.limit(arguments.get("timeout") or handshake.CONNECT_TIMEOUT)
    try:
        return client.gateway(host, port, host, port, timeout=seconds)
    except (SSHException, OSError, EOFError) as error:
        raise JumpHostError(jump, client, error) from error


def _client(jumps: tuple[Jump, ...], arguments: dict[str, Any]) -> SSHClient:
    """Return a client that is connected to the last of the jump hosts, through the others.

    Raises:
        JumpHostError: a jump host cannot be reached.
    """
    given = {
        key: arguments.get(key)
        for key in ("_pyinfra_ssh_config_file", "_pyinfra_ssh_strict_host_key_checking", "timeout")
    }
    kept = _jumps.get()
    if kept is None:
        return _connected(jumps, given)
    key = (jumps, *given.values())
    return kept.client(key, lambda: _connected(jumps, given))


def _connected(jumps: tuple[Jump, ...], given: dict[str, Any]) -> SSHClient:
    *before, jump = jumps
    client = SSHClient()
    arguments = given | {"port": jump.port, "username": jump.user}
    config = ssh_config.of(given["_pyinfra_ssh_config_file"])
    options = config.lookup(jump.name) if config else {}
    if "stricthostkeychecking" in options:
        arguments.pop("_pyinfra_ssh_strict_host_key_checking")
    arguments = {key: value for key, value in arguments.items() if value}

    def attempt() -> None:
        if before:
            arguments["sock"] = _channel(tuple(before), jump.name, arguments)
        client.connect(jump.name, **arguments)

    try:
        retried(attempt, handshake.limit(given["timeout"] or handshake.CONNECT_TIMEOUT))
    except JumpHostError:
        raise
    except (SSHException, OSError, EOFError) as error:
        raise JumpHostError(jump, client, error, options.get("identityfile", ())) from error
    return client


def _place(hostname: str, port: int | None, arguments: dict[str, Any]) -> tuple[str, int]:
    """Return the address of a host, as the last jump host is told."""
    config = ssh_config.of(arguments.get("_pyinfra_ssh_config_file"))
    options = config.lookup(hostname) if config else {}
    return options.get("hostname", hostname), int(port or options.get("port") or 22)


def _is_usable(result: "AsyncResult[Any]") -> bool:
    """Return whether a connection is being made, or is open."""
    if not result.ready():
        return True
    transport = cast(SSHClient, result.get()).get_transport() if result.successful() else None
    return transport is not None and transport.is_active()
