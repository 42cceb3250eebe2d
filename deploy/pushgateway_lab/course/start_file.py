"""Prometheus's configuration file at the start line: without the lab's job, and without jobs in its place.

prepare keeps a copy of the file. ``lab_restore`` brings it back, also if the trainee's file is no YAML any more.
"""

import shlex
from base64 import b64decode
from collections.abc import Iterator

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host, ctx_state

from pushgateway_lab import installations, scrape_config
from pushgateway_lab.course.questions import look_for_start, start_file_of
from pushgateway_lab.facts.outcome import LOADED, Outcome, Result
from pushgateway_lab.formats.file_text import digest_of
from pushgateway_lab.formats.secret_lines import for_text
from pushgateway_lab.host import service_control, transaction
from pushgateway_lab.host.looking import forget, snapshot_of
from pushgateway_lab.install import preflight
from pushgateway_lab.lab import gateway
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.mistaken_jobs import Mistaken, mistaken_jobs
from pushgateway_lab.prometheus import configuration
from pushgateway_lab.prometheus.job import check_path, config_text
from pushgateway_lab.prometheus.loading import wait_until_it_answers
from pushgateway_lab.prometheus.outcomes import ATTEMPTS, explain
from pushgateway_lab.run.failure import cleanly, function, noop, say
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.shell import ask
from pushgateway_lab.scrape_config import ScrapeConfigError
from pushgateway_lab.settings import Settings

SUFFIX = "before-lab-restore"
"""The trainee's file is kept as PATH.SUFFIX."""


def check(looked: Look, *, for_reset: bool = False) -> None:
    """Check that the file can be brought to the start line.

    + for_reset: True for reset, which does not change the flags of Prometheus

    Raises:
        HostError: it cannot; the message says what to do.
    """
    seen, settings = looked.snapshot, looked.settings
    check_path(seen, settings)
    if is_pending(looked):
        preflight.check_prometheus(seen, settings, must_run=False)
        return
    try:
        _check_jobs(looked)
        preflight.check_prometheus(seen, settings, is_repaired=not for_reset)
        if installations.has_prometheus(seen, settings):
            config_text(seen, settings)
    except HostError as error:
        raise HostError("\n".join([str(error), *_remedies(looked)])) from error


def _check_jobs(looked: Look) -> None:
    """Check that the jobs can be removed from the file, if there are any.

    Raises:
        HostError: the file cannot be parsed or changed safely, or a job in the lab job's place is not the
            trainee's alone.
    """
    config, settings = looked.snapshot.config, looked.settings
    if config is None:
        return
    path = settings.prometheus_config_path
    try:
        text = scrape_config.decode(config.data)
        scrape_config.remove_job(text, settings.pushgateway_job_name)
        found = mistaken(looked)
    except ScrapeConfigError as error:
        raise HostError(f"{path}: {error}\nNothing was written and nothing reloaded.") from error
    for each in found if settings.lab_reset else ():
        if each.scrapes_others:
            raise HostError(
                f"{path} has {each.in_words} beside other targets, so it is not removed. Nothing was changed. "
                f"Delete that target (sudoedit {path}), then run this again."
            )


def mistaken(looked: Look) -> list[Mistaken]:
    """Return the jobs that stand in the place of the lab's job; none if a restore is pending.

    Raises:
        ScrapeConfigError: the file cannot be parsed.
    """
    config, settings = looked.snapshot.config, looked.settings
    if config is None or is_pending(looked):
        return []
    jobs = scrape_config.known_jobs(scrape_config.decode(config.data))
    return mistaken_jobs(jobs, gateway.target(looked), settings.pushgateway_job_name)


def refuse_mistaken(looked: Look) -> None:
    """Check that no job stands in the place of the lab's job, unless ``lab_reset`` allows to remove it.

    Raises:
        HostError: there is such a job. verify reports it as wrong, so the host would not be at the start line.
    """
    found = mistaken(looked)
    if found and not looked.settings.lab_reset:
        raise HostError(
            f"{looked.settings.prometheus_config_path} has {' and '.join(each.in_words for each in found)}: "
            "verify would report it as wrong. Nothing was changed. To remove it, add: --data lab_reset=True"
        )


def jobs_found(looked: Look) -> list[str]:
    """Return the jobs in the file that are somebody's work, in words."""
    config, settings = looked.snapshot.config, looked.settings
    if config is None or is_pending(looked):
        return []
    path = settings.prometheus_config_path
    jobs = scrape_config.known_jobs(scrape_config.decode(config.data))
    own = [each for each in jobs if each.name == settings.pushgateway_job_name]
    return [
        *(f"the job {each.name} in {path} (line {each.line})" for each in own),
        *(f"{each.in_words}, in {path}" for each in mistaken(looked)),
    ]


def notes(looked: Look, settings: Settings) -> Iterator[str]:
    """Yield a sentence for each job that is removed though it is not the lab's, and about the copy."""
    path = settings.prometheus_config_path
    for each in mistaken(looked) if settings.lab_reset else ():
        yield (
            f"{path} has {each.in_words}: it is removed. The old file is kept as "
            f"{path}.{transaction.BACKUP}."
        )
    if settings.lab_restore and looked.start_digest is None and looked.snapshot.config:
        yield f"There is no copy of {path} at the start line yet, so it was not restored."
    elif looked.verdict and not looked.verdict.accepted:
        yield from _remedies(looked)


