"""The start line of the lab: Prometheus and the Pushgateway run, without the lab's scrape job and groups.

The work of an earlier trainee is removed only on request, and only if it belongs to the lab.
"""

from collections.abc import Iterator, Mapping, Sequence

from pyinfra.api.command import PyinfraCommand, StringCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import OperationMeta, operation
from pyinfra.context import ctx_host, ctx_state

from pushgateway_lab import installations, smoke
from pushgateway_lab.course import questions, start_file
from pushgateway_lab.course.questions import look_for_start
from pushgateway_lab.formats.answers import Group
from pushgateway_lab.host.looking import forget
from pushgateway_lab.install import port_checks, preflight
from pushgateway_lab.installations import prometheus_address
from pushgateway_lab.lab import gateway, tasks
from pushgateway_lab.lab.excerpts import listed, shown_labels
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.servers import CLOCK
from pushgateway_lab.pruning import layout
from pushgateway_lab.pushgateway import closing, open_admin_api, persistence, running
from pushgateway_lab.run.failure import cleanly, function, noop, tell
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.host_files import script
from pushgateway_lab.services import Service
from pushgateway_lab.settings import Settings


def is_free(looked: Look, settings: Settings, *, for_reset: bool = False) -> bool:
    """Return True if a host can be brought to the start line. See `check_start`.

    Raises:
        HostError: it cannot.
    """
    seen = looked.snapshot
    preflight.check_rights(seen)
    preflight.check_system(seen, settings)
    if not for_reset:
        prometheus_address.check(seen, settings)
    start_file.check(looked, for_reset=for_reset)
    if for_reset:
        _check_there(looked)
        start_file.refuse_mistaken(looked)
    else:
        preflight.check_pushgateway(seen, settings)
        preflight.check_web_files(seen, settings)
        open_admin_api.check(seen, settings)
        closing.check(seen, settings)
        _refuse_work(looked)
    return True


@operation()
@cleanly
def check_start(settings: Settings, *, for_reset: bool = False) -> Iterator[PyinfraCommand]:
    """Fail a host that cannot be brought to the start line, before anything is changed on it.

    It also fails a host on which somebody has worked before, unless ``lab_reset`` is set.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + for_reset: True for reset, which may remove the work on the host

    **Example:**

    .. code:: python

        start_line.check_start(
            name="Check the host",
            settings=host_settings.for_host(ctx_host.get()),
            for_reset=True,
        )
    """
    host = ctx_host.get()
    looked = look_for_start(host, settings)
    with port_checks.naming_the_program(host):
        is_free(looked, settings, for_reset=for_reset)
    tell(host, start_file.notes(looked, settings))
    noop(host, "the host passes all checks")
    yield from ()


def _check_there(looked: Look) -> None:
    """Check that both servers exist and the Pushgateway answers: reset installs and starts nothing.

    Raises:
        HostError: a server is missing, or the Pushgateway does not answer.
    """
    will_be_restored = start_file.is_pending(looked) and looked.snapshot.prometheus.exists
    is_elsewhere = installations.prometheus_is_elsewhere(looked.snapshot, looked.settings)
    if looked.snapshot.config is None and not will_be_restored and not is_elsewhere:
        raise HostError(
            f"{looked.settings.prometheus_config_path} is {looked.snapshot.config_state}: there is no "
            "Prometheus to reset. Run deploy/prepare.py, which installs both servers."
        )
    if looked.groups is None and (refused := gateway.refusal(looked)):
        raise HostError(
            f"{refused} So its groups cannot be deleted. Solve that, then run this again."
        )
    if looked.groups is None:
        raise HostError(
            "The Pushgateway does not answer, so its groups cannot be deleted. Start it "
            f"({_pushgateway(looked).commands.start}), or run deploy/prepare.py."
        )
    if looked.snapshot.pushgateway.exists and not looked.snapshot.pushgateway.runs:
        # Another program answers: to delete its groups would leave those that the Pushgateway persists.
        preflight.check_pushgateway(looked.snapshot, looked.settings)


def _pushgateway(looked: Look) -> Service:
    return installations.pushgateway(looked.snapshot, looked.settings).service


