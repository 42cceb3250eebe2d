"""The bcrypt hashes of passwords, made and checked on this machine.

A check takes 50 ms of a core, for each user of each host: with 20 hosts it would double the time of a run that changes
nothing. So a check that succeeded is remembered in the state directory, as the SHA-256 of the hash and the password
together. Who reads that file needs the hash, with its random salt, from the host to guess the password.
"""

import os
import re
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import bcrypt

from pushgateway_lab.credentials.local_files import put, state_directory
from pushgateway_lab.run.host_error import HostError

COST = 10
"""The cost of new hashes: the Pushgateway computes one for each new connection's first request."""

HIGHEST_COST = COST
"""The highest cost that is computed for a host's hash: each step more doubles the time, up to hours for a cost of 31."""

_HASH = re.compile(r"\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}")
_LOWEST_COST = 4  # bcrypt knows no lower one
_REMEMBERED = "checked-passwords"
_MOST_REMEMBERED = 1_000_000  # bytes: some 15,000 checks


@lru_cache(maxsize=1000)
def new(password: str) -> str:
    """Return a hash with a random salt; in one run the same one for the same password, which many hosts may have."""
    made = bcrypt.hashpw(password.encode(), bcrypt.gensalt(COST)).decode()
    _remember(_digest(made, password))
    return made


@lru_cache(maxsize=1000)
def fits(found: str, password: str) -> bool:
    """Return whether a hash from a host is one of a password.

    A hash of another form, or with a cost above `HIGHEST_COST`, is not computed, and does not fit.

    Example:
        >>> fits("$2b$31$" + 53 * "a", "secret")
        False
    """
    match = _HASH.fullmatch(found)
    if match is None or not _LOWEST_COST <= int(match[1]) <= HIGHEST_COST:
        return False
    digest = _digest(found, password)
    if digest in _remembered():
        return True
    try:
        is_right = bcrypt.checkpw(password.encode(), found.encode())
    except ValueError:  # characters that no hash has at its end
        return False
    if is_right:
        _remember(digest)
    return is_right


def _digest(hashed: str, password: str) -> str:
    return sha256(f"{hashed}\0{password}".encode()).hexdigest()


def _file() -> Path:
    return state_directory("passwords-checked") / _REMEMBERED


@lru_cache(maxsize=1)
def _remembered() -> dict[str, None]:
    """Return the digests of earlier runs, the newest last, and add those of this run; none if they cannot be read."""
    try:
        path = _file()
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if found.st_uid != os.geteuid() or found.st_mode & 0o077:
                return {}
            return dict.fromkeys(file.read(_MOST_REMEMBERED).decode("ascii").split())
    except (OSError, ValueError, HostError):
        return {}


def _remember(digest: str) -> None:
    known = _remembered()
    if digest in known:
        return
    known[digest] = None
    recent = list(known)[-_MOST_REMEMBERED // 100 :]
    try:
        put(_file(), "".join(f"{each}\n" for each in recent).encode(), replace=True)
    except HostError:
        return  # only slower next time
