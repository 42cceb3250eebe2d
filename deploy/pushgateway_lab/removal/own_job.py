"""The scrape job that this toolkit put into Prometheus's configuration file; or its targets in somebody else's job."""

import shlex
from collections.abc import Iterable, Iterator

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import scrape_config
from pushgateway_lab.facts.added import noted_names
from pushgateway_lab.facts.outcome import Outcome, Result
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.file_text import digest_of
from pushgateway_lab.host import transaction
from pushgateway_lab.host.looking import forget, snapshot_of
from pushgateway_lab.lab.excerpts import excerpt, listed
from pushgateway_lab.lab.written_job import files_of
from pushgateway_lab.prometheus import access_fields, configuration, own_part
from pushgateway_lab.prometheus.job import check_path, config_text
from pushgateway_lab.prometheus.loading import sweep, wait_until_it_answers
from pushgateway_lab.prometheus.outcomes import explain, explain_reload
from pushgateway_lab.removal.traces import Traces, look_for_traces
from pushgateway_lab.run.failure import cleanly, function, noop, tell
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.scrape_config import Job, ScrapeConfigError, decode
from pushgateway_lab.settings import Settings


def without_own(seen: Snapshot, settings: Settings) -> tuple[str, str]:
    """Return the current text of the configuration file, and the text without what this toolkit added to its jobs.

    See `pushgateway_lab.prometheus.own_part.without_part`.

    Raises:
        HostError: the file cannot be parsed or changed safely, root must not write it, or this toolkit added only jobs
            with other names than that of the settings.
    """
    text = config_text(seen, settings)
    if not seen.added_targets and not access_fields.own_fields(seen, settings):
        return text, text  # also if its owner made a mistake in it
    try:
        jobs = scrape_config.known_jobs(text)
        _check_name(seen, settings, jobs)
        names = dict.fromkeys((settings.pushgateway_job_name, *_noted(seen, jobs)))
        wanted = text
        for name in names:
            wanted = own_part.without_part(wanted, seen, settings, name)
    except ScrapeConfigError as error:
        raise HostError(
            f"{settings.prometheus_config_path}: {error}\nNothing was written and nothing reloaded."
        ) from error
    if wanted != text and seen.config_obstacle:
        raise HostError(explain(seen, settings, Outcome(Result.UNSAFE, seen.config_obstacle)))
    return text, wanted


def _noted(seen: Snapshot, jobs: Iterable[Job]) -> list[str]:
    return noted_names(seen, (each.name for each in jobs))


def lost(seen: Snapshot, settings: Settings) -> list[str]:
    """Return in words what the configuration file loses. Raises as `without_own`."""
    found = own_part.lost(*without_own(seen, settings))
    return [f"{excerpt(each)} in {settings.prometheus_config_path}" for each in found]


def check_files(seen: Snapshot, settings: Settings) -> None:
    """Check that no job that stays names a file of this toolkit, which goes.

    Raises:
        HostError: a job does, or see `without_own`.
    """
    try:
        jobs = scrape_config.known_jobs(without_own(seen, settings)[1])
    except ScrapeConfigError:
        return
    path = settings.prometheus_config_path
    for job in jobs:
        if named := files_of(job):
            raise HostError(
                f"The job {excerpt(job.name)} in {path} (line {job.line}) stays, but names {listed(named)}, which would be "
                "removed. Nothing was changed. Remove the job, or give it files of its own. Then run this again."
            )


def check_settings(seen: Snapshot, settings: Settings) -> None:
    """Check that the settings name the file that Prometheus reads, and the job that this toolkit added, also if both go.

    Raises:
        HostError: they do not.
    """
    check_path(seen, settings)
    if seen.config is None:
        if seen.prometheus.exists and "prometheus_config_path" in settings.given:
            config_text(seen, settings)
        return
    try:
        jobs = scrape_config.known_jobs(config_text(seen, settings))
    except (HostError, ScrapeConfigError):
        return  # a file that goes may have any mistake
    _check_name(seen, settings, jobs)


def _check_name(seen: Snapshot, settings: Settings, jobs: Iterable[Job]) -> None:
    own = _noted(seen, jobs)
    if own and settings.pushgateway_job_name not in own:
        raise HostError(
            f"The job that this toolkit added to {settings.prometheus_config_path} is {own[0]}, and not "
            f"{settings.pushgateway_job_name}. Nothing was removed. Set pushgateway_job_name={shlex.quote(own[0])}."
        )


