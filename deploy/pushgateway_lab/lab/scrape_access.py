"""The fields of the scrape job with which Prometheus gets into a Pushgateway with TLS or a password. Pure.

The fields name files on the host and hold no secret. Steps of the bootstrap write these files; until they do,
`FILES_ARE_WRITTEN` is false, and a trainer writes both files and fields.
"""

from typing import Any
from urllib.parse import urlsplit

from pushgateway_lab.installations.web_files import SCRAPE_AUTHORITIES, SCRAPE_PASSWORD
from pushgateway_lab.scrape_config import Login
from pushgateway_lab.settings import Settings

FILES_ARE_WRITTEN: bool = False
"""Whether the toolkit writes the files that the fields name. If not, the wanted job has none of the fields."""


def wanted_fields(settings: Settings, server_name: str | None = None) -> dict[str, Any]:
    """Return the fields that the lab's job should have: those of `fields`, none if nobody writes their files.

    + server_name: as in `fields`

    Example:
        lab_job(settings, targets, access=wanted_fields(settings))
    """
    return fields(settings, server_name) if FILES_ARE_WRITTEN else {}


def fields(settings: Settings, server_name: str | None = None) -> dict[str, Any]:
    """Return the fields with which Prometheus gets in (Prometheus's documentation, `scrape_config`).

    A user name asks for ``basic_auth``, an https URL for ``scheme``, and ``pushgateway_ca_file`` with it for
    ``tls_config``. Without that file, Prometheus trusts the authorities of its host. The user name and its password are
    those of the settings: the basic authentication of a Pushgateway knows no roles.

    + server_name: the name in the certificate, if the targets have another one; only for https

    Example:
        >>> fields(parse_settings({"pushgateway_username": "trainer"}))
        {'basic_auth': {'username': 'trainer', 'password_file': '/etc/pushgateway-lab/scrape-password'}}
    """
    found: dict[str, Any] = {}
    if is_tls := urlsplit(settings.pushgateway_url or "").scheme == "https":
        found["scheme"] = "https"
    if settings.pushgateway_username:
        found["basic_auth"] = {
            "username": settings.pushgateway_username,
            "password_file": SCRAPE_PASSWORD,
        }
    tls = {
        **({"ca_file": SCRAPE_AUTHORITIES} if settings.pushgateway_ca_file else {}),
        **({"server_name": server_name} if server_name else {}),
    }
    return {**found, "tls_config": tls} if is_tls and tls else found


def login(access: dict[str, Any]) -> Login | None:
    """Return the user name and the password's file of a job's fields; None if they have no ``basic_auth``.

    Example:
        login({"basic_auth": {"username": "a", "password_file": "/b"}}) == Login("a", "/b")
    """
    found = access.get("basic_auth")
    return Login(found["username"], found["password_file"]) if found else None


def is_incomplete(settings: Settings) -> bool:
    """Return whether the job needs more than `wanted_fields`: a password or certificates that only a trainer knows."""
    needs = settings.pushgateway_username or fields(settings)
    return bool(settings.pushgateway_cert_file or (needs and not wanted_fields(settings)))
