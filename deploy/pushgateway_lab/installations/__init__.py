"""The ways to install both servers, and everything that depends on them: unit, flags, address. Pure.

Only the modules of implementations contain names of units, packages and their files. Debian's packages are the
only implementation so far; the functions `pushgateway` and `prometheus` choose the implementation.
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
    """Return the installation of Prometheus on a host with these settings."""
    return debian.prometheus(settings)


def pushgateway(settings: Settings) -> PushgatewayInstallation:
    """Return the installation of the Pushgateway on a host with these settings."""
    return debian.pushgateway(settings)


def plan(seen: Snapshot, settings: Settings) -> Plan:
    """Return the wanted flags of the Pushgateway of a host.

    Raises:
        HostError: see `PushgatewayInstallation.plan`.
    """
    return pushgateway(settings).plan(seen, settings)


def planned_url(seen: Snapshot, settings: Settings) -> str:
    """Return the URL of a host's Pushgateway: as set, else from the wanted flags.

    Raises:
        HostError: see `plan`.
    """
    return settings.pushgateway_url or address.url(plan(seen, settings).flags)


def running_url(seen: Snapshot, settings: Settings) -> str:
    """Return the URL of a host's Pushgateway: as set, else from the flags of its process, else the wanted flags.

    Raises:
        HostError: see `plan`.
    """
    if settings.pushgateway_url or seen.pushgateway_argv is None:
        return planned_url(seen, settings)
    return address.url(flags.parse_flags(seen.pushgateway_argv[1:]))
