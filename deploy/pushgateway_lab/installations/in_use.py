"""The settings of a host, completed by what its look found. Pure."""

from dataclasses import replace
from typing import Any

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.settings import Settings, values


def settings_in_use(seen: Snapshot, settings: Settings) -> Settings:
    """Return the settings with what runs on the host in place of the defaults: units, configuration file and URL.

    A value that somebody set stays. A path that no setting may have is left out: then
    `pushgateway_lab.prometheus.job.check_path` fails.

    Example:
        A host whose ``prom.service`` reads ``/etc/prom/prom.yml`` gets ``prometheus_unit="prom.service"`` and
        ``prometheus_config_path="/etc/prom/prom.yml"``.
    """
    found: dict[str, Any] = {}
    for key, service in (
        ("prometheus_unit", seen.prometheus),
        ("pushgateway_unit", seen.pushgateway),
    ):
        if key not in settings.given and service.exists and service.name.endswith(".service"):
            found[key] = service.name
    if "prometheus_config_path" not in settings.given and _is_path(seen.config_found):
        found["prometheus_config_path"] = seen.config_found
    if "prometheus_url" not in settings.given and seen.url_found is not None:
        found["prometheus_url"] = seen.url_found
    return replace(settings, **found)


def _is_path(text: str | None) -> bool:
    try:
        return text is not None and bool(values.path(text))
    except ValueError:
        return False
