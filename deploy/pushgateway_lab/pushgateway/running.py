"""The Pushgateway's service: it must run with the wanted flags, and start at boot."""

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pyinfra.api.command import PyinfraCommand, StringCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host, ctx_state

from pushgateway_lab import installations
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.answers import Group
from pushgateway_lab.formats.words import counted
from pushgateway_lab.host import flags_change, restriction, transaction
from pushgateway_lab.host.flags_change import FlagsChange
from pushgateway_lab.host.flags_note import FlagsFile
from pushgateway_lab.host.looking import snapshot_of
from pushgateway_lab.installations import (
    LonePushgateway,
    Plan,
    VariablePushgateway,
    address,
    flags,
    hardening,
)
from pushgateway_lab.installations.flags import PERSISTENCE, Flag
from pushgateway_lab.installations.web_files import WEB_CONFIGS
from pushgateway_lab.lab.excerpts import excerpt
from pushgateway_lab.pushgateway import open_admin_api, persistence
from pushgateway_lab.pushgateway.client import client, why_unanswered
from pushgateway_lab.run.failure import cleanly, function, noop, tell
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings

if TYPE_CHECKING:
    from pushgateway_lab.http.api import Pushgateway

START_TIMEOUT = 15
"""Seconds for a started Pushgateway to listen; reading a large persistence file takes most of this time."""


def _nothing(group: Group, settings: Settings) -> bool:
    del group, settings
    return False


def is_done(seen: Snapshot, settings: Settings) -> bool:
    """Return whether the Pushgateway runs with the wanted flags, and starts at boot.

    Raises:
        HostError: see `pushgateway_lab.installations.plan`.
    """
    if installations.pushgateway_is_elsewhere(seen, settings):
        return True
    return seen.pushgateway.exists and _is_right(seen, settings, installations.plan(seen, settings))


def is_restart_due(seen: Snapshot, settings: Settings) -> bool:
    """Return whether the Pushgateway runs with other flags, or with other restrictions, than the wanted ones.

    Raises:
        HostError: see `pushgateway_lab.installations.plan`.
    """
    return seen.pushgateway.exists and _must_restart(seen, installations.plan(seen, settings))


