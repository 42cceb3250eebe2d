"""Both servers from the packages of Debian and Ubuntu. Only this module knows the names in these packages.

``files/debian.sh`` is its counterpart on the host. ``pushgateway_lab.install.packages`` installs the packages.
Other installations whose unit has its flags from a variable in a file work in the same way.
"""

import shlex
from dataclasses import dataclass
from typing import ClassVar

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import environment_file, flags
from pushgateway_lab.installations.elsewhere import pushgateway_is_elsewhere
from pushgateway_lab.installations.flags import Flag, FlagError
from pushgateway_lab.installations.installation import Plan
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.services import MANAGER, Service, ServiceState
from pushgateway_lab.settings import Settings

PYTHON = "/usr/bin/python3"

FUNCTIONS = "debian.sh"
"""The file of ``files/`` with the shell functions that query dpkg and apt."""

INSTALLER = "apt-get"

PROMETHEUS_UNIT = "prometheus.service"
PUSHGATEWAY_UNIT = "prometheus-pushgateway.service"
UPSTREAM_PUSHGATEWAY_UNIT = "pushgateway.service"
"""The name that other installations give the unit: the Ansible collection, Puppet's module, and people by hand."""

_BINARY = "prometheus-pushgateway"

_DEFAULTS = f"/etc/default/{_BINARY}"

_PROMETHEUS_DEFAULTS = "/etc/default/prometheus"


@dataclass(frozen=True)
class DebianPrometheus:
    """Prometheus of a unit that has its flags from a variable in a file, as that of Debian's package.

    + service: the package's unit, or the one that was found
    + flags_file: the file with the variable
    + variable: its name
    """

    service: Service
    flags_file: str = _PROMETHEUS_DEFAULTS
    variable: str = environment_file.ARGS

    package: ClassVar[str] = "prometheus"
    group: ClassVar[str] = "prometheus"
    to_restore_config: ClassVar[str | None] = (
        "apt-get -o Dpkg::Options::=--force-confmiss install --reinstall prometheus"
    )

    @property
    def flags_place(self) -> str:
        """The variable in the file."""
        return f"{self.variable} in {self.flags_file}"

    def to_edit_flags(self, example: Flag | None = None) -> str:
        """Return the commands that open the file and restart Prometheus."""
        return _to_edit(self.service, self.flags_file, self.variable, example)

    @property
    def to_change_port(self) -> str:
        """The instruction to give Prometheus another port."""
        return (
            f'give Prometheus another port: write {self.variable}="--web.listen-address=127.0.0.1:9099" to '
            f"{self.flags_file}, and set prometheus_url=http://127.0.0.1:9099"
        )


@dataclass(frozen=True)
class EnvironmentPushgateway:
    """The Pushgateway of a unit that has its flags from a variable in a file, as that of Debian's package.

    + service: the unit
    + flags_file: the file with the variable
    + variable: its name
    """

    service: Service
    flags_file: str = _DEFAULTS
    variable: str = environment_file.ARGS

    package: ClassVar[str] = _BINARY
    is_drop_in: ClassVar[bool] = False

    @property
    def is_enabled_by_us(self) -> bool:
        """Return whether this is Debian's package, which enables its service."""
        return self.flags_file == _DEFAULTS

    @property
    def flags_place(self) -> str:
        """The variable in the file."""
        return f"{self.variable} in {self.flags_file}"

    def written_flags(self, seen: Snapshot) -> tuple[Flag, ...]:
        """Return the flags in the variable, without those in comments of the file."""
        return flags.parse_flags(environment_file.arguments(seen.flags_text, self.variable))

    def plan(self, seen: Snapshot, settings: Settings) -> Plan:
        """Return the flags in the variable and beside it in the unit, merged with the settings."""
        try:
            around = None
            if not is_init_script(seen.pushgateway):
                around = environment_file.around_variable(
                    seen.pushgateway.command_line, seen.flags_text
                )
            beside = around.flags if around else ()
            wanted = flags.merge(
                (*self.written_flags(seen), *beside), settings, keeps=lambda: seen.is_used_by_others
            )
            if fixed := flags.minus(beside, wanted):
                raise HostError(
                    f"{self.service.name} starts the Pushgateway with {fixed[0]}, which is not in {self.flags_place}. "
                    "Change it in the unit, or take that setting back."
                )
            text = environment_file.edit(
                seen.flags_text, flags.minus(wanted, beside), self.variable
            )
        except FlagError as error:
            raise HostError(
                f"{self.flags_file}: {error}. Correct that line, then run this again."
            ) from error
        return Plan(wanted, text)

    def persistence_without_flag(self, seen: Snapshot) -> str | None:
        """Return the default of the package's program. Another program may have another default, or none."""
        argv = seen.pushgateway_argv or ("",)
        return DEFAULT_PERSISTENCE_FILE if argv[0] == f"/usr/bin/{_BINARY}" else None

    def to_edit_flags(self, example: Flag | None = None) -> str:
        """Return the commands that open the file and restart the Pushgateway."""
        return _to_edit(self.service, self.flags_file, self.variable, example)

    @property
    def to_see_flags(self) -> str:
        """The commands that show the variable and restart the Pushgateway."""
        see = shlex.join(["grep", self.variable, self.flags_file])
        return f"{see}\n{self.service.commands.restart}"


