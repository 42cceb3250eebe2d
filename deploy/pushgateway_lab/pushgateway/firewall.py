"""The host's firewall: open at the Pushgateway's port if others are to reach it. ``files/firewalls.sh`` knows both kinds.

A rule about that port that somebody else wrote stays as it is.
"""

from collections.abc import Iterator
from typing import NamedTuple

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab.facts.remains import FIREWALL_NOTE, NOTE_FUNCTIONS
from pushgateway_lab.facts.snapshot import OpenPort, Snapshot
from pushgateway_lab.host.looking import forget, snapshot_of
from pushgateway_lab.installations.address import firewall_port
from pushgateway_lab.run.failure import cleanly, function, noop, say, tell
from pushgateway_lab.run.shell import ask
from pushgateway_lab.settings import Settings


class Change(NamedTuple):
    """One change of the firewalls of a host.

    + opens: ports that are opened
    + closes: ports that an earlier run opened and that are not needed any more
    """

    opens: tuple[OpenPort, ...]
    closes: tuple[OpenPort, ...]


def change(seen: Snapshot, settings: Settings) -> Change:
    """Return what is to change in the firewalls of a host.

    Example:
        With ``pushgateway_listen_address=0.0.0.0:9091`` and a closed ufw, ``Change((OpenPort("ufw", 9091),), ())``.
    """
    port = firewall_port(settings)
    if "pushgateway" in seen.lone:
        port = None  # everybody can start a process that has its name
    closed = [name for name, state in seen.firewalls.items() if state == "closed"]
    return Change(
        tuple(OpenPort(name, port) for name in closed if port is not None),
        tuple(each for each in seen.opened_ports if each.port != port),
    )


def notes(seen: Snapshot, settings: Settings) -> Iterator[str]:
    """Yield a sentence about each firewall that stays as it is because of a rule of somebody else."""
    port = firewall_port(settings)
    for name, state in seen.firewalls.items():
        if state == "decided":
            yield (
                f"{name} has rules or zones of its own for TCP port {port}, so it stays as it is. Check there whether others "
                "reach the Pushgateway."
            )


def is_done(seen: Snapshot, settings: Settings) -> bool:
    """Return whether the operation `opened` has nothing to do."""
    return not any(change(seen, settings))


@operation()
@cleanly
def opened(settings: Settings) -> Iterator[PyinfraCommand]:
    """Open the host's firewall at the Pushgateway's port, if ``pushgateway_listen_address`` is set to reach it.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        firewall.opened(
            name="Open the firewall",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    seen = snapshot_of(host, settings)
    wanted = change(seen, settings)
    tell(host, notes(seen, settings))
    if not any(wanted):
        noop(host, "no firewall is in the way of the Pushgateway's port")
        return
    yield from function(apply, wanted)
    forget(host)


def apply(host: Host, wanted: Change) -> None:
    """Change the firewalls of a host, and say it.

    Raises:
        HostError: a firewall refused; the message quotes it.
    """
    variables = {
        "note": FIREWALL_NOTE,
        "opens": " ".join(map(str, wanted.opens)),
        "closes": " ".join(map(str, wanted.closes)),
    }
    ask(host, "change-firewall.sh", variables, functions=[*NOTE_FUNCTIONS, "firewalls.sh"])
    for each in wanted.opens:
        say(host, f"Opened TCP port {each.port} in {each.firewall} for everybody", "yellow")
    for each in wanted.closes:
        say(host, f"Closed TCP port {each.port} in {each.firewall}")
