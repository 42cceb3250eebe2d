"""Both servers in units that have their flags from a variable in a file, as those of Debian's packages."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import environment_file, flags, hardening
from pushgateway_lab.installations.flags import Flag, FlagError
from pushgateway_lab.installations.installation import Plan
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.services import Service, ServiceState
from pushgateway_lab.settings import Settings


@dataclass(frozen=True)
class VariablePrometheus:
    """Prometheus in a unit that has its flags from a variable.

    + service: the unit
    + flags_file: the file with the variable
    + variable: its name
    + group: the group that may read the configuration file
    + to_restore_config: the command that restores the installed configuration file; None if there is none
    + storage: the directory with the samples without a flag, if the service is that of a package, which may be
      restricted; else None
    + is_release: the service is that of a release of this toolkit, which is restricted by its unit
    """

    service: Service
    flags_file: str
    variable: str
    group: str
    to_restore_config: str | None
    storage: str | None
    is_release: bool

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

    def to_harden(self, storage: str) -> str:
        """Return the text of the drop-in, if the service is that of a package; empty for that of a release."""
        if self.is_release:
            return ""
        if self.storage is None:
            raise hardening.refusal(self.service, "prometheus_harden")
        return hardening.prometheus_text(storage or self.storage)


@dataclass(frozen=True)
class VariablePushgateway:
    """The Pushgateway in a unit that has its flags from a variable.

    + service: the unit
    + flags_file: the file with the variable
    + variable: its name
    + is_enabled_by_us: see `pushgateway_lab.installations.installation.PushgatewayInstallation`
    + persistence: the persistence file without a flag, if the service is that of a package, which may be restricted;
      else None
    + is_release: the service is that of a release of this toolkit, which is restricted by its unit
    """

    service: Service
    flags_file: str
    variable: str
    is_enabled_by_us: bool
    persistence: str | None
    is_release: bool

    is_drop_in: ClassVar[bool] = False

    @property
    def flags_place(self) -> str:
        """The variable in the file."""
        return f"{self.variable} in {self.flags_file}"

    def written_flags(self, seen: Snapshot) -> tuple[Flag, ...]:
        """Return the flags in the variable, without those in comments of the file."""
        return flags.parse_flags(environment_file.arguments(seen.flags_text, self.variable))

    def plan(self, seen: Snapshot, settings: Settings) -> Plan:
        """Return the flags in the variable and beside it in the unit, merged with the settings.

        The flags of a change that a killed run left unfinished do not count: they may be those with which the Pushgateway
        does not run.
        """
        present = seen.finished_flags_of("pushgateway")
        try:
            around = None
            if not is_init_script(seen.pushgateway):
                around = environment_file.around_variable(seen.pushgateway.command_line, present)
            beside = around.flags if around else ()
            written = flags.parse_flags(environment_file.arguments(present, self.variable))
            wanted = flags.merge(
                (*written, *beside), settings, keeps=lambda: seen.is_used_by_others
            )
            if fixed := flags.minus(beside, wanted):
                raise HostError(
                    f"{self.service.name} starts the Pushgateway with {fixed[0]}, which is not in {self.flags_place}. "
                    "Change it in the unit, or take that setting back."
                )
            text = environment_file.edit(present, flags.minus(wanted, beside), self.variable)
        except FlagError as error:
            raise HostError(
                f"{self.flags_file}: {error}. Correct that line, then run this again."
            ) from error
        return Plan(wanted, text)

    def to_harden(self, flags: Sequence[Flag], files: Sequence[str] = ()) -> str:
        """Return the text of the drop-in, if the service is that of a package; empty for that of a release."""
        if self.is_release:
            return ""
        if self.persistence is None:
            raise hardening.refusal(self.service)
        return hardening.text(flags, self.persistence, files)

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


def is_init_script(state: ServiceState) -> bool:
    """Return whether systemd made a service from an init script, which reads the same file as the package's unit."""
    return state.command_line.startswith("/etc/init.d/")
