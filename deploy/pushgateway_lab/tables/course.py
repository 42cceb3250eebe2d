"""The steps of prepare and reset: the start line of the lab."""

from functools import partial

from pushgateway_lab.course import start_line
from pushgateway_lab.host.looking import snapshot_of
from pushgateway_lab.prometheus import configuration, loading
from pushgateway_lab.run.steps import Step
from pushgateway_lab.tables.servers import INSTALL, PRUNE, RUN


def _check(*, for_reset: bool) -> Step:
    return Step(
        "Check the host",
        start_line.check_start,
        start_line.lab_look,
        partial(start_line.is_free, for_reset=for_reset),
        notes=start_line.other_jobs,
        arguments={"for_reset": for_reset},
    )


def _to_the_start_line(*, for_reset: bool) -> tuple[Step, ...]:
    remove = Step(
        "Remove the scrape job",
        configuration.no_scrape_job,
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
        start_line.lab_look,
        partial(start_line.has_no_groups, for_reset=for_reset),
        notes=start_line.other_groups,
        arguments={"for_reset": for_reset},
    )
    begin = Step(
        "Begin the course",
        start_line.begun,
        start_line.lab_look,
        start_line.has_begun,
        after=(remove, delete),
    )
    return remove, load, delete, begin


PREPARE = (
    _check(for_reset=False),
    INSTALL,
    RUN,
    PRUNE,
    *_to_the_start_line(for_reset=False),
)
RESET = (_check(for_reset=True), *_to_the_start_line(for_reset=True))
