"""The Debian packages of the lab. Missing packages are installed; installed packages are changed only to a pinned version.

One run of apt installs all of them. The Pushgateway is held during its installation, because its package would
start it on all interfaces.
"""

import time
from collections.abc import Iterator

from pyinfra.api.command import PyinfraCommand, StringCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.connectors.util import CommandOutput
from pyinfra.context import ctx_host
from pyinfra.operations import apt as operations

from pushgateway_lab import installations, services
from pushgateway_lab.facts import look_output, remains
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.host import service_control
from pushgateway_lab.host.looking import forget, snapshot_now, snapshot_of
from pushgateway_lab.install.apt_run import Apt, is_locked
from pushgateway_lab.installations import missing_packages, pinned
from pushgateway_lab.installations.pinned import Pin
from pushgateway_lab.lab.excerpts import excerpt
from pushgateway_lab.pushgateway import running
from pushgateway_lab.run.failure import cleanly, function, noop, say
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.shell import ask, run
from pushgateway_lab.settings import Settings

INSTALL_TIMEOUT = 1800
"""Seconds for apt, without the wait for its lock; an installation over a slow connection takes minutes."""

_PAUSE = 1.0
"""Seconds before apt is run again after another program took its lock."""

_CLOUD_INIT = "cloud-init still sets up this host"


def are_installed(seen: Snapshot, settings: Settings) -> bool:
    """Return whether the host has all packages that the lab needs, the pinned ones in their versions.

    Raises:
        HostError: see `pushgateway_lab.installations.pinned.due`.
    """
    return not (missing_packages(seen, settings) or pinned.due(seen, settings))


@operation()
@cleanly
def install(settings: Settings) -> Iterator[PyinfraCommand]:
    """Install the missing packages of the lab, and the pinned ones in their versions.

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
    pins = pinned.due(seen, settings)
    arguments = _arguments(packages, pins)
    if not arguments and not pins:
        noop(host, "all packages are installed")
        return
    prometheus, pushgateway = installations.PACKAGES
    if arguments:
        if pushgateway not in packages and pushgateway in arguments:
            yield from function(running.refuse_loss_by_upgrade, settings, seen)
        apt, patience = Apt(), Patience(settings.pushgateway_apt_timeout)
        yield from function(patience.wait)
        yield from function(_update, apt, patience)
        for pin in pins:
            yield from function(_check_version, pin)
        if pushgateway in packages:
            service = installations.pushgateway(seen, settings).service
            yield from function(service_control.hold, service)
        yield from _apt_packages(list(arguments.values()), apt, patience)
        # After its update, apt knows whether this release has a package promtool.
        seen = snapshot_now(host, settings)
        if further := missing_packages(seen, settings):
            yield from _apt_packages(further, apt, patience)
            forget(host)
        yield from function(_tell, apt)
    if pins:
        yield from function(_hold, pins)
        forget(host)
    if prometheus in packages and not seen.prometheus.is_active:
        # A policy-rc.d of the host may have prevented the start.
        service = installations.prometheus(seen, settings).service
        yield from function(service_control.start, service)
        forget(host)


def _arguments(packages: list[str], pins: list[Pin]) -> dict[str, str]:
    """Return what apt installs: name -> argument of ``apt-get install``."""
    pinned_arguments = {pin.package: pin.argument for pin in pins if not pin.is_installed}
    return {name: name for name in packages} | pinned_arguments


class Patience:
    """The waiting of one installation, or removal, for other programs.

    + left: the seconds that it may still wait
    + undone: what was not done if one of them does not end
    """

    def __init__(self, seconds: float, undone: str = "installed") -> None:
        self.seconds = self.left = seconds
        self.undone = undone
        self._has_told = False

    def wait(self, host: Host) -> None:
        """Wait until cloud-init has finished and no other program, such as automatic updates, holds apt's locks.

        If only cloud-init goes on, the run goes on, too: cloud-init may hang for another reason.

        Raises:
            HostError: another program still holds a lock of apt.
        """
        began = time.monotonic()
        holder = _in_the_way(host, within=0)
        if holder is None:
            return
        if not self._has_told:
            say(host, f"{holder}; waiting for it, {self.left:.0f} s at most", "yellow")
            self._has_told = True
        holder = _in_the_way(host, within=max(self.left, 0))
        self.left -= time.monotonic() - began
        if holder == _CLOUD_INIT:
            say(
                host,
                f"After {self.seconds:.0f} s, {holder}. Going on meanwhile. See: cloud-init status --long",
                "yellow",
            )
        elif holder is not None:
            raise HostError(
                f"apt cannot be used: after {self.seconds:.0f} s, {holder}. Nothing was "
                f"{self.undone}. Wait until that process has ended, then run this again; or wait longer with "
                "pushgateway_apt_timeout (seconds)."
            )

    def run(self, host: Host, command: StringCommand | str) -> tuple[bool, CommandOutput]:
        """Run apt; if another program took a lock meanwhile, wait for it and run apt again."""
        in_english = StringCommand("LC_ALL=C", command)
        while True:
            began = time.monotonic()
            succeeded, output = run(
                host, in_english, deadline=max(self.left, 0) + INSTALL_TIMEOUT, what=_what(command)
            )
            if succeeded or not is_locked(output.output_lines) or self.left <= 0:
                return succeeded, output
            time.sleep(_PAUSE)
            self.left -= time.monotonic() - began
            self.wait(host)


def _what(command: StringCommand | str) -> str:
    return "apt-get update" if str(command) == "apt-get update" else "apt-get install"


def _in_the_way(host: Host, within: float) -> str | None:
    """Wait up to `within` seconds; return a description of what is still in the way of apt, None if nothing."""
    variables = {"seconds": f"{within:.0f}"}
    found = ask(
        host, "wait-for-apt.sh", variables, functions=services.FUNCTIONS, deadline=within + 30
    )
    if not found:
        return None
    kind, _, rest = found[0].partition(" ")
    if kind != "lock":
        return _CLOUD_INIT
    pid, _, name = rest.partition(" ")
    return f"process {pid} ({look_output.decoded(name).strip()}) holds the lock of apt"


def _update(host: Host, apt: Apt, patience: Patience) -> None:
    """Update the package lists. A source that fails may not be needed, so the installation decides."""
    for command in operations.update._inner():  # noqa: SLF001 - how pyinfra nests operations
        succeeded, output = patience.run(host, command)
        apt.note_update(output.output_lines, succeeded=succeeded)


def _apt_packages(packages: list[str], apt: Apt, patience: Patience) -> Iterator[PyinfraCommand]:
    """Yield the commands of pyinfra's own operation, without recommended packages."""
    # A pinned version may be an older one, and the package may be held in another version.
    is_pinned = any("=" in each for each in packages)
    commands = operations.packages._inner(  # noqa: SLF001
        packages,
        no_recommends=True,
        allow_downgrades=is_pinned,
        extra_install_args=f"{'--allow-change-held-packages ' if is_pinned else ''}-o DPkg::Lock::Timeout={max(patience.left, 0):.0f}",
    )
    for command in commands:
        yield from function(_install, command, packages, apt, patience)


