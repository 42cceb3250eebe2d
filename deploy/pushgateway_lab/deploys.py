"""The deploys as functions, for the scripts in ``deploy/`` and for other people's pyinfra code."""

import inspect
from pathlib import Path

from pyinfra.api.deploy import deploy
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state

from pushgateway_lab import prune
from pushgateway_lab.course import start_line
from pushgateway_lab.install import packages, preflight
from pushgateway_lab.prometheus import configuration as prometheus
from pushgateway_lab.pushgateway import running as pushgateway
from pushgateway_lab.run import ending, host_settings, patches, steps
from pushgateway_lab.run.steps import Step
from pushgateway_lab.settings import Settings
from pushgateway_lab.smoke import push as smoke

_TO_RUN = (
    Step("Install the packages", packages.install),
    Step("Run the Pushgateway", pushgateway.run_with_flags),
    Step("Prune old groups", prune.scheduled),
)


def _to_the_start_line(*, for_reset: bool = False) -> tuple[Step, ...]:
    return (
        Step("Remove the scrape job", prometheus.no_scrape_job),
        Step("Have Prometheus load it", prometheus.loaded, {"with_job": False}),
        Step("Delete the groups", start_line.groups_deleted, {"for_reset": for_reset}),
        Step(
            "Begin the course",
            start_line.begun,
            after=("Remove the scrape job", "Delete the groups"),
        ),
    )


@deploy("Bootstrap")
def bootstrap() -> None:
    """Have Prometheus and the Pushgateway work together on a host, and prove it.

    Raises:
        SettingsError: the host data of any host of the run cannot be used; nothing was touched.
    """
    steps.take(
        _begin(),
        (
            Step("Check the host", preflight.check),
            *_TO_RUN,
            Step("Merge the scrape job", prometheus.scrape_job),
            Step("Have Prometheus load it", prometheus.loaded),
            Step(
                "Prove it with a push",
                smoke.push,
                after=(
                    "Install the packages",
                    "Run the Pushgateway",
                    "Merge the scrape job",
                    "Have Prometheus load it",
                ),
            ),
        ),
    )


@deploy("Prepare")
def prepare() -> None:
    """Bring a host to the start line of the lab, from nothing.

    Raises:
        SettingsError: the host data of any host of the run cannot be used; nothing was touched.
    """
    steps.take(
        _begin(),
        (
            Step("Check the host", start_line.check),
            *_TO_RUN,
            *_to_the_start_line(),
        ),
    )


@deploy("Reset")
def reset() -> None:
    """Bring a host on which somebody did the lab back to its start line.

    Raises:
        SettingsError: the host data of any host of the run cannot be used; nothing was touched.
    """
    steps.take(
        _begin(),
        (
            Step("Check the host", start_line.check, {"for_reset": True}),
            *_to_the_start_line(for_reset=True),
        ),
    )


@deploy("Verify")
def verify() -> None:
    """Find out where a host is in the lab, and what went wrong there; change nothing.

    Raises:
        SettingsError: the host data of any host of the run cannot be used.
    """
    from pushgateway_lab.course import verify as verification  # only now: the others do without

    wanted = _begin()
    all_tasks = verification.begin(ctx_state.get(), wanted)
    verification.look(name="Look at the host", settings=wanted, all_tasks=all_tasks)
    verification.tell(name="Report", settings=wanted, all_tasks=all_tasks)


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