def is_done(traces: Traces, settings: Settings) -> bool:
    """Return whether the operation `removed` has nothing to do.

    Raises:
        HostError: Prometheus reads another file, the file of the settings is not there, or see `without_own`.
    """
    seen = traces.snapshot
    if traces.is_clear or traces.prometheus_goes:
        return True
    if seen.config is None and (seen.config_state == "absent" or not seen.added_targets):
        check_settings(seen, settings)
        return True
    if seen.config is not None and seen.config.has_leftovers:
        return False
    text, wanted = without_own(seen, settings)
    if text == wanted and seen.has_loaded_file:
        _check_it_is_not_loaded(seen, settings, _loaded_names(seen))
    return text == wanted and not _must_reload(seen)


def _loaded_names(seen: Snapshot) -> list[str]:
    """Return the jobs of the note that Prometheus has loaded."""
    return _noted(seen, seen.loaded.jobs if seen.loaded else ())


def _check_it_is_not_loaded(seen: Snapshot, settings: Settings, names: list[str]) -> None:
    """Fail if Prometheus has loaded a job that is not in the file: then Prometheus reads another file.

    + names: of jobs that this toolkit added
    """
    loaded = [each.name for each in seen.loaded.jobs] if seen.loaded else []
    if seen.config is None or not names:
        return
    there = [each.name for each in scrape_config.known_jobs(decode(seen.config.data))]
    for name in names:
        if name in loaded and name not in there:
            raise HostError(
                f"Prometheus has loaded the job {excerpt(name)}, which is not in {settings.prometheus_config_path}: it reads "
                "another file. Set prometheus_config_path to the file that it reads, then run this again."
            )


def _must_reload(seen: Snapshot) -> bool:
    """Return whether a run was killed between the change of the file and the reload: Prometheus still has the job."""
    return not seen.has_loaded_file and bool(_loaded_names(seen))


def notes(traces: Traces, settings: Settings) -> Iterator[str]:
    """Yield a sentence about a job that stays, because this toolkit has not added it."""
    seen, path = traces.snapshot, settings.prometheus_config_path
    if traces.is_clear or traces.prometheus_goes or seen.config is None:
        return
    text, wanted = without_own(seen, settings)
    name = settings.pushgateway_job_name
    try:
        jobs = scrape_config.known_jobs(wanted)
    except ScrapeConfigError:
        return
    if any(each.name == name for each in jobs):
        whole = "" if text == wanted else ", without the targets that this toolkit added"
        yield (
            f"The job {name} in {path} is not noted as this toolkit's, so it stays{whole}. To remove it: "
            "deploy/reset.py, before this deploy."
        )


@operation()
@cleanly
def removed(settings: Settings) -> Iterator[PyinfraCommand]:
    """Remove the job, or the targets, that this toolkit put into the configuration file, and reload Prometheus.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        own_job.removed(
            name="Remove the scrape job",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    traces = look_for_traces(host, settings)
    tell(host, notes(traces, settings))
    if is_done(traces, settings):
        noop(host, "the job is not there, or goes with its package")
        return
    seen = traces.snapshot
    text, wanted = without_own(seen, settings)
    transaction.show_diff(host, settings.prometheus_config_path, text, wanted)
    if seen.config is not None and seen.config.has_leftovers:
        yield from function(sweep, settings)
    yield from function(_remove, settings)
    forget(host)


def _remove(host: Host, settings: Settings) -> None:
    seen = look_for_traces(host, settings).snapshot
    text, wanted = without_own(seen, settings)
    there = scrape_config.known_jobs(text) if seen.added_targets else ()
    names = _noted(seen, (*there, *(seen.loaded.jobs if seen.loaded else ())))
    if text != wanted and not seen.prometheus.is_active:
        path, seconds = settings.prometheus_config_path, settings.prometheus_reload_timeout
        expected = digest_of(text.encode())
        outcome = transaction.replace(host, path, expected, wanted.encode(), seconds=seconds)
        if outcome.result is not Result.WRITTEN:
            raise HostError(explain(seen, settings, outcome))
    elif text != wanted:
        wait_until_it_answers(host, settings)
        configuration.change_file(host, settings, without_own)
    elif _must_reload(seen):
        outcome = transaction.reload(host, settings)
        if outcome.result is not Result.TAKEN:
            raise HostError(explain_reload(seen, settings, outcome))
    forget(host)
    _check_it_is_not_loaded(snapshot_of(host, settings), settings, names)
