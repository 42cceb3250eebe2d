"""Why a host was not reached: each error in one sentence, with what to type."""

import errno
import socket
from types import SimpleNamespace
from typing import Any

import pytest
from paramiko import (
    AuthenticationException,
    BadAuthenticationType,
    ChannelException,
    PasswordRequiredException,
    SSHException,
)
from paramiko.ssh_exception import NoValidConnectionsError
from pyinfra.api.exceptions import ConnectError, PyinfraError
from pyinfra.connectors.ssh import SSHConnector
from pyinfra.connectors.sshuserclient.client import SSHClient

from local_hosts import host_of, state_of
from pushgateway_lab.run import attempts, connecting, patches, unreached
from pushgateway_lab.run.jump_hosts import ChangedHostKeyError, JumpHostError
from pushgateway_lab.run.proxy_command import EndedError
from pushgateway_lab.run.ssh_config import Jump
from pushgateway_lab.run.unreached import Place

VM = Place("vm01", 2222, "trainer", "/k/id")
DROPPED = SSHException("Error reading SSH protocol banner")


def no_connection(number: int) -> NoValidConnectionsError:
    return NoValidConnectionsError({("10.0.0.1", 22): OSError(number, "no")})


def behind(problem: Exception) -> JumpHostError:
    client: Any = SimpleNamespace(_ssh_config={"port": 23, "username": "me"})
    return JumpHostError(Jump("bastion", None, None), client, problem, ["/b"])


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            AuthenticationException("Authentication failed."),
            (
                "it refused the login of trainer with the key /k/id. Try: ssh -p 2222 -i /k/id trainer@vm01. "
                "--user and --key choose another user and key"
            ),
        ),
        (
            BadAuthenticationType("Bad", ["publickey", "hostbased"]),
            "it refused the login of trainer with the key /k/id (it allows: publickey, hostbased). Try",
        ),
        (
            PasswordRequiredException("x"),
            "the key /k/id needs a password: set ssh_key_password, or",
        ),
        (SSHException("No authentication methods available"), "there is no key to log in with"),
        (
            no_connection(errno.ECONNREFUSED),
            "connection refused: nothing listens on vm01 port 2222.",
        ),
        (no_connection(errno.EHOSTUNREACH), "no route to it (vm01)"),
        (OSError(errno.ENETUNREACH, "x"), "no route to its network (vm01)"),
        (TimeoutError("timed out"), "vm01 port 2222 did not answer in time: is the host up"),
        (OSError("it did not answer within 4.1 s"), "it did not answer within 4.1 s"),
        (socket.gaierror(-2, "Name or service not known"), "unknown host name vm01"),
        (
            ChangedHostKeyError("vm01", 2222, "/k/known hosts"),
            (
                "its host key changed: somebody may intercept the connection. If it was installed anew, type: "
                "ssh-keygen -f '/k/known hosts' -R '[vm01]:2222'"
            ),
        ),
        (
            SSHException("StrictPolicy: No host key for vm01 found"),
            "its host key is not in known_hosts",
        ),
        (
            DROPPED,
            "it closed the connection before it said anything; sshd does so beyond MaxStartups",
        ),
        (
            EndedError("nc vm01 22", "nc: refused"),
            "its ProxyCommand ended (nc vm01 22): nc: refused",
        ),
        (EndedError("nc vm01 22", ""), "its ProxyCommand ended (nc vm01 22)"),
        (
            PyinfraError("No such private key file: x"),
            "the key file x does not exist (--key, ssh_key)",
        ),
        (PyinfraError("Invalid private key file: x"), "Invalid private key file: x"),
        (PermissionError(errno.EACCES, "no", "/k/id"), "/k/id: Permission denied"),
        (
            EOFError("EOF when reading a line"),
            "a question about it cannot be asked without a terminal",
        ),
        (EOFError(), "it closed the connection"),
        (ValueError("nonsense"), "nonsense"),
        (behind(socket.gaierror(-2, "")), "jump host bastion: unknown host name bastion"),
        (
            behind(AuthenticationException()),
            "jump host bastion: it refused the login of me with the key /b. Try: ssh -p 23 -i /b me@bastion.",
        ),
        (
            behind(ChangedHostKeyError("10.0.0.1", 22, None)),
            (
                "jump host bastion: its host key changed: somebody may intercept the connection. If it was "
                "installed anew, type: ssh-keygen -R 10.0.0.1"
            ),
        ),
        (
            behind(ChannelException(2, "Connection refused")),
            "jump host bastion cannot connect to vm01 port 2222: Connection refused",
        ),
        (
            behind(ChannelException(1, "Administratively prohibited")),
            "jump host bastion does not allow connections to vm01 port 2222 (AllowTcpForwarding, PermitOpen)",
        ),
        (
            behind(ChannelException(4, "x")),
            "jump host bastion opens no connection to vm01 port 2222: x",
        ),
        (SSHException("\x1b]0;evil\x07" + "x" * 500), "\\x1b]0;evil\\x07xxx"),
    ],
)
def test_the_reason(error: Exception, says: str) -> None:
    said = unreached.reason(error, VM)
    assert said.startswith(says)
    assert said.isprintable()
    assert len(said) < 500


