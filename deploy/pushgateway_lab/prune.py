"""The prune: a service and a timer on a host that delete groups nobody pushes to any more.

Off by default; ``pushgateway_prune_after`` turns it on. What runs on the host is
`pushgateway_lab.pruning.program`; this module puts it there, or takes it away. `pushgateway_lab.pruning.files` says
what it consists of.
"""

from collections.abc import Iterator

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import installations
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.host.looking import forget, snapshot_now, snapshot_of
from pushgateway_lab.install import preflight
from pushgateway_lab.installations import PYTHON
from pushgateway_lab.pruning import layout
from pushgateway_lab.pruning.files import (
    REMOVED,
    WantedFile,
    archive,
    wanted_files,
)
from pushgateway_lab.run import host_settings
from pushgateway_lab.run.failure import cleanly, function, noop, say
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.shell import ask
from pushgateway_lab.services import MANAGER
from pushgateway_lab.settings import Settings, SettingsError

_FUNCTIONS = ("prune-directory.sh", MANAGER.functions)


def is_done(seen: Snapshot, settings: Settings) -> bool:
    """Return whether old groups are pruned as ``pushgateway_prune_after`` says, or not at all.

    Raises:
        HostError: the host was not looked at as root, the password must not go where the Pushgateway
            answers, or a file that the settings name cannot be read.
    """
    preflight.check_rights(seen)
    if settings.pushgateway_prune_after is None:
        return not seen.prune_files
    return _is_right(seen, _wanted(seen, settings))


@operation()
@cleanly
def scheduled(settings: Settings | None = None) -> Iterator[PyinfraCommand]:
    """Have a host delete old groups regularly, or no longer, as ``pushgateway_prune_after`` says.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`; None: those in effect
    """
    host = ctx_host.get()
    settings = settings or _settings_in_effect(host)
    seen = snapshot_of(host, settings)
    is_wanted = settings.pushgateway_prune_after is not None
    if is_done(seen, settings):
        noop(host, f"old groups are {'' if is_wanted else 'not '}pruned")
        return
    # Not the files: pyinfra prints arguments, and some of the files are secrets.
    yield from function(_install, settings) if is_wanted else function(_remove)
    forget(host)


def _url(seen: Snapshot, settings: Settings) -> str:
    """Return where the prune reaches the Pushgateway.

    Raises:
        HostError: see `_where_the_password_may_go`.
    """
    url = installations.planned_url(seen, settings)
    if settings.pushgateway_username and not url.startswith("https:"):
        return _where_the_password_may_go(url)
    return url


def _where_the_password_may_go(url: str) -> str:
    """Return a URL on loopback by its address: a name may stand for several, each with its listener.

    Raises:
        HostError: it is no URL on loopback.
    """
    from pushgateway_lab.http import access  # only now: it imports requests, which costs 0.1 s

    if problem := access.why_not_plain(url):
        raise HostError(f"{problem} Nothing was changed.")
    return access.addressed(url)


def _settings_in_effect(host: Host) -> Settings:
    try:
        return host_settings.for_host(host)
    except SettingsError as error:
        raise HostError(str(error)) from error


def _wanted(seen: Snapshot, settings: Settings) -> list[WantedFile]:
    unit = installations.pushgateway(settings).service.name
    return wanted_files(settings, _url(seen, settings), unit)


def _is_right(seen: Snapshot, files: list[WantedFile]) -> bool:
    timer = seen.service(layout.TIMER)
    return (
        seen.prune_files == {file.path: file.installed for file in files}
        and timer.is_active
        and timer.is_enabled
        # A run killed between writing and daemon-reload: what is written is not what runs.
        and not any(seen.service(name).is_outdated for name in layout.UNITS)
    )


def _install(host: Host, settings: Settings) -> None:
    seen = snapshot_of(host, settings)
    if PYTHON not in seen.tools:
        raise HostError(f"The prune needs {PYTHON}: apt-get install python3, then run this again.")
    files = _wanted(seen, settings)
    variables = {"timer": layout.TIMER, "files": "\n".join(layout.FILES)}
    try:
        ask(host, "install-prune.sh", variables, archive(files), functions=_FUNCTIONS)
        problem = "" if _is_right(snapshot_now(host, settings), files) else "it differs"
    except HostError as error:
        problem = str(error)
    if problem:
        raise HostError(
            f"The prune could not be installed: {problem}\nLook at: {MANAGER.service(layout.TIMER).commands.status}"
        )


def _remove(host: Host) -> None:
    # By our own names: what a host says about its files is no instruction.
    variables = {"service": layout.SERVICE, "timer": layout.TIMER, "files": "\n".join(REMOVED)}
    left = ask(host, "remove-prune.sh", variables, functions=_FUNCTIONS)
    if left:
        say(host, "\n".join(["Left alone:", *left]), "yellow")
