"""The settings with their defaults.

Settings are pyinfra host data whose names start with ``pushgateway_``, ``prometheus_`` or ``lab_``,
and ``report``. `pushgateway_keys`, `prometheus_keys` and `course_keys` declare them; `pushgateway_lab.settings.values`,
`release_values` and `secret_source` validate each value. Defaults are here and not in
``group_data``, because pyinfra finds ``group_data`` only beside an inventory file, not for
``pyinfra HOST`` and ``@local``.
"""

import re
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from urllib.parse import urlsplit

from pushgateway_lab.settings import secret_source
from pushgateway_lab.settings.course_keys import CourseKeys
from pushgateway_lab.settings.prometheus_keys import PrometheusKeys
from pushgateway_lab.settings.pushgateway_keys import PushgatewayKeys
from pushgateway_lab.settings.secret_source import Kind, Source

PREFIXES = ("pushgateway_", "prometheus_", "lab_")

_HOST_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Settings(CourseKeys, PrometheusKeys, PushgatewayKeys):
    """The validated settings of one host. Every field but `given` and `host` is one key of host data."""

    given: frozenset[str] = frozenset()
    """The keys that somebody set: defaults never replace an administrator's text on the host."""
    host: str = field(default="", compare=False)
    """The name of the host in the inventory; empty if unknown."""

    @property
    def name_in_certificate(self) -> str:
        """The host's name or address in a certificate of the lab's authority; empty if its name cannot be in one."""
        name = self.host.removeprefix("@").rstrip(".")
        try:
            return str(ip_address(name.strip("[]")))
        except ValueError:
            return name if _HOST_NAME.fullmatch(name) else ""

    @property
    def pushgateway_user(self) -> str | None:
        """The user as whom this toolkit and Prometheus ask the Pushgateway; None: without a password."""
        return self.pushgateway_username or next(iter(self.pushgateway_basic_auth_users), None)

    @property
    def generated_users(self) -> dict[str, Source]:
        """The user of ``pushgateway_generate_password`` with the place of the password; empty without that setting."""
        if not self.pushgateway_generate_password or self.pushgateway_username is None:
            return {}
        return {self.pushgateway_username: Source(Kind.GENERATED, (secret_source.HOST,))}

    @property
    def pushgateway_speaks_tls(self) -> bool:
        """Return whether the settings turn on TLS in the Pushgateway."""
        return (
            self.pushgateway_tls_lab_ca
            or self.pushgateway_tls_cert_file is not None
            or self.pushgateway_tls_host_cert_file is not None
        )

    def password_sources(self, server: str) -> dict[str, Source]:
        """Return the places that the password for a server may come from: name of the setting -> place.

        `pushgateway_lab.settings.contradictions` refuses more than one of them.

        + server: ``pushgateway`` or ``prometheus``
        """
        found = {}
        if path := getattr(self, f"{server}_password_file", None):
            found[f"{server}_password_file"] = secret_source.of_file(path)
        if words := getattr(self, f"{server}_password_command", None):
            found[f"{server}_password_command"] = Source(Kind.COMMAND, words)
        if variable := getattr(self, f"{server}_password_environment", None):
            found[f"{server}_password_environment"] = Source(Kind.ENVIRONMENT, (variable,))
        return found

    @property
    def prometheus_port(self) -> int:
        """The TCP port of `prometheus_url`."""
        return _port_of(self.prometheus_url)

    @property
    def pushgateway_port(self) -> int:
        """The TCP port at which the Pushgateway is expected: that of its URL, else of its listen address."""
        if self.pushgateway_url:
            return _port_of(self.pushgateway_url)
        return int(self.pushgateway_listen_address.rpartition(":")[2])


def _port_of(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


SERVERS = ("pushgateway", "prometheus")
"""The first words of the settings of a server."""

KEYS = tuple(field.name for field in fields(Settings) if "check" in field.metadata)
