"""Files on this machine that settings name, and those that this toolkit keeps in its state directory."""

import os
import tempfile
from pathlib import Path

from pushgateway_lab.run import crash_log
from pushgateway_lab.run.host_error import HostError


def read_file(key: str, path: str) -> str:
    """Return the text of a file that a setting names.

    + key: the name of the setting, for the error

    Raises:
        HostError: the file cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HostError(f"{key}: {path} cannot be read here: {error}") from error


def state_directory(name: str) -> Path:
    """Return a directory in this toolkit's state directory that only its user can read; it is made if it is missing.

    Raises:
        HostError: it cannot be made, or others can read or change it.
    """
    try:
        path = crash_log.directory() / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.stat(follow_symlinks=False)
    except (OSError, RuntimeError) as error:  # RuntimeError: the user has no home directory
        raise HostError(
            f"The directory for {name} on this machine cannot be made: {error}"
        ) from error
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise HostError(
            f"{path} on this machine has secrets, but others can read or change it. Correct that: chown {os.geteuid()} "
            f"{path} && chmod 700 {path}"
        )
    return path


def put(path: Path, data: bytes, *, replace: bool) -> None:
    """Write a file that only its user can read, in one step.

    + replace: False: a file that is there already stays, as of another run at the same time

    Raises:
        HostError: it cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=".", dir=path.parent)  # mode 600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                os.replace(name, path)  # noqa: PTH105 - beside os.link
                return
            try:
                os.link(name, path)
            except FileExistsError:
                return
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise HostError(f"{path} cannot be written here: {error.strerror}") from error
