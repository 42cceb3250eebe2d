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
from pushgateway_lab.host import service_control, transaction
from pushgateway_lab.host.looking import forget, snapshot_now, snapshot_of
from pushgateway_lab.installations.denied import why_denied
from pushgateway_lab.prometheus.access_fields import lacks_certificates
from pushgateway_lab.prometheus.outcomes import explain_reload
from pushgateway_lab.run.failure import cleanly, function, noop, say
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings

SILENT = 60
"""The most seconds for which a Prometheus that runs may give no answer. It answers 503 after its first seconds."""

_PAUSE, _LONG_PAUSE = 0.3, 2.0
"""Seconds between two looks at a Prometheus that gives no answer, and at one that starts."""


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
    if installations.prometheus_is_elsewhere(seen, settings):
        return True
    has_leftovers = seen.config is not None and seen.config.has_leftovers
    return not has_leftovers and _is_in_use(seen, settings, with_job=with_job)


def _is_in_use(seen: Snapshot, settings: Settings, *, with_job: bool) -> bool:
    """Return whether the file is loaded, and Prometheus could read the certificates that the lab's job names."""
    is_wanted = is_loaded(seen, settings, with_job=with_job)
    return is_wanted and not (with_job and lacks_certificates(seen, settings))


@operation()
@cleanly
def loaded(settings: Settings, *, with_job: bool = True) -> Iterator[PyinfraCommand]:
    """Reload Prometheus if it has not loaded the current file, or could not read the certificates that the job names.

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
        noop(host, "Prometheus has loaded the current file, or is on another host")
        return
    if seen.config is not None and seen.config.has_leftovers:
        yield from function(sweep, settings)
    yield from function(
        _reload, settings, with_job=with_job
    )  # the look that saw it serves the next step


def sweep(host: Host, settings: Settings) -> None:
    """Delete the temporary files that a killed run left beside the files that it changes."""
    flags_file = installations.pushgateway(snapshot_of(host, settings), settings).flags_file
    for path in filter(None, (settings.prometheus_config_path, flags_file)):
        transaction.sweep(host, path)
    forget(host)


def _reload(host: Host, settings: Settings, *, with_job: bool = True) -> None:
    wait_until_it_answers(host, settings)
    if _is_in_use(snapshot_of(host, settings), settings, with_job=with_job):
        return
    outcome = transaction.reload(host, settings)
    if outcome.result is not Result.TAKEN:
        raise HostError(explain_reload(snapshot_of(host, settings), settings, outcome))
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

    While it reads its write-ahead log, it answers 503. That may take minutes, for which this function waits as
    long as the service runs, ``prometheus_start_timeout`` at most.

    Raises:
        HostError: Prometheus does not answer in time, wants a password or TLS, or its service does not run any more.
    """
    began = time.monotonic()
    told = ""
    while (seen := snapshot_of(host, settings)).loaded is None:
        if not seen.prometheus.is_active:
            raise HostError(_ended(host, settings, seen))
        if denied := why_denied(seen, settings):
            raise HostError(denied)
        limit = _limit(seen, settings)
        message = _waiting(seen, limit)
        if message != told:
            say(host, message)
            told = message
        if time.monotonic() - began > limit:
            raise HostError(_too_late(seen, settings, limit))
        time.sleep(_LONG_PAUSE if seen.prometheus_starts else _PAUSE)
        forget(host)


def _limit(seen: Snapshot, settings: Settings) -> float:
    """Return the seconds to wait for Prometheus in all."""
    limit = settings.prometheus_start_timeout
    return limit if seen.prometheus_starts else min(limit, SILENT)


def _waiting(seen: Snapshot, limit: float) -> str:
    if seen.prometheus_starts:
        return (
            f"Prometheus starts and reads its write-ahead log (503); waiting, {limit:g} s at most"
        )
    return f"Prometheus does not answer yet; waiting, {limit:g} s at most"


def _ended(host: Host, settings: Settings, seen: Snapshot) -> str:
    service = installations.prometheus(seen, settings).service
    words = service_control.log(host, service)
    return (
        f"Prometheus does not start: {service.name} is {seen.prometheus.state}. Its log ends with:\n{words}\n"
        f"Solve that, start it ({service.commands.start}), then run this again."
    )


def _too_late(seen: Snapshot, settings: Settings, limit: float) -> str:
    commands = installations.prometheus(seen, settings).service.commands
    if seen.prometheus_starts:
        return (
            f"Prometheus has been reading its write-ahead log for more than {limit:g} s, and answers 503 "
            f"until then. Run this again when {settings.prometheus_url}/-/ready answers 200, or set a longer "
            f"prometheus_start_timeout. Its log: {commands.log}"
        )
    return (
        f"Prometheus does not answer at {settings.prometheus_url}, although its service runs. If it "
        "listens on another address (see its flag --web.listen-address), set prometheus_url. "
        f"Its log: {commands.log}"
    )
