"""What pyinfra's command line lets pass: an inventory file that is not there. Called by ``config.py``."""

from pathlib import Path

import click
from pyinfra.api.exceptions import PyinfraError


class NoSuchFileError(PyinfraError):
    """A file that was named on the command line is not there."""


def check_inventory(inventory: str | None = None) -> None:
    """Check that an inventory which is named as a Python file is there.

    + inventory: as on the command line; None: as on the one of the run in progress, if there is one

    Raises:
        NoSuchFileError: it is not there.
    """
    if inventory is None:
        context = click.get_current_context(silent=True)
        inventory = str(context.params.get("inventory", "")) if context else ""
    # A name with more dots may be a host's: .py is Paraguay.
    is_file_name = "/" in inventory or inventory.count(".") == 1
    if is_file_name and inventory.endswith(".py") and not Path(inventory).is_file():
        raise NoSuchFileError(f"there is no file {inventory}; look at {_nearest(Path(inventory))}")


def _nearest(path: Path) -> str:
    """What there is where the file was looked for."""
    there = sorted(str(each) for each in path.parent.glob("*.py"))
    return ", ".join(there) if there else f"what is in {path.parent.resolve()}"