def _remedies(looked: Look) -> Iterator[str]:
    """Yield the next step for a file that Prometheus does not accept; nothing for any other file."""
    settings = looked.settings
    path = settings.prometheus_config_path
    if not _is_broken(looked):
        return
    if _differs(looked):
        yield (
            f"prepare kept a copy of {path} at the start line. To bring it back, add: --data lab_restore=True. "
            f"The text of now is then kept as {path}.{SUFFIX}."
        )
        return
    moved = shlex.join(["sudo", "mv", path, f"{path}.{SUFFIX}"])
    to_restore = installations.prometheus(looked.snapshot, settings).to_restore_config
    of_package = (
        f" Or replace it by the package's: {moved}; sudo {to_restore}" if to_restore else ""
    )
    yield (
        f"There is no copy of {path} at the start line on this host. Correct the file, then run this again.{of_package}"
    )


def _is_broken(looked: Look) -> bool:
    """Return whether the file is missing, not a configuration, or rejected by promtool."""
    config = looked.snapshot.config
    if config is None:
        return looked.snapshot.config_state == "absent"
    try:
        scrape_config.known_jobs(scrape_config.decode(config.data))
    except ScrapeConfigError:
        return True
    return looked.verdict is not None and not looked.verdict.accepted


def is_pending(looked: Look) -> bool:
    """Return whether the copy has to be brought back."""
    return looked.settings.lab_restore and _differs(looked)


def _differs(looked: Look) -> bool:
    """Return whether there is a copy of the start line that differs from the file, and the file can be replaced."""
    seen = looked.snapshot
    if looked.start_digest is None or (seen.config is None and seen.config_state != "absent"):
        return False
    return _digest(looked) != looked.start_digest


def _digest(looked: Look) -> str:
    config = looked.snapshot.config
    return digest_of(config.data if config else None)


def is_restored(looked: Look, settings: Settings) -> bool:
    """Return whether the operation `restored` has nothing to do."""
    del settings
    return not is_pending(looked)


@operation()
@cleanly
def restored(settings: Settings) -> Iterator[PyinfraCommand]:
    """With ``lab_restore``, bring back the configuration file that prepare kept at the start line.

    The trainee's file is kept beside it. A Prometheus that does not run is started.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        start_file.restored(
            name="Restore the configuration",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    if not is_pending(look_for_start(host, settings)):
        noop(host, f"{settings.prometheus_config_path} is not to be restored")
        return
    yield from function(_restore, settings)
    forget(host)


def _restore(host: Host, settings: Settings) -> None:
    variables = {"start_file": start_file_of(settings), "longest": str(scrape_config.LONGEST)}
    data = b64decode("".join(ask(host, "read-start-file.sh", variables)))
    seen, outcome = snapshot_of(host, settings), Outcome(Result.CONFLICT, "")
    for _ in range(ATTEMPTS):
        outcome = _put(host, settings, look_for_start(host, settings), data)
        forget(host)
        if outcome.result is not Result.CONFLICT:
            break
    if outcome.result not in {*LOADED, Result.WRITTEN}:
        raise HostError(explain(seen, settings, outcome))
    if outcome.result is Result.WRITTEN:
        service_control.start(host, installations.prometheus(seen, settings).service)
        wait_until_it_answers(host, settings)
    path = settings.prometheus_config_path
    say(host, f"Restored {path} as at the start line. The text before is kept as {path}.{SUFFIX}.")


def _put(host: Host, settings: Settings, looked: Look, data: bytes) -> Outcome:
    """Replace the file; a Prometheus that does not run is not asked to load it."""
    seen = looked.snapshot
    if seen.prometheus.runs:
        is_loaded = seen.has_loaded_file
        return transaction.replace_and_reload(
            host, settings, _digest(looked), data, is_loaded=is_loaded, suffix=SUFFIX
        )
    return transaction.replace(
        host,
        settings.prometheus_config_path,
        _digest(looked),
        data,
        seconds=settings.prometheus_reload_timeout,
        suffix=SUFFIX,
    )


@operation()
@cleanly
def job_removed(settings: Settings) -> Iterator[PyinfraCommand]:
    """Remove the lab's job from the configuration file, whoever wrote it, and reload Prometheus.

    With ``lab_reset``, the jobs in its place are removed, too.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        start_file.job_removed(
            name="Remove the scrape job",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    if not ctx_state.get().is_executing and is_pending(look_for_start(host, settings)):
        noop(host, "the file at the start line has no such job")
        return
    yield from configuration.remove_scrape_job(host, settings)


def is_kept(looked: Look, settings: Settings) -> bool:
    """Return whether the operation `kept` has nothing to do."""
    if installations.prometheus_is_elsewhere(looked.snapshot, settings):
        return True
    return looked.snapshot.config is not None and looked.start_digest == _digest(looked)


@operation()
@cleanly
def kept(settings: Settings) -> Iterator[PyinfraCommand]:
    """Keep a copy of the configuration file at the start line, for ``lab_restore``. Only root can read it.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        start_file.kept(
            name="Keep a copy of the configuration",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    if is_kept(look_for_start(host, settings), settings):
        noop(host, "the copy of the configuration is up to date")
        return
    yield from function(_keep, settings)
    forget(host)


def _keep(host: Host, settings: Settings) -> None:
    # The text of the look, which was read as the user that Prometheus runs as: root does not open the file.
    data = config_text(look_for_start(host, settings).snapshot, settings).encode()
    digest = for_text(digest_of(data))
    variables = {"start_file": start_file_of(settings)}
    functions = ["secret-lines.sh"]
    ask(host, "keep-start-file.sh", variables, data, secrets=digest, functions=functions)
