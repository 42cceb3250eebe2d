"""Generated passwords, kept on the machine that runs pyinfra in a directory that only its user can read."""

import os
import secrets
import stat
import string
import tempfile
from pathlib import Path

from pushgateway_lab.credentials.secret_error import SecretError
from pushgateway_lab.run import crash_log
from pushgateway_lab.run.private_directory import ReplaceableError, make_private

# Without l, o, 0 and 1, which people confuse. Safe in a URL, in YAML without quotes (the first is a letter), and
# on a keyboard.
_LETTERS = "".join(each for each in string.ascii_lowercase if each not in "lo")
_CHARACTERS = f"{_LETTERS}23456789"
_LENGTH = 28  # 139 bits

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def directory() -> Path:
    """Return the directory of the passwords: ``pushgateway-lab/passwords`` in the user's state directory.

    Raises:
        SecretError: the user has no home directory.

    Source: XDG Base Directory Specification, ``XDG_STATE_HOME``.
    """
    try:
        return crash_log.directory() / "passwords"
    except RuntimeError as error:
        raise SecretError(
            "There is no home directory for the generated passwords: set XDG_STATE_HOME."
        ) from error


def path_of(name: str) -> Path:
    """Return the file with a password. Raises as `directory`.

    + name: of the file, see `pushgateway_lab.settings.secret_source.path_component`
    """
    return directory() / name


def keep(name: str) -> Path:
    """Return the file with a password; generate the password first if there is none.

    Two runs that do this at once get the same password: the first file stays.

    + name: as for `path_of`

    Raises:
        SecretError: the directory or the file cannot be used, or others than this user could read or replace it.
    """
    path = path_of(name)
    try:
        _make_directory(path.parent)
        if not os.path.lexists(path):
            _create(path)
        _check(path)
    except ReplaceableError as error:
        raise SecretError(
            f"{error} The generated passwords are not used: set XDG_STATE_HOME to a directory of your own."
        ) from error
    except OSError as error:
        raise SecretError(
            f"{path} cannot be used ({error.strerror}): check {path.parent}, or set XDG_STATE_HOME."
        ) from error
    return path


def generated() -> str:
    """Return a new password of 28 letters and digits, about 139 bits.

    Example: ``"k7mwq2xh5vjz3tnc8rbe4dsyag6p"``.
    """
    return secrets.choice(_LETTERS) + "".join(
        secrets.choice(_CHARACTERS) for _ in range(_LENGTH - 1)
    )


def _make_directory(path: Path) -> None:
    make_private(path)
    if stat.S_IMODE(path.lstat().st_mode) & _OTHERS:
        raise SecretError(
            f"Others than you can use {path}, so its passwords may be known: chmod 700 {path}, and delete the files in "
            "it for new passwords."
        )


def _create(path: Path) -> None:
    """Write a new password under a temporary name, then link it to its own name, unless that exists by then."""
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{generated()}\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            return
    finally:
        Path(name).unlink(missing_ok=True)
    entry = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(entry)  # a host may get the password at once, so it must not be lost
    finally:
        os.close(entry)


def _check(path: Path) -> None:
    """Check that a file has been only this user's.

    Raises:
        SecretError: it has not.
    """
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise SecretError(f"{path} is not a regular file: remove it for a new password.")
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & _OTHERS:
        raise SecretError(
            f"{path} belongs to another user, or others can read it: remove it for a new password, or chmod 600 it."
        )
