"""Both servers as processes of no service: started by hand, or by a program that this toolkit does not know.

They are used as they are, and never restarted or stopped.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import flags, hardening, web_files
from pushgateway_lab.installations.flags import Flag
from pushgateway_lab.installations.installation import Plan
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.services import Service
from pushgateway_lab.services.process import ProcessService
from pushgateway_lab.settings import Settings
from pushgateway_lab.settings.contradictions import WEB_CONFIG_FLAG


@dataclass(frozen=True)
class LonePrometheus:
    """A Prometheus of no service.

    + service: its process
    """

    service: Service

    group: ClassVar[str] = "root"
    flags_place: ClassVar[str] = "its command line"
    to_restore_config: ClassVar[str | None] = None
    to_change_port: ClassVar[str] = "start Prometheus with another --web.listen-address"

    def to_edit_flags(self, example: Flag | None = None) -> str:
        """Return the command that ends it: nothing here can start it anew."""
        del example
        return self.service.commands.restart

    def to_harden(self, storage: str) -> str:
        """Fail: this toolkit did not make the service."""
        del storage
        raise hardening.refusal(self.service, "prometheus_harden")


@dataclass(frozen=True)
class LonePushgateway:
    """A Pushgateway of no service.

    + service: its process
    + command: its command line
    """

    service: Service
    command: tuple[str, ...]

    flags_file: ClassVar[str] = ""
    flags_place: ClassVar[str] = "its command line"
    is_drop_in: ClassVar[bool] = False
    is_enabled_by_us: ClassVar[bool] = False

    def written_flags(self, seen: Snapshot) -> tuple[Flag, ...]:
        """Return the flags of the process."""
        del seen
        return flags.parse_flags(self.command[1:])

    def plan(self, seen: Snapshot, settings: Settings) -> Plan:
        """Return the flags of the process: they cannot be changed.

        Raises:
            HostError: the settings want a web configuration file that the process does not have.
        """
        file = web_files.web_config_of(settings)
        if file and Flag(WEB_CONFIG_FLAG, file) not in self.written_flags(seen):
            example = Flag(WEB_CONFIG_FLAG, "FILE")
            raise HostError(
                f"The Pushgateway is {self.service.name}, which no service started, so its flags cannot be changed. Run it as a "
                "service. Or write a web configuration file by hand, take pushgateway_generate_password, "
                "pushgateway_basic_auth_users and pushgateway_tls_... out of the settings of this host, and type:\n"
                f"{self.to_edit_flags(example)}"
            )
        # A file with flags of a service that is gone stays as it is.
        return Plan(self.written_flags(seen), seen.flags_text or "")

    def missing(self, settings: Settings) -> str | None:
        """Return the command line that the process should have; None if it has it."""
        present = flags.parse_flags(self.command[1:])
        wanted = flags.merge(present, settings, keeps=lambda: True)
        if flags.same(present, wanted):
            return None
        added = [str(each) for each in wanted if each not in present]
        kept = [str(each) for each in present if each in wanted]
        return shlex.join([self.command[0], *kept, *added])

    def to_harden(self, flags: Sequence[Flag], files: Sequence[str] = ()) -> str:
        """Refuse: the service is somebody else's."""
        del flags, files
        raise hardening.refusal(self.service)

    def to_edit_flags(self, example: Flag | None = None) -> str:
        """Return the commands that start it anew."""
        words = [*self.command, *([str(example)] if example else [])]
        return f"kill {self.service.name.rpartition(' ')[2]}\n{shlex.join(words)} &"

    @property
    def to_see_flags(self) -> str:
        """The command that shows its command line."""
        return f"tr '\\0' ' ' </proc/{self.service.name.rpartition(' ')[2]}/cmdline"


def prometheus(seen: Snapshot) -> LonePrometheus:
    """Return the Prometheus process that was found on a host."""
    return LonePrometheus(ProcessService(seen.prometheus.main_pid))


def pushgateway(seen: Snapshot) -> LonePushgateway:
    """Return the Pushgateway process that was found on a host."""
    return LonePushgateway(
        ProcessService(seen.pushgateway.main_pid), seen.pushgateway_argv or ("pushgateway",)
    )
