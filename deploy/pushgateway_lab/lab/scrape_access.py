"""The fields of the scrape job with which Prometheus gets into a Pushgateway with TLS or a password. Pure.

The fields name files on the host and hold no secret. `pushgateway_lab.pushgateway.closing` writes these files.
"""

from typing import Any
from urllib.parse import SplitResult, urlsplit

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations.web_files import (
    SCRAPE_AUTHORITIES,
    SCRAPE_CERTIFICATE,
    SCRAPE_KEY,
    SCRAPE_PASSWORDS,
    scrape_password_of,
)
from pushgateway_lab.scrape_config import Login
from pushgateway_lab.settings import Settings


def wanted_fields(seen: Snapshot, settings: Settings) -> dict[str, Any]:
    """Return the fields with which Prometheus gets in (Prometheus's documentation, `scrape_config`).

    A user asks for ``basic_auth``; TLS, of this toolkit's settings or of an https URL, for ``scheme`` and ``tls_config``.
    Without authorities of its own, Prometheus trusts those of its host. The user is that of the toolkit: the basic
    authentication of a Pushgateway knows no roles.

    Example:
        >>> wanted_fields(seen, settings)  # with pushgateway_username="trainer" and a password
        {'basic_auth': {'username': 'trainer', 'password_file': '/etc/pushgateway-lab/scrape-password'}}
    """
    found: dict[str, Any] = {}
    if is_tls := settings.pushgateway_speaks_tls or _url_of(settings).scheme == "https":
        found["scheme"] = "https"
    if user := settings.pushgateway_user:
        found["basic_auth"] = {"username": user, "password_file": scrape_password_of(seen)}
    tls: dict[str, str] = {}
    if settings.pushgateway_tls_lab_ca or settings.pushgateway_ca_file:
        tls["ca_file"] = SCRAPE_AUTHORITIES
    if settings.pushgateway_cert_file:
        tls |= {"cert_file": SCRAPE_CERTIFICATE, "key_file": SCRAPE_KEY}
    if name := _server_name(settings):
        tls["server_name"] = name
    return {**found, "tls_config": tls} if is_tls and tls else found


def _server_name(settings: Settings) -> str | None:
    """Return the name in the Pushgateway's certificate, if the targets have another one; None: that of the target.

    A certificate of the lab's authority has both.
    """
    name = _url_of(settings).hostname
    targets = settings.pushgateway_targets or ()
    hosts = {each.rpartition(":")[0].strip("[]").lower() for each in targets}
    return None if settings.pushgateway_tls_lab_ca or hosts == {name} else name


def _url_of(settings: Settings) -> SplitResult:
    return urlsplit(settings.pushgateway_url or "")


def login(access: dict[str, Any]) -> Login | None:
    """Return the user name and the password's file of a job's fields; None if they have no ``basic_auth``.

    Example:
        login({"basic_auth": {"username": "a", "password_file": "/b"}}) == Login("a", "/b")
    """
    found = access.get("basic_auth")
    return Login(found["username"], found["password_file"]) if found else None


def is_same_login(found: Login | None, wanted: Login | None) -> bool:
    """Return whether a job has the wanted user and a password file of this toolkit: a new password is in another one."""
    if found is None or wanted is None:
        return found is wanted
    return found.username == wanted.username and found.password_file in SCRAPE_PASSWORDS
