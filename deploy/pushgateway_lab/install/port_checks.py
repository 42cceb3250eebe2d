"""The checks that no other program listens where the servers of a host should."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from pyinfra.api.host import Host

from pushgateway_lab import installations
from pushgateway_lab.facts import program
from pushgateway_lab.facts.program import UNKNOWN, Program
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.sockets import Listener
from pushgateway_lab.installations import ports
from pushgateway_lab.prometheus.scrapers import targets
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.shell import ask
from pushgateway_lab.services import FUNCTIONS, ServiceManager, ServiceState
from pushgateway_lab.settings import Settings


class PortTakenError(HostError):
    """Another program listens where a server of this host should listen.

    + manager: the host's service manager
    + listener: the socket of the other program
    + message: returns the message for the words of the program and of the way to stop it
    + program: the other program; None if it is not known yet
    """

    def __init__(
        self,
        manager: ServiceManager,
        listener: Listener,
        message: Callable[[str, str], str],
        program: Program | None = None,
    ) -> None:
        super().__init__(message(str(program or UNKNOWN), _to_stop(manager, program)))
        self.manager = manager
        self.listener = listener
        self.message = message


def _to_stop(manager: ServiceManager, program: Program | None) -> str:
    if program is None or not program.unit:
        return "stop that program"
    if program.is_needed:
        return "have it listen elsewhere"
    return f"stop it ({manager.service(program.unit).commands.disable_and_stop})"


@contextmanager
def naming_the_program(host: Host) -> Iterator[None]:
    """Inside the block, add the name of the other program to a `PortTakenError`; the host is asked for it."""
    try:
        yield
    except PortTakenError as error:
        raise PortTakenError(
            error.manager, error.listener, error.message, _program_at(host, error.listener)
        ) from error


def _program_at(host: Host, listener: Listener) -> Program | None:
    functions = [*FUNCTIONS, program.FUNCTIONS]
    lines = ask(host, "who-listens.sh", {"inode": listener.inode}, functions=functions)
    found = program.parse_programs(line.removeprefix("program ") for line in lines)
    return found.get(listener.inode)


def check_prometheus(seen: Snapshot, settings: Settings) -> None:
    """Check that no other program listens on the port of Prometheus.

    Raises:
        PortTakenError: another program does, and it may be a Prometheus of another service.
        HostError: Prometheus listens on another port.
    """
    unit, url = seen.prometheus, settings.prometheus_url
    if own := ports.elsewhere(seen, settings):
        raise HostError(
            f"Prometheus does not listen at {url}, but on {own.where}. Leave prometheus_url out, or set it to that address."
        )
    taken = ports.taken_from_prometheus(seen, settings)
    if taken is None:
        return
    if not unit.exists:
        raise PortTakenError(seen.manager, taken.listener, partial(_without_unit, seen, settings))
    answers = seen.loaded is not None or seen.prometheus_starts
    if not unit.is_active or not (answers or seen.prometheus_listeners):
        raise PortTakenError(seen.manager, taken.listener, partial(_not_listening, seen, settings))


def _without_unit(seen: Snapshot, settings: Settings, taker: str, to_stop: str) -> str:
    installation = installations.prometheus(seen, settings)
    is_in_use = f"The port of {settings.prometheus_url} is in use by {taker}"
    if seen.loaded is not None or seen.prometheus_starts:
        return (
            f"{is_in_use}. That is a Prometheus, but the host has no {installation.service.name} to reload. "
            "Set prometheus_unit to the service of that Prometheus."
        )
    return (
        f"{is_in_use}, and does not answer as Prometheus does. Prometheus needs that port: {to_stop}, or "
        f"{installation.to_change_port}. If the program is a Prometheus, set prometheus_unit to its service."
    )


def _not_listening(seen: Snapshot, settings: Settings, taker: str, to_stop: str) -> str:
    installation = installations.prometheus(seen, settings)
    service = installation.service
    is_in_use = f"{service.name} {_state(seen.prometheus)}, and the port of {settings.prometheus_url} is in use by {taker}."
    if seen.loaded is not None or seen.prometheus_starts:
        return f"{is_in_use} That is a Prometheus: set prometheus_unit to its service."
    return (
        f"{is_in_use} Either {to_stop}, then start Prometheus ({service.commands.restart}) and run this again. Or "
        f"{installation.to_change_port}."
    )


def _state(unit: ServiceState) -> str:
    if unit.has_failed:
        return "has failed"
    return f"is {unit.state}" if unit.is_active else f"is installed but {unit.state}"


def check_pushgateway(seen: Snapshot, settings: Settings) -> None:
    """Check that no other program listens on the port of the Pushgateway, or gets what is sent to it.

    Raises:
        PortTakenError: another program does.
        HostError: see `pushgateway_lab.installations.plan`.
    """
    if taken := ports.taken_from_pushgateway(seen, settings):
        of_setting = None
        if "pushgateway_unit" in settings.given and not seen.pushgateway.exists:
            of_setting = installations.pushgateway(seen, settings).service.name
        raise PortTakenError(
            seen.manager,
            taken.listener,
            partial(_pushgateway_cannot_listen, taken.address, of_setting),
        )
    by_name = [each.rpartition(":")[0] for each in targets(seen, settings)]
    if "localhost" in by_name and (first := ports.before_pushgateway(seen, settings)):
        raise PortTakenError(seen.manager, first, partial(_gets_what_is_meant, first.port))


def _pushgateway_cannot_listen(
    address: str, of_setting: str | None, taker: str, to_stop: str
) -> str:
    if of_setting:
        return (
            f"There is no {of_setting} on this host (pushgateway_unit), and {taker} listens where the Pushgateway should. "
            f"If that is the Pushgateway, leave pushgateway_unit out: it is found. Otherwise {to_stop}."
        )
    return (
        f"The Pushgateway cannot listen on {address}: that port is in use by {taker}. "
        f"{to_stop[0].upper()}{to_stop[1:]}, or choose another address with pushgateway_listen_address."
    )


def _gets_what_is_meant(port: int, taker: str, to_stop: str) -> str:
    return (
        f"[::1]:{port} is in use by {taker}. localhost stands for ::1, too, which Prometheus and curl try first: that program "
        f"gets what is meant for the Pushgateway. {to_stop[0].upper()}{to_stop[1:]}, or take localhost off the line of ::1 in "
        "/etc/hosts."
    )
