"""The deploys as functions, for the scripts in ``deploy/`` and for users' own pyinfra code.

Each imports its own table of steps: a run has one deploy, and starts faster without the others.
"""

from collections.abc import Callable

from pyinfra.api.deploy import deploy
from pyinfra.api.host import Host
from pyinfra.context import ctx_host, ctx_state

from pushgateway_lab.host import looking
from pushgateway_lab.run import ending, host_settings, json_output, patches, steps
from pushgateway_lab.settings import Settings


@deploy("Bootstrap")
def bootstrap() -> None:
    """Install Prometheus and the Pushgateway on a host, connect them, and prove it with a push.

    Raises:
        SettingsError: the host data of a host of the run is invalid; no host was changed.
    """
    from pushgateway_lab.tables.bootstrap import BOOTSTRAP

    steps.take(_in_use(_begin(), looking.snapshot_of, sets_address=True), BOOTSTRAP)


@deploy("Prepare")
def prepare() -> None:
    """Bring a bare host to the start line of the lab.

    Raises:
        SettingsError: the host data of a host of the run is invalid; no host was changed.
    """
    from pushgateway_lab.course.questions import look_for_start
    from pushgateway_lab.tables.course import PREPARE

    steps.take(_in_use(_begin(), look_for_start, sets_address=True), PREPARE)


@deploy("Reset")
def reset() -> None:
    """Bring a host on which somebody did the lab back to the start line.

    Raises:
        SettingsError: the host data of a host of the run is invalid; no host was changed.
    """
    from pushgateway_lab.course.questions import look_for_start
    from pushgateway_lab.tables.course import RESET

    steps.take(_in_use(_begin(), look_for_start), RESET)


@deploy("Uninstall")
def uninstall() -> None:
    """Remove everything that this toolkit put on a host, and nothing else.

    Raises:
        SettingsError: the host data of a host of the run is invalid; no host was changed.

    Example:
        ``from pushgateway_lab import uninstall; uninstall()`` in a script for pyinfra
    """
    from pushgateway_lab.removal.traces import look_for_traces
    from pushgateway_lab.tables.uninstall import UNINSTALL

    steps.take(_in_use(_begin(), look_for_traces), UNINSTALL)


@deploy("Verify")
def verify() -> None:
    """Report the progress of a host in the lab; change nothing.

    Raises:
        SettingsError: the host data of a host of the run is invalid.
    """
    from pushgateway_lab.course import verify as verification  # the other deploys do not need it

    wanted = _begin(says_done=False)  # the table says it
    all_tasks = verification.begin(ctx_state.get(), wanted)
    verification.examine(name="Look at the host", settings=wanted, all_tasks=all_tasks)
    verification.conclude(name="Report", settings=wanted, all_tasks=all_tasks)


def _in_use(
    settings: Settings, look: Callable[[Host, Settings], object], *, sets_address: bool = False
) -> Settings:
    return looking.settings_in_use(ctx_host.get(), settings, look, sets_address=sets_address)


def _begin(*, says_done: bool = True) -> Settings:
    """Apply the patches, register the summary, and return the settings of the host in context."""
    patches.apply()
    json_output.begin()
    # Not context.state and context.host: these proxies point to other objects later.
    state, host = ctx_state.get(), ctx_host.get()
    ending.tell_at_end(state, also_if_done=says_done)
    return host_settings.for_host(host)
