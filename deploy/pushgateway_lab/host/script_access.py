"""The access of the scripts on a host to its Prometheus: its URL, and the secrets for their standard input."""

from typing import NamedTuple

from pushgateway_lab.formats.secret_lines import SecretLines, for_prometheus
from pushgateway_lab.settings import Settings


class ScriptAccess(NamedTuple):
    """The access of a script to Prometheus.

    + url: as seen from the host; for a password over plain http, with an address and not a name
    + secrets: see `pushgateway_lab.run.shell.run`
    """

    url: str
    secrets: SecretLines


NO_ACCESS = ScriptAccess("", SecretLines())
"""The access of a script that asks no Prometheus."""


def to_prometheus(settings: Settings) -> ScriptAccess:
    """Return the access of a script to the Prometheus of the settings.

    ``guard_login`` in ``files/secret-lines.sh`` checks on the host which program would receive the password.

    Raises:
        HostError: a file that the settings name cannot be read, or the password must not go to the URL.
    """
    url = settings.prometheus_url
    needed = (
        settings.prometheus_username,
        settings.prometheus_ca_file,
        *settings.password_sources("prometheus"),
    )
    if not any(needed):
        return ScriptAccess(url, SecretLines())
    from pushgateway_lab.http import access  # here: it imports requests, which takes 0.1 s

    allowed = access.to_prometheus(settings)
    if allowed.username is not None:
        url = access.url_for_password(url)
    authorities = access.file_text(allowed.ca_file)
    return ScriptAccess(url, for_prometheus(allowed.username, allowed.password, authorities))
