"""Report the progress of every host of a run in the lab, and the reasons for problems. Changes no host.

There are two operations. The first looks at all hosts in parallel and fails none of them, so that a class with
only broken hosts still has a report. The second writes the report and fails the hosts that have not reached the
expected stage. The table is printed at the end of the run.
"""

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state

from pushgateway_lab.course import questions
from pushgateway_lab.install import preflight
from pushgateway_lab.lab import checks, tasks
from pushgateway_lab.lab.checks import Task
from pushgateway_lab.lab.excerpts import lines
from pushgateway_lab.lab.results import HostResult, Report
from pushgateway_lab.lab.results import State as Progress
from pushgateway_lab.report import as_json, console
from pushgateway_lab.run import crash_log, deadline, host_settings, json_output, unreached
from pushgateway_lab.run.failure import cleanly, noop
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.run import Run
from pushgateway_lab.settings import STAGES, Settings, SettingsError

PROBLEM = 1000
"""The largest number of characters of a line about a problem of a whole host."""


class _Verification:
    """The results of a run of verify.

    + results: host name -> result, of the hosts that were looked at
    + written: the results in the last written report
    """

    def __init__(self, run: Run) -> None:
        self._state = run.state
        self._tasks: tuple[Task, ...] | None = None
        self._run = run
        self.results: dict[str, HostResult] = {}
        self.written: dict[str, HostResult] = {}

    def begin(self) -> tuple[Task, ...]:
        """Check the settings, register the table for the end of the run, and return the tasks; once a run."""
        if self._tasks is None:
            self._tasks = check_settings(self._state)
            self._run.at_end(self._show)
        return self._tasks

    def _show(self) -> None:
        if self.results:
            _show(_report(self._state, self.begin()))


def _of(state: State) -> _Verification:
    return Run.of(state).part(_Verification)


def begin(state: State, settings: Settings) -> tuple[Task, ...]:
    """Begin the verification of a run, and return its tasks; later calls only return the tasks.

    The table is printed when the run ends. ``lab_budget`` limits the run, in seconds; the report names the hosts
    that were not looked at in this time.

    + settings: of any host of the run; only the first ``lab_budget`` counts

    Raises:
        SettingsError: see `check_settings`.
    """
    all_tasks = _of(state).begin()
    if settings.lab_budget:
        deadline.limit(state, settings.lab_budget)
    return all_tasks


def check_settings(state: State) -> tuple[Task, ...]:
    """Return the tasks of a run, after a check that all hosts have the same tasks and the same report.

    Raises:
        SettingsError: the settings of a host are invalid, the tasks or the report differ between hosts, or the
            trainer's file is invalid.
    """
    host_settings.check_all(_hosts(state))
    of_hosts = [host_settings.settings_of(host) for host in _hosts(state)]
    for key in ("lab_tasks", "report"):
        if len({getattr(each, key) for each in of_hosts}) > 1:
            raise SettingsError(f"{key} differs between hosts; set the same value for all hosts")
    return tasks.tasks(of_hosts[0].lab_tasks if of_hosts else None)


def _hosts(state: State) -> list[Host]:
    return [host for host in state.inventory if state.is_host_in_limit(host)]


@operation(is_idempotent=True)
@cleanly
def examine(settings: Settings, all_tasks: tuple[Task, ...]) -> Iterator[PyinfraCommand]:
    """Look at a host, and store the results of its checks for the report.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + all_tasks: see `check_settings`

    **Example:**

    .. code:: python

        verify.examine(
            name="Look at the host",
            settings=wanted,
            all_tasks=verify.begin(ctx_state.get(), wanted),
        )
    """
    state, host = ctx_state.get(), ctx_host.get()
    result = _result(host, settings, all_tasks)
    _of(state).results[host.name] = result
    noop(host, "looked at")
    yield from ()


def _result(host: Host, settings: Settings, all_tasks: tuple[Task, ...]) -> HostResult:
    try:
        looked = questions.look_at_lab(host, settings, tasks.queries_of(all_tasks), follow=True)
        preflight.check_rights(looked.snapshot)
        results = tuple(checks.judged(task, looked) for task in all_tasks)
    except HostError as error:
        return _not_looked_at(host.name, str(error), all_tasks)
    except Exception as error:  # noqa: BLE001 - a bug here must not prevent the report on other hosts
        return _not_looked_at(host.name, crash_log.write(error, host.name), all_tasks)
    result = HostResult(host.name, results, looked_at=looked.now, began_at=looked.began_at)
    return result._replace(expected=_is_expected(result, settings.lab_expect))


