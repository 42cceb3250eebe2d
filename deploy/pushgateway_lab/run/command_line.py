"""Checks that pyinfra's command line lacks: a run that reaches no host is an error, and ``-y --dry`` shows changes.

pyinfra takes the name of a missing inventory for the name of a host, warns, and ends with 0.
`pushgateway_lab.run.patches` calls `check_inventory` before pyinfra reads the inventory, and `check_hosts` before
pyinfra connects.
"""

import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
from pyinfra.api.state import State

from pushgateway_lab.run.run import Run

PACKAGE = "pushgateway_lab"

_OTHER_FORMATS = (".ini", ".cfg", ".yml", ".yaml", ".json", ".toml", ".txt", ".csv")
"""Suffixes of inventories of other tools, which pyinfra would run as Python."""

_SHOWN = 10
"""The most names of hosts or groups in a message."""


def current_command() -> Mapping[str, Any]:
    """Return the parameters of pyinfra's command line in this process; empty without one, as in a library."""
    context = click.get_current_context(silent=True)
    return context.params if context and "inventory" in context.params else {}


def refusal(message: str) -> Exception:
    """Return pyinfra's own error for a wrong command line: one sentence, and the exit code 1."""
    from pyinfra_cli.exceptions import CliError  # type: ignore[import-untyped]  # only its CLI has it

    error: Exception = CliError(message)
    return error


def is_ours(command: Mapping[str, Any]) -> bool:
    """Return whether a command runs this package: one of its operations, or a deploy script that names it.

    + command: see `current_command`
    """
    words = [str(each) for each in command.get("operations", ())]
    return any(
        word.startswith(f"{PACKAGE}.") or (word.endswith(".py") and _names_package(Path(word)))
        for word in words
    )


def _names_package(path: Path) -> bool:
    return any(PACKAGE in line for line in _lines(path))


def _is_deploy(path: Path) -> bool:
    """Return whether a file imports from this package, as deploy scripts do and inventories do not."""
    return any(
        line.startswith((f"from {PACKAGE} import ", f"import {PACKAGE}")) for line in _lines(path)
    )


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def check_inventory(command: Mapping[str, Any]) -> None:
    """Check that the inventory of a command can be one, before pyinfra reads it.

    + command: see `current_command`

    Raises:
        CliError: the file does not exist, is no Python file or is a deploy script; or a name is empty.
    """
    inventory = str(command.get("inventory", "@local"))
    path = Path(inventory)
    # A name with more dots may be a host name: .py is the domain of Paraguay.
    is_file_name = "/" in inventory or inventory.count(".") == 1
    if not path.is_file() and not all(name.strip() for name in inventory.split(",")):
        raise refusal(
            f"the inventory {inventory!r} has an empty name. Separate names by single commas: vm01,vm02"
        )
    if inventory.startswith("@"):
        return
    if path.suffix in _OTHER_FORMATS and "," not in inventory:
        raise refusal(f"{inventory} is no inventory: pyinfra's are Python files. {_instead(path)}")
    if is_file_name and path.suffix == ".py" and not path.is_file():
        raise refusal(f"there is no file {inventory}. {_instead(path)}")
    if path.is_dir():
        raise refusal(f"{inventory} is a directory. {_instead(path / 'lab.py')}")
    if path.is_file() and _is_deploy(path):
        raise refusal(
            f"{inventory} is a deploy script, not an inventory. The inventory comes first: "
            "pyinfra -y INVENTORY deploy/bootstrap.py"
        )


def check_hosts(state: State) -> None:
    """Check that a run has hosts, before pyinfra connects; and make ``-y --dry`` detect and show changes.

    + state: initialised, with its inventory and limit

    Raises:
        CliError: the inventory is empty, or --limit and --exclude leave no host.
    """
    command = current_command()
    if not command:
        return
    check_inventory(command)
    inventory = str(command["inventory"])
    names = [host.name for host in state.inventory]
    if not names:
        raise refusal(_why_empty(inventory))
    if state.limit_hosts is not None and not state.limit_hosts:
        groups = sorted(
            name for name, hosts in state.inventory.groups.items() if hosts and name not in names
        )
        options = " and ".join(
            f"--{name} {shlex.join(command[name])}"
            for name in ("limit", "exclude")
            if command[name]
        )
        raise refusal(
            f"{options} leaves no host of {inventory}. Its hosts: {_listed(names)}"
            + (f"; its groups: {_listed(groups)}" if groups else "")
        )
    if command["dry"] and command["yes"]:
        _detect_changes(state, show=not command["json_output"])


def _why_empty(inventory: str) -> str:
    path = Path(inventory)
    if path.is_file():
        return (
            f"{inventory} lists no hosts. Add them as a list, and run this again: "
            'hosts = ["vm01.example.org", "vm02.example.org"]'
        )
    problem = f"{inventory} is neither an inventory file nor a host: its name cannot be resolved."
    if "." in inventory and "/" not in inventory:
        return f"{problem} Check the name of the host: {_command_with('HOST')}"
    return f"{problem} {_instead(path)}"


def _instead(path: Path) -> str:
    """Return a sentence with the inventories that may be meant, and the command with the first of them."""
    found = _inventories(path)
    if not found:
        return (
            f"There is no inventory in {path.parent.resolve()}. For one host, type: "
            f"{_command_with('vm01.example.org')}"
        )
    return f"Did you mean {_listed(found)}? Type: {_command_with(found[0])}"


def _inventories(path: Path) -> list[str]:
    """Return the Python files beside a path and in ``inventories/``; one of the same name first."""
    folders = [path.parent, Path("inventories")]
    if path.parent.is_dir() and path.parent != Path():
        folders.pop()
    found = sorted(
        str(each)
        for folder in dict.fromkeys(folders)
        for each in folder.glob("*.py")
        if each.name != "config.py" and not _is_deploy(each)
    )
    return sorted(found, key=lambda name: Path(name).stem != path.stem)


def _command_with(inventory: str) -> str:
    """Return the current command line with another inventory."""
    given = str(current_command().get("inventory", ""))
    words = [inventory if word == given else word for word in sys.argv[1:]]
    return shlex.join([sys.argv[0], *words])


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


def _detect_changes(state: State, *, show: bool) -> None:
    """Make a dry run detect changes although ``-y`` is given, and print them at its end.

    With ``-y``, pyinfra skips the detection, and a dry run would show nothing.
    """
    state.check_for_changes = True

    def tell() -> None:
        from pyinfra_cli.prints import print_meta  # type: ignore[import-untyped]  # only its CLI has it

        click.echo("--> Detected changes:", err=True)
        print_meta(state)

    if show:
        Run.of(state).at_end(tell)
