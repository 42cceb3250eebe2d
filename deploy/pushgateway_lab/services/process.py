"""A process of no service: it can only be sent signals."""

from dataclasses import dataclass

from pushgateway_lab.services.service import Commands, ServiceState

NAME = "process {}"


@dataclass(frozen=True)
class ProcessService:
    """A process that no service manager started.

    + pid: its process id
    """

    pid: int

    @property
    def name(self) -> str:
        """The process in words."""
        return NAME.format(self.pid)

    @property
    def title(self) -> str:
        """The same."""
        return self.name

    @property
    def commands(self) -> Commands:
        """The commands for people. What has no command is a comment for the shell."""
        again = f"# {self.name} has no service: end it (kill {self.pid}), then start it as before"
        never = f"# {self.name} has no service, so it does not start at boot"
        return Commands(
            start=again,
            restart=again,
            reload=f"sudo kill -HUP {self.pid}",
            enable=never,
            enable_and_start=never,
            disable_and_stop=f"kill {self.pid}",
            allow_and_start=again,
            log=f"# {self.name} has no log here",
            status=f"ps -fp {self.pid}",
        )


def state_of(pid: int) -> ServiceState:
    """Return the state of a process of no service."""
    return ServiceState(
        name=NAME.format(pid),
        state="running",
        exists=True,
        runs=True,
        is_active=True,
        is_stopped=False,
        main_pid=pid,
    )
