"""The Debian packages of the lab. Missing packages are installed; installed packages are not changed.

One run of apt installs all of them. The Pushgateway is held during its installation, because its package would
start it on all interfaces.
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
"""Seconds for apt, without the wait for its lock; an installation over a slow connection takes minutes."""


def are_installed(seen: Snapshot, settings: Settings) -> bool:
    """Return whether the host has all packages that the lab needs."""
    return not missing_packages(seen, settings)


@operation()
@cleanly
def install(settings: Settings) -> Iterator[PyinfraCommand]:
    """Install the missing packages of the lab.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        packages.install(
            name="Install the packages",
            settings=host_settings.for_host(ctx_host.get()),
        )
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
    # After its update, apt knows whether this release has a package promtool.
    seen = snapshot_now(host, settings)
    if further := missing_packages(seen, settings):
        yield from _apt_packages(further, settings)
    if prometheus.package in packages and not seen.prometheus.is_active:
        # A policy-rc.d of the host may have prevented the start.
        yield from function(service_control.start, prometheus.service)
    forget(host)


def _wait_for_apt(host: Host, settings: Settings) -> None:
    """Wait until no other program, such as the automatic updates of a new VM, holds apt's locks."""
    holder = _holder_of_apt(host, within=0)
    if holder is None:
        return
    seconds = settings.pushgateway_apt_timeout
    say(host, f"{holder}; waiting for it, {seconds:.0f} s at most", "yellow")
    holder = _holder_of_apt(host, within=seconds)
    if holder is not None:
        raise HostError(
            f"apt cannot be used: after {seconds:.0f} s, {holder}. Nothing was "
            "installed. Wait until that process has ended, then run this again; or wait longer with "
            "pushgateway_apt_timeout (seconds)."
        )


def _holder_of_apt(host: Host, within: float) -> str | None:
    """Wait up to `within` seconds for apt's lock; return a description of its holder, None if it is free."""
    variables = {"seconds": f"{within:.0f}"}
    held = ask(host, "wait-for-apt.sh", variables, deadline=within + 30)
    if not held:
        return None
    pid, _, name = held[0].partition(" ")
    return f"process {pid} ({snapshot.decoded(name).strip()}) holds the lock of apt"


def _apt_packages(
    packages: list[str], settings: Settings, **arguments: Any
) -> Iterator[PyinfraCommand]:
    """Yield the commands of pyinfra's own operation, without recommended packages."""
    seconds = f"{settings.pushgateway_apt_timeout:.0f}"
    commands = apt.packages._inner(  # noqa: SLF001 - how pyinfra nests operations
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
            "Solve this on the host (apt-get update; apt-get install ...), then run this again.",
        ]
    )
