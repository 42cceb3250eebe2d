"""Commands and scripts that an operation runs on a host while it executes, and whose output it uses.

Each command has a deadline, and ends with the time limit of the run. A broken connection or a missed deadline
raises a `HostError`, which fails only this host.
"""

import math
import secrets
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from paramiko import SSHException
from pyinfra.api.arguments import CONNECTOR_ARGUMENT_KEYS, pop_global_arguments
from pyinfra.api.command import QuoteString, StringCommand
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.host import Host
from pyinfra.connectors.util import CommandOutput
from typing_extensions import override

from pushgateway_lab.formats.secret_lines import END, SecretLines
from pushgateway_lab.run import sudo
from pushgateway_lab.run.command_output import is_cut_off
from pushgateway_lab.run.deadline import seconds_left, within
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.host_files import script

DEADLINE = 60.0
"""The default deadline of a command, in seconds."""

NO_SECRETS = SecretLines()

_BLOCK = 57_000
"""Bytes of a file that are sent as one line; a multiple of three, so that the lines together are one text in base64."""

_WHAT = 40
"""The first characters of a command that are its default name."""


def run(
    host: Host,
    command: StringCommand | str,
    stdin: bytes | Path | None = None,
    *,
    secrets: SecretLines = NO_SECRETS,
    deadline: float = DEADLINE,
    what: str = "",
) -> tuple[bool, CommandOutput]:
    """Run a command with the global arguments of the current operation, such as ``_sudo``.

    + command: a command, or the text of a shell script
    + stdin: sent as base64, because pyinfra's standard input is text that ends in a newline. A file is read while it
      is sent, so that a large one needs no memory for each host
    + secrets: sent before `stdin`, for ``read_secrets`` of ``files/secret-lines.sh``; not if there are none
    + deadline: seconds for the whole command, from the opening of the channel to the exit status
    + what: the name of the command in errors; if empty, its first words

    Returns:
        Whether the command exited with 0, and its output.

    Raises:
        HostError: the command did not end before its deadline or the end of the run; or the connection broke.
    """
    what = what or _first_words(command)
    left = seconds_left(host.state)
    if left <= 0:
        raise HostError(f"The time limit of this run has expired; not started: {what}.")
    arguments = _arguments(host, command, stdin, secrets)
    act = partial(host.run_shell_command, _as_command(command), **arguments)
    client = getattr(host.connector, "client", None)  # of SSH
    try:
        succeeded, output = within(min(deadline, left), act, client.close if client else None)
    except TimeoutError:
        problem = (
            f"It connected, but did not answer within {deadline:.4g} s ({what})."
            if deadline <= left
            else f"The time limit of this run expired before the host answered: {what}."
        )
    except (OSError, EOFError, SSHException) as error:
        problem = f"The connection broke: {what}: {error!r}"
    except PyinfraError as error:  # from an operation, it would end the run for all hosts
        problem = f"{what}: {error}"
    else:
        if not is_cut_off(output):
            return succeeded, output
        problem = f"{what}: {output.combined_lines[-1].line}"
    # Raised outside the try block: the frames of a chained traceback would keep the channel open.
    raise HostError(problem)


def ask(
    host: Host,
    name: str,
    variables: Mapping[str, str],
    stdin: bytes | Path | None = None,
    *,
    secrets: SecretLines = NO_SECRETS,
    functions: Sequence[str] = (),
    deadline: float = DEADLINE,
) -> list[str]:
    r"""Run a script of ``files/``, and return its answer.

    The script also gets the variable ``mark``, and prints ``"\n$mark\n"`` first.

    + name: the name of the script
    + variables: the variables of the script
    + functions: files with shell functions, see `pushgateway_lab.run.host_files.script`
    + stdin, secrets, deadline: as for `run`

    Returns:
        The lines of standard output after the mark; the start-up files of a login shell print before it.

    Raises:
        HostError: as `run`; or the script did not start, or did not exit with 0.
    """
    mark = new_mark()
    text = script(name, {**variables, "mark": mark}, *functions)
    # timeout also ends a script that hangs on the host.
    command = StringCommand("timeout", "-k", "5", f"{deadline:g}", "sh", "-c", QuoteString(text))
    return answer(
        host,
        command,
        mark,
        stdin,
        deadline,
        secrets=secrets,
        what=name,
    )


def new_mark() -> str:
    """Return a random text that marks the beginning of an answer; no host can know it in advance."""
    return secrets.token_hex(16)


def answer(
    host: Host,
    command: StringCommand | str,
    mark: str,
    stdin: bytes | Path | None = None,
    deadline: float = DEADLINE,
    *,
    secrets: SecretLines = NO_SECRETS,
    what: str,
) -> list[str]:
    """Run a command that prints the line `mark`, and return the lines after it.

    + what: the name of the command in errors
    + other arguments: as for `run`

    Raises:
        HostError: as `run`; or the mark is missing, or the command did not exit with 0.
    """
    succeeded, output = run(host, command, stdin, secrets=secrets, deadline=deadline, what=what)
    lines = after_mark(output.stdout_lines, mark)
    if lines is None and (refused := sudo.refusal(host, given_arguments(host), output)):
        raise HostError(f"{what}: {refused}")
    if lines is None or not succeeded:
        said = "\n".join(lines or ())
        words = said.strip() or output.stderr.strip() or output.stdout.strip() or "no output"
        fault = "did not start" if lines is None else "failed"
        raise HostError(f"Unexpected answer from the host: {what} {fault}: {words}")
    return lines


def after_mark(lines: Sequence[str], mark: str) -> list[str] | None:
    """Return the lines after the first line that equals `mark`; None if there is no such line."""
    return list(lines[lines.index(mark) + 1 :]) if mark in lines else None


def given_arguments(host: Host) -> dict[str, Any]:
    """Return the global arguments for commands on a host, such as ``_sudo``, of its operation or deploy."""
    given = host.current_op_global_arguments or host.current_deploy_kwargs
    return dict(given) if given is not None else dict(pop_global_arguments(host.state, host, {})[0])


def _as_command(command: StringCommand | str) -> StringCommand:
    return StringCommand("sh", "-c", QuoteString(command)) if isinstance(command, str) else command


class _LinesOfFile(list[str]):
    """The lines of a file in base64, each of which is read when it is sent: pyinfra iterates over a list."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    @override
    def __len__(self) -> int:
        return math.ceil(self._path.stat().st_size / _BLOCK)

    @override
    def __iter__(self) -> Iterator[str]:
        with self._path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield b64encode(block).decode()


def _arguments(
    host: Host, command: StringCommand | str, stdin: bytes | Path | None, secrets: SecretLines
) -> dict[str, Any]:
    given = given_arguments(host)
    arguments = {key: given[key] for key in CONNECTOR_ARGUMENT_KEYS if key in given}
    if isinstance(command, StringCommand):
        arguments |= command.connector_arguments
    if isinstance(stdin, Path):
        arguments["_stdin"] = _LinesOfFile(stdin)
    elif stdin is not None:
        arguments["_stdin"] = b64encode(stdin).decode()
    if secrets.lines:
        following = arguments.get("_stdin") or []
        rest = [following] if isinstance(following, str) else following
        arguments["_stdin"] = [*secrets.lines, END, *rest]
    state = host.state
    return arguments | {"print_output": state.print_output, "print_input": state.print_input}


def _first_words(command: StringCommand | str) -> str:
    text = " ".join(str(command).split())
    return text if len(text) <= _WHAT else f"{text[:_WHAT]}..."
