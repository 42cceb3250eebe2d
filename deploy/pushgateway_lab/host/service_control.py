"""What this toolkit tells the services of a host, and asks them. The look at a host asks by itself."""

from pyinfra.api.host import Host

from pushgateway_lab.run.host_files import host_file
from pushgateway_lab.run.shell import ask
from pushgateway_lab.services import MANAGER, Service

START_TIMEOUT = 150.0
"""Seconds for a service to be enabled and started: systemd gives a unit 90 to start."""


def start(host: Host, service: Service) -> None:
    """Have a service run, now and with the host.

    Raises:
        HostError: it did not start; with the words of the service manager.
    """
    _run(host, service, "start")


def restart(host: Host, service: Service) -> None:
    """Have a service run anew, now and with the host. See `start`."""
    _run(host, service, "restart")


def _run(host: Host, service: Service, how: str) -> None:
    variables = {"service": service.name, "how": how}
    _ask(host, "start-service.sh", variables, deadline=START_TIMEOUT)


def log(host: Host, service: Service) -> str:
    """Return the end of a service's log.

    Raises:
        HostError: see `pushgateway_lab.run.shell.ask`.
    """
    return "\n".join(_ask(host, "service-log.sh", {"service": service.name}))


def hold(host: Host, service: Service) -> None:
    """Keep a service from starting, also when its package is installed.

    Raises:
        HostError: see `pushgateway_lab.run.shell.ask`.
    """
    held_by = host_file("pushgateway-hold.conf").encode()
    _ask(host, "hold-service.sh", {"service": service.name}, held_by)


def release(host: Host, service: Service) -> None:
    """Let a service start that `hold` held; nothing changes for one that it did not.

    Raises:
        HostError: see `pushgateway_lab.run.shell.ask`.
    """
    _ask(host, "release-service.sh", {"service": service.name})


def _ask(
    host: Host,
    name: str,
    variables: dict[str, str],
    stdin: bytes | None = None,
    deadline: float = 60,
) -> list[str]:
    return ask(host, name, variables, stdin, functions=[MANAGER.functions], deadline=deadline)
