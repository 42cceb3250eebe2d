"""The Pushgateway with its own flags again: without this toolkit's in a file, and without its drop-in."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import installations
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.file_text import encoded
from pushgateway_lab.host import restriction, service_control, transaction
from pushgateway_lab.host.file_removal import put_or_remove
from pushgateway_lab.host.looking import forget, snapshot_of
from pushgateway_lab.host.server_start import wait_until_up
from pushgateway_lab.installations import OwnPlan
from pushgateway_lab.installations.flags import parse_flags, same, web_config
from pushgateway_lab.installations.web_files import WEB_CONFIGS
from pushgateway_lab.pushgateway import running
from pushgateway_lab.removal import own_groups
from pushgateway_lab.removal.traces import Traces, look_for_traces
from pushgateway_lab.run.failure import cleanly, function, noop
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings


def plan(traces: Traces, settings: Settings) -> OwnPlan | None:
    """Return the Pushgateway's own flags; None if there is nothing to take back.

    Raises:
        HostError: see `pushgateway_lab.installations.own_plan`.
    """
    seen = traces.snapshot
    if traces.is_clear or traces.pushgateway_goes or not seen.pushgateway.exists:
        return None
    return installations.own_plan(seen, settings, traces.remains.flags)


def is_restart_due(traces: Traces, wanted: OwnPlan) -> bool:
    """Return whether the Pushgateway runs with other flags than its own, or restricted by this toolkit."""
    argv = traces.snapshot.pushgateway_argv
    if argv is None:
        return False
    return bool(traces.snapshot.hardening("pushgateway").started_as) or not same(
        parse_flags(argv[1:]), wanted.flags
    )


def is_closed_by_us(seen: Snapshot) -> bool:
    """Return whether the Pushgateway runs with a web configuration file of this toolkit."""
    return web_config(parse_flags((seen.pushgateway_argv or ())[1:])) in WEB_CONFIGS


def is_done(traces: Traces, settings: Settings) -> bool:
    """Return whether the operation `restored` has nothing to do.

    Raises:
        HostError: see `plan`.
    """
    wanted = plan(traces, settings)
    if wanted is None:
        return True
    is_written = wanted.data == _data(traces) and not traces.snapshot.hardening("pushgateway").text
    return is_written and not is_restart_due(traces, wanted)


def _data(traces: Traces) -> bytes | None:
    text = traces.snapshot.flags_text
    return None if text is None else encoded(text)


@operation()
@cleanly
def restored(settings: Settings) -> Iterator[PyinfraCommand]:
    """Take this toolkit's flags away from the Pushgateway, and restart it if it runs with them.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        own_flags.restored(
            name="Run the Pushgateway with its own flags",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    traces = look_for_traces(host, settings)
    wanted = plan(traces, settings)
    if wanted is None or is_done(traces, settings):
        noop(host, "the Pushgateway has no flags of this toolkit, or goes with its package")
        return
    installation = installations.pushgateway(traces.snapshot, settings)
    old = traces.snapshot.flags_text or ""
    new = (wanted.data or b"").decode("utf-8", "surrogateescape")
    transaction.show_diff(host, installation.flags_file, old, new)
    yield from function(_restore, settings)
    forget(host)


def _restore(host: Host, settings: Settings) -> None:
    traces = look_for_traces(host, settings)
    seen, wanted = traces.snapshot, plan(traces, settings)
    if wanted is None:
        return
    is_due = is_restart_due(traces, wanted)
    if is_due:
        running.refuse_data_loss(
            host, settings, seen, installations.Plan(wanted.flags, ""), own_groups.goes
        )
    installation = installations.pushgateway(seen, settings)
    path, data = installation.flags_file, _data(traces)
    if data != wanted.data and installation.is_drop_in:
        service_control.remove_drop_in(host, installation.service, PurePosixPath(path).name)
    elif data != wanted.data:
        put_or_remove(host, path, seen.flags_text, wanted.data)
    if old := seen.hardening("pushgateway").text:
        restriction.write(host, installation.service, old, "")
    if is_due:
        service_control.release(host, installation.service)
        service_control.restart(host, installation.service, enable=False)
        _see_it_run(host, settings, wanted)


def _see_it_run(host: Host, settings: Settings, wanted: OwnPlan) -> None:
    def is_up(seen: Snapshot) -> bool:
        argv = seen.pushgateway_argv
        return argv is not None and same(parse_flags(argv[1:]), wanted.flags)

    try:
        wait_until_up(host, settings, "pushgateway", running.START_TIMEOUT, is_up)
    except HostError as error:
        service = installations.pushgateway(snapshot_of(host, settings), settings).service
        words = service_control.log(host, service)
        raise HostError(
            f"The Pushgateway does not run with its own flags: {error}. Its log ends with:\n{words}\nSolve that "
            f"({service.commands.log}), then run this again."
        ) from error
