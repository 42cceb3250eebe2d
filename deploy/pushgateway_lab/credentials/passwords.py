"""The passwords of the users whom a Pushgateway asks for one. They are read on this machine, and never shown."""

from pushgateway_lab.credentials.local_files import name_of, read_file
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings

LONGEST = 72
"""The most bytes of a password: bcrypt looks at no further ones."""

_KEY = "pushgateway_basic_auth_users"


def of_user(settings: Settings, user: str) -> str:
    """Return the password of one of ``pushgateway_basic_auth_users``.

    + settings: of the host, whose name stands for ``{host}`` in the path

    Raises:
        HostError: it cannot be read, is empty, has several lines, or is too long.
    """
    return _from_source(
        f"{_KEY}, user {user}", settings.pushgateway_basic_auth_users[user], settings
    )


def _from_source(key: str, source: str, settings: Settings) -> str:
    path = source.replace("{host}", name_of(settings.host))
    password = read_file(key, path).rstrip("\r\n")
    if not password:
        raise HostError(f"{key}: {path} is empty. Write the password to it, as one line.")
    if any(each in password for each in "\r\n\0"):
        raise HostError(f"{key}: {path} has several lines. Write the password to it, as one line.")
    if len(password.encode()) > LONGEST:
        raise HostError(
            f"{key}: the password in {path} is longer than {LONGEST} bytes, of which the Pushgateway sees no more. "
            "Choose a shorter one."
        )
    return password


def of_toolkit(settings: Settings) -> str:
    """Return the password with which this toolkit and Prometheus ask the Pushgateway; empty if there is none.

    Raises:
        HostError: it cannot be read, or there is one without a user name.
    """
    user, file = settings.pushgateway_user, settings.pushgateway_password_file
    if user is not None and user in settings.pushgateway_basic_auth_users:
        return of_user(settings, user)
    if file and not user:
        raise HostError("pushgateway_password_file is set, but pushgateway_username is not.")
    return read_file("pushgateway_password_file", file).rstrip("\r\n") if file else ""
