"""The finding for a server whose port another program has taken."""

from pushgateway_lab import installations
from pushgateway_lab.facts.program import UNKNOWN
from pushgateway_lab.installations import ports
from pushgateway_lab.installations.ports import Taken
from pushgateway_lab.lab.checks import wrong
from pushgateway_lab.lab.commands import command, join
from pushgateway_lab.lab.excerpts import excerpt
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.results import Finding
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.services import Service, ServiceState


def of_prometheus(look: Look) -> Finding | None:
    """Return the finding, if another program has taken the port of a Prometheus that does not answer."""
    seen = look.snapshot
    answers = seen.loaded is not None or seen.prometheus_starts
    if seen.prometheus.runs and (answers or "curl" not in seen.tools):
        return None
    taken = ports.taken_from_prometheus(seen, look.settings)
    return _finding(
        look, installations.prometheus(look.snapshot, look.settings).service, seen.prometheus, taken
    )


def of_pushgateway(look: Look) -> Finding | None:
    """Return the finding, if another program has taken the port of a Pushgateway that does not run."""
    seen = look.snapshot
    if seen.pushgateway.runs:
        return None
    try:
        taken = ports.taken_from_pushgateway(seen, look.settings)
    except (HostError, ValueError):  # the flags give no address
        return None
    return _finding(
        look,
        installations.pushgateway(look.snapshot, look.settings).service,
        seen.pushgateway,
        taken,
    )


def _finding(
    look: Look, service: Service, state: ServiceState, taken: Taken | None
) -> Finding | None:
    if taken is None or state.is_masked:
        return None
    program = look.programs.get(taken.listener.inode)
    # Without its arguments, which may be secret.
    words = excerpt(program.without_arguments) if program else UNKNOWN
    is_in_use = f"its port {taken.listener.port} is in use by {words}"
    if not state.exists:
        return wrong(f"There is no {excerpt(service.name)} on this host, and {is_in_use}.")
    to_stop = command("sudo", "ss", "-lntp", f"sport = :{taken.listener.port}")
    if program and program.unit and not program.is_needed:
        to_stop = look.snapshot.manager.service(program.unit).commands.disable_and_stop
    elif program and not program.unit:
        to_stop = command("sudo", "kill", str(program.pid))
    return wrong(
        f"{excerpt(service.name)} is {excerpt(state.state)}, and {is_in_use}.",
        join("\n", to_stop, service.commands.enable_and_start),
    )
