"""A Pushgateway on another host than the Prometheus that scrapes it. Pure."""

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
    host = urlsplit(settings.pushgateway_url).hostname or ""
    return not seen.names.addresses_of(host)
