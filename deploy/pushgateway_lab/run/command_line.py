"""A check that pyinfra's command line lacks: the inventory file must exist. Called by ``config.py``."""

from pathlib import Path

import click
from pyinfra.api.exceptions import PyinfraError


class NoSuchFileError(PyinfraError):
    """A file that the command line names does not exist."""


def check_inventory(inventory: str | None = None) -> None:
    """Check that an inventory named as a Python file exists.

    + inventory: as on the command line; None: from the command line of the current run, if there is one

    Raises:
        NoSuchFileError: the file does not exist.
    """
    if inventory is None:
        context = click.get_current_context(silent=True)
        inventory = str(context.params.get("inventory", "")) if context else ""
    # A name with more dots may be a host name: .py is the domain of Paraguay.
    is_file_name = "/" in inventory or inventory.count(".") == 1
    if is_file_name and inventory.endswith(".py") and not Path(inventory).is_file():
        raise NoSuchFileError(f"there is no file {inventory}; {_alternatives(Path(inventory))}")


def _alternatives(path: Path) -> str:
    """Return a hint with the Python files beside a missing file, or that there are none."""
    there = sorted(str(each) for each in path.parent.glob("*.py"))
    if there:
        return f"did you mean {', '.join(there)}?"
    return f"there is no Python file in {path.parent.resolve()}"
