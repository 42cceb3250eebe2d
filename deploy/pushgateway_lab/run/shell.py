"""Commands run on a host from within an operation, whose outcome decides what comes next.

Each is bounded: `deadline` seconds for the whole of it, and the time that a run has left. What goes wrong
with the connection or with time is a `HostError`, which fails the one host.
"""

import secrets
from base64 import b64encode
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from paramiko import SSHException
from pyinfra.api.arguments import CONNECTOR_ARGUMENT_KEYS, pop_global_arguments
from pyinfra.api.command import FunctionCommand, PyinfraCommand, QuoteString, StringCommand
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.host import Host
from pyinfra.connectors.util import CommandOutput

from pushgateway_lab.run.command_output import is_cut_off
from pushgateway_lab.run.deadline import seconds_left, within
from pushgateway_lab.run.failure import function
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.host_files import script

DEADLINE = 60.0
"""Seconds for a command, if nothing else is said."""

_WHAT = 40
"""Characters of a command that name it, if nothing else is said."""


def run(
    host: Host,
    command: StringCommand | str,
    stdin: bytes | None = None,
    *,
    deadline: float = DEADLINE,
    what: str = "",
) -> tuple[bool, CommandOutput]:
    """Run a command with the sudo and other arguments of the current operation.

    + command: a command, or the text of a shell script
    + stdin: travels as base64, since pyinfra's standard input is text and ends in a newline
    + deadline: seconds for the whole of it, from the opening of the channel to the exit status
    + what: what an error calls the command; its first words, if empty

    Returns:
        Whether it exited with 0, and its output.

    Raises:
        HostError: it took longer than that, or than the run has left; or the connection broke.
    """
    what = what or _first_words(command)
    left = seconds_left(host.state)
    if left <= 0:
        raise HostError(f"The time for this run is over; not run any more: {what}.")
    act = partial(host.run_shell_command, _as_command(command), **_arguments(host, command, stdin))
    client = getattr(host.connector, "client", None)  # of SSH
    try:
        succeeded, output = within(min(deadline, left), act, client.close if client else None)
    except TimeoutError:
        problem = (
            f"It connected, but did not answer within {deadline:.4g} s ({what})."
            if deadline <= left
            else f"The time for this run was over before it answered: {what}."
        )
    except (OSError, EOFError, SSHException) as error:
        problem = f"The connection broke: {what}: {error!r}"
    except PyinfraError as error:  # raised in an operation, it would end the run for all hosts
        problem = f"{what}: {error}"
    else:
        if not is_cut_off(output):
            return succeeded, output
        problem = f"{what}: {output.combined_lines[-1].line}"
    # Not from within: the error would keep the channel open by the frames of its traceback.
    raise HostError(problem)


def ask(
    host: Host,
    name: str,
    variables: Mapping[str, str],
    stdin: bytes | None = None,
    *,
    functions: Sequence[str] = (),
    deadline: float = DEADLINE,
) -> list[str]:
    r"""Run a script of ``files/`` that answers, and return its answer.

    The script takes one variable more, ``mark``, and prints ``"\n$mark\n"`` first.

    + name: of the file
    + variables: what it takes
    + functions: further files, see `pushgateway_lab.run.host_files.script`
    + stdin, deadline: as for `run`

    Returns:
        The lines of standard output after the mark: what a login shell's files print is before it.

    Raises:
        HostError: as `run`; or the script did not begin, or did not exit with 0.
    """
    mark = new_mark()
    text = script(name, {**variables, "mark": mark}, *functions)
    # Whatever hangs on the host ends there, too.
    command = StringCommand("timeout", "-k", "5", f"{deadline:g}", "sh", "-c", QuoteString(text))
    return answer(
        host,
        command,
        mark,
        stdin,
        deadline,
        what=name,
    )


def new_mark() -> str:
    """Return a text that no host can know before: its answer begins behind it."""
    return secrets.token_hex(16)


def answer(
    host: Host,
    command: StringCommand | str,
    mark: str,
    stdin: bytes | None = None,
    deadline: float = DEADLINE,
    *,
    what: str,
) -> list[str]:
    """Run a command that prints `mark` on a line of its own, and return the lines after it.

    + what: what an error calls the command
    + other arguments: as for `run`

    Raises:
        HostError: as `run`; or the mark is missing, or it did not exit with 0.
    """
    succeeded, output = run(host, command, stdin, deadline=deadline, what=what)
    lines = after_mark(output.stdout_lines, mark)
    if lines is None or not succeeded:
        said = "\n".join(lines or ())
        words = said.strip() or output.stderr.strip() or output.stdout.strip() or "it said nothing"
        fault = "did not begin" if lines is None else "did not end well"
        raise HostError(f"The host did not answer as it should: {what} {fault}: {words}")
    return lines


def after_mark(lines: Sequence[str], mark: str) -> list[str] | None:
    """Return the lines after the first that is `mark`; None if there is none."""
    return list(lines[lines.index(mark) + 1 :]) if mark in lines else None


def given_arguments(host: Host) -> dict[str, Any]:
    """What commands on a host are run with: sudo and the like, of the operation or the deploy it is in."""
    given = host.current_op_global_arguments or host.current_deploy_kwargs
    return dict(given) if given is not None else dict(pop_global_arguments(host.state, host, {})[0])


def explained(
    commands: Iterable[PyinfraCommand | str],
    explain: Callable[[CommandOutput], str],
    *,
    deadline: float = DEADLINE,
) -> Generator[FunctionCommand, None, None]:
    """The same commands, with a failure's reason and next step in words of ours.

    + deadline: seconds for each of them
    """
    for command in commands:
        yield from function(_run_or_explain, command, explain, deadline)


def _run_or_explain(
    host: Host,
    command: StringCommand | str,
    explain: Callable[[CommandOutput], str],
    deadline: float,
) -> None:
    succeeded, output = run(host, command, deadline=deadline)
    if not succeeded:
        raise HostError(explain(output))


def _as_command(command: StringCommand | str) -> StringCommand:
    return StringCommand("sh", "-c", QuoteString(command)) if isinstance(command, str) else command


def _arguments(host: Host, command: StringCommand | str, stdin: bytes | None) -> dict[str, Any]:
    given = given_arguments(host)
    arguments = {key: given[key] for key in CONNECTOR_ARGUMENT_KEYS if key in given}
    if isinstance(command, StringCommand):
        arguments |= command.connector_arguments
    if stdin is not None:
        arguments["_stdin"] = b64encode(stdin).decode()
    state = host.state
    return arguments | {"print_output": state.print_output, "print_input": state.print_input}


def _first_words(command: StringCommand | str) -> str:
    text = " ".join(str(command).split())
    return text if len(text) <= _WHAT else f"{text[:_WHAT]}..."