def _refuse_work(looked: Look, so_far: str = "Nothing was changed.") -> None:
    """Fail a host with somebody's work, unless the settings allow to remove it.

    + so_far: a sentence for the error about the changes so far

    Raises:
        HostError: there is a job or a group, and ``lab_reset`` or ``lab_wipe`` does not allow to remove it.
    """
    settings = looked.settings
    _check_seen(looked)
    groups = [group for group in looked.groups or [] if not _is_ours(group)]
    left = [group for group in groups if not _goes(group, settings)]
    if settings.lab_reset and left:
        raise HostError(
            f"The Pushgateway holds groups that do not belong to the lab: {_named(left)}. {so_far} To "
            "delete them, too, add lab_wipe=True."
        )
    if settings.lab_reset:
        return
    found = [
        *start_file.jobs_found(looked),
        *([f"pushed groups ({_named(groups)})"] if groups else []),
    ]
    if found:
        raise HostError(
            f"Somebody worked here before and left {' and '.join(found)}. {so_far} To "
            f"remove that, add: --data lab_reset=True{' --data lab_wipe=True' if left else ''}"
        )


def _check_seen(looked: Look) -> None:
    """Check that the groups of a running Pushgateway are known, before anything is changed.

    Raises:
        HostError: the Pushgateway runs, but did not answer.
    """
    if looked.groups is not None or not looked.snapshot.pushgateway.runs:
        return
    if "curl" not in looked.snapshot.tools or _changes_access(looked, looked.settings):
        # curl will be installed, or the Pushgateway asks for what the settings do not have any more, or not yet. The host is
        # looked at again before a group is deleted.
        return
    raise HostError(
        f"{gateway.is_silent(looked).says} So it is unknown whether somebody pushed to it. Nothing was "
        "changed. Solve that, then run this again."
    )


def _changes_access(looked: Look, settings: Settings) -> bool:
    """Return whether this run gives both servers other passwords or certificates, or takes them away."""
    seen = looked.snapshot
    return not (closing.is_done(seen, settings) and closing.is_tidy(seen, settings))


def _is_ours(group: Group) -> bool:
    """Return whether this toolkit pushed a group, so that the group is nobody's work."""
    return group.labels.get("job") in (smoke.JOB, layout.REPORT_JOB)


def _named(groups: Sequence[Group]) -> str:
    return listed(groups, lambda group: shown_labels(group.labels))


def _goes(group: Group, settings: Settings) -> bool:
    """Return whether reset deletes a group."""
    jobs = tasks.jobs_of(tasks.tasks(settings.lab_tasks)) | {smoke.JOB}
    return settings.lab_wipe or group.labels.get("job") in jobs


def may_lose(group: Group, settings: Settings) -> bool:
    """Return whether prepare may lose a group by a restart: one that it deletes, or that this toolkit pushed."""
    return settings.lab_reset and (_goes(group, settings) or _is_ours(group))


def has_no_groups(looked: Look, settings: Settings, *, for_reset: bool = False) -> bool:
    """Return whether the Pushgateway holds no group that `groups_deleted` deletes.

    Raises:
        HostError: the Pushgateway does not answer, or it has somebody's work that must not be removed.
    """
    return not _going(looked, settings, for_reset=for_reset)


def _going(looked: Look, settings: Settings, *, for_reset: bool) -> list[Group]:
    if looked.groups is None and (refused := gateway.refusal(looked)):
        raise HostError(
            f"{refused} So its groups cannot be deleted. Solve that, then run this again."
        )
    if looked.groups is None:
        raise HostError(
            "The Pushgateway does not answer, so its groups are unknown. Check its log: "
            f"{_pushgateway(looked).commands.log}"
        )
    if not for_reset:
        # A Pushgateway that was down during the check may have read persisted groups when it started.
        _refuse_work(looked, "No group was deleted.")
    return [group for group in looked.groups if _goes(group, settings)]


def has_nothing_to_lose(looked: Look, settings: Settings) -> bool:
    """Return whether the operation `deleted_before_restart` has nothing to do.

    Raises:
        HostError: see `has_no_groups` and `pushgateway_lab.installations.plan`.
    """
    if not settings.lab_reset or not running.is_restart_due(looked.snapshot, settings):
        return True
    if looked.groups is None and _changes_access(looked, settings):
        # It asks for a password or a certificate until the restart, which is refused if groups would be lost.
        return True
    return has_no_groups(looked, settings)


