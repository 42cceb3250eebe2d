"""The scrape job that this toolkit put into Prometheus's configuration file; or its targets in somebody else's job."""

import shlex
from collections.abc import Iterable, Iterator

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import scrape_config
from pushgateway_lab.facts.added import noted_job, noted_targets
from pushgateway_lab.facts.outcome import Outcome, Result
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.host import transaction
from pushgateway_lab.host.looking import forget, snapshot_of
from pushgateway_lab.prometheus import access_fields, configuration
from pushgateway_lab.prometheus.job import check_path, config_text
from pushgateway_lab.prometheus.loading import sweep, wait_until_it_answers
from pushgateway_lab.prometheus.outcomes import explain, explain_reload
from pushgateway_lab.removal.traces import Traces, look_for_traces
from pushgateway_lab.run.failure import cleanly, function, noop, tell
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.scrape_config import Job, ScrapeConfigError, decode, same_target
from pushgateway_lab.settings import Settings


def without_own(seen: Snapshot, settings: Settings) -> tuple[str, str]:
    """Return the current text of the configuration file, and the text without what this toolkit added.

    A job all of whose targets this toolkit added goes. From another job, only these targets go, and the fields with
    files of this toolkit.

    Raises:
        HostError: the file cannot be parsed or changed safely, root must not write it, or this toolkit added a job
            with another name than that of the settings.
    """
    text, noted = config_text(seen, settings), noted_targets(seen, settings)
    name, fields = settings.pushgateway_job_name, access_fields.own_fields(seen, settings)
    if not seen.added_targets and not fields:
        return text, text  # also if its owner made a mistake in it
    try:
        jobs = scrape_config.known_jobs(text)
        _check_name(seen, settings, jobs)
        job = next((each for each in jobs if each.name == name), None)
        if job is None or not (noted or fields):
            return text, text
        if noted and all(any(same_target(each, own) for own in noted) for each in job.targets):
            wanted = scrape_config.remove_job(text, name)
        else:
            wanted = scrape_config.drop_targets(text, name, noted)
            wanted = scrape_config.drop_fields(wanted, name, fields)
    except ScrapeConfigError as error:
        raise HostError(
            f"{settings.prometheus_config_path}: {error}\nNothing was written and nothing reloaded."
        ) from error
    if wanted != text and seen.config_obstacle:
        raise HostError(explain(seen, settings, Outcome(Result.UNSAFE, seen.config_obstacle)))
    return text, wanted


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
    own = noted_job(seen, (each.name for each in jobs))
    if own not in (None, settings.pushgateway_job_name):
        raise HostError(
            f"The job that this toolkit added to {settings.prometheus_config_path} is {own}, and not "
            f"{settings.pushgateway_job_name}. Nothing was removed. Set pushgateway_job_name={shlex.quote(own)}."
        )


def is_done(traces: Traces, settings: Settings) -> bool:
    """Return whether the operation `removed` has nothing to do.

    Raises:
        HostError: Prometheus reads another file, the file of the settings is not there, or see `without_own`.
    """
    seen = traces.snapshot
    if traces.is_clear or traces.prometheus_goes:
        return True
    if seen.config is None and (seen.config_state == "absent" or not noted_targets(seen, settings)):
        check_settings(seen, settings)
        return True
    if seen.config is not None and seen.config.has_leftovers:
        return False
    text, wanted = without_own(seen, settings)
    if text == wanted and noted_targets(seen, settings) and seen.has_loaded_file:
        _check_it_is_not_loaded(seen, settings)
    return text == wanted and not _must_reload(seen, settings)


def _check_it_is_not_loaded(seen: Snapshot, settings: Settings) -> None:
    """Fail if Prometheus has loaded the job, though it is not in the file: then Prometheus reads another file."""
    name, path = settings.pushgateway_job_name, settings.prometheus_config_path
    if seen.loaded is None or name not in (each.name for each in seen.loaded.jobs):
        return
    if seen.config and name in (
        each.name for each in scrape_config.known_jobs(decode(seen.config.data))
    ):
        return
    raise HostError(
        f"Prometheus has loaded the job {name}, which is not in {path}: it reads another file. Set prometheus_config_path "
        "to the file that it reads, then run this again."
    )


def _must_reload(seen: Snapshot, settings: Settings) -> bool:
    """Return whether a run was killed between the change of the file and the reload: Prometheus still has the job."""
    if seen.loaded is None or seen.has_loaded_file or not noted_targets(seen, settings):
        return False
    return any(each.name == settings.pushgateway_job_name for each in seen.loaded.jobs)


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
    if text != wanted and not seen.prometheus.is_active:
        path, seconds = settings.prometheus_config_path, settings.prometheus_reload_timeout
        expected = transaction.digest_of(text.encode())
        outcome = transaction.replace(host, path, expected, wanted.encode(), seconds=seconds)
        if outcome.result is not Result.WRITTEN:
            raise HostError(explain(seen, settings, outcome))
    elif text != wanted:
        wait_until_it_answers(host, settings)
        configuration.change_file(host, settings, without_own)
    elif _must_reload(seen, settings):
        outcome = transaction.reload(host, settings)
        if outcome.result is not Result.TAKEN:
            raise HostError(explain_reload(seen, settings, outcome))
    forget(host)
    _check_it_is_not_loaded(snapshot_of(host, settings), settings)
