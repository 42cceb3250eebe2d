"""The groups that go in an uninstallation: those that this toolkit pushed; with ``lab_wipe``, all."""

from collections.abc import Iterator
from dataclasses import replace

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import installations, smoke
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.answers import Group
from pushgateway_lab.installations.flags import parse_flags, web_config
from pushgateway_lab.pruning import layout
from pushgateway_lab.pushgateway import persistence
from pushgateway_lab.pushgateway.client import client
from pushgateway_lab.removal.traces import Traces, look_for_traces
from pushgateway_lab.run.failure import cleanly, function, noop
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings


def goes(group: Group, settings: Settings) -> bool:
    """Return whether the uninstallation deletes a group."""
    return settings.lab_wipe or group.labels.get("job") in (smoke.JOB, layout.REPORT_JOB)


def is_done(traces: Traces, settings: Settings) -> bool:
    """Return whether the operation `deleted` does not ask the Pushgateway: it is down, goes, or was asked before."""
    return (
        traces.is_clear
        or traces.pushgateway_goes
        or not traces.snapshot.pushgateway.runs
        or installations.pushgateway_is_elsewhere(traces.snapshot, settings)
    )


def without_password(seen: Snapshot, settings: Settings) -> Settings:
    """Return the settings for a Pushgateway that this toolkit has opened again: it wants no password, and gets none.

    Its own address may be one to which no password may go.
    """
    running = parse_flags((seen.pushgateway_argv or ())[1:])
    if web_config(running) or installations.running_url(seen, settings) == settings.pushgateway_url:
        return settings
    return replace(
        settings,
        pushgateway_username=None,
        pushgateway_basic_auth_users={},
        pushgateway_generate_password=False,
    )


@operation()
@cleanly
def deleted(settings: Settings) -> Iterator[PyinfraCommand]:
    """Delete the groups that this toolkit pushed; with ``lab_wipe``, all groups.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        own_groups.deleted(
            name="Delete the groups",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    traces = look_for_traces(host, settings)
    if is_done(traces, settings):
        noop(host, "there are no groups to delete")
        return
    yield from function(_delete, settings)


def _delete(host: Host, settings: Settings) -> None:
    from pushgateway_lab import groups  # here: the HTTP clients take 0.1 s to import
    from pushgateway_lab.http.api import ApiError

    seen = look_for_traces(host, settings).snapshot
    settings = without_password(seen, settings)
    gateway = client(host, settings, installations.running_url(seen, settings))
    try:
        going = [each for each in gateway.groups() if goes(each, settings)]
        reported = gateway.flags() if going else {}
    except ApiError as error:
        raise HostError(f"The groups of the Pushgateway are unknown: {error}") from error
    if going:
        groups.delete_all(host, settings, going)
        persistence.await_saved(host, reported, going)