@operation()
@cleanly
def deleted_before_restart(settings: Settings) -> Iterator[PyinfraCommand]:
    """With ``lab_reset``, delete the groups of the lab before a Pushgateway is restarted that may lose them.

    A group that a restart loses could come back later, from a file that an earlier Pushgateway wrote.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        start_line.deleted_before_restart(
            name="Delete the groups before a restart",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    looked = look_for_start(host, settings)
    is_unknown = looked.groups is None and not ctx_state.get().is_executing
    if is_unknown or has_nothing_to_lose(looked, settings):
        noop(host, "no restart would lose groups of the lab")
        return
    # A Pushgateway that persists writes its file when it is stopped.
    yield from function(_delete, settings, _going(looked, settings, for_reset=False), {})
    forget(host)


def other_groups(looked: Look, settings: Settings) -> Iterator[str]:
    """Yield a sentence about the groups that do not belong to the lab, if there are any."""
    groups = looked.groups or []
    staying = [each for each in groups if not _goes(each, settings) and not _is_ours(each)]
    if staying:
        yield f"Groups that do not belong to the lab, and were not changed: {_named(staying)}"


@operation()
@cleanly
def groups_deleted(settings: Settings, *, for_reset: bool = False) -> Iterator[PyinfraCommand]:
    """Delete the lab's groups from the Pushgateway; with ``lab_wipe``, all groups.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + for_reset: True for reset, which deletes groups even without ``lab_reset``

    **Example:**

    .. code:: python

        start_line.groups_deleted(
            name="Delete the groups",
            settings=host_settings.for_host(ctx_host.get()),
            for_reset=True,
        )
    """
    host = ctx_host.get()
    looked = look_for_start(host, settings)
    if looked.groups is None and not ctx_state.get().is_executing:
        noop(host, "the Pushgateway is not installed yet")
        return
    if not (for_reset or ctx_state.get().is_executing or has_nothing_to_lose(looked, settings)):
        noop(host, "the groups are deleted before the restart")
        return
    tell(host, other_groups(looked, settings))
    going = _going(looked, settings, for_reset=for_reset)
    if not going:
        noop(host, "there are no groups of the lab")
        return
    yield from function(_delete, settings, going, gateway.running_flags(looked) or {})
    forget(host)


def _delete(host: Host, settings: Settings, going: list[Group], flags: Mapping[str, str]) -> None:
    from pushgateway_lab import groups  # here: the HTTP clients take 0.1 s to import

    groups.delete_all(host, settings, going)
    persistence.await_saved(host, flags, going)


def has_begun(looked: Look, settings: Settings) -> bool:
    """Return whether the start time of the course is noted, and nobody has pushed since then."""
    del settings
    is_noted = looked.began_at is not None and looked.began_at <= looked.now + CLOCK
    return is_noted and not _has_history(looked)


@operation()
@cleanly
def begun(settings: Settings, after: Sequence[OperationMeta] = ()) -> Iterator[PyinfraCommand]:
    """Note the start time of the course on the host: earlier samples in Prometheus are somebody else's work.

    The time is noted again only if this run removed something, if Prometheus has samples of the lab's metrics
    since the last noted time, or if that time is in the future because the clock was changed.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + after: the operations that remove somebody's work

    **Example:**

    .. code:: python

        start_line.begun(
            name="Begin the course",
            settings=host_settings.for_host(ctx_host.get()),
            after=[job_removed, groups_deleted],
        )
    """
    host = ctx_host.get()
    is_removed = any(each.changed for each in after)
    if not is_removed and has_begun(look_for_start(host, settings), settings):
        noop(host, "the start time of the course is noted, and nobody has pushed since then")
        return
    yield StringCommand(script("begin-course.sh", {"course": questions.COURSE}))
    forget(host)


def _has_history(looked: Look) -> bool:
    """Return whether Prometheus has samples of the lab's jobs since the course began."""
    all_tasks = tasks.tasks(looked.settings.lab_tasks)
    jobs = tasks.jobs_of(all_tasks)
    return any(
        series.labels.get("exported_job", series.labels.get("job")) in jobs
        for query in tasks.queries_of(all_tasks)
        for series in looked.series(query) or ()
    )