def _install(
    host: Host, command: StringCommand | str, packages: list[str], apt: Apt, patience: Patience
) -> None:
    _note(host, packages)
    succeeded, output = patience.run(host, command)
    if not succeeded:
        _note(host, [])
        raise HostError(apt.failure(packages, output.output_lines))
    apt.note_install([each.partition("=")[0] for each in packages], output.output_lines)


def _note(host: Host, packages: list[str]) -> None:
    """Note what apt is about to add, for the uninstallation; or what was not added (no packages)."""
    variables = {
        "note": remains.PACKAGES_NOTE,
        "users_note": remains.USERS_NOTE,
        "packages": " ".join(packages),
        "users": " ".join(installations.USERS),
    }
    ask(host, "note-packages.sh", variables, functions=remains.NOTE_FUNCTIONS)


def _check_version(host: Host, pin: Pin) -> None:
    """Fail if apt does not have the pinned version, before anything is installed."""
    if pin.is_installed:
        return
    versions = ask(host, "package-versions.sh", {"package": pin.package})
    if pin.version not in versions:
        known = excerpt(", ".join(versions)) or "none"
        raise HostError(
            f"apt has no {pin.package} in version {pin.version} on this host. The versions that it has: {known}. Nothing "
            f"was installed. Set {pin.setting} to one of these, or add a package source that has it."
        )


def _hold(host: Host, pins: list[Pin]) -> None:
    names = [pin.package for pin in pins]
    variables = {"note": remains.HOLDS_NOTE, "packages": " ".join(names)}
    ask(host, "hold-packages.sh", variables, functions=remains.NOTE_FUNCTIONS)
    say(host, f"Held in its version: {', '.join(pin.argument for pin in pins)}")


def _tell(host: Host, apt: Apt) -> None:
    say(host, apt.installed())
    if warning := apt.warning():
        say(host, warning, "yellow")
