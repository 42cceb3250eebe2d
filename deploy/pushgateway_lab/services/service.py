"""What differs from one service manager to another, as protocols; `pushgateway_lab.services.systemd` is the first."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class ServiceState(NamedTuple):
    """What a service manager says about one service.

    + state: the manager's own word for it, as ``active`` or ``failed``
    + exists: the manager knows the service, also where it may not start
    + runs: it is up
    + is_active: it runs, or is about to
    + is_stopped: it does not run, and did not fail: somebody stopped it, or nobody started it
    + has_failed: it ended by itself, and was given up
    + is_masked: it is forbidden to start
    + is_enabled, is_disabled: it starts, or does not start, with the host; neither where nobody decided
    + main_pid: the id of its main process; 0 if it has none
    + command_line: with which it is started; empty if that is not known
    + can_reload: it can be told to read its configuration again
    + is_outdated: it was changed on disk, and the manager has not read that yet
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


class Commands(NamedTuple):
    """What a person types on a host, for one service. Every word is quoted for a shell.

    + enable_and_start: have it run, now and with the host
    + allow_and_start: the same for a service that is masked
    + log: show the end of its log
    + status: show how it is
    """

    start: str
    restart: str
    reload: str
    enable: str
    enable_and_start: str
    allow_and_start: str
    log: str
    status: str


class Service(Protocol):
    """One service of a host."""

    @property
    def name(self) -> str:
        """Its name, as its manager shows it."""

    @property
    def title(self) -> str:
        """Its name without what the manager adds to each."""

    @property
    def commands(self) -> Commands:
        """What a person types for it."""

    @property
    def to_make_reloadable(self) -> str:
        """What to add to it, and where, so that it can be reloaded."""


class ServiceManager(Protocol):
    """Whatever starts the services of a host."""

    @property
    def functions(self) -> str:
        """The file of ``files/`` with the shell functions that ask it and tell it, ``service_...``."""

    def service(self, name: str) -> Service:
        """Return the service of that name."""

    def states(self, lines: Iterable[str]) -> dict[str, ServiceState]:
        """Parse the ``service`` lines of a look, and return the state of each service by its name.

        Raises:
            ValueError: the lines are not what this manager says.
        """
