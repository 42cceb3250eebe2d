"""Start, restart, stop, hold and release the services of a host, and read their logs.

The state of the services is part of the look at a host.
"""

from pyinfra.api.host import Host

from pushgateway_lab.run.host_files import host_file
from pushgateway_lab.run.shell import ask
from pushgateway_lab.services import FUNCTIONS, Service

START_TIMEOUT = 150.0
"""Seconds to enable and start a service: systemd allows 90 for the start of a unit."""

LOG_SECONDS = 600
"""Seconds to which `log` looks back."""


def start(host: Host, service: Service, *, enable: bool = True) -> None:
    """Start a service.

    + enable: whether it starts at boot from now on; False: as before

    Raises:
        HostError: it did not start; the message quotes the service manager.
    """
    _run(host, service, "start", enable=enable)


def restart(host: Host, service: Service, *, enable: bool = True) -> None:
    """Restart a service. Arguments and errors as for `start`."""
    _run(host, service, "restart", enable=enable)


def stop(host: Host, service: Service) -> None:
    """Stop a service; without one of this name, this changes nothing.

    Raises:
        HostError: see `pushgateway_lab.run.shell.ask`.
    """
    _ask(host, "stop-service.sh", {"service": service.name}, deadline=START_TIMEOUT)


def _run(host: Host, service: Service, how: str, *, enable: bool) -> None:
    variables = {"service": service.name, "how": how, "enable": "yes" if enable else ""}
    _ask(host, "start-service.sh", variables, deadline=START_TIMEOUT)


def put_back(
    host: Host, service: Service, *, runs: bool, disables: bool = False, holds: bool = False
) -> None:
    """Give a service the state that it had before it was started.

    + runs: it is started again; False: it is stopped
    + disables: it starts at boot no more
    + holds: see `hold`

    Raises:
        HostError: it did not start; the message quotes the service manager.
    """
    given = {"runs": runs, "disables": disables, "holds": holds}
    variables = {name: "yes" if value else "" for name, value in given.items()}
    held_by = host_file("pushgateway-hold.conf").encode()
    _ask(
        host,
        "put-back-service.sh",
        variables | {"service": service.name},
        held_by,
        deadline=START_TIMEOUT,
    )


def log(host: Host, service: Service, *, seconds: int = LOG_SECONDS) -> str:
    """Return the last words of a server in the log of its service; without any, those of the service manager.

    + seconds: how old the words may be

    Raises:
        HostError: see `pushgateway_lab.run.shell.ask`.
    """
    variables = {"service": service.name, "seconds": str(seconds)}
    return "\n".join(_ask(host, "service-log.sh", variables))


def hold(host: Host, service: Service) -> None:
    """Prevent a service from starting, also during the installation of its package.

    Raises:
        HostError: see `pushgateway_lab.run.shell.ask`.
    """
    held_by = host_file("pushgateway-hold.conf").encode()
    _ask(host, "hold-service.sh", {"service": service.name}, held_by)


def release(host: Host, service: Service) -> bool:
    """Allow a service to start again after `hold`; without `hold`, this changes nothing. Return whether it was held.

    Raises:
        HostError: see `pushgateway_lab.run.shell.ask`.
    """
    return "held" in _ask(host, "release-service.sh", {"service": service.name})


def drop_in(service: Service, name: str) -> str:
    """Return the path of a drop-in of this toolkit."""
    return f"/etc/systemd/system/{service.name}.d/{name}"


def make_place_for_drop_in(host: Host, service: Service) -> None:
    """Make the directory for this toolkit's drop-ins of a service.

    Raises:
        HostError: see `pushgateway_lab.run.shell.ask`.
    """
    _ask(host, "change-drop-in.sh", {"service": service.name, "change": "make place"})


def reload_definitions(host: Host, service: Service) -> None:
    """Reload the service manager's definitions after a drop-in was written. Raises as `make_place_for_drop_in`."""
    _ask(host, "change-drop-in.sh", {"service": service.name, "change": "reload"})


def remove_drop_in(host: Host, service: Service, name: str) -> None:
    """Remove a drop-in of this toolkit. Raises as `make_place_for_drop_in`.

    + name: of the drop-in
    """
    variables = {"service": service.name, "change": "remove", "drop_in": name}
    _ask(host, "change-drop-in.sh", variables)


def _ask(
    host: Host,
    name: str,
    variables: dict[str, str],
    stdin: bytes | None = None,
    deadline: float = 60,
) -> list[str]:
    return ask(host, name, variables, stdin, functions=FUNCTIONS, deadline=deadline)
