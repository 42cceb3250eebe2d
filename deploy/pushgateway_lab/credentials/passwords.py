"""The passwords of the users whom both servers ask for one. They come from this machine, and are never shown."""

from pushgateway_lab.credentials.resolve import secret_of
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings

LONGEST = 72
"""The most bytes of a password of the Pushgateway: bcrypt looks at no further ones."""

_KEY = "pushgateway_basic_auth_users"


def of_user(settings: Settings, user: str) -> str:
    """Return the password of one of ``pushgateway_basic_auth_users``.

    Raises:
        HostError: it cannot be fetched, or is too long.
    """
    key = f"{_KEY}, user {user}"
    password = secret_of(settings.host, key, settings.pushgateway_basic_auth_users[user])
    if len(password.encode()) > LONGEST:
        raise HostError(
            f"{key}: the password is longer than {LONGEST} bytes, of which the Pushgateway sees no more. Choose a shorter one."
        )
    return password


def of_toolkit(settings: Settings, server: str = "pushgateway") -> str:
    """Return the password with which this toolkit, and Prometheus, ask a server; empty if there is none.

    + server: ``pushgateway`` or ``prometheus``

    Raises:
        HostError: it cannot be fetched.
    """
    user = settings.pushgateway_user if server == "pushgateway" else settings.prometheus_username
    if server == "pushgateway" and user in settings.pushgateway_basic_auth_users:
        return of_user(settings, user or "")
    for key, source in settings.password_sources(server).items():
        return secret_of(settings.host, key, source)
    return ""
