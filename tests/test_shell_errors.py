"""Commands on a fake host: the arguments of pyinfra, and errors of the connection."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from paramiko import SSHException
from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.host import Host
from pyinfra.connectors.util import CommandOutput, OutputLine

from local_hosts import state_of
from pushgateway_lab.run import shell
from pushgateway_lab.run.deadline import limit
from pushgateway_lab.run.host_error import HostError

SUDO = {"_sudo": True, "_sudo_user": "eve", "_env": {"A": "b"}, "_run_once": True, "name": "x"}


class FakeHost:
    """A host that records its commands and gives a fixed answer."""

    def __init__(self, act: Callable[[], tuple[bool, CommandOutput]]) -> None:
        self.state = state_of({"a": {}})
        self.connector = SimpleNamespace()
        self.data = SimpleNamespace()
        self.current_op_global_arguments: dict[str, Any] | None = {}
        self.current_deploy_kwargs: dict[str, Any] | None = None
        self.ran: list[tuple[str, dict[str, Any]]] = []
        self._act = act

    def run_shell_command(
        self, command: StringCommand, **arguments: Any
    ) -> tuple[bool, CommandOutput]:
        """Replace the method of a pyinfra host."""
        self.ran.append((command.get_raw_value(), arguments))
        return self._act()


def output(*lines: str, stderr: bool = False) -> CommandOutput:
    return CommandOutput([OutputLine("stderr" if stderr else "stdout", line) for line in lines])


def host(
    act: Callable[[], tuple[bool, CommandOutput]] = lambda: (True, output()), **fields: Any
) -> Any:
    made = FakeHost(act)
    vars(made).update(fields)
    return made


def raising(error: Exception) -> Callable[[], tuple[bool, CommandOutput]]:
    def act() -> tuple[bool, CommandOutput]:
        raise error

    return act


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError("reset"), r"The connection broke: the nap: OSError\('reset'\)"),
        (EOFError(), r"The connection broke: the nap: EOFError\(\)"),
        (
            SSHException("no channel"),
            r"The connection broke: the nap: SSHException\('no channel'\)",
        ),
        (PyinfraError("no sudo password"), "^the nap: no sudo password$"),
        (TimeoutError(), r"did not answer within 60 s \(the nap\)"),
    ],
)
def test_what_breaks_a_command_fails_its_host(error: Exception, says: str) -> None:
    with pytest.raises(HostError, match=says):
        shell.run(host(raising(error)), "sleep 3", what="the nap")


def test_a_mistake_of_this_program_is_no_error_of_a_host() -> None:
    with pytest.raises(ZeroDivisionError):
        shell.run(host(raising(ZeroDivisionError())), "true")


def test_whichever_limit_comes_first_is_named() -> None:
    late = host(raising(TimeoutError()))
    limit(late.state, 30)
    with pytest.raises(HostError, match=r"did not answer within 10 s \(true\)"):
        shell.run(late, "true", deadline=10)
    with pytest.raises(
        HostError, match="The time limit of this run expired before the host answered: true"
    ):
        shell.run(late, "true", deadline=60)


def test_a_run_that_is_over_runs_nothing() -> None:
    over = host()
    limit(over.state, 0)
    with pytest.raises(
        HostError, match="The time limit of this run has expired; not started: true"
    ):
        shell.run(over, "true")
    assert over.ran == []


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("true", "true"),
        ("a\n  b\tc ", "a b c"),
        ("x" * 40, "x" * 40),
        ("x" * 41, f"{'x' * 40}..."),
        (StringCommand("apt-get", "update"), "apt-get update"),
    ],
)
def test_a_command_without_a_name_is_called_by_its_first_words(
    command: str | StringCommand, what: str
) -> None:
    with pytest.raises(HostError) as error:
        shell.run(host(raising(EOFError())), command)
    assert str(error.value) == f"The connection broke: {what}: EOFError()"


def test_a_text_is_run_by_a_shell_and_a_command_as_it_is() -> None:
    asked = host()
    shell.run(asked, "echo 'it is'; exit 3")
    shell.run(asked, StringCommand("apt-get", "update"))
    assert [command for command, _ in asked.ran] == [
        "sh -c 'echo '\"'\"'it is'\"'\"'; exit 3'",
        "apt-get update",
    ]


def test_a_command_is_run_with_the_sudo_of_its_operation() -> None:
    asked = host(current_op_global_arguments=SUDO, current_deploy_kwargs={"_sudo": False})
    own = StringCommand("true", _sudo=False)  # type: ignore[no-untyped-call,unused-ignore]
    shell.run(asked, "true")
    shell.run(asked, own)
    shell.run(asked, "cat", stdin=b"\0in")
    first, second, third = (arguments for _, arguments in asked.ran)
    assert first == {
        "_sudo": True,
        "_sudo_user": "eve",
        "_env": {"A": "b"},
        "print_output": False,
        "print_input": False,
    }
    assert second == first | {"_sudo": False}
    assert third == first | {"_stdin": "AGlu"}


def test_outside_of_an_operation_the_sudo_of_the_deploy_counts() -> None:
    in_deploy = host(current_op_global_arguments=None, current_deploy_kwargs={"_sudo": True})
    assert shell.given_arguments(in_deploy) == {"_sudo": True}
    given = shell.given_arguments(in_deploy)
    given["_sudo"] = False
    assert shell.given_arguments(in_deploy) == {"_sudo": True}


def answer(succeeded: bool, said: CommandOutput) -> list[str]:
    asked: Host = host(lambda: (succeeded, said))
    return shell.answer(asked, "true", "MARK", what="say.sh")


def test_an_answer_is_what_is_behind_the_mark() -> None:
    assert answer(True, output("hello", "MARK", "a", "MARK")) == ["a", "MARK"]
    assert answer(True, output("MARK")) == []


@pytest.mark.parametrize(
    ("succeeded", "said", "says"),
    [
        (True, output("a MARK", "b"), "say.sh did not start: a MARK\nb"),
        (True, output(), "say.sh did not start: no output"),
        (False, output("refused", stderr=True), "say.sh did not start: refused"),
        (False, output("hello", "MARK", "half"), "say.sh failed: half"),
        (False, output("MARK"), "say.sh failed: MARK"),
    ],
)
def test_no_answer_is_an_error_in_the_words_of_the_host(
    *, succeeded: bool, said: CommandOutput, says: str
) -> None:
    with pytest.raises(HostError) as error:
        answer(succeeded, said)
    assert str(error.value) == f"Unexpected answer from the host: {says}"
