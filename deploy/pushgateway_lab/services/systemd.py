"""systemd as the service manager. ``files/systemd.sh`` is its counterpart on the host."""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pushgateway_lab.services.service import Commands, ServiceState

_SUFFIX = ".service"

LOG_LINES = "20"
"""The number of lines of a log that the command for people shows."""


@dataclass(frozen=True)
class Unit:
    """A unit of type service.

    + name: the full name, such as ``prometheus.service``
    + can_reload: the unit has a command to reload; without one, the process gets a signal
    """

    name: str
    can_reload: bool = True

    @property
    def title(self) -> str:
        """The name without ``.service``, which systemctl adds by itself."""
        return self.name.removesuffix(_SUFFIX)

    @property
    def commands(self) -> Commands:
        """The commands of systemctl and journalctl for this unit.

        Example:
            >>> Unit("prometheus.service").commands.restart
            'sudo systemctl restart prometheus'
        """
        enable_and_start = self._systemctl("enable", "--now")
        return Commands(
            start=self._systemctl("start"),
            restart=self._systemctl("restart"),
            # Both servers reload on SIGHUP (Prometheus's documentation, "Configuration").
            reload=self._systemctl("reload")
            if self.can_reload
            else self._systemctl("kill", "-s", "HUP"),
            enable=self._systemctl("enable"),
            enable_and_start=enable_and_start,
            disable_and_stop=self._systemctl("disable", "--now"),
            allow_and_start=f"{self._systemctl('unmask')} && {enable_and_start}",
            log=shlex.join(["sudo", "journalctl", "-u", self.name, "-n", LOG_LINES]),
            status=self._systemctl("status"),
        )

    def _systemctl(self, verb: str, *options: str) -> str:
        # -- ends the options, for a unit whose name begins with a dash.
        end = ["--"] if self.title.startswith("-") else []
        return shlex.join(["sudo", "systemctl", verb, *options, *end, self.title])


class Systemd:
    """The service manager systemd."""

    name = "systemd"

    def service(self, name: str, *, can_reload: bool = True, main_pid: int = 0) -> Unit:
        """Return the unit of that name."""
        del main_pid  # systemctl knows it
        return Unit(name, can_reload)

    def states(self, lines: Iterable[str]) -> dict[str, ServiceState]:
        """Parse the output of ``systemctl show``: one block of lines for each unit, separated by empty lines."""
        found = {}
        for block in "\n".join(lines).strip().split("\n\n"):
            properties = dict(line.partition("=")[::2] for line in block.splitlines())
            if name := properties.get("Id"):
                found[name] = _state(name, properties)
        return found


SYSTEMD = Systemd()


def _state(name: str, properties: Mapping[str, str]) -> ServiceState:
    load_state, state, file_state = (
        properties.get(key, "") for key in ("LoadState", "ActiveState", "UnitFileState")
    )
    return ServiceState(
        name=name,
        state=state,
        exists=load_state not in ("not-found", ""),
        runs=state == "active",
        is_active=state in ("active", "activating", "reloading"),
        is_stopped=state == "inactive",
        has_failed=state == "failed",
        is_masked=load_state == "masked" or file_state.startswith("masked"),
        is_enabled=file_state == "enabled",
        is_disabled=file_state == "disabled",
        main_pid=int(properties.get("MainPID", "0")),
        command_line=_command_line(properties.get("ExecStart", "")),
        can_reload=properties.get("CanReload") == "yes",
        is_outdated=properties.get("NeedDaemonReload") == "yes",
        user=properties.get("User", ""),
        group=properties.get("Group", ""),
        file=properties.get("FragmentPath", ""),
        environment_file=properties.get("EnvironmentFiles", "").partition(" (ignore_errors=")[0],
    )


def _command_line(exec_start: str) -> str:
    """Return the command line in systemd's ``{ path=... ; argv[]=... ; ignore_errors=no ; ... }``."""
    match = re.search(r"argv\[\]=(.*?) ; ignore_errors=", exec_start)
    return match[1] if match else ""
