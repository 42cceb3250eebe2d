"""Both servers from the packages of Debian and Ubuntu. Only this module knows the names in these packages.

``files/debian.sh`` is its counterpart on the host. ``pushgateway_lab.install.packages`` installs the packages.
"""

from dataclasses import dataclass
from typing import ClassVar

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import environment_file, flags
from pushgateway_lab.installations.flags import Flag, FlagError
from pushgateway_lab.installations.installation import Plan
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.services import MANAGER, Service
from pushgateway_lab.settings import Settings

PYTHON = "/usr/bin/python3"

FUNCTIONS = "debian.sh"
"""The file of ``files/`` with the shell functions that query dpkg and apt."""

INSTALLER = "apt-get"

_BINARY = "prometheus-pushgateway"


@dataclass(frozen=True)
class DebianPrometheus:
    """Prometheus from Debian's package.

    + service: the package's unit, or the unit that the settings name
    + port: the TCP port of Prometheus's HTTP API
    """

    service: Service
    port: int

    package: ClassVar[str] = "prometheus"
    group: ClassVar[str] = "prometheus"
    to_restore_config: ClassVar[str] = (
        "apt-get -o Dpkg::Options::=--force-confmiss install --reinstall prometheus"
    )
    to_change_port: ClassVar[str] = (
        'give Prometheus another port: write ARGS="--web.listen-address=127.0.0.1:9099" to '
        "/etc/default/prometheus, and set prometheus_url=http://127.0.0.1:9099"
    )
    flags_file: ClassVar[str] = "/etc/default/prometheus"

    def is_there(self, seen: Snapshot) -> bool:
        """Return whether the unit exists or any program listens on the port; so other installations count."""
        return seen.prometheus.exists or seen.is_listening(self.port)


@dataclass(frozen=True)
class DebianPushgateway:
    """The Pushgateway from Debian's package, whose unit starts it with ``$ARGS``.

    + service: the package's unit, or the unit that the settings name
    """

    service: Service

    package: ClassVar[str] = _BINARY
    flags_file: ClassVar[str] = f"/etc/default/{_BINARY}"
    flags_place: ClassVar[str] = f"ARGS in {flags_file}"
    default_persistence_file: ClassVar[str] = "/var/lib/prometheus/pushgateway.data"

    def is_there(self, seen: Snapshot) -> bool:
        """Return whether the package is installed or the unit exists."""
        return self.package in seen.packages or seen.pushgateway.exists

    def written_flags(self, seen: Snapshot) -> tuple[Flag, ...]:
        """Return the flags in ``ARGS``, without those in comments of the file."""
        return flags.parse_flags(environment_file.arguments(seen.flags_text))

    def plan(self, seen: Snapshot, settings: Settings) -> Plan:
        """Return the flags in ``ARGS`` or in the unit's command line, merged with the settings."""
        try:
            wanted = flags.merge(self.written_flags(seen), settings)
            text = environment_file.edit(seen.flags_text, wanted)
            words = environment_file.arguments(text)
        except FlagError as error:
            raise HostError(
                f"{self.flags_file}: {error}. Correct that line, then run this again."
            ) from error
        exec_start = seen.pushgateway.command_line or f"{_BINARY} $ARGS"
        command_line = environment_file.command_line(exec_start, words)
        if command_line is not None:
            return Plan(command_line, text)
        # An administrator's unit that does not use ARGS: accepted if its flags are the wanted ones.
        own = flags.parse_flags(exec_start.split()[1:])
        if flags.same(own, flags.merge(own, settings)):
            return Plan(own, seen.flags_text or "")
        raise HostError(
            f"{self.service.name} starts '{exec_start}', which does not use $ARGS from {self.flags_file}. "
            f"Set these flags in the unit: {' '.join(map(str, flags.merge(own, settings)))}"
        )

    def persistence_without_flag(self, seen: Snapshot) -> str | None:
        """Return the default of the package's program. Another program may have another default, or none."""
        argv = seen.pushgateway_argv or ("",)
        return self.default_persistence_file if argv[0] == f"/usr/bin/{_BINARY}" else None

    def to_edit_flags(self, example: Flag | None = None) -> str:
        """Return the commands that open the file and restart the Pushgateway."""
        hint = f'   # ARGS="... {example}"' if example else ""
        return f"sudoedit {self.flags_file}{hint}\n{self.service.commands.restart}"

    @property
    def to_see_flags(self) -> str:
        """The commands that show ``ARGS`` and restart the Pushgateway."""
        return f"grep ARGS {self.flags_file}\n{self.service.commands.restart}"


def prometheus(settings: Settings) -> DebianPrometheus:
    """Return Debian's Prometheus on a host with these settings."""
    unit = settings.prometheus_unit or "prometheus.service"
    return DebianPrometheus(MANAGER.service(unit), settings.prometheus_port)


def pushgateway(settings: Settings) -> DebianPushgateway:
    """Return Debian's Pushgateway on a host with these settings."""
    unit = settings.pushgateway_unit or f"{_BINARY}.service"
    return DebianPushgateway(MANAGER.service(unit))


PACKAGES = (DebianPrometheus.package, DebianPushgateway.package)
"""The packages of both servers."""


def missing_packages(seen: Snapshot, settings: Settings) -> list[str]:
    """Return the names of the packages that a host lacks. A server installed in another way is not missing."""
    servers = (prometheus(settings), pushgateway(settings))
    wanted = {each.package: not each.is_there(seen) for each in servers} | {
        "curl": "curl" not in seen.tools,
        "python3": settings.pushgateway_prune_after is not None and PYTHON not in seen.tools,
        "promtool": "promtool" not in seen.tools and seen.promtool_package,
    }
    return [name for name, is_missing in wanted.items() if is_missing]


def look_variables(settings: Settings) -> dict[str, str]:
    """Return the shell variables about both servers for ``files/snapshot.sh``."""
    servers = (prometheus(settings), pushgateway(settings))
    return {
        "prometheus_unit": servers[0].service.name,
        "pushgateway_unit": servers[1].service.name,
        "flags_file": servers[1].flags_file,
        "packages": " ".join(PACKAGES),
        "tools": f"{INSTALLER} curl promtool {PYTHON}",
    }
