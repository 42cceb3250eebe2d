"""Reload Prometheus if it has not loaded its current configuration file."""

import time
from collections.abc import Iterator

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import installations
from pushgateway_lab.facts.outcome import Result
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.host import transaction
from pushgateway_lab.host.looking import forget, snapshot_now, snapshot_of
from pushgateway_lab.prometheus.outcomes import explain_reload
from pushgateway_lab.run.failure import cleanly, function, noop, say
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings

START_TIMEOUT = 60
"""Seconds for a started Prometheus to answer; replaying its write-ahead log takes most of this time."""


def is_loaded(seen: Snapshot, settings: Settings, *, with_job: bool = True) -> bool:
    """Return whether Prometheus has loaded the current file, see `Snapshot.has_loaded_file`.

    + with_job: True: the loaded configuration must have the lab's job with ``honor_labels``; False: it must not
      have the job. This detects a Prometheus that reads another file.
    """
    if not seen.has_loaded_file or seen.loaded is None:
        return False
    name = settings.pushgateway_job_name
    ours = next((each for each in seen.loaded.jobs if each.name == name), None)
    return ours is not None and ours.honor_labels if with_job else ours is None


def is_done(seen: Snapshot, settings: Settings, *, with_job: bool = True) -> bool:
    """Return whether the operation `loaded` has nothing to do. See `is_loaded`."""
    has_leftovers = seen.config is not None and seen.config.has_leftovers
    return not has_leftovers and is_loaded(seen, settings, with_job=with_job)


@operation()
@cleanly
def loaded(settings: Settings, *, with_job: bool = True) -> Iterator[PyinfraCommand]:
    """Reload Prometheus if it has not loaded the current configuration file.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + with_job: see `is_loaded`

    **Example:**

    .. code:: python

        loading.loaded(
            name="Have Prometheus load it",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    seen = snapshot_of(host, settings)
    if is_done(seen, settings, with_job=with_job):
        noop(host, "Prometheus has loaded the current file")
        return
    if seen.config is not None and seen.config.has_leftovers:
        yield from function(_sweep, settings)
    yield from function(_reload, settings, with_job=with_job)
    forget(host)


def _sweep(host: Host, settings: Settings) -> None:
    """Delete the temporary files that a killed run left beside the files that it changes."""
    for path in (settings.prometheus_config_path, installations.pushgateway(settings).flags_file):
        transaction.sweep(host, path)
    forget(host)


def _reload(host: Host, settings: Settings, *, with_job: bool = True) -> None:
    wait_until_it_answers(host, settings)
    if is_loaded(snapshot_of(host, settings), settings, with_job=with_job):
        return
    outcome = transaction.reload(host, settings)
    if outcome.result is not Result.TAKEN:
        raise HostError(explain_reload(settings, outcome))
    deadline = time.monotonic() + settings.prometheus_reload_timeout
    while not is_loaded(snapshot_now(host, settings), settings, with_job=with_job):
        if time.monotonic() > deadline:
            raise HostError(
                f"Prometheus was reloaded, but its job {settings.pushgateway_job_name} differs from the one in "
                f"{settings.prometheus_config_path}. Does it read another file? Check its flag --config.file, "
                "and set prometheus_config_path."
            )
        time.sleep(0.2)


def wait_until_it_answers(host: Host, settings: Settings) -> None:
    """Wait until Prometheus answers; it may have just been started.

    Raises:
        HostError: Prometheus does not answer within `START_TIMEOUT`.
    """
    deadline = time.monotonic() + START_TIMEOUT
    waiting = False
    while snapshot_of(host, settings).loaded is None:
        if not waiting:
            say(host, f"Prometheus does not answer yet; waiting, {START_TIMEOUT} s at most")
            waiting = True
        if time.monotonic() > deadline:
            raise HostError(
                f"Prometheus does not answer at {settings.prometheus_url}, although its service runs. If it "
                "listens on another address (see its flag --web.listen-address), set prometheus_url. "
                f"Its log: {installations.prometheus(settings).service.commands.log}"
            )
        time.sleep(0.3)
        forget(host)
