"""The deploys as functions, for the scripts in ``deploy/`` and for other people's pyinfra code."""

import inspect
from functools import partial
from pathlib import Path

from pyinfra.api.deploy import deploy
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state

from pushgateway_lab import prune
from pushgateway_lab.course import start_line
from pushgateway_lab.host.looking import snapshot_of
from pushgateway_lab.install import packages, preflight
from pushgateway_lab.prometheus import configuration, loading
from pushgateway_lab.prometheus.job import duplicates
from pushgateway_lab.pushgateway import running
from pushgateway_lab.run import ending, host_settings, patches, steps
from pushgateway_lab.run.steps import Step
from pushgateway_lab.settings import Settings
from pushgateway_lab.smoke import push

_INSTALL = Step("Install the packages", packages.install, snapshot_of, packages.are_installed)
_RUN = Step(
    "Run the Pushgateway", running.run_with_flags, snapshot_of, running.is_done, notes=running.notes
)
_PRUNE = Step("Prune old groups", prune.scheduled, snapshot_of, prune.is_done)
_MERGE = Step(
    "Merge the scrape job",
    configuration.scrape_job,
    snapshot_of,
    configuration.is_merged,
    notes=duplicates,
)
_LOAD = Step("Have Prometheus load it", loading.loaded, snapshot_of, loading.is_done)

_BOOTSTRAP = (
    Step("Check the host", preflight.check_host, snapshot_of, preflight.is_free),
    _INSTALL,
    _RUN,
    _PRUNE,
    _MERGE,
    _LOAD,
    Step(
        "Prove it with a push",
        push.push,
        snapshot_of,
        push.is_done,
        after=(_INSTALL, _RUN, _MERGE, _LOAD),
    ),
)


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


_PREPARE = (
    _check(for_reset=False),
    _INSTALL,
    _RUN,
    _PRUNE,
    *_to_the_start_line(for_reset=False),
)
_RESET = (_check(for_reset=True), *_to_the_start_line(for_reset=True))


@deploy("Bootstrap")
def bootstrap() -> None:
    """Have Prometheus and the Pushgateway work together on a host, and prove it.

    Raises:
        SettingsError: the host data of any host of the run cannot be used; nothing was touched.
    """
    steps.take(_begin(), _BOOTSTRAP)


@deploy("Prepare")
def prepare() -> None:
    """Bring a host to the start line of the lab, from nothing.

    Raises:
        SettingsError: the host data of any host of the run cannot be used; nothing was touched.
    """
    steps.take(_begin(), _PREPARE)


@deploy("Reset")
def reset() -> None:
    """Bring a host on which somebody did the lab back to its start line.

    Raises:
        SettingsError: the host data of any host of the run cannot be used; nothing was touched.
    """
    steps.take(_begin(), _RESET)


@deploy("Verify")
def verify() -> None:
    """Find out where a host is in the lab, and what went wrong there; change nothing.

    Raises:
        SettingsError: the host data of any host of the run cannot be used.
    """
    from pushgateway_lab.course import verify as verification  # only now: the others do without

    wanted = _begin()
    all_tasks = verification.begin(ctx_state.get(), wanted)
    verification.examine(name="Look at the host", settings=wanted, all_tasks=all_tasks)
    verification.conclude(name="Report", settings=wanted, all_tasks=all_tasks)


def _begin() -> Settings:
    """What every deploy begins with; returns the settings of the host in context."""
    patches.apply()
    # Not context.state and context.host, which stand for others later.
    state, host = ctx_state.get(), ctx_host.get()
    _let_inspect_know(state)
    ending.tell_at_end(state)
    return host_settings.for_host(host)


def _let_inspect_know(state: State) -> None:
    """Save a third of the time that pyinfra takes to note the operations of a fleet.

    It asks `inspect` for the call stack of each operation on each host. For a file that is no
    module, as a deploy script, `inspect` searches all modules each time; this is its own cache.
    """
    script = state.current_deploy_filename
    if script:
        inspect.modulesbyfile.setdefault(str(Path(script).absolute()), __name__)