def _to_edit(service: Service, file: str, variable: str, example: Flag | None) -> str:
    hint = f'   # {variable}="... {example}"' if example else ""
    return f"{shlex.join(['sudoedit', file])}{hint}\n{service.commands.restart}"


def prometheus(seen: Snapshot, settings: Settings) -> DebianPrometheus:
    """Return Debian's Prometheus on a host with these settings, whether it is installed or not."""
    state = seen.prometheus
    if not state.exists:
        return DebianPrometheus(MANAGER.service(settings.prometheus_unit or PROMETHEUS_UNIT))
    service = MANAGER.service(state.name, can_reload=state.can_reload)
    around = environment_file.around_variable(state.command_line, None)
    if around is None or not state.environment_file:
        return DebianPrometheus(service)
    return DebianPrometheus(service, state.environment_file, around.variable)


def pushgateway(settings: Settings) -> EnvironmentPushgateway:
    """Return Debian's Pushgateway on a host with these settings."""
    return EnvironmentPushgateway(MANAGER.service(settings.pushgateway_unit or PUSHGATEWAY_UNIT))


PACKAGES = (DebianPrometheus.package, EnvironmentPushgateway.package)
"""The packages of both servers."""

DEFAULT_PERSISTENCE_FILE = "/var/lib/prometheus/pushgateway.data"
"""The file to which the package's Pushgateway persists without its flag --persistence.file."""


def is_init_script(state: ServiceState) -> bool:
    """Return whether systemd made a service from an init script, which reads the same file as the package's unit."""
    return state.command_line.startswith("/etc/init.d/")


def has_prometheus(seen: Snapshot, settings: Settings) -> bool:
    """Return whether there is a Prometheus, or another program listens on its port."""
    return seen.prometheus.exists or seen.is_listening(settings.prometheus_port)


def missing_packages(seen: Snapshot, settings: Settings) -> list[str]:
    """Return the names of the packages that a host lacks. A server installed in another way is not missing."""
    has_pushgateway = (
        seen.pushgateway.exists
        or EnvironmentPushgateway.package in seen.packages
        or pushgateway_is_elsewhere(seen, settings)
    )
    wanted = {
        DebianPrometheus.package: not has_prometheus(seen, settings),
        EnvironmentPushgateway.package: not has_pushgateway,
        "curl": "curl" not in seen.tools,
        "python3": settings.pushgateway_prune_after is not None and PYTHON not in seen.tools,
        "promtool": "promtool" not in seen.tools and seen.promtool_package,
    }
    return [name for name, is_missing in wanted.items() if is_missing]


def look_variables(settings: Settings) -> dict[str, str]:
    """Return the shell variables about both servers for ``files/snapshot.sh``."""
    return {
        "prometheus_unit": settings.prometheus_unit or "",
        "pushgateway_unit": settings.pushgateway_unit or "",
        "prometheus_units": PROMETHEUS_UNIT,
        "pushgateway_units": f"{PUSHGATEWAY_UNIT} {UPSTREAM_PUSHGATEWAY_UNIT}",
        "prometheus_port": str(settings.prometheus_port),
        "pushgateway_port": str(settings.pushgateway_port),
        "flags_file": _DEFAULTS,
        "packages": " ".join(PACKAGES),
        "tools": f"{INSTALLER} curl {PYTHON}",
    }
