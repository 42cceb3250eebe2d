"""How both servers are installed on a host, and what depends on that: unit, flags, address. Pure.

No module beside an implementation spells the name of a unit, a package or a file of one. Debian's packages
are the only implementation so far; another one is chosen in `pushgateway` and `prometheus`.
"""

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import address, debian, flags
from pushgateway_lab.installations.debian import (
    FUNCTIONS,
    INSTALLER,
    PACKAGES,
    PYTHON,
    look_variables,
    missing_packages,
)
from pushgateway_lab.installations.installation import (
    Installation,
    Plan,
    PrometheusInstallation,
    PushgatewayInstallation,
)
from pushgateway_lab.settings import Settings

__all__ = [
    "FUNCTIONS",
    "INSTALLER",
    "PACKAGES",
    "PYTHON",
    "Installation",
    "Plan",
    "PrometheusInstallation",
    "PushgatewayInstallation",
    "look_variables",
    "missing_packages",
    "plan",
    "planned_url",
    "prometheus",
    "pushgateway",
    "running_url",
]


def prometheus(settings: Settings) -> PrometheusInstallation:
    """Return how Prometheus is installed on a host with these settings."""
    return debian.prometheus(settings)


def pushgateway(settings: Settings) -> PushgatewayInstallation:
    """Return how the Pushgateway is installed on a host with these settings."""
    return debian.pushgateway(settings)


def plan(seen: Snapshot, settings: Settings) -> Plan:
    """Return what the Pushgateway of a host is to be.

    Raises:
        HostError: see `PushgatewayInstallation.plan`.
    """
    return pushgateway(settings).plan(seen, settings)


def planned_url(seen: Snapshot, settings: Settings) -> str:
    """Return where the Pushgateway of a host answers once it is as it is to be.

    Raises:
        HostError: see `plan`.
    """
    return settings.pushgateway_url or address.url(plan(seen, settings).flags)


def running_url(seen: Snapshot, settings: Settings) -> str:
    """Return where the Pushgateway of a host answers: as set, else as it runs, else as it is to run.

    Raises:
        HostError: see `plan`.
    """
    if settings.pushgateway_url or seen.pushgateway_argv is None:
        return planned_url(seen, settings)
    return address.url(flags.parse_flags(seen.pushgateway_argv[1:]))
