"""The files under ``files/``, which are copied to hosts or run there."""

import re
import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_COMMENT = re.compile(r"^[ \t]*#.*\n", re.MULTILINE)

_PACKAGE = Path(__file__).parents[1]


@cache
def host_file(name: str) -> str:
    """Return the text of a file of ``files/``, in the installed package or beside ``deploy/``."""
    installed = _PACKAGE / "files" / name
    path = installed if installed.exists() else _PACKAGE.parents[1] / "files" / name
    return path.read_text(encoding="utf-8")


def script(name: str, variables: Mapping[str, str], *functions: str) -> str:
    """Return a shell script of ``files/``, preceded by its variables and functions, without lines of comments.

    Linux limits an argument to 128 KB (execve(2), MAX_ARG_STRLEN), and the script is one: of a login shell, of sudo and
    of sh, which quote it again. A third of the files is comments. So no here-document or string in them may have a line
    that begins with ``#``.

    + name: the name of the script
    + variables: assigned before the script, with their values quoted for the shell
    + functions: names of files with shell functions that the script uses
    """
    assignments = "".join(f"{key}={shlex.quote(value)}\n" for key, value in variables.items())
    return assignments + "".join(_without_comments(host_file(each)) for each in (*functions, name))


@cache
def _without_comments(text: str) -> str:
    return _COMMENT.sub("", text)
