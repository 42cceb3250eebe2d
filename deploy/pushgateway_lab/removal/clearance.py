"""The checks of the uninstallation, before anything is changed."""

from collections.abc import Iterator
from shlex import quote

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host, ctx_state

from pushgateway_lab import installations
from pushgateway_lab.facts.remains import NOTES
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.answers import Group
from pushgateway_lab.formats.words import counted
from pushgateway_lab.install import preflight
from pushgateway_lab.lab.excerpts import excerpt, listed
from pushgateway_lab.pushgateway import running
from pushgateway_lab.pushgateway.client import client, why_unanswered
from pushgateway_lab.removal import own_address, own_flags, own_groups, own_job, own_releases
from pushgateway_lab.removal.traces import Traces, look_for_traces
from pushgateway_lab.run.failure import cleanly, function, noop, say, tell
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings


def is_done(traces: Traces, settings: Settings) -> bool:
    """Return whether nothing of this toolkit is left.

    Raises:
        HostError: the look was not taken as root, somebody else than root can write the notes, or change the
            configuration files of packages that would be removed, the settings are not those of the host, or a later
            step would fail.
    """
    preflight.check_rights(traces.snapshot)
    for server, candidates in traces.snapshot.rivals.items():
        if not traces.is_clear:
            raise HostError(preflight.several(server, candidates))
    if traces.remains.is_unsafe:
        raise HostError(
            f"{NOTES} has files that somebody else than root can write, so its notes were not read, and nothing was "
            f"changed. Its file packages names the packages that would be removed. If you trust what is there: chown -R root:root "
            f"{NOTES} && chmod -R go-w {NOTES}. Otherwise: rm -r {NOTES}; then packages and flags stay."
        )
    if traces.unsafe:
        names = " ".join(map(quote, traces.unsafe))
        raise HostError(
            f"Others than root can change {excerpt(' and '.join(traces.unsafe))}, from which dpkg would delete files as root: "
            "a symbolic link there would lead it to another file. So nothing was removed. Give the directory to root: "
            f"chown -R root:root {excerpt(names)} && chmod -R go-w {excerpt(names)}. Then run this again."
        )
    if not traces.is_clear:
        _check_units(traces.snapshot, settings)
        _check_lone(traces)
        own_job.check_settings(traces.snapshot, settings)
        if not traces.prometheus_goes and traces.snapshot.config is not None:
            own_job.check_files(traces.snapshot, settings)
        if not own_job.is_done(traces, settings):
            preflight.check_access(traces.snapshot, settings)
        own_flags.is_done(traces, settings)
        own_address.is_done(traces, settings)
    return traces.is_clear


def _check_units(seen: Snapshot, settings: Settings) -> None:
    """Fail if a setting names a unit that is not there. The package's unit may have gone with its package."""
    for server, key, of_package in (
        (seen.prometheus, "prometheus_unit", installations.PROMETHEUS_UNIT),
        (seen.pushgateway, "pushgateway_unit", installations.PUSHGATEWAY_UNIT),
    ):
        name = getattr(settings, key)
        if name not in (None, of_package) and not server.exists:
            raise HostError(
                f"There is no {name} on this host ({key}). Nothing was removed. Correct {key}, or leave it out."
            )


def _check_lone(traces: Traces) -> None:
    """Fail if a Pushgateway that nobody but its starter can restart uses a file of this toolkit, which would go."""
    seen = traces.snapshot
    if "pushgateway" in seen.lone and own_flags.is_closed_by_us(seen):
        raise HostError(
            f"The Pushgateway is process {seen.lone['pushgateway'].pid}, which no service started, and it uses a web configuration "
            "file of this toolkit, which would be removed. Nothing was removed. Start it without the flag "
            "--web.config.file, then run this again."
        )


def notes(traces: Traces, settings: Settings) -> Iterator[str]:
    """Yield a sentence about packages that stay."""
    del settings
    if traces.is_clear:
        return
    if not traces.remains.has_packages_note and traces.snapshot.packages:
        names = " ".join(sorted(traces.snapshot.packages, reverse=True))
        yield (
            f"There is no note that this toolkit installed {' or '.join(sorted(traces.snapshot.packages))}, so all packages stay: "
            "they were there before, or a version of this toolkit without notes installed them. If nobody needs them: "
            f"apt-get purge --autoremove {names}"
        )
    if traces.staying:
        yield f"Other packages need these, or somebody asked for them, so they stay: {excerpt(', '.join(traces.staying))}"


