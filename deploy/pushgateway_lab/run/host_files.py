"""Where the files are that land on hosts, and how one of them becomes a command."""

import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


@cache
def host_file(name: str) -> str:
    """The text of a file of ``files/``: inside the installed package, or beside ``deploy/``."""
    installed = _PACKAGE / "files" / name
    path = installed if installed.exists() else _PACKAGE.parents[1] / "files" / name
    return path.read_text(encoding="utf-8")


def script(name: str, variables: Mapping[str, str], *functions: str) -> str:
    """Return a shell file of ``files/``, preceded by assignments of its variables.

    + functions: further files, whose shell functions it uses
    """
    assignments = "".join(f"{key}={shlex.quote(value)}\n" for key, value in variables.items())
    return assignments + "".join(map(host_file, (*functions, name)))
