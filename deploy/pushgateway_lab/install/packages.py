"""The Debian packages of the lab: what is missing is installed, what is there is left alone.

One apt run for all of them. The Pushgateway is kept from starting while it is installed, because its
package starts it on all interfaces.
"""

from collections.abc import Iterator
from typing import Any

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.connectors.util import CommandOutput
from pyinfra.context import ctx_host
from pyinfra.operations import apt

from pushgateway_lab import installations
from pushgateway_lab.facts import snapshot
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.host import service_control
from pushgateway_lab.host.looking import forget, snapshot_now, snapshot_of
from pushgateway_lab.installations import missing_packages
from pushgateway_lab.run.failure import cleanly, function, noop, say
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.shell import ask, explained
from pushgateway_lab.settings import Settings

INSTALL_TIMEOUT = 1800
"""Seconds for apt itself; an installation on a slow line takes minutes."""


def are_installed(seen: Snapshot, settings: Settings) -> bool:
    """Return whether the host has all packages that the lab needs."""
    return not missing_packages(seen, settings)


@operation()
@cleanly
def install(settings: Settings) -> Iterator[PyinfraCommand]:
    """Install the packages the lab needs where they are missing.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    """
    host = ctx_host.get()
    seen = snapshot_of(host, settings)
    packages = missing_packages(seen, settings)
    if not packages:
        noop(host, "all packages are installed")
        return
    prometheus, pushgateway = (
        installations.prometheus(settings),
        installations.pushgateway(settings),
    )
    if pushgateway.package in packages:
        yield from function(service_control.hold, pushgateway.service)
    yield from function(_wait_for_apt, settings)
    yield from _apt_packages(packages, settings, update=True)
    # Only now does apt know whether this release has promtool in a package of its own.
    seen = snapshot_now(host, settings)
    if further := missing_packages(seen, settings):
        yield from _apt_packages(further, settings)
    if prometheus.package in packages and not seen.prometheus.is_active:
        # A host's own policy-rc.d may keep packages from starting what they bring.
        yield from function(service_control.start, prometheus.service)
    forget(host)


def _wait_for_apt(host: Host, settings: Settings) -> None:
    """Wait until no other program, as a new VM's own updates, holds the locks of apt and dpkg."""
    holder = _holder_of_apt(host, within=0)
    if holder is None:
        return
    seconds = settings.pushgateway_apt_timeout
    say(host, f"{holder}; waiting for it, {seconds:.0f} s at most", "yellow")
    holder = _holder_of_apt(host, within=seconds)
    if holder is not None:
        raise HostError(
            f"apt cannot be used: after {seconds:.0f} s, {holder}. Nothing was "
            "installed. Wait until that program is done, or give it longer with "
            "pushgateway_apt_timeout (seconds)."
        )


def _holder_of_apt(host: Host, within: float) -> str | None:
    """Wait up to `within` seconds for apt's lock, and describe the process that holds it; None if it is free."""
    variables = {"seconds": f"{within:.0f}"}
    held = ask(host, "wait-for-apt.sh", variables, deadline=within + 30)
    if not held:
        return None
    pid, _, name = held[0].partition(" ")
    return f"process {pid} ({snapshot.decoded(name).strip()}) holds the lock of apt"


def _apt_packages(
    packages: list[str], settings: Settings, **arguments: Any
) -> Iterator[PyinfraCommand]:
    """Pyinfra's own operation, without what the packages merely recommend."""
    seconds = f"{settings.pushgateway_apt_timeout:.0f}"
    commands = apt.packages._inner(  # noqa: SLF001 - pyinfra's way to nest operations
        packages,
        no_recommends=True,
        extra_install_args=f"-o DPkg::Lock::Timeout={seconds}",
        **arguments,
    )
    yield from explained(
        commands,
        lambda output: _apt_failure(packages, output),
        deadline=settings.pushgateway_apt_timeout + INSTALL_TIMEOUT,
    )


def _apt_failure(packages: list[str], output: CommandOutput) -> str:
    lines = [line.line for line in output]
    said = [line for line in lines if line.startswith(("E: ", "Err:", "dpkg: error"))]
    return "\n".join(
        [
            f"apt could not install {', '.join(packages)}. It says:",
            *(f"  {line}" for line in (said or lines)[-5:]),
            "Mend that on the host (apt-get update; apt-get install ...), then run this again.",
        ]
    )