@operation()
@cleanly
def check(settings: Settings) -> Iterator[PyinfraCommand]:
    """Fail a host from which the toolkit cannot be removed without a loss, before anything is changed.

    While the run is prepared, it says what would go.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        clearance.check(
            name="Check the host",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    traces = look_for_traces(host, settings)
    if is_done(traces, settings):
        noop(host, "nothing of this toolkit is left")
        return
    if not ctx_state.get().is_executing:
        _say_what_goes(host, traces, settings)
        _refuse_loss(host, settings)  # so that --dry fails as the run would
    tell(host, notes(traces, settings))
    noop(host, "the host can be cleared")
    yield from function(_refuse_loss, settings)


def _say_what_goes(host: Host, traces: Traces, settings: Settings) -> None:
    seen = traces.snapshot
    users = [f"the {kind} {name}" for kind, name in traces.remains.users]
    inside = []
    if not own_job.is_done(traces, settings):
        inside += own_job.lost(seen, settings)
    if not own_flags.is_done(traces, settings):
        file = installations.pushgateway(seen, settings).flags_file
        inside.append(f"the Pushgateway's flags of this toolkit in {file}")
    if settings.lab_wipe or traces.pushgateway_goes:
        inside.append("all pushed groups")
    keeps = {each.name for each in traces.remains.packages if each.keeps_files}
    servers = set(installations.PACKAGES) - keeps
    lines = [
        *inside,
        *(f"TCP port {each.port} open in {each.firewall}" for each in seen.opened_ports),
        *(f"the release of {each.title}" for each in own_releases.going(traces)),
        *(f"the hold of the package {name}" for name in traces.remains.holds),
        *(
            f"the package {name}{', with its configuration and data' if name in servers else ''}"
            for name in traces.going
        ),
        *users,
        *map(excerpt, traces.remains.paths),
    ]
    say(host, "\n  ".join(["Would remove:", *lines]))


def _refuse_loss(host: Host, settings: Settings) -> None:
    """Fail if groups would be lost, or if a later step could not ask the Pushgateway for them."""
    traces = look_for_traces(host, settings)
    if not traces.snapshot.pushgateway.runs:
        check_stopped(traces, settings)
    elif traces.pushgateway_goes:
        _refuse_loss_with_package(host, settings, traces.snapshot)
    else:
        _refuse_loss_by_restart(host, settings, traces)


def check_stopped(traces: Traces, settings: Settings) -> None:
    """Check that no groups go with a Pushgateway that does not run, so that they cannot be counted.

    Raises:
        HostError: its file has groups, and no setting allows to lose them.
    """
    if not traces.pushgateway_goes or traces.remains.has_begun:
        return
    if settings.lab_wipe or settings.pushgateway_allow_data_loss:
        return
    if files := traces.groups_files:
        state = traces.snapshot.pushgateway
        raise HostError(
            f"The Pushgateway does not run ({state.name} is {state.state}), so nobody can count the groups in {listed(files)}, "
            "which would go with it. Nothing was removed. Start it, then run this again. To remove it with all groups, set "
            "lab_wipe=True or pushgateway_allow_data_loss=True."
        )


def _refuse_loss_with_package(host: Host, settings: Settings, seen: Snapshot) -> None:
    if settings.lab_wipe or settings.pushgateway_allow_data_loss:
        return  # all groups may go, so nobody has to count them
    try:
        held = client(host, settings, installations.running_url(seen, settings)).groups()
    except _api_error() as error:
        raise HostError(
            f"{why_unanswered(error, seen, settings)} Its package would be removed with its groups, so nothing was removed. To "
            "remove it with all groups, set lab_wipe=True or pushgateway_allow_data_loss=True."
        ) from error
    if lost := [each for each in held if not own_groups.goes(each, settings)]:
        raise HostError(_would_go(lost))


def _refuse_loss_by_restart(host: Host, settings: Settings, traces: Traces) -> None:
    seen = traces.snapshot
    wanted = own_flags.plan(traces, settings)
    if wanted is not None and own_flags.is_restart_due(traces, wanted):
        plan = installations.Plan(wanted.flags, "")
        running.refuse_data_loss(host, settings, seen, plan, own_groups.goes)
    # A Pushgateway that this toolkit closed is open again before it is asked.
    if own_groups.is_done(traces, settings) or own_flags.is_closed_by_us(seen):
        return
    try:
        client(host, settings, installations.running_url(seen, settings)).groups()
    except _api_error() as error:
        raise HostError(
            f"{why_unanswered(error, seen, settings)} So its groups are unknown, and nothing was removed. Solve that, then run "
            "this again."
        ) from error


def _api_error() -> type[Exception]:
    from pushgateway_lab.http.api import ApiError  # here: the HTTP clients take 0.1 s to import

    return ApiError


def _would_go(lost: list[Group]) -> str:
    return (
        f"The Pushgateway holds {counted(len(lost), 'pushed group')}, which would go with its package. Nothing was "
        "removed. Delete the groups (pushgateway_lab.groups.list shows them), or set lab_wipe=True or pushgateway_allow_data_loss=True."
    )
