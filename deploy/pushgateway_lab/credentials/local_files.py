"""Files on this machine that settings name, and those that this toolkit keeps in its state directory."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from pushgateway_lab.run import crash_log
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.private_directory import ReplaceableError, make_private


def read_file(key: str, path: str) -> str:
    """Return the text of a file that a setting names.

    + key: the name of the setting, for the error

    Raises:
        HostError: the file cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # ValueError: it is not text
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise HostError(
            f"{key}: {path} cannot be read here: {reason}. Nothing was changed. Name a file that you can read."
        ) from error


def state_directory(name: str) -> Path:
    """Return a directory in this toolkit's state directory that only its user can read; it is made if it is missing.

    Raises:
        HostError: it cannot be made, or others can read, change or replace it.
    """
    try:
        path = crash_log.directory() / name
        make_private(path)
        found = path.lstat()
    except ReplaceableError as error:
        raise HostError(
            f"{error} So its secrets are not used: set XDG_STATE_HOME to a directory of your own."
        ) from error
    except (OSError, RuntimeError) as error:  # RuntimeError: the user has no home directory
        raise HostError(
            f"The directory for {name} on this machine cannot be made: {error}. Set XDG_STATE_HOME to a directory of your own."
        ) from error
    if found.st_mode & 0o077:
        raise HostError(
            f"Others than you can use {path}, so its secrets may be known: chmod 700 {path}, and delete the "
            "files in it for new ones."
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
            else:
                with suppress(FileExistsError):
                    os.link(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
        entry = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(entry)  # a host may get the secret at once, so it must not be lost
        finally:
            os.close(entry)
    except OSError as error:
        raise HostError(f"{path} cannot be written here: {error.strerror}") from error
