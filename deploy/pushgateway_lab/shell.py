"""Commands run on a host from within an operation, whose outcome decides what comes next."""

from base64 import b64encode
from collections.abc import Callable, Generator, Iterable
from typing import Any

from pyinfra.api.arguments import CONNECTOR_ARGUMENT_KEYS, pop_global_arguments
from pyinfra.api.command import FunctionCommand, PyinfraCommand, QuoteString, StringCommand
from pyinfra.api.host import Host
from pyinfra.connectors.util import CommandOutput

from pushgateway_lab.failure import HostError, function


def run(
    host: Host, command: StringCommand | str, stdin: bytes | None = None
) -> tuple[bool, CommandOutput]:
    """Run a command with the sudo and other arguments of the current operation.

    + command: a command, or the text of a shell script
    + stdin: travels as base64, since pyinfra's standard input is text and ends in a newline

    Returns:
        Whether it exited with 0, and its output.
    """
    if isinstance(command, str):
        command = StringCommand("sh", "-c", QuoteString(command))
    given = given_arguments(host)
    arguments = {key: given[key] for key in CONNECTOR_ARGUMENT_KEYS if key in given}
    arguments |= command.connector_arguments
    if stdin is not None:
        arguments["_stdin"] = b64encode(stdin).decode()
    state = host.state
    return host.run_shell_command(
        command, print_output=state.print_output, print_input=state.print_input, **arguments
    )


def given_arguments(host: Host) -> dict[str, Any]:
    """What commands on a host are run with: sudo and the like, of the operation or the deploy it is in."""
    given = host.current_op_global_arguments or host.current_deploy_kwargs
    return dict(given) if given is not None else dict(pop_global_arguments(host.state, host, {})[0])


def explained(
    commands: Iterable[PyinfraCommand | str], explain: Callable[[CommandOutput], str]
) -> Generator[FunctionCommand, None, None]:
    """The same commands, with a failure's reason and next step in words of ours."""
    for command in commands:
        yield from function(_run_or_explain, command, explain)


def _run_or_explain(
    host: Host, command: StringCommand | str, explain: Callable[[CommandOutput], str]
) -> None:
    succeeded, output = run(host, command)
    if not succeeded:
        raise HostError(explain(output))
