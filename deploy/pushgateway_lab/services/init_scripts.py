"""Init scripts in ``/etc/init.d``, on a host without systemd. ``files/init-scripts.sh`` is the counterpart on the host."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from pushgateway_lab.services import systemd
from pushgateway_lab.services.service import Commands, ServiceState


@dataclass(frozen=True)
class InitScript:
    """A service that an init script starts.

    + name: the name of the script
    + main_pid: its process; 0 if it does not run
    """

    name: str
    main_pid: int = 0

    @property
    def title(self) -> str:
        """The same name."""
        return self.name

    @property
    def commands(self) -> Commands:
        """The commands of service and update-rc.d for this script.

        Example:
            >>> InitScript("prometheus").commands.restart
            'sudo service prometheus restart'
        """
        start, enable = self._service("start"), self._update("defaults")
        restart = self._service("restart")
        return Commands(
            start=start,
            restart=restart,
            # A script may have no reload, or send another signal (init-d-script(5), RELOAD_SIGNAL).
            reload=f"sudo kill -HUP {self.main_pid}" if self.main_pid else restart,
            enable=enable,
            enable_and_start=f"{enable} && {start}",
            disable_and_stop=f"{self._service('stop')} && {self._update('disable')}",
            allow_and_start=f"{enable} && {start}",
            log=shlex.join(
                ["sudo", "tail", "-n", systemd.LOG_LINES, f"/var/log/prometheus/{self.name}.log"]
            ),
            status=self._service("status"),
        )

    def _service(self, verb: str) -> str:
        return shlex.join(["sudo", "service", self.name, verb])

    def _update(self, verb: str) -> str:
        return shlex.join(["sudo", "update-rc.d", self.name, verb])


class InitScripts:
    """The service manager of a host without systemd."""

    name = "init"

    def service(self, name: str, *, can_reload: bool = True, main_pid: int = 0) -> InitScript:
        """Return the service of that name."""
        del can_reload  # by a signal in any case
        return InitScript(name.removesuffix(".service"), main_pid)

    def states(self, lines: Iterable[str]) -> dict[str, ServiceState]:
        """Parse the lines of a look, which have systemd's names of properties."""
        return systemd.SYSTEMD.states(lines)


INIT_SCRIPTS = InitScripts()
