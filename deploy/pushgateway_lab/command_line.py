"""What pyinfra's command line lets pass: a file that is not there. Called by ``config.py``."""

import sys
from collections.abc import Sequence
from pathlib import Path

from pyinfra.api.exceptions import PyinfraError


class NoSuchFileError(PyinfraError):
    """A file that was named on the command line is not there."""


def check(arguments: Sequence[str] | None = None) -> None:
    """Check that each inventory and each script that is named is there.

    + arguments: those of the command line; None: of this process

    Raises:
        NoSuchFileError: one of them is not.
    """
    for word in sys.argv[1:] if arguments is None else arguments:
        if word == "--":
            return
        if word.endswith(".py") and "=" not in word and not Path(word).is_file():
            raise NoSuchFileError(f"there is no file {word}; look at {_nearest(Path(word))}")


def _nearest(path: Path) -> str:
    """What there is where the file was looked for."""
    there = sorted(str(each) for each in path.parent.glob("*.py"))
    return ", ".join(there) if there else f"what is in {path.parent.resolve()}"
