"""The fields of the scrape job for a Pushgateway with TLS or a password. Pure.

The fields name files on the host and hold no secret. `pushgateway_lab.pushgateway.closing` writes these files.
"""

from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pushgateway_lab import installations
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import address
from pushgateway_lab.installations.web_files import (
    SCRAPE_AUTHORITIES,
    SCRAPE_CERTIFICATE,
    SCRAPE_KEY,
    SCRAPE_PASSWORDS,
    scrape_password_of,
)
from pushgateway_lab.lab.written_job import owners_access
from pushgateway_lab.scrape_config import Login, same_target
from pushgateway_lab.settings import Settings


def wanted_fields(seen: Snapshot, settings: Settings) -> dict[str, Any]:
    """Return the fields for TLS and the password that the job should have: of the settings, or as its owner wrote them.

    See `fields_of_settings` and `pushgateway_lab.lab.written_job.owners_access`.
    """
    found = fields_of_settings(seen, settings)
    return {**found, **owners_access(seen, settings)} if found else found


def fields_of_settings(seen: Snapshot, settings: Settings) -> dict[str, Any]:
    """Return the fields for TLS and the password (Prometheus's documentation, `scrape_config`) that the settings ask for.

    A user asks for ``basic_auth``; TLS, of this toolkit's settings or of an https URL, for ``scheme`` and ``tls_config``.
    Without authorities of its own, Prometheus trusts those of its host. The user is that of the toolkit: the basic
    authentication of a Pushgateway knows no roles.

    Example:
        >>> fields_of_settings(seen, settings)  # with pushgateway_username="trainer" and a password
        {'basic_auth': {'username': 'trainer', 'password_file': '/etc/pushgateway-lab/scrape-password'}}
    """
    found: dict[str, Any] = {}
    if is_tls := uses_tls(settings):
        found["scheme"] = "https"
    if user := settings.pushgateway_user:
        found["basic_auth"] = {"username": user, "password_file": scrape_password_of(seen)}
    tls: dict[str, str] = {}
    if settings.pushgateway_tls_lab_ca or settings.pushgateway_ca_file:
        tls["ca_file"] = SCRAPE_AUTHORITIES
    if settings.pushgateway_cert_file:
        tls |= {"cert_file": SCRAPE_CERTIFICATE, "key_file": SCRAPE_KEY}
    if name := _server_name(seen, settings):
        tls["server_name"] = name
    return {**found, "tls_config": tls} if is_tls and tls else found


def _server_name(seen: Snapshot, settings: Settings) -> str | None:
    """Return the name in the Pushgateway's certificate, if the targets have another one; None: that of the target.

    All certificates of the lab's authority have ``localhost``, so the host's name tells them apart: the key of one host
    must not serve for another one.
    """
    if settings.pushgateway_tls_lab_ca:
        is_elsewhere = installations.pushgateway_is_elsewhere(seen, settings)
        return None if is_elsewhere else settings.name_in_certificate or None
    name = _url_of(settings).hostname
    targets = settings.pushgateway_targets or ()
    hosts = {each.rpartition(":")[0].strip("[]").lower() for each in targets}
    return None if hosts == {name} else name


def uses_tls(settings: Settings) -> bool:
    """Return whether the Pushgateway is asked over TLS: that of this toolkit's settings, or of an https URL."""
    return settings.pushgateway_speaks_tls or _url_of(settings).scheme == "https"


def sends_open_password(seen: Snapshot, settings: Settings) -> bool:
    """Return whether Prometheus sends the password of the settings without TLS: to any program that it reaches."""
    if settings.pushgateway_user is None or uses_tls(settings):
        return False
    return "basic_auth" not in owners_access(seen, settings)


def local_target(seen: Snapshot, settings: Settings) -> str:
    """Return the target that is the Pushgateway of this host: with ``localhost``, as on the lab's page.

    If Prometheus sends a password without TLS, it is the address itself, see `is_ambiguous`.

    Raises:
        HostError: see `pushgateway_lab.installations.plan`.
    """
    flags = installations.plan(seen, settings).flags
    return address.local_address(flags, by_name=not sends_open_password(seen, settings))


def is_ambiguous(seen: Snapshot, settings: Settings, target: str) -> bool:
    """Return whether a target is the Pushgateway's of this host by a name, and Prometheus sends it a password without TLS.

    For ``localhost`` and ``[::]``, Prometheus tries ::1 first. If the Pushgateway listens on 127.0.0.1, any local user can
    listen there, and gets the password.

    + target: HOST:PORT; those of the settings are as somebody wanted them

    Raises:
        HostError: see `pushgateway_lab.installations.plan`.
    """
    if settings.pushgateway_targets or not sends_open_password(seen, settings):
        return False
    wanted = local_target(seen, settings)
    (host, _, port), (wanted_host, _, wanted_port) = target.rpartition(":"), wanted.rpartition(":")
    if target == wanted or not address.is_loopback(wanted_host):
        return False
    found = seen.names.addresses_of(host)
    is_one_of_several = ip_address(wanted_host.strip("[]")) in found and len(found) > 1
    return same_target(target, wanted) or (port == wanted_port and is_one_of_several)


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
    """Return whether a job has the wanted user and password file; one of this toolkit: a new password is in another one."""
    if found is None or wanted is None or found == wanted:
        return found == wanted
    return found.username == wanted.username and found.password_file in SCRAPE_PASSWORDS
