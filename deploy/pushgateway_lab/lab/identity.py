"""Whose Pushgateway Prometheus scrapes: that of its own host, or another one."""

from ipaddress import ip_address

from pushgateway_lab.facts.names import Names
from pushgateway_lab.formats.answers import Target
from pushgateway_lab.formats.telemetry import CLOCK
from pushgateway_lab.lab.look import Look

BUILD_INFO = "pushgateway_build_info"
"""A default metric of every release of the Pushgateway, and of no other program."""

STARTED = f"process_start_time_seconds and on (job, instance) {BUILD_INFO}"
"""The start time of each Pushgateway that Prometheus scrapes."""


def is_of_another(look: Look, target: Target) -> bool:
    """Return whether a target that is up is another Pushgateway than the one that runs on the host.

    A Pushgateway is recognised by the start time of its process, which it shows to the host and to Prometheus: an
    address may be translated on the way. The address decides only where the start is unknown.

    + target: an active target of Prometheus
    """
    by_start = _has_other_start(look, target)
    return _is_elsewhere(look.snapshot.names, target.address) if by_start is None else by_start


def _has_other_start(look: Look, target: Target) -> bool | None:
    telemetry = look.telemetry
    if telemetry is None or target.last_scrape <= telemetry.started_at + CLOCK:
        return None  # the host's own one does not answer, or was not scraped since it started
    starts = [
        float(each.value)
        for each in look.samples(STARTED) or ()
        if all(each.labels.get(name) == target.labels.get(name) for name in ("job", "instance"))
    ]
    return starts[0] != telemetry.started_at if starts else None


def _is_elsewhere(names: Names, address: str) -> bool:
    """Return whether an address (HOST:PORT) is for certain that of another host."""
    host = address.rpartition(":")[0]
    if not names.addresses or names.addresses_of(host):
        return False
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return host.lower() in names.hosts  # any other name may lead here
    return True
