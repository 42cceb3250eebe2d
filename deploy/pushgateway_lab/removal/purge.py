"""The Debian packages that this toolkit installed, and the users that they made."""

from collections.abc import Iterator, Sequence

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import installations
from pushgateway_lab.host.file_removal import remove_backups
from pushgateway_lab.host.looking import forget
from pushgateway_lab.install.packages import Patience
from pushgateway_lab.lab.excerpts import excerpt
from pushgateway_lab.removal.traces import Traces, look_for_traces, note_removal
from pushgateway_lab.run.failure import cleanly, function, noop, say
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.shell import ask
from pushgateway_lab.services import FUNCTIONS
from pushgateway_lab.settings import Settings

_TIMEOUT = 600
"""Seconds for dpkg to remove the packages."""

_KEEPERS = "prometheus*"
"""The packages that use the same user."""


def is_done(traces: Traces, settings: Settings) -> bool:
    """Return whether no package and no user has to go."""
    del settings
    left = traces.remains
    return traces.is_clear or not (traces.going or left.users or left.holds)


@operation()
@cleanly
def purged(settings: Settings) -> Iterator[PyinfraCommand]:
    """Remove the packages that this toolkit installed and that nobody else needs, and the users that they made.

    Packages that stay are not held any more, if this toolkit held them.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        purge.purged(
            name="Remove the packages",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    if is_done(look_for_traces(host, settings), settings):
        noop(host, "there is no package to remove")
        return
    yield from function(_purge, settings)
    forget(host)


def _purge(host: Host, settings: Settings) -> None:
    # dpkg waits for no lock, and the servers stop before it begins.
    Patience(settings.pushgateway_apt_timeout, "removed").wait(host)
    traces = look_for_traces(host, settings)
    note_removal(host, traces)
    # Otherwise the directories of the packages would stay, because something is in them.
    remove_backups(host, traces.remains.paths)
    keeps = {each.name for each in traces.remains.packages if each.keeps_files}
    services = [f"{name}.service" for name in installations.PACKAGES if name in traces.going]
    variables = {
        "held": " ".join(traces.remains.holds),
        "purged": " ".join(name for name in traces.going if name not in keeps),
        "removed": " ".join(name for name in traces.going if name in keeps),
        "services": " ".join(services),
        "users": "\n".join(" ".join(each) for each in traces.remains.users),
        "keepers": _KEEPERS,
    }
    functions = (*FUNCTIONS, installations.FUNCTIONS, "remove-users.sh")
    try:
        staying = ask(host, "remove-packages.sh", variables, functions=functions, deadline=_TIMEOUT)
    except HostError as error:
        raise HostError(
            f"The packages were not removed: {error}\nSolve this on the host, then run this again."
        ) from error
    if released := [name for name in traces.remains.holds if name not in traces.going]:
        say(host, f"Not held any more: {', '.join(released)}")
    if traces.going:
        say(host, f"Removed: {', '.join(traces.going)}")
    tell_staying(host, staying)


def tell_staying(host: Host, users: Sequence[str]) -> None:
    """Say which users and groups stay, and why.

    + users: lines of ``files/remove-users.sh``
    """
    if users:
        say(host, "\n  ".join(["These users and groups stay:", *map(excerpt, users)]), "yellow")
