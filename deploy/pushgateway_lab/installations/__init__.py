"""The ways to install both servers, and everything that depends on them: unit, flags, address. Pure.

Only the modules of implementations contain names of units, packages and their files: `variable` (units that have their
flags from a variable, as those of the packages, which `debian` names), `unit` (units with flags in their command) and
`lone` (processes of no service). The functions `pushgateway` and `prometheus` choose the implementation from what was found on the host.
"""

from pushgateway_lab.facts.remains import FlagsNote
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import (
    address,
    debian,
    environment_file,
    flags,
    lone,
    own_text,
    unit,
    web_files,
)
from pushgateway_lab.installations.debian import (
    DEFAULT_PERSISTENCE_FILE,
    FUNCTIONS,
    INSTALLER,
    PACKAGES,
    PROMETHEUS_UNIT,
    PUSHGATEWAY_UNIT,
    PYTHON,
    USERS,
    has_prometheus,
    look_variables,
    missing_packages,
    persistence_without_flag,
)
from pushgateway_lab.installations.elsewhere import (
    prometheus_is_elsewhere,
    pushgateway_is_elsewhere,
)
from pushgateway_lab.installations.in_use import settings_in_use
from pushgateway_lab.installations.installation import (
    Installation,
    Plan,
    PrometheusInstallation,
    PushgatewayInstallation,
)
from pushgateway_lab.installations.lone import LonePushgateway
from pushgateway_lab.installations.own_text import OwnPlan
from pushgateway_lab.installations.variable import VariablePushgateway, is_init_script
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.services import ServiceState
from pushgateway_lab.settings import Settings

__all__ = [
    "DEFAULT_PERSISTENCE_FILE",
    "FUNCTIONS",
    "INSTALLER",
    "PACKAGES",
    "PROMETHEUS_UNIT",
    "PUSHGATEWAY_UNIT",
    "PYTHON",
    "USERS",
    "Installation",
    "LonePushgateway",
    "OwnPlan",
    "Plan",
    "PrometheusInstallation",
    "PushgatewayInstallation",
    "VariablePushgateway",
    "has_prometheus",
    "look_variables",
    "missing_packages",
    "own_plan",
    "own_text",
    "persistence_without_flag",
    "plan",
    "planned_url",
    "prometheus",
    "prometheus_is_elsewhere",
    "pushgateway",
    "pushgateway_is_elsewhere",
    "running_url",
    "settings_in_use",
]


def prometheus(seen: Snapshot, settings: Settings) -> PrometheusInstallation:
    """Return the installation of Prometheus on a host: as found, else the one of the package."""
    if "prometheus" in seen.lone:
        return lone.prometheus(seen)
    if _has_variable(seen.prometheus):
        return debian.prometheus(seen, settings)
    return unit.prometheus(seen)


def pushgateway(seen: Snapshot, settings: Settings) -> PushgatewayInstallation:
    """Return the installation of the Pushgateway on a host: as found, else the one of the package."""
    if "pushgateway" in seen.lone:
        return lone.pushgateway(seen)
    if _has_variable(seen.pushgateway) and not seen.unit_files:
        return debian.pushgateway(seen, settings)
    return unit.pushgateway(seen)


def _has_variable(state: ServiceState) -> bool:
    """Return whether a service has its flags from a variable; also if it is masked or missing, and has no command."""
    has_one = environment_file.around_variable(state.command_line) is not None
    return not state.command_line or has_one or is_init_script(state)


def plan(seen: Snapshot, settings: Settings) -> Plan:
    """Return the wanted flags of the Pushgateway of a host, and the wanted restrictions of its service.

    Raises:
        HostError: see `PushgatewayInstallation.plan` and `PushgatewayInstallation.to_harden`.
    """
    installation = pushgateway(seen, settings)
    found = installation.plan(seen, settings)
    if not settings.pushgateway_harden:
        return found
    try:
        return found._replace(
            hardening=installation.to_harden(found.flags, web_files.files_of_host(settings))
        )
    except flags.FlagError as error:
        raise HostError(f"{installation.flags_place}: {error}.") from error


def own_plan(seen: Snapshot, settings: Settings, note: FlagsNote | None) -> OwnPlan | None:
    """Return the Pushgateway's flags without those of this toolkit; None if this toolkit cannot change them.

    + note: about the file with the flags; None if there is none

    Raises:
        HostError: the file, or the unit, cannot be read.
    """
    installation = pushgateway(seen, settings)
    if isinstance(installation, VariablePushgateway):
        return own_text.of_variable(seen, installation, note)
    if isinstance(installation, unit.UnitPushgateway):
        return own_text.of_unit(installation)
    return None


def planned_url(seen: Snapshot, settings: Settings) -> str:
    """Return the URL of a host's Pushgateway: as set, else from the wanted flags.

    Raises:
        HostError: see `plan`.
    """
    return settings.pushgateway_url or address.url(plan(seen, settings).flags)


def running_url(seen: Snapshot, settings: Settings) -> str:
    """Return the URL of a host's Pushgateway: as set, else from the flags of its process, else the wanted flags.

    A URL that is set counts only while it fits a process that speaks TLS, or not, as a web configuration file of this toolkit
    says: a run that changes that asks the process as it is.

    Raises:
        HostError: see `plan`.
    """
    if seen.pushgateway_argv is None:
        return planned_url(seen, settings)
    running = flags.parse_flags(seen.pushgateway_argv[1:])
    given = settings.pushgateway_url or ""
    if address.speaks_tls(running):
        fits = given.startswith("https:")
    else:
        fits = given != "" and not settings.pushgateway_speaks_tls
    return given if fits else address.url(running)
