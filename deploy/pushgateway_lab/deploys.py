"""The deploys as functions, for the scripts in ``deploy/`` and for other people's pyinfra code."""

import inspect
from pathlib import Path

from pyinfra import context
from pyinfra.api.deploy import deploy
from pyinfra.api.state import State

from pushgateway_lab import (
    packages,
    preflight,
    prometheus,
    prune,
    pushgateway,
    settings,
    smoke,
    start_line,
    summary,
)
from pushgateway_lab.settings import Settings


@deploy("Bootstrap")
def bootstrap() -> None:
    """Have Prometheus and the Pushgateway work together on a host, and prove it.

    Raises:
        SettingsError: the host data of any host of the run cannot be used; nothing was touched.
    """
    wanted = _begin()
    preflight.check(name="Check the host", settings=wanted)
    installed = packages.install(name="Install the packages", settings=wanted)
    running = pushgateway.run_with_flags(name="Run the Pushgateway", settings=wanted)
    prune.scheduled(name="Prune old groups", settings=wanted)
    merged = prometheus.scrape_job(name="Merge the scrape job", settings=wanted)
    loaded = prometheus.loaded(name="Have Prometheus load it", settings=wanted)
    smoke.push(
        name="Prove it with a push",
        settings=wanted,
        after=(installed, running, merged, loaded),
    )


@deploy("Prepare")
def prepare() -> None:
    """Bring a host to the start line of the lab, from nothing.

    Raises:
        SettingsError: the host data of any host of the run cannot be used; nothing was touched.
    """
    wanted = _begin()
    start_line.check(name="Check the host", settings=wanted)
    packages.install(name="Install the packages", settings=wanted)
    pushgateway.run_with_flags(name="Run the Pushgateway", settings=wanted)
    prune.scheduled(name="Prune old groups", settings=wanted)
    _to_the_start_line(wanted)


@deploy("Reset")
def reset() -> None:
    """Bring a host on which somebody did the lab back to its start line.

    Raises:
        SettingsError: the host data of any host of the run cannot be used; nothing was touched.
    """
    wanted = _begin()
    start_line.check(name="Check the host", settings=wanted, for_reset=True)
    _to_the_start_line(wanted)


def _to_the_start_line(wanted: Settings) -> None:
    removed = prometheus.no_scrape_job(name="Remove the scrape job", settings=wanted)
    prometheus.loaded(name="Have Prometheus load it", settings=wanted, with_job=False)
    deleted = start_line.groups_deleted(name="Delete the groups", settings=wanted)
    start_line.begun(name="Begin the course", settings=wanted, after=(removed, deleted))


@deploy("Verify")
def verify() -> None:
    """Find out where a host is in the lab, and what went wrong there; change nothing.

    Raises:
        SettingsError: the host data of any host of the run cannot be used.
    """
    from pushgateway_lab import verify as verification  # only now: the others do without

    wanted = _begin()
    all_tasks = verification.deploy_tasks()
    verification.table_at_the_end(context.state, all_tasks)
    verification.look(name="Look at the host", settings=wanted, all_tasks=all_tasks)
    verification.tell(name="Report", settings=wanted, all_tasks=all_tasks)


def _begin() -> Settings:
    """What every deploy begins with; returns the settings of the host in context."""
    _let_inspect_know(context.state)
    summary.at_the_end(context.state)
    return settings.for_host(context.state, context.host)


def _let_inspect_know(state: State) -> None:
    """Save a third of the time that pyinfra takes to note the operations of a fleet.

    It asks `inspect` for the call stack of each operation on each host. For a file that is no
    module, as a deploy script, `inspect` searches all modules each time; this is its own cache.
    """
    script = state.current_deploy_filename
    if script:
        inspect.modulesbyfile.setdefault(str(Path(script).absolute()), __name__)
