"""Unexpected errors: one sentence for the user, and a log file to attach to a report."""

import os
import platform
import tempfile
import traceback
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pushgateway_lab.run import visible

_PACKAGES = ("pushgateway-lab", "pyinfra", "gevent", "paramiko", "requests", "ruamel.yaml")


def directory() -> Path:
    """Return the directory of the logs: ``pushgateway-lab`` in the user's state directory.

    Source: XDG Base Directory Specification, ``XDG_STATE_HOME``.
    """
    state = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state) if Path(state).is_absolute() else Path.home() / ".local/state"
    return base / "pushgateway-lab"


def write(error: BaseException, host: str) -> str:
    """Write the log of an error, and return a sentence for the user.

    The log has the traceback, the host's name and the versions in use. Only its owner can read it, because
    the error may quote a host's output.

    + host: the name of the host on which the error occurred

    Returns:
        One escaped line that names the log file, or says why it could not be written.
    """
    told = f"Unexpected error in this program: {visible.value(repr(error))}."
    try:
        path = _new_file()
        path.write_text(_text(error, host), encoding="utf-8", errors="backslashreplace")
    except (OSError, RuntimeError) as problem:  # RuntimeError: the user has no home directory
        return f"{told} The log with the traceback could not be written: {problem}"
    return f"{told} To report it, attach {path}"


def _new_file() -> Path:
    where = directory()
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp creates a new file that only its owner can read.
    descriptor, name = tempfile.mkstemp(
        prefix=f"error-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-", suffix=".log", dir=where
    )
    os.close(descriptor)
    return Path(name)


def _text(error: BaseException, host: str) -> str:
    versions = "\n".join(f"{name} {_version(name)}" for name in _PACKAGES)
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, host {host}\n"
        f"Python {platform.python_version()} on {platform.platform()}\n{versions}\n\n"
        f"{''.join(traceback.format_exception(error))}"
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
