"""Both servers in units of somebody else, with their flags in the command of the unit.

The Pushgateway's flags are changed by a drop-in of this toolkit, which repeats the unit's command with further flags.
The unit itself stays as it is; if its command changes, the drop-in is written anew.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pushgateway_lab.facts.found import UnitFile
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import exec_start, flags, hardening
from pushgateway_lab.installations.flags import Flag, FlagError
from pushgateway_lab.installations.installation import Plan
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.services import Service
from pushgateway_lab.settings import Settings

_DROP_IN = """\
# Written by pushgateway-lab. It repeats the ExecStart of {unit} with the flags that the lab needs,
# and is written anew when that changes. To undo it: delete this file, then systemctl daemon-reload.
[Service]
ExecStart=
ExecStart={command}
"""


@dataclass(frozen=True)
class UnitPrometheus:
    """Prometheus in a unit of somebody else.

    + service: the unit
    + group: the group that may read the configuration file: that of the unit
    + file: the file of the unit
    """

    service: Service
    group: str
    file: str

    to_restore_config: ClassVar[str | None] = None

    @property
    def flags_place(self) -> str:
        """The command in the file."""
        return f"ExecStart in {self.file}"

    def to_edit_flags(self, example: Flag | None = None) -> str:
        """Return the commands that open the unit and restart Prometheus."""
        return _to_edit(self.service, self.file, example)

    @property
    def to_change_port(self) -> str:
        """The instruction to give Prometheus another port."""
        return (
            f"give Prometheus another port: write --web.listen-address=127.0.0.1:9099 to {self.flags_place}, and set "
            "prometheus_url=http://127.0.0.1:9099"
        )

    def to_harden(self, storage: str) -> str:
        """Fail: this toolkit did not make the service."""
        del storage
        raise hardening.refusal(self.service, "prometheus_harden")


@dataclass(frozen=True)
class UnitPushgateway:
    """The Pushgateway in a unit of somebody else.

    + service: the unit
    + flags_file: the drop-in that this toolkit writes
    + files: the files that define the unit, without that drop-in
    """

    service: Service
    flags_file: str
    files: tuple[UnitFile, ...]

    is_drop_in: ClassVar[bool] = True
    is_enabled_by_us: ClassVar[bool] = False

    @property
    def _file(self) -> str:
        """The file with the command; the last one that has one."""
        having = [each.path for each in self.files if exec_start.exec_start([each])]
        return next(reversed(having), f"the unit {self.service.name}")

    @property
    def flags_place(self) -> str:
        """The command in the file."""
        return f"ExecStart in {self._file}"

    def written_flags(self, seen: Snapshot) -> tuple[Flag, ...]:
        """Return the flags of the command, with those that the drop-in adds."""
        own = () if seen.flags_text is None else (UnitFile(self.flags_file, seen.flags_text),)
        files = (*self.files, *own)
        return exec_start.flags_of(exec_start.exec_start(files) or "", files)

    def plan(self, seen: Snapshot, settings: Settings) -> Plan:
        """Return the flags of the unit's own command, merged with the settings."""
        try:
            own = exec_start.exec_start(self.files)
            if own is None:
                raise HostError(
                    f"{self.service.name} has no ExecStart, so its flags are unknown. Correct the unit, then run this "
                    "again."
                )
            present = exec_start.flags_of(own, self.files)
            # Once decided, for as long as there is the drop-in: a connection may be gone at the next look.
            wanted = flags.merge(
                present,
                settings,
                keeps=lambda: seen.is_used_by_others or self._keeps_address(seen),
            )
            if flags.same(present, wanted):
                return Plan(wanted, "")
            wanted_command = exec_start.with_flags(own, wanted, self.files)
        except FlagError as error:
            if running := self._right_as_it_runs(seen, settings):
                return Plan(running, seen.flags_text or "")
            raise HostError(
                f"The flags of {self.service.name} cannot be changed ({self.flags_place}): {error}. Correct that, or "
                "change the flags there by hand, then run this again."
            ) from error
        return Plan(wanted, _DROP_IN.format(unit=self.service.name, command=wanted_command))

    def _right_as_it_runs(self, seen: Snapshot, settings: Settings) -> tuple[Flag, ...] | None:
        """Return the flags of the process if it has the wanted ones; else None. A person may have written them."""
        if seen.pushgateway_argv is None:
            return None
        running = flags.parse_flags(seen.pushgateway_argv[1:])
        wanted = flags.merge(running, settings, keeps=lambda: seen.is_used_by_others)
        return running if flags.same(running, wanted) else None

    def _keeps_address(self, seen: Snapshot) -> bool:
        if seen.flags_text is None:
            return False
        return all(each.name != flags.LISTEN_ADDRESS for each in self.written_flags(seen))

    def to_harden(self, flags: Sequence[Flag], files: Sequence[str] = ()) -> str:
        """Refuse: the service is somebody else's."""
        del flags, files
        raise hardening.refusal(self.service)

    def to_edit_flags(self, example: Flag | None = None) -> str:
        """Return the commands that open the unit and restart the Pushgateway."""
        return _to_edit(self.service, self._file, example)

    @property
    def to_see_flags(self) -> str:
        """The commands that show the unit and restart the Pushgateway."""
        return (
            f"{shlex.join(['systemctl', 'cat', self.service.title])}\n"
            f"sudo systemctl daemon-reload && {self.service.commands.restart}"
        )


def _to_edit(service: Service, file: str, example: Flag | None) -> str:
    hint = f"   # ExecStart=... {example}" if example else ""
    reread = f"sudo systemctl daemon-reload && {service.commands.restart}"
    return f"{shlex.join(['sudoedit', file])}{hint}\n{reread}"


def prometheus(seen: Snapshot) -> UnitPrometheus:
    """Return the Prometheus of the unit that was found on a host."""
    state = seen.prometheus
    group = state.group or state.user or "root"
    service = seen.manager.service(state.name, can_reload=state.can_reload)
    return UnitPrometheus(service, group, state.file)


def pushgateway(seen: Snapshot) -> UnitPushgateway:
    """Return the Pushgateway of the unit that was found on a host."""
    flags_file = seen.flags_file or ""
    files = tuple(each for each in seen.unit_files if each.path != flags_file)
    return UnitPushgateway(seen.manager.service(seen.pushgateway.name), flags_file, files)
