"""Clients on this machine for Pushgateways of lab hosts: Debian's package listens on all addresses."""

import requests

from labhost import Host
from pushgateway_lab.http.api import Pushgateway
from waiting import wait_for, wait_for_port, wait_for_value

PACKAGES = ("prometheus-pushgateway", "curl")
DEFAULTS = "/etc/default/prometheus-pushgateway"

PASSWORD = "s3cret: ü"  # noqa: S105 - a test's
# bcrypt of that password
HASH = "$2b$05$4GtiMH1csBT4S25brka/2.5ojYqNF0XxVrsz9D8hi1e9XbgSBR3c2"

# Label values that a client, a proxy or the server may handle wrongly.
TORTURE = {
    "plain": "db1",
    "slash": "/var/lib",
    "only a slash": "/",
    "two slashes": "a//b",
    "spaces": " a  b ",
    "plus": "a+b",
    "quotes": "'\"`",
    "newline": "a\nb\r\n",
    "backslash": "C:\\temp\\n",
    "emoji": "🔥 naïve 日本",
    "one dot": ".",
    "two dots": "..",
    "three dots": "...",
    "dots on the way": "a/../b",
    "encoded slash": "%2F",
    "encoded twice": "%252F",
    "percent": "100%",
    "empty": "",
    "equals": "=",
    "question mark": "a?b#c&d;e",
    "at": "x@base64",
    "tab and NUL": "\t\0",
    "braces": '{a="b"}',
    "replacement character": "\ufffd",
    "10 KB": "ü/" * 3413,
}

LABEL_NAMES = ("a", "A", "_", "_a", "a__b", "le", "quantile", "metrics", "base64", "x" * 200)


def client(host: Host) -> Pushgateway:
    """Return a client of a host's Pushgateway."""
    return Pushgateway(requests.Session(), f"http://{host.address}:9091")


def labels_of(gateway: Pushgateway) -> list[dict[str, str]]:
    """Return the grouping keys of its groups."""
    return [group.labels for group in gateway.groups()]


def restart(host: Host, arguments: str) -> None:
    """Restart the Pushgateway of a host with these flags."""
    host.write(DEFAULTS, f'ARGS="{arguments}"\n'.encode())
    host.run(
        "systemctl reset-failed prometheus-pushgateway; systemctl restart prometheus-pushgateway"
    )
    wait_for_port(host, 9091)


def delete_all(gateway: Pushgateway) -> None:
    """Delete every group, one by one."""
    for labels in labels_of(gateway):
        gateway.delete(labels)
    wait_for_value(lambda: labels_of(gateway), [])


def fill(gateway: Pushgateway, count: int, **labels: str) -> None:
    """Push many groups; fast only if the Pushgateway runs without its consistency check."""
    for number in range(count):
        gateway.push({"job": f"load{number % 50}", "instance": f"i{number}", **labels}, "load 1\n")
    wait_for(lambda: len(gateway.groups()), f"{count} groups", 60, holds=lambda seen: seen >= count)
