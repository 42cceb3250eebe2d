"""The start line of the lab: Prometheus and the Pushgateway run, the job is not there, nor any group.

What somebody did there before is removed only when it is asked for, and only what is the lab's.
"""

from collections.abc import Iterator, Sequence

from pyinfra.api.command import PyinfraCommand, StringCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import OperationMeta, operation
from pyinfra.context import ctx_host, ctx_state

from pushgateway_lab import installations, scrape_config, smoke
from pushgateway_lab.course import questions
from pushgateway_lab.formats.answers import Group
from pushgateway_lab.host.looking import forget
from pushgateway_lab.install import preflight
from pushgateway_lab.lab import gateway, tasks
from pushgateway_lab.lab.excerpts import excerpt, listed, shown_labels
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.servers import CLOCK
from pushgateway_lab.prometheus.job import config_text
from pushgateway_lab.pruning import layout
from pushgateway_lab.run.failure import cleanly, function, noop, tell
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.host_files import script
from pushgateway_lab.scrape_config import ScrapeConfigError
from pushgateway_lab.services import Service
from pushgateway_lab.settings import Settings


def lab_look(host: Host, settings: Settings) -> Look:
    """Return a look at a host with all that the tasks ask Prometheus."""
    return questions.look_at_lab(host, settings, tasks.queries_of(tasks.tasks(settings.lab_tasks)))


def is_free(looked: Look, settings: Settings, *, for_reset: bool = False) -> bool:
    """Return True where a host can be brought to the start line. See `check_start`.

    Raises:
        HostError: it cannot.
    """
    seen = looked.snapshot
    preflight.check_rights(seen)
    preflight.check_system(seen)
    preflight.check_prometheus(seen, settings)
    if installations.prometheus(settings).is_there(seen):
        config_text(seen, settings)
    _check_job(looked)
    if for_reset:
        _check_there(looked)
    else:
        preflight.check_pushgateway(seen, settings)
        _refuse_work(looked)
    return True


@operation()
@cleanly
def check_start(settings: Settings, *, for_reset: bool = False) -> Iterator[PyinfraCommand]:
    """Stop a host that cannot be brought to the start line, before anything is changed on it.

    That is also one on which somebody worked before, unless ``lab_reset`` is set.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + for_reset: it is to be reset: whatever somebody did there may go
    """
    host = ctx_host.get()
    looked = lab_look(host, settings)
    with preflight.naming_the_program(host):
        is_free(looked, settings, for_reset=for_reset)
    tell(host, other_jobs(looked, settings))
    noop(host, "nothing stands in the way")
    yield from ()


def _check_job(looked: Look) -> None:
    """The file must be one from which the job can be taken, if it is there."""
    config, settings = looked.snapshot.config, looked.settings
    if config is None:
        return
    try:
        text = scrape_config.decode(config.data)
        scrape_config.remove_job(text, settings.pushgateway_job_name)
    except ScrapeConfigError as error:
        raise HostError(
            f"{settings.prometheus_config_path}: {error}\nNothing was written and nothing reloaded."
        ) from error


def other_jobs(looked: Look, settings: Settings) -> Iterator[str]:
    """Yield a sentence for each other job that scrapes the Pushgateway: for verify, it is a mistake."""
    config = looked.snapshot.config
    if config is None:
        return
    jobs = scrape_config.find_jobs(scrape_config.decode(config.data))
    address = gateway.target(looked)
    for other in scrape_config.jobs_scraping(jobs, address, besides=settings.pushgateway_job_name):
        yield (
            f"The job {excerpt(other.name)} in {settings.prometheus_config_path} (line {other.line}) scrapes "
            f"{address} as well. It is not the lab's, and is left as it is."
        )


def _check_there(looked: Look) -> None:
    """Reset does not install: what it resets must be there, and answer."""
    if looked.snapshot.config is None:
        raise HostError(
            f"{looked.settings.prometheus_config_path} is {looked.snapshot.config_state}: there is no "
            "Prometheus to reset. deploy/prepare.py installs what the lab needs."
        )
    if looked.groups is None:
        raise HostError(
            "The Pushgateway does not answer, so what it holds cannot be deleted. Start it "
            f"({_pushgateway(looked.settings).commands.start}), or run deploy/prepare.py."
        )


def _pushgateway(settings: Settings) -> Service:
    return installations.pushgateway(settings).service


def _refuse_work(looked: Look, so_far: str = "Nothing was changed.") -> None:
    """Say what somebody left here, and stop, unless that is to be removed.

    + so_far: what was done until now

    Raises:
        HostError: there is a job or a group, and ``lab_reset`` does not say that it may go.
    """
    settings = looked.settings
    _check_seen(looked)
    groups = [group for group in looked.groups or [] if not _is_ours(group)]
    left = [group for group in groups if not _goes(group, settings)]
    if settings.lab_reset and left:
        raise HostError(
            f"The Pushgateway holds groups that are not the lab's: {_named(left)}. {so_far} To "
            "delete them as well, add lab_wipe=True."
        )
    if settings.lab_reset:
        return
    found = [*_job_found(looked), *([f"pushed groups ({_named(groups)})"] if groups else [])]
    if found:
        raise HostError(
            f"Somebody worked here before and left {' and '.join(found)}. {so_far} To "
            f"remove that and start anew: --data lab_reset=True{' --data lab_wipe=True' if left else ''}"
        )


