"""The protocols of a service manager and its services; `systemd` and `init_scripts` in this package implement them."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class ServiceState(NamedTuple):
    """The state of one service, as its service manager reports it.

    + state: the manager's own word, such as ``active`` or ``failed``
    + exists: the manager knows the service, even if the service is not allowed to start
    + runs: the service is up
    + is_active: the service is up or starting
    + is_stopped: the service is down and did not fail: somebody stopped it, or nobody started it
    + has_failed: the service ended by itself, and the manager does not restart it
    + is_masked: the service is not allowed to start
    + is_enabled, is_disabled: the service starts, or does not start, at boot; both False if neither is set
    + main_pid: the id of the main process; 0 if there is none
    + command_line: the command that starts the service; empty if unknown
    + can_reload: the service can reload its configuration
    + is_outdated: the definition on disk was changed, and the manager has not read the change
    + user, group: those that the service runs as; empty for root
    + file: the file that defines the service
    + environment_file: the last file with variables for its command; empty if there is none
    """

    name: str
    state: str = "inactive"
    exists: bool = False
    runs: bool = False
    is_active: bool = False
    is_stopped: bool = True
    has_failed: bool = False
    is_masked: bool = False
    is_enabled: bool = False
    is_disabled: bool = False
    main_pid: int = 0
    command_line: str = ""
    can_reload: bool = False
    is_outdated: bool = False
    user: str = ""
    group: str = ""
    file: str = ""
    environment_file: str = ""


class Commands(NamedTuple):
    """Shell commands for one service, for people to type on a host. Every word is quoted.

    + enable_and_start: start the service now and at boot
    + disable_and_stop: stop the service now, and do not start it at boot
    + allow_and_start: the same for a masked service
    + log: show the end of its log
    + status: show its state
    """

    start: str
    restart: str
    reload: str
    enable: str
    enable_and_start: str
    disable_and_stop: str
    allow_and_start: str
    log: str
    status: str


class Service(Protocol):
    """One service of a host."""

    @property
    def name(self) -> str:
        """The name that the service manager shows."""

    @property
    def title(self) -> str:
        """The name without the manager's suffix, such as ``.service``."""

    @property
    def commands(self) -> Commands:
        """The commands for people."""


class ServiceManager(Protocol):
    """The program that starts the services of a host."""

    @property
    def name(self) -> str:
        """Its name in messages."""

    def service(self, name: str, *, can_reload: bool = True, main_pid: int = 0) -> Service:
        """Return the service of that name.

        + can_reload, main_pid: see `ServiceState`
        """

    def states(self, lines: Iterable[str]) -> dict[str, ServiceState]:
        """Parse the ``service`` lines of a look, and return the state of each service by its name.

        Raises:
            ValueError: the lines are not the output of this manager.
        """
