"""A Pushgateway on another host than the Prometheus that scrapes it: what the host of each is not asked for. Pure."""

from urllib.parse import urlsplit

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.settings import Settings


def pushgateway_is_elsewhere(seen: Snapshot, settings: Settings) -> bool:
    """Return whether the settings name the Pushgateway of another host, and this host has none.

    Both ``pushgateway_url`` and ``pushgateway_targets`` have to be set: a URL alone may be another name of this host.

    Example:
        ``pushgateway_url="http://push.example.org:9091"`` with ``pushgateway_targets=["push.example.org:9091"]``
    """
    if seen.pushgateway.exists or not (settings.pushgateway_url and settings.pushgateway_targets):
        return False
    return _is_of_another_host(settings.pushgateway_url, seen)


def prometheus_is_elsewhere(seen: Snapshot, settings: Settings) -> bool:
    """Return whether the settings name the Prometheus of another host, and this host has none.

    Both ``prometheus_url`` and ``pushgateway_targets``, by which that Prometheus scrapes this host, have to be set.

    Example:
        ``prometheus_url="http://prom.example.org:9090"`` with ``pushgateway_targets=["push.example.org:9091"]``
    """
    if seen.prometheus.exists or "prometheus_url" not in settings.given:
        return False
    return bool(settings.pushgateway_targets) and _is_of_another_host(settings.prometheus_url, seen)


def _is_of_another_host(url: str, seen: Snapshot) -> bool:
    return not seen.names.addresses_of(urlsplit(url).hostname or "")