def _check_seen(looked: Look) -> None:
    """What a running Pushgateway holds must be known before anything is changed."""
    if looked.groups is not None or not looked.snapshot.pushgateway.runs:
        return
    if "curl" not in looked.snapshot.tools:
        return  # it will be installed, and groups are looked at again before any is deleted
    raise HostError(
        f"{gateway.is_silent(looked).says} So whether somebody pushed to it is not known. Nothing was "
        "changed. Mend that, then run this again."
    )


def _is_ours(group: Group) -> bool:
    """Whether this toolkit pushed it: nobody's work."""
    return group.labels.get("job") in (smoke.JOB, layout.REPORT_JOB)


def _job_found(looked: Look) -> list[str]:
    config, settings = looked.snapshot.config, looked.settings
    if config is None:
        return []
    jobs = scrape_config.find_jobs(scrape_config.decode(config.data))
    return [
        f"the job {job.name} in {settings.prometheus_config_path} (line {job.line})"
        for job in jobs
        if job.name == settings.pushgateway_job_name
    ]


def _named(groups: Sequence[Group]) -> str:
    return listed(groups, lambda group: shown_labels(group.labels))


def _goes(group: Group, settings: Settings) -> bool:
    """Whether a group is one that reset deletes."""
    jobs = tasks.jobs_of(tasks.tasks(settings.lab_tasks)) | {smoke.JOB}
    return settings.lab_wipe or group.labels.get("job") in jobs


def has_no_groups(looked: Look, settings: Settings, *, for_reset: bool = False) -> bool:
    """Return whether the Pushgateway holds no group that `groups_deleted` deletes.

    Raises:
        HostError: it does not answer; or it holds somebody's work that may not go.
    """
    return not _going(looked, settings, for_reset=for_reset)


def _going(looked: Look, settings: Settings, *, for_reset: bool) -> list[Group]:
    if looked.groups is None:
        raise HostError(
            "The Pushgateway does not answer, so what it holds cannot be seen. Look at: "
            f"{_pushgateway(settings).commands.log}"
        )
    if not for_reset:
        # One that did not run when the host was checked may have persisted what somebody pushed.
        _refuse_work(looked, "No group was deleted.")
    return [group for group in looked.groups if _goes(group, settings)]


def other_groups(looked: Look, settings: Settings) -> Iterator[str]:
    """Yield a sentence about groups that are not the lab's."""
    groups = looked.groups or []
    staying = [each for each in groups if not _goes(each, settings) and not _is_ours(each)]
    if staying:
        yield f"Not the lab's, and left as they are: {_named(staying)}"


@operation()
@cleanly
def groups_deleted(settings: Settings, *, for_reset: bool = False) -> Iterator[PyinfraCommand]:
    """Have none of the lab's groups in the Pushgateway; none at all with ``lab_wipe``.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + for_reset: it is to be reset: they may go without ``lab_reset``
    """
    host = ctx_host.get()
    looked = lab_look(host, settings)
    if looked.groups is None and not ctx_state.get().is_executing:
        noop(host, "the Pushgateway is not there yet")
        return
    tell(host, other_groups(looked, settings))
    going = _going(looked, settings, for_reset=for_reset)
    if not going:
        noop(host, "there is no group of the lab's")
        return
    yield from function(_delete, settings, going)
    forget(host)


def _delete(host: Host, settings: Settings, going: list[Group]) -> None:
    from pushgateway_lab import groups  # only now: the HTTP clients cost 0.1 s to import

    groups.delete_all(host, settings, going)


def has_begun(looked: Look, settings: Settings) -> bool:
    """Return whether the beginning of the course is noted, and nobody has done anything since."""
    del settings
    is_noted = looked.began_at is not None and looked.began_at <= looked.now + CLOCK
    return is_noted and not _has_history(looked)


@operation()
@cleanly
def begun(settings: Settings, after: Sequence[OperationMeta] = ()) -> Iterator[PyinfraCommand]:
    """Note on the host that the course begins now: what Prometheus saw before is another's work.

    Noted anew only if there is something to tell apart: this run removed something, or Prometheus has
    seen the lab's metrics since the last note; or if that is in the future, after the clock was changed.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + after: the operations that remove somebody's work
    """
    host = ctx_host.get()
    is_removed = any(each.changed for each in after)
    if not is_removed and has_begun(lab_look(host, settings), settings):
        noop(host, "the course has begun, and nobody has done anything yet")
        return
    yield StringCommand(script("begin-course.sh", {"course": questions.COURSE}))
    forget(host)


def _has_history(looked: Look) -> bool:
    """Whether Prometheus has seen a metric of the lab's jobs since the course began."""
    all_tasks = tasks.tasks(looked.settings.lab_tasks)
    jobs = tasks.jobs_of(all_tasks)
    return any(
        series.labels.get("exported_job", series.labels.get("job")) in jobs
        for query in tasks.queries_of(all_tasks)
        for series in looked.series(query) or ()
    )
