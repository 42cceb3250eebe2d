"""Generated passwords, kept on the machine that runs pyinfra in a directory that only its user can read."""

import os
import secrets
import stat
import string
from pathlib import Path

from pushgateway_lab.credentials.local_files import put, state_directory
from pushgateway_lab.credentials.secret_error import SecretError
from pushgateway_lab.run.host_error import HostError

# Without l, o, 0 and 1, which people confuse. Safe in a URL, in YAML without quotes (the first is a letter), and
# on a keyboard.
_LETTERS = "".join(each for each in string.ascii_lowercase if each not in "lo")
_CHARACTERS = f"{_LETTERS}23456789"
_LENGTH = 28  # 139 bits

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def path_of(name: str) -> Path:
    """Return the file with a password, in ``pushgateway-lab/passwords`` of the user's state directory.

    + name: of the file, see `pushgateway_lab.settings.secret_source.path_component`

    Raises:
        HostError: see `pushgateway_lab.credentials.local_files.state_directory`.
    """
    return state_directory("passwords") / name


def keep(name: str) -> Path:
    """Return the file with a password; generate the password first if there is none.

    Two runs that do this at once get the same password: the first file stays.

    + name: as for `path_of`

    Raises:
        SecretError: the directory or the file cannot be used, or others than this user could read or replace it.
    """
    try:
        path = path_of(name)
        if not os.path.lexists(path):
            put(path, f"{generated()}\n".encode(), replace=False)
        _check(path)
    except HostError as error:
        raise SecretError(str(error)) from error
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