@operation()
@cleanly
def run_with_flags(
    settings: Settings, may_lose: Callable[[Group, Settings], bool] = _nothing
) -> Iterator[PyinfraCommand]:
    """Run the Pushgateway with the wanted flags, and start it at boot.

    It is restarted only if it runs with other flags, and if it loses no groups by that. If it does not come up, its old
    flags come back.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + may_lose: returns whether a restart may lose a group

    **Example:**

    .. code:: python

        running.run_with_flags(
            name="Run the Pushgateway",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    seen = snapshot_of(host, settings)
    if installations.pushgateway_is_elsewhere(seen, settings):
        noop(host, "the Pushgateway is on another host")
        return
    if not seen.pushgateway.exists and not ctx_state.get().is_executing:
        yield StringCommand("true")  # a dry run on a bare host: the package is not installed yet
        return
    wanted = installations.plan(seen, settings)
    tell(host, notes(seen, settings))
    if _is_right(seen, settings, wanted):
        noop(host, "the Pushgateway runs with the wanted flags")
        return
    installation = installations.pushgateway(seen, settings)
    transaction.show_diff(host, installation.flags_file, seen.flags_text or "", wanted.text)
    if wanted.hardening != seen.hardening("pushgateway").text:
        path = restriction.path(installation.service)
        transaction.show_diff(host, path, seen.hardening("pushgateway").text, wanted.hardening)
    if _must_restart(seen, wanted):
        yield from function(refuse_data_loss, settings, seen, wanted, may_lose)
    yield from function(
        _run, settings, seen, wanted
    )  # the look that saw it listen serves the next step


def _run(host: Host, settings: Settings, seen: Snapshot, wanted: Plan) -> None:
    """Write what differs, and see the Pushgateway run with the wanted flags and listen on their addresses.

    Raises:
        HostError: it does not. See `pushgateway_lab.host.flags_change.make`.
    """
    flags_change.make(host, settings, _change(seen, settings, wanted))


def _change(seen: Snapshot, settings: Settings, wanted: Plan) -> FlagsChange:
    installation = installations.pushgateway(seen, settings)
    variable = installation.variable if isinstance(installation, VariablePushgateway) else None
    is_there = seen.finished_flags_of("pushgateway") is not None
    ports = {int(each.rpartition(":")[2]) for each in address.listen_addresses(wanted.flags)}
    must_be_enabled = installation.is_enabled_by_us or settings.lab_at_boot
    hardening_now = seen.hardening("pushgateway").text
    words, keys = _new_in(seen, settings, wanted)
    return FlagsChange(
        file=FlagsFile("pushgateway", installation.flags_file, variable),
        title="the Pushgateway",
        service=installation.service,
        now=seen.flags_text,
        # Without flags, a file that is not there is not made, and a drop-in is removed.
        new=wanted.text or ("" if is_there and not installation.is_drop_in else None),
        unfinished=seen.unfinished_flags("pushgateway"),
        runs=seen.pushgateway.is_active,
        words=words,
        settings=keys,
        hardening=(hardening_now, wanted.hardening),
        restarts=_must_restart(seen, wanted),
        # To enable a service that is enabled takes the host a third of a second.
        enables=must_be_enabled and seen.pushgateway.is_disabled,
        seconds=START_TIMEOUT,
        is_up=lambda now: (
            _runs_right(now, wanted) and ports <= {each.port for each in now.pushgateway_listeners}
        ),
    )


def _new_in(seen: Snapshot, settings: Settings, wanted: Plan) -> tuple[str, str]:
    """Return the flags that the process does not have yet, with the settings that give them; and where to correct them."""
    present = flags.parse_flags((seen.pushgateway_argv or ("",))[1:])
    new = [
        (str(each), flags.setting_of(each, settings)) for each in flags.minus(wanted.flags, present)
    ]
    words = [f"{flag} ({key})" if key else flag for flag, key in new]
    keys = [key for _, key in new if key and settings.given.issuperset(key.split(" or "))]
    if wanted.hardening != seen.hardening("pushgateway").text:
        words.append("other restrictions (pushgateway_harden)")
        keys.append("pushgateway_harden")
    if not keys or any(key is None for _, key in new):  # of an administrator
        keys.append(installations.pushgateway(seen, settings).flags_place)
    return " ".join(words) or "its flags", " or ".join(dict.fromkeys(keys))


def _is_right(seen: Snapshot, settings: Settings, wanted: Plan) -> bool:
    installation = installations.pushgateway(seen, settings)
    must_be_enabled = installation.is_enabled_by_us or settings.lab_at_boot
    return (
        seen.unfinished_flags("pushgateway") is None
        and not (must_be_enabled and seen.pushgateway.is_disabled)
        and _runs_right(seen, wanted)
    )


def _runs_right(seen: Snapshot, wanted: Plan) -> bool:
    return (
        seen.pushgateway.is_active
        and not seen.pushgateway.is_masked
        and wanted.text == (seen.flags_text or "")
        and wanted.hardening == seen.hardening("pushgateway").text
        and not _must_restart(seen, wanted)
    )


def _must_restart(seen: Snapshot, wanted: Plan) -> bool:
    """Return whether the Pushgateway runs with other flags, or with other restrictions, than the wanted ones."""
    if seen.pushgateway_argv is None:
        return False
    is_same = flags.same(flags.parse_flags(seen.pushgateway_argv[1:]), wanted.flags)
    return not is_same or seen.hardening("pushgateway").started_as != hardening.digest(
        wanted.hardening
    )


def notes(seen: Snapshot, settings: Settings) -> Iterator[str]:
    """Yield sentences for the trainer about an administrator's flags with side effects."""
    if installations.pushgateway_is_elsewhere(seen, settings):
        return
    wanted = installations.plan(seen, settings)
    installation = installations.pushgateway(seen, settings)
    yield from open_admin_api.notes(seen, settings)
    if isinstance(installation, LonePushgateway):
        yield from _notes_on_process(installation, settings)
        return
    place = installation.flags_place
    if Flag(flags.ADMIN_API, value=False) in wanted.flags:
        yield (
            f"The admin API is off, as {place} says, so wiping does not work. To turn it on, set "
            "pushgateway_admin_api=True."
        )


def _notes_on_process(installation: LonePushgateway, settings: Settings) -> Iterator[str]:
    says = (
        f"The Pushgateway is {installation.service.name}, which no service started, so it is used as it is, and not "
        "restarted. Any user of the host may have started it."
    )
    if wanted := installation.missing(settings):
        says += f" It runs as: {excerpt(shlex.join(installation.command))}. It should run as: {excerpt(wanted)}"
    yield says