def _not_looked_at(name: str, problem: str, all_tasks: tuple[Task, ...]) -> HostResult:
    """Return the result of a host about which nothing is known; it counts as not expected."""
    problem = lines(problem, each=PROBLEM)
    unknown = tuple(checks.not_looked_at(task, problem) for task in all_tasks)
    return HostResult(name, unknown, problem=problem, expected=False)


def _is_expected(result: HostResult, expected: str | None) -> bool:
    """Return whether a host has reached the expected stage; with None, whether it is not broken."""
    if expected is None:
        return all(check.finding.state is not Progress.WRONG for check in result.tasks[0].checks)
    return result.stage is not None and STAGES.index(result.stage) >= STAGES.index(expected)


@operation(is_idempotent=True)
@cleanly
def conclude(settings: Settings, all_tasks: tuple[Task, ...]) -> Iterator[PyinfraCommand]:
    """Write the report on all hosts, then fail this host if it has not reached the expected stage.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + all_tasks: see `check_settings`

    **Example:**

    .. code:: python

        verify.conclude(
            name="Report",
            settings=wanted,
            all_tasks=verify.begin(ctx_state.get(), wanted),
        )
    """
    state, host = ctx_state.get(), ctx_host.get()
    if not state.is_executing:
        noop(host, "the report comes at the end of the run")
        return
    problem = _write(state, settings, all_tasks)
    result = _of(state).results[host.name]
    why = None if result.expected else _why(result, settings.lab_expect)
    if why or problem:
        raise HostError("\n".join(filter(None, (why, problem))))
    noop(host, f"{result.stage or 'not prepared'}")
    yield from ()


def _why(result: HostResult, expected: str | None) -> str:
    if result.problem:
        return result.problem
    if expected is None:
        wrong = next(
            check.finding.says
            for check in result.tasks[0].checks
            if check.finding.state is Progress.WRONG
        )
        return f"This host is broken: {wrong}"
    return (
        f"expected stage: {expected}, but the host is {result.stage or 'not prepared'}: see below"
    )


def _write(state: State, settings: Settings, all_tasks: tuple[Task, ...]) -> str | None:
    """Write the report, unless it has all results already. With --serial, it is written after each host.

    Returns:
        A message that the report could not be written, and the next step; else None.
    """
    verification = _of(state)
    known = dict(verification.results)
    if settings.report is None or verification.written == known:
        return None
    from pushgateway_lab.report.write import write  # here: it imports a template engine

    try:
        write(_report(state, all_tasks), Path(settings.report))
    except OSError as error:
        return (
            f"The report could not be written to {error.filename or settings.report}: {error.strerror}. "
            "Choose another directory: --data report=DIRECTORY"
        )
    verification.written = known
    return None


def _report(state: State, all_tasks: tuple[Task, ...]) -> Report:
    """Return the report on all hosts of a run, including those without a connection."""
    known = _of(state).results
    expected = {host_settings.settings_of(host).lab_expect for host in _hosts(state)}
    hosts = (
        known.get(host.name) or _not_looked_at(host.name, _why_not(state, host), all_tasks)
        for host in _hosts(state)
    )
    return Report(time.time(), expected.pop() if len(expected) == 1 else None, tuple(hosts))


def _why_not(state: State, host: Host) -> str:
    if host in state.activated_hosts:
        return "Not looked at: the run ended before."
    return f"Not reached: {unreached.reason_of(host)}"


def _show(report: Report) -> None:
    """Print the table to standard output, or to standard error if pyinfra prints JSON to standard output."""
    to_stderr = json_output.is_wanted()
    if to_stderr:
        json_output.add("verify", as_json.document(report))
    stream = sys.stderr if to_stderr else sys.stdout
    on_terminal = stream.isatty()
    width = shutil.get_terminal_size().columns if on_terminal else None
    click.echo(console.table(report, color=on_terminal, width=width), err=to_stderr)
