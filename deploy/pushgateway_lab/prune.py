"""The prune: a service and a timer on a host that delete groups to which nobody pushes any more.

It is off by default; ``pushgateway_prune_after`` turns it on. This module installs and removes it.
`pushgateway_lab.pruning.files` lists its files; the host runs `pushgateway_lab.pruning.program`.
"""

from collections.abc import Iterator

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import installations
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.archive import archive
from pushgateway_lab.host.looking import forget, snapshot_now, snapshot_of
from pushgateway_lab.install import preflight
from pushgateway_lab.installations import PYTHON, web_files
from pushgateway_lab.pruning import layout
from pushgateway_lab.pruning.files import (
    REMOVED,
    WantedFile,
    wanted_files,
)
from pushgateway_lab.run import host_settings
from pushgateway_lab.run.failure import cleanly, function, noop, say
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.shell import ask
from pushgateway_lab.services import FUNCTIONS, SYSTEMD
from pushgateway_lab.settings import Settings, SettingsError

_RUN_TIMEOUT = 330.0
"""Seconds to install the prune and run it once; the unit gives a run five minutes."""

_FUNCTIONS = ("own-files.sh", *FUNCTIONS)


def is_done(seen: Snapshot, settings: Settings) -> bool:
    """Return whether the prune is installed as the settings say, or absent if they do not want it.

    Raises:
        HostError: the snapshot was not taken as root, the password must not be sent to the Pushgateway's
            URL, or a file that the settings name cannot be read.
    """
    preflight.check_rights(seen)
    if settings.pushgateway_prune_after is None:
        return not seen.prune_files
    return _is_right(seen, _wanted(seen, settings))


@operation()
@cleanly
def scheduled(settings: Settings | None = None) -> Iterator[PyinfraCommand]:
    """Install the prune, which deletes old groups every five minutes, and run it once; or remove it.

    The host data ``pushgateway_prune_after`` decides: a duration such as ``24h`` installs it, None removes it.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`; None: from the host data

    **Example:**

    .. code:: python

        from pyinfra import host
        from pushgateway_lab import prune

        host.data.pushgateway_prune_after = "24h"
        prune.scheduled(name="Delete groups without a push for a day")
    """
    host = ctx_host.get()
    settings = settings or _settings_in_effect(host)
    seen = snapshot_of(host, settings)
    is_wanted = settings.pushgateway_prune_after is not None
    if is_done(seen, settings):
        noop(host, f"old groups are {'' if is_wanted else 'not '}pruned")
        return
    # The files are no arguments here: pyinfra prints arguments, and some files are secrets.
    yield from function(_install, settings) if is_wanted else function(remove)
    forget(host)


def _url(seen: Snapshot, settings: Settings) -> str:
    """Return the URL at which the prune reaches the Pushgateway.

    Raises:
        HostError: the password must not go there.
    """
    url = installations.planned_url(seen, settings)
    if settings.pushgateway_user is None or url.startswith("https:"):
        return url
    from pushgateway_lab.http import access  # here: it imports requests, which takes 0.1 s

    try:
        return access.url_for_password(url)
    except HostError as error:
        raise HostError(f"{error} Nothing was changed.") from error


def _settings_in_effect(host: Host) -> Settings:
    try:
        return host_settings.for_host(host)
    except SettingsError as error:
        raise HostError(str(error)) from error


def _wanted(seen: Snapshot, settings: Settings) -> list[WantedFile]:
    if installations.pushgateway_is_elsewhere(seen, settings):
        raise HostError(
            f"The Pushgateway is on another host ({settings.pushgateway_url}), so its groups are not pruned from here. Set "
            "pushgateway_prune_after for that host alone."
        )
    if seen.manager is not SYSTEMD:
        raise HostError(
            f"The prune is started by a timer of {SYSTEMD.name}, which does not run on this host. Take "
            "pushgateway_prune_after out of the settings, and delete old groups with pushgateway_lab.groups.delete."
        )
    if "pushgateway" in seen.lone:
        raise HostError(
            f"The Pushgateway is {seen.pushgateway.name}, which no service started, so the prune cannot be installed: "
            "it needs the Pushgateway's service. Run the Pushgateway as a service, or take pushgateway_prune_after out "
            "of the settings."
        )
    return wanted_files(settings, _url(seen, settings), seen.pushgateway.name)


def _is_right(seen: Snapshot, files: list[WantedFile]) -> bool:
    timer = seen.service(layout.TIMER)
    return (
        seen.prune_files == {file.path: file.installed for file in files}
        and timer.is_active
        and timer.is_enabled
        and not seen.service(layout.SERVICE).has_failed
        # A run was killed between writing and daemon-reload: systemd still has the old units.
        and not any(seen.service(name).is_outdated for name in layout.UNITS)
    )


def _install(host: Host, settings: Settings) -> None:
    seen = snapshot_of(host, settings)
    if PYTHON not in seen.tools:
        raise HostError(f"The prune needs {PYTHON}: apt-get install python3, then run this again.")
    files = _wanted(seen, settings)
    variables = {
        "service": layout.SERVICE,
        "timer": layout.TIMER,
        "files": "\n".join(layout.FILES),
    }
    try:
        ask(
            host,
            "install-prune.sh",
            variables,
            archive(files),
            functions=_FUNCTIONS,
            deadline=_RUN_TIMEOUT,
        )
        problem = (
            ""
            if _is_right(snapshot_now(host, settings), files)
            else "its files or units still differ from the wanted ones."
        )
    except HostError as error:
        problem = str(error)
    if problem:
        raise HostError(
            f"The prune could not be installed and run: {problem}\nCheck: "
            f"{SYSTEMD.service(layout.SERVICE).commands.log}"
        )


def remove(host: Host) -> None:
    """Stop the prune, and delete its units and files. Raises as `pushgateway_lab.run.shell.ask`."""
    # Only our own names: a path that the host reports must not be removed.
    variables = {
        "service": layout.SERVICE,
        "timer": layout.TIMER,
        "files": "\n".join(REMOVED),
        "kept": "\n".join(web_files.FILES),
    }
    left = ask(host, "remove-prune.sh", variables, functions=_FUNCTIONS)
    if left:
        say(host, "\n".join(["Not removed:", *left]), "yellow")