def keeps_groups(
    reported: Mapping[str, str],
    running: Iterable[Flag],
    wanted: Iterable[Flag],
    default: str | None,
) -> bool:
    """Return whether a Pushgateway has its groups again after a restart with other flags.

    + reported: the flags that the running Pushgateway reports, with defaults
    + running: those of its command line
    + wanted: those of the restart
    + default: the file without a flag; None if unknown. A Pushgateway that runs without the flag reports it itself
    """
    file = reported.get(PERSISTENCE, "")
    before, after = (
        next((each.value for each in found if each.name == PERSISTENCE), None)
        for found in (running, wanted)
    )
    if after is None:
        after = file if before is None else default
    return bool(file) and after == file


def refuse_loss_by_upgrade(host: Host, settings: Settings, seen: Snapshot) -> None:
    """Fail if a restart with the same flags would lose groups.

    Raises:
        HostError: it would, or that is unknown.
    """
    if seen.pushgateway_argv is not None:
        flags_now = flags.parse_flags(seen.pushgateway_argv[1:])
        refuse_data_loss(host, settings, seen, Plan(flags_now, ""), _nothing)


def refuse_data_loss(
    host: Host,
    settings: Settings,
    seen: Snapshot,
    wanted: Plan,
    may_lose: Callable[[Group, Settings], bool],
) -> None:
    """Fail if a restart would lose groups, unless ``pushgateway_allow_data_loss`` allows that.

    + wanted: the flags of the restart
    + may_lose: returns whether a restart may lose a group

    Raises:
        HostError: it would, or the Pushgateway does not answer.
    """
    from pushgateway_lab.http import api

    if settings.pushgateway_allow_data_loss:
        return
    running = flags.parse_flags((seen.pushgateway_argv or ())[1:])
    try:
        gateway = client(host, settings, installations.running_url(seen, settings))
        default = installations.persistence_without_flag(seen)
        reported = _reported(gateway, running, default)
        file = reported.get(PERSISTENCE, "")
        keeps = keeps_groups(reported, running, wanted.flags, default)
        directory = persistence.unwritable(host, seen, file) if keeps else None
        if keeps and directory is None:
            return
        lost = [each for each in gateway.groups() if not may_lose(each, settings)]
    except api.ApiError as error:
        raise HostError(
            f"{why_unanswered(error, seen, settings)} A restart might lose its groups, so it was not restarted. To restart it anyway, set "
            "pushgateway_allow_data_loss=True."
        ) from error
    if lost:
        place = installations.pushgateway(seen, settings).flags_place
        raise HostError(_would_lose(lost, place, file, directory))


def _reported(
    gateway: "Pushgateway", running: Sequence[Flag], default: str | None
) -> Mapping[str, str]:
    """Return the flags that the Pushgateway reports.

    If it does not let this toolkit in, because the settings have no longer what a web configuration file of this toolkit
    wants, only the file to which it persists, from its command line.

    Raises:
        ApiError: it does not answer.
    """
    from pushgateway_lab.http import api

    try:
        return gateway.flags()
    except api.ApiError:
        if flags.web_config(running) not in WEB_CONFIGS:
            raise
    named = (str(each.value) for each in running if each.name == PERSISTENCE)
    return {PERSISTENCE: next(named, default or "")}


def _would_lose(lost: Sequence[Group], place: str, file: str, directory: str | None) -> str:
    holds = (
        f"The Pushgateway must be restarted to change its flags, but holds "
        f"{counted(len(lost), 'pushed group')} and"
    )
    if not file:
        return (
            f"{holds} does not persist them (no --{PERSISTENCE}). It was not restarted. Delete the groups, or set "
            "pushgateway_allow_data_loss=True."
        )
    if directory is not None:
        return (
            f"{holds} cannot persist them: its user may not write in {excerpt(directory)}, or it is not there. It was not "
            "restarted. Let it write there, and run this again after it has saved (its flag --persistence.interval). "
            "Otherwise delete the groups, or set pushgateway_allow_data_loss=True."
        )
    return (
        f"{holds} keeps them in {excerpt(file)}, which the new flags do not name. It was not restarted. To keep the "
        f"groups, add --{PERSISTENCE}={excerpt(file)} to {place}. Otherwise delete them, or set "
        "pushgateway_allow_data_loss=True."
    )
