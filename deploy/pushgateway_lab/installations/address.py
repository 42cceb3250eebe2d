"""The addresses and the URL of a Pushgateway, derived from its flags.

``files/look-at-lab.sh`` applies the same rules to the running process, so that one look can also ask the
Pushgateway. tests/test_installations.py compares both.
"""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from pushgateway_lab.installations import web_files
from pushgateway_lab.installations.flags import (
    LISTEN_ADDRESS,
    TELEMETRY_PATH,
    Flag,
    web_config,
)
from pushgateway_lab.settings import Settings

DEFAULT = ":9091"
"""The default listen address (the Pushgateway's README, "Run it")."""

_LOCALHOST = ("localhost", "127.0.0.1", "[::1]")
"""The addresses of the name localhost. 127.0.0.2 is a loopback address, too, but not one of these."""


def listen_addresses(flags: Iterable[Flag]) -> list[str]:
    """Return the addresses that a Pushgateway with these flags listens on, as HOST:PORT.

    Example:
        >>> listen_addresses([Flag("web.listen-address", "127.0.0.1:9091")])
        ['127.0.0.1:9091']
    """
    return [str(flag.value) for flag in flags if flag.name == LISTEN_ADDRESS] or [DEFAULT]


def local_address(flags: Iterable[Flag], *, by_name: bool = True) -> str:
    """Return the address of a Pushgateway with these flags on the host itself, as HOST:PORT.

    + by_name: whether a loopback address is returned as ``localhost``. This name also stands for ``::1``, where anybody
        on the host can listen if the Pushgateway listens on 127.0.0.1 only

    Example:
        >>> local_address([Flag("web.listen-address", "0.0.0.0:9091")])
        'localhost:9091'
    """
    host, _, port = listen_addresses(flags)[0].rpartition(":")
    if by_name and (_is_everywhere(host) or host in _LOCALHOST):
        return f"localhost:{port}"
    return f"{_reached_at(host)}:{port}"


def url(flags: Iterable[Flag]) -> str:
    """Return the URL of a Pushgateway with these flags on the host itself.

    Example:
        >>> url([Flag("web.listen-address", ":9091"), Flag("web.route-prefix", "/push")])
        'http://127.0.0.1:9091/push'
    """
    flags = tuple(flags)
    found = url_of(flags, DEFAULT)
    return found.replace("http:", "https:", 1) if speaks_tls(flags) else found


def speaks_tls(flags: Iterable[Flag]) -> bool:
    """Return whether a Pushgateway with these flags speaks TLS, as a web configuration file of this toolkit says.

    Example:
        >>> speaks_tls([Flag("web.config.file", "/etc/pushgateway-lab/web-tls.yml")])
        True
    """
    return web_files.speaks_tls(web_config(flags))


def url_of(flags: Iterable[Flag], default: str) -> str:
    """Return the URL of a Pushgateway or Prometheus with these flags on the host itself: both have the same ones.

    + default: its listen address without the flag, as HOST:PORT

    Example:
        >>> url_of([Flag("web.external-url", "http://vm/prom/")], ":9090")
        'http://127.0.0.1:9090/prom'
    """
    flags = tuple(flags)
    prefix = route_prefix(flags)
    addresses = [str(flag.value) for flag in flags if flag.name == LISTEN_ADDRESS]
    host, _, port = next(iter(addresses), default).rpartition(":")
    return f"http://{_reached_at(host)}:{port}{prefix}"


def _reached_at(host: str) -> str:
    """Return the address, without a name, at which the host itself reaches a server that listens there."""
    return "127.0.0.1" if _is_everywhere(host) or host == "localhost" else host


def route_prefix(flags: Iterable[Flag]) -> str:
    """Return the path of the URL of a server with these flags; empty if it has none."""
    values = {flag.name: str(flag.value) for flag in flags}
    # The default route prefix is the path of the external URL (the --help of both servers).
    external = _path(values.get("web.external-url", ""))
    prefix = (values.get("web.route-prefix") or external).strip("/")
    return prefix and f"/{prefix}"


def _path(external: str) -> str:
    """Return the path of an external URL; empty for a text that is no URL, which a process of anybody may have."""
    try:
        return urlsplit(external).path
    except ValueError:
        return ""


USUAL_METRICS_PATH = "/metrics"
"""The path of the metrics of a Pushgateway without flags, and the default metrics_path of a scrape job."""


def metrics_path(flags: Iterable[Flag]) -> str:
    """Return the path at which a Pushgateway with these flags shows its metrics.

    Example:
        >>> metrics_path([Flag("web.route-prefix", "/push")])
        '/push/metrics'
    """
    flags = tuple(flags)
    given = next((str(each.value) for each in flags if each.name == TELEMETRY_PATH), "")
    return f"{route_prefix(flags)}/{(given or USUAL_METRICS_PATH).lstrip('/')}"


def is_loopback(host: str) -> bool:
    """Return whether the host part of a listen address is reachable only from the host itself."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def firewall_port(settings: Settings) -> int | None:
    """Return the port at which a firewall of the host must be open: others are to reach the Pushgateway there.

    Only a listen address that somebody set counts. Nobody asked for the others.

    Example:
        >>> firewall_port(parse_settings({"pushgateway_listen_address": "0.0.0.0:9091"}))
        9091
    """
    host, _, port = settings.pushgateway_listen_address.rpartition(":")
    is_asked_for = "pushgateway_listen_address" in settings.given and not is_loopback(host)
    return int(port) if is_asked_for else None


def _is_everywhere(host: str) -> bool:
    return host in ("", "0.0.0.0", "[::]")  # noqa: S104 - compared, not bound to
