"""The settings of a host, completed by what its look found. Pure."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import address
from pushgateway_lab.installations.flags import LISTEN_ADDRESS, Flag
from pushgateway_lab.settings import Settings, values


def settings_in_use(seen: Snapshot, settings: Settings, *, sets_address: bool = False) -> Settings:
    """Return the settings with what runs on the host in place of the defaults: units, configuration file and URL.

    + sets_address: True for a run that has Prometheus listen on ``prometheus_listen_address``: the URL is the one that it
      has then. Any other run asks a running Prometheus where it listens now

    A value that somebody set stays. A path or URL that no setting may have is left out, because the process may be
    anybody's. For a path, `pushgateway_lab.prometheus.job.check_path` fails then.

    Example:
        A host whose ``prom.service`` reads ``/etc/prom/prom.yml`` gets ``prometheus_unit="prom.service"`` and
        ``prometheus_config_path="/etc/prom/prom.yml"``.
    """
    found: dict[str, Any] = {}
    for key, service in (
        ("prometheus_unit", seen.prometheus),
        ("pushgateway_unit", seen.pushgateway),
    ):
        if key not in settings.given and service.exists and _is_valid(service.name, values.unit):
            found[key] = service.name
    named = (
        ("prometheus_config_path", seen.config_found, values.path),
        ("prometheus_url", seen.url_found, values.url("http")),
    )
    found |= {
        key: text
        for key, text, check in named
        if key not in settings.given and text is not None and _is_valid(text, check)
    }
    will_be_there = sets_address or not seen.prometheus_pid
    if (
        settings.prometheus_listen_address
        and will_be_there
        and "prometheus_url" not in settings.given
    ):
        at = address.url_of([Flag(LISTEN_ADDRESS, settings.prometheus_listen_address)], "")
        prefix = urlsplit(found.get("prometheus_url", settings.prometheus_url)).path
        found["prometheus_url"] = f"{at}{prefix}"
    return replace(settings, **found)


def _is_valid(text: str, check: Callable[[Any], str]) -> bool:
    try:
        return check(text) == text
    except ValueError:
        return False
