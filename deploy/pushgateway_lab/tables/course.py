"""The steps of prepare and reset: the start line of the lab."""

from dataclasses import replace
from functools import partial

from pushgateway_lab.course import start_file, start_line
from pushgateway_lab.course.questions import look_for_start
from pushgateway_lab.host.looking import snapshot_of
from pushgateway_lab.prometheus import configuration, loading
from pushgateway_lab.run.steps import Step
from pushgateway_lab.tables import servers


def _check(*, for_reset: bool) -> Step:
    return Step(
        "Check the host",
        start_line.check_start,
        look_for_start,
        partial(start_line.is_free, for_reset=for_reset),
        notes=start_file.notes,
        arguments={"for_reset": for_reset},
    )


_DELETE_FIRST = Step(
    "Delete the groups before a restart",
    start_line.deleted_before_restart,
    look_for_start,
    start_line.has_nothing_to_lose,
)


def _to_the_start_line(*earlier: Step, for_reset: bool) -> tuple[Step, ...]:
    """Return the steps of both deploys.

    + earlier: steps before them that remove somebody's work
    """
    restore = Step(
        "Restore the configuration",
        start_file.restored,
        look_for_start,
        start_file.is_restored,
    )
    remove = Step(
        "Remove the scrape job",
        start_file.job_removed,
        configuration.look_at_included,
        configuration.is_removed,
    )
    load = Step(
        "Have Prometheus load it",
        loading.loaded,
        snapshot_of,
        partial(loading.is_done, with_job=False),
        arguments={"with_job": False},
    )
    delete = Step(
        "Delete the groups",
        start_line.groups_deleted,
        look_for_start,
        partial(start_line.has_no_groups, for_reset=for_reset),
        notes=start_line.other_groups,
        arguments={"for_reset": for_reset},
    )
    begin = Step(
        "Begin the course",
        start_line.begun,
        look_for_start,
        start_line.has_begun,
        after=(*earlier, restore, remove, delete),
    )
    return restore, remove, load, delete, begin


PREPARE = (
    _check(for_reset=False),
    servers.FETCH,
    servers.INSTALL,
    servers.RELEASES,
    servers.RESTRICT,
    servers.LISTEN,
    servers.WEB_FILES,
    _DELETE_FIRST,
    replace(servers.RUN, arguments={"may_lose": start_line.may_lose}),
    servers.FIREWALL,
    servers.PRUNE,
    *_to_the_start_line(_DELETE_FIRST, for_reset=False),
    servers.TIDY_WEB_FILES,
    Step(
        "Keep a copy of the configuration",
        start_file.kept,
        look_for_start,
        start_file.is_kept,
    ),
)
RESET = (_check(for_reset=True), *_to_the_start_line(for_reset=True))
