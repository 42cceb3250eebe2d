"""Settings that are valid each, and contradict each other. Pure."""

from collections.abc import Iterator

from pushgateway_lab.formats.characters import shown
from pushgateway_lab.settings.keys import SERVERS, Settings

_CERTIFICATES = (
    "pushgateway_tls_lab_ca",
    "pushgateway_tls_cert_file",
    "pushgateway_tls_host_cert_file",
)
"""The settings that turn on TLS: each gives the Pushgateway's certificate in another way."""

_PAIRS = (
    ("pushgateway_tls_cert_file", "pushgateway_tls_key_file"),
    ("pushgateway_tls_host_cert_file", "pushgateway_tls_host_key_file"),
)

WEB_CONFIG_FLAG = "web.config.file"
"""The flag of both servers with their web configuration file, without dashes."""


def contradictions(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each contradiction, beginning with the name of a setting.

    Example:
        >>> next(contradictions(Settings(pushgateway_tls_key_file="key.pem")))
        'pushgateway_tls_key_file: is set, but pushgateway_tls_cert_file is not; a certificate and its key go together'
    """
    yield from _about_certificates(settings)
    yield from _about_clients(settings)
    yield from _about_users(settings)
    yield from _about_passwords(settings)
    wants_file = (
        settings.pushgateway_basic_auth_users
        or settings.pushgateway_generate_password
        or settings.pushgateway_speaks_tls
    )
    if wants_file and WEB_CONFIG_FLAG in settings.pushgateway_extra_flags:
        yield (
            f"pushgateway_extra_flags: has {WEB_CONFIG_FLAG}, and pushgateway_generate_password, "
            "pushgateway_basic_auth_users or pushgateway_tls_... write this file; leave one of them out"
        )


def _about_certificates(settings: Settings) -> Iterator[str]:
    for one, other in _PAIRS:
        for given, missing in ((one, other), (other, one)):
            if getattr(settings, given) and not getattr(settings, missing):
                yield f"{given}: is set, but {missing} is not; a certificate and its key go together"
    ways = [key for key in _CERTIFICATES if getattr(settings, key)]
    if len(ways) > 1:
        yield f"{ways[0]}: is set, and so is {ways[1]}; the Pushgateway has one certificate, so set one of them"
    if not settings.pushgateway_speaks_tls:
        for key in ("pushgateway_tls_client_ca_file", "pushgateway_tls_min_version"):
            if getattr(settings, key):
                yield f"{key}: needs TLS; set one of {', '.join(_CERTIFICATES)}, too"


def _about_clients(settings: Settings) -> Iterator[str]:
    if settings.pushgateway_tls_client_ca_file and not settings.pushgateway_cert_file:
        yield (
            "pushgateway_tls_client_ca_file: needs pushgateway_cert_file, the client certificate of this toolkit and of "
            "Prometheus, or neither would get in"
        )
    if settings.pushgateway_speaks_tls and (settings.pushgateway_url or "").startswith("http:"):
        yield (
            "pushgateway_url: begins with http:, but pushgateway_tls_... turns TLS on; write https:, or leave it out"
        )
    if settings.pushgateway_tls_lab_ca and settings.pushgateway_ca_file:
        yield "pushgateway_ca_file: is not needed with pushgateway_tls_lab_ca, whose authority is trusted; leave it out"


def _about_users(settings: Settings) -> Iterator[str]:
    user = settings.pushgateway_username
    users = settings.pushgateway_basic_auth_users
    if user and users and user not in users:
        yield (
            f"pushgateway_username: {shown(user)} is not one of pushgateway_basic_auth_users, so it would not get in; "
            "choose one of them, or leave this out"
        )
    for key in settings.password_sources("pushgateway") if users else ():
        yield f"{key}: pushgateway_basic_auth_users has the password of each user already; leave this out"


def _about_passwords(settings: Settings) -> Iterator[str]:
    if settings.pushgateway_generate_password:
        key = "pushgateway_generate_password"
        if settings.pushgateway_username is None:
            yield f"{key}: needs pushgateway_username, the name of the user with that password"
        for other in settings.password_sources("pushgateway"):
            yield f"{key}: the password comes from {other} already; leave one of them out"
        if settings.pushgateway_basic_auth_users:
            yield (
                f'{key}: is for a single user; leave it out, and write {{"generate": True}} for users of '
                "pushgateway_basic_auth_users"
            )
    for server in SERVERS:
        *others, last = settings.password_sources(server) or [""]
        if others:
            yield f"{', '.join(others)} and {last}: a password comes from one of them; set the others to None"
        yield from _about_login(settings, server)


def _about_login(settings: Settings, server: str) -> Iterator[str]:
    """Yield what is missing of a user's name and password, with which the toolkit asks a server."""
    key = f"{server}_username"
    sources = settings.password_sources(server)
    if server == "pushgateway":
        if settings.pushgateway_basic_auth_users or settings.pushgateway_generate_password:
            return
        ways = "pushgateway_password_file, or pushgateway_generate_password=True"
    else:
        ways = f"{server}_password_file"
    if getattr(settings, key) is None:
        for source in sources:
            yield f"{source}: needs {key}, the name of the user with that password"
    elif not sources:
        yield f"{key}: needs a password; set {ways} (docs/secrets.md)"
