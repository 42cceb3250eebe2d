"""The packages of Debian and Ubuntu with both servers. Only this module knows the names in them.

``files/debian.sh`` is its counterpart on the host. ``pushgateway_lab.install.packages`` installs the packages.
"""

from pushgateway_lab.facts.remains import PACKAGES_NOTE
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import environment_file
from pushgateway_lab.installations.address import firewall_port
from pushgateway_lab.installations.elsewhere import (
    prometheus_is_elsewhere,
    pushgateway_is_elsewhere,
)
from pushgateway_lab.installations.variable import (
    VariablePrometheus,
    VariablePushgateway,
    is_init_script,
)
from pushgateway_lab.services import SYSTEMD
from pushgateway_lab.settings import Settings
from pushgateway_lab.settings.contradictions import WEB_CONFIG_FLAG

PACKAGES = ("prometheus", "prometheus-pushgateway")
"""The packages of both servers."""

USERS = ("prometheus",)
"""The users, with groups of the same names, that these packages make and do not delete."""

PYTHON = "/usr/bin/python3"

FUNCTIONS = "debian.sh"
"""The file of ``files/`` with the shell functions that query dpkg and apt."""

INSTALLER = "apt-get"

PROMETHEUS_UNIT = "prometheus.service"
PUSHGATEWAY_UNIT = "prometheus-pushgateway.service"
UPSTREAM_PUSHGATEWAY_UNIT = "pushgateway.service"
"""The name that other installations give the unit: the Ansible collection, Puppet's module, and people by hand."""

DEFAULT_PERSISTENCE_FILE = "/var/lib/prometheus/pushgateway.data"
"""The file to which the package's Pushgateway persists without its flag --persistence.file."""

_SAMPLES = "/var/lib/prometheus"
"""The directory in which the package's Prometheus keeps its samples without a flag, in ``metrics2``."""

PROMETHEUS_DEFAULTS = "/etc/default/prometheus"
"""The file with the flags of Prometheus, from its package and from a release of this toolkit."""

_PUSHGATEWAY_DEFAULTS = "/etc/default/prometheus-pushgateway"

_TO_RESTORE_CONFIG = "apt-get -o Dpkg::Options::=--force-confmiss install --reinstall prometheus"


def prometheus(seen: Snapshot, settings: Settings) -> VariablePrometheus:
    """Return the Prometheus of a host in a unit with a variable: as found, else that of the package."""
    state = seen.prometheus
    name = state.name if state.exists else settings.prometheus_unit or PROMETHEUS_UNIT
    service = seen.manager.service(
        name, can_reload=state.can_reload or not state.exists, main_pid=state.main_pid
    )
    around = environment_file.around_variable(state.command_line)
    file = (around and state.environment_file) or PROMETHEUS_DEFAULTS
    is_release = "prometheus" in seen.releases
    is_packaged = file == PROMETHEUS_DEFAULTS and not is_init_script(state) and not is_release
    return VariablePrometheus(
        service,
        flags_file=file,
        variable=around.variable if around else environment_file.ARGS,
        group=state.group or state.user or "prometheus",
        to_restore_config=_TO_RESTORE_CONFIG if file == PROMETHEUS_DEFAULTS else None,
        storage=_SAMPLES if is_packaged and seen.manager is SYSTEMD else None,
        is_release=is_release,
    )


def pushgateway(seen: Snapshot, settings: Settings) -> VariablePushgateway:
    """Return the Pushgateway of a host in a unit with a variable: as found, else that of the package."""
    state = seen.pushgateway
    name = state.name if state.exists else settings.pushgateway_unit or PUSHGATEWAY_UNIT
    file = seen.flags_file or _PUSHGATEWAY_DEFAULTS
    is_packaged = file == _PUSHGATEWAY_DEFAULTS and not is_init_script(state)
    is_release = "pushgateway" in seen.releases
    around = None if is_init_script(state) else environment_file.around_variable(state.command_line)
    return VariablePushgateway(
        seen.manager.service(name, main_pid=state.main_pid),
        flags_file=file,
        variable=around.variable if around else environment_file.ARGS,
        # The package enables its service, and so does a release of this toolkit.
        is_enabled_by_us=file == _PUSHGATEWAY_DEFAULTS or is_release,
        persistence=DEFAULT_PERSISTENCE_FILE if is_packaged and seen.manager is SYSTEMD else None,
        is_release=is_release,
    )


def persistence_without_flag(seen: Snapshot) -> str | None:
    """Return the file in which the running Pushgateway would keep its groups without a flag; None if unknown.

    The package's program has a default. Another program may have another one, or none.
    """
    argv = seen.pushgateway_argv or ("",)
    is_packaged = argv[0] == f"/usr/bin/{PACKAGES[1]}"
    return DEFAULT_PERSISTENCE_FILE if is_packaged else None


def has_prometheus(seen: Snapshot, settings: Settings) -> bool:
    """Return whether there is a Prometheus on the host, or another program listens on its port."""
    if prometheus_is_elsewhere(seen, settings):
        return False
    return seen.prometheus.exists or seen.is_listening(settings.prometheus_port)


def missing_packages(seen: Snapshot, settings: Settings) -> list[str]:
    """Return the names of the packages that a host lacks. A server installed in another way is not missing."""
    has_pushgateway = (
        seen.pushgateway.exists
        or PACKAGES[1] in seen.packages
        or pushgateway_is_elsewhere(seen, settings)
    )
    needs_prometheus = not prometheus_is_elsewhere(seen, settings)
    by_package = {"auto": INSTALLER in seen.tools or not seen.has_service_manager, "package": True}
    wanted = {
        PACKAGES[0]: needs_prometheus
        and not has_prometheus(seen, settings)
        and by_package.get(settings.prometheus_install_method, False),
        PACKAGES[1]: not has_pushgateway
        and by_package.get(settings.pushgateway_install_method, False),
        "curl": "curl" not in seen.tools,
        "python3": settings.pushgateway_prune_after is not None and PYTHON not in seen.tools,
        "promtool": needs_prometheus and "promtool" not in seen.tools and seen.promtool_package,
    }
    return [name for name, is_missing in wanted.items() if is_missing]


def look_variables(settings: Settings) -> dict[str, str]:
    """Return the shell variables about both servers for ``files/snapshot.sh``."""
    pinned = (settings.prometheus_package_version, settings.pushgateway_package_version)
    return {
        "prometheus_unit": settings.prometheus_unit or "",
        "pushgateway_unit": settings.pushgateway_unit or "",
        "prometheus_units": PROMETHEUS_UNIT,
        "pushgateway_units": f"{PUSHGATEWAY_UNIT} {UPSTREAM_PUSHGATEWAY_UNIT}",
        "prometheus_port": str(settings.prometheus_port),
        "pushgateway_port": str(settings.pushgateway_port),
        "firewall_port": str(firewall_port(settings) or ""),
        "flags_file": _PUSHGATEWAY_DEFAULTS,
        "prometheus_flags_file": PROMETHEUS_DEFAULTS if settings.prometheus_listen_address else "",
        "prometheus_defaults": PROMETHEUS_DEFAULTS,
        "packages_note": PACKAGES_NOTE,
        "web_config": str(settings.pushgateway_extra_flags.get(WEB_CONFIG_FLAG) or ""),
        "packages": " ".join(PACKAGES),
        "pinned": " ".join(name for name, version in zip(PACKAGES, pinned, strict=True) if version),
        "tools": f"{INSTALLER} curl {PYTHON}",
    }