def test_which_keys_were_tried() -> None:
    error = AuthenticationException()
    agent = unreached.reason(error, Place("vm01"))
    assert agent.startswith(
        "it refused the login with the keys of ssh-agent and ~/.ssh. Try: ssh vm01."
    )
    both = unreached.reason(error, VM._replace(has_password=True))
    assert "with the key /k/id and the password" in both
    missing = unreached.reason(error, Place("vm01", missing=("/no/key",)))
    assert "~/.ssh; /no/key does not exist. Try" in missing


@pytest.mark.parametrize(
    ("error", "dropped"),
    [
        (DROPPED, True),
        (SSHException("Error reading SSH protocol bannerConnection reset by peer"), True),
        (ConnectionResetError(), True),
        (behind(DROPPED), True),
        (EndedError("ssh", "kex_exchange_identification: Connection closed by remote host"), True),
        (EndedError("ssh", "ssh: Could not resolve hostname x"), False),
        (no_connection(errno.ECONNREFUSED), False),
        (AuthenticationException(), False),
        (OSError("it did not answer within 4.1 s"), False),
        (behind(AuthenticationException()), False),
    ],
)
def test_only_a_dropped_connection_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, error: Exception, dropped: bool
) -> None:
    waits: list[float] = []
    now = SimpleNamespace(monotonic=lambda: sum(waits), sleep=waits.append)
    monkeypatch.setattr(attempts, "time", now)
    tries = []

    def fail() -> None:
        tries.append(1)
        raise error

    with pytest.raises(type(error)):
        attempts.retried(fail, 30)
    assert (len(tries) > 1) is dropped
    assert sum(waits) <= 40
    assert max(waits, default=0) <= 4
    assert len(set(waits)) == len(waits)  # at random moments


def test_an_attempt_that_succeeds_ends_them() -> None:
    tries = []

    def act() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise DROPPED
        return "connected"

    assert attempts.retried(act, 30) == "connected"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (PyinfraError("No such private key file: x"), "the key file x does not exist"),
        (AuthenticationException(), "it refused the login of me with the keys of"),
        (RuntimeError("a bug"), "Unexpected error in this program: RuntimeError"),
        (AttributeError("_ssh_config"), "Unexpected error in this program: AttributeError"),
        (ValueError("invalid literal"), "invalid literal"),
    ],
)
def test_whatever_the_error_is_the_host_fails_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, error: Exception, says: str
) -> None:
    def connect(self: SSHClient, hostname: str, **arguments: Any) -> None:
        del self, hostname, arguments
        raise error

    patches.apply()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(SSHClient, "connect", connect)
    host = host_of(state_of({"vm": {"ssh_user": "me", "ssh_config_file": "/dev/null"}}), "vm")
    host.connect()
    assert not host.connected
    assert unreached.reason_of(host).startswith(says)
    with pytest.raises(ConnectError, match=f"Not reached: {says}"):
        host.connect(raise_exceptions=True, show_errors=False)
    assert connecting.bound(SSHConnector.connect).__name__ == "connecting"
