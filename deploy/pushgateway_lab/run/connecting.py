"""Patch pyinfra so that a host that cannot be reached fails alone, with the reason, whatever the error is.

Most errors end pyinfra's run for all hosts, among them a missing key file, and a jump host whose key changed.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from paramiko import SSHException
from pyinfra.api.exceptions import ConnectError, PyinfraError
from pyinfra.connectors.ssh import SSHConnector

from pushgateway_lab.run import (
    crash_log,
    handshake,
    jump_hosts,
    known_hosts,
    proxy_command,
    ssh_config,
    unreached,
)
from pushgateway_lab.run.attempts import retried
from pushgateway_lab.run.run import Run
from pushgateway_lab.run.unreached import Place

_EXPECTED = (OSError, EOFError, ValueError, PyinfraError, SSHException)


def bound(connect: Callable[[SSHConnector], None]) -> Callable[[SSHConnector], None]:
    """Return a replacement of `SSHConnector.connect`, which retries dropped connections and tells the reason."""

    def connecting(self: SSHConnector) -> None:
        seconds = handshake.limit(self.state.config.CONNECT_TIMEOUT or handshake.CONNECT_TIMEOUT)
        try:
            with jump_hosts.shared(Run.of(self.state)):
                return retried(partial(_attempt, connect, self), seconds)
        except _EXPECTED as error:
            reason = unreached.reason(error, _place(self))
        except Exception as error:  # noqa: BLE001 - it would end the run for all hosts
            reason = crash_log.write(error, self.host.name)
        unreached.note(self.host, reason)
        # Outside the except block: the frames of a chained traceback would keep the connection open.
        raise ConnectError(f"Not reached: {reason}")

    return connecting


def install() -> None:
    """Install the patches that `bound` needs; a second call changes nothing."""
    ssh_config.bound()
    known_hosts.bound()
    proxy_command.bound()
    jump_hosts.bound()


def _attempt(connect: Callable[[SSHConnector], None], connector: SSHConnector) -> None:
    """Connect once, and raise the error from which pyinfra makes a `ConnectError`."""
    try:
        connect(connector)
    except ConnectError as error:
        if isinstance(error.__context__, Exception):
            raise error.__context__ from None
        raise


def _place(connector: SSHConnector) -> Place:
    """Return where a connector connects to, as far as it is known."""
    data: Any = connector.host.data
    used = getattr(connector.client, "_ssh_config", {})
    name = str(data.get("ssh_hostname") or connector.host.name)
    file = data.get("ssh_config_file")
    try:
        config = ssh_config.of(file)
        options = config.lookup(name) if config else {}
        missing = tuple(config.missing_keys(name)) if config else ()
    except SSHException:
        options, missing = {}, ()
    files = used.get("key_filename") or options.get("identityfile") or ()
    port = used.get("port") or data.get("ssh_port") or options.get("port") or 22
    return Place(
        options.get("hostname", name),
        int(port),
        used.get("username") or data.get("ssh_user") or options.get("user"),
        data.get("ssh_key") or (" ".join(files) if len(files) == 1 else None),
        bool(data.get("ssh_password")),
        missing,
    )
