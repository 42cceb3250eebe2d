"""Where every host of a run is in the lab, and what went wrong there. Changes nothing on any host.

Two operations: the first looks at all hosts at once and never fails one, so that a class in which
everything is broken still has a report; the second writes it and fails the hosts that are not where
they should be. The table comes at the very end of the run.
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
from pushgateway_lab.report import console
from pushgateway_lab.run import crash_log, deadline, host_settings
from pushgateway_lab.run.failure import cleanly, noop
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.run import Run
from pushgateway_lab.settings import STAGES, Settings, SettingsError

PROBLEM = 1000
"""Characters of a line of what is wrong with a host as a whole."""


class _Verification:
    """What is known of the hosts of a run.

    + results: by the name of the host, of those that were looked at
    + written: the results of which there is a report
    """

    def __init__(self, run: Run) -> None:
        self._state = run.state
        self._tasks: tuple[Task, ...] | None = None
        self._run = run
        self.results: dict[str, HostResult] = {}
        self.written: dict[str, HostResult] = {}

    def begin(self) -> tuple[Task, ...]:
        """Check the settings, have the table shown at the end, and return the tasks; once a run."""
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
    """Begin the verification of a run, and return its tasks; further calls only return these.

    The table is shown when the run ends. It is limited to ``lab_budget`` seconds; the report names the hosts
    that were not looked at.

    + settings: of any host of the run; the first ``lab_budget`` counts

    Raises:
        SettingsError: see `check_settings`.
    """
    all_tasks = _of(state).begin()
    if settings.lab_budget:
        deadline.limit(state, settings.lab_budget)
    return all_tasks


def check_settings(state: State) -> tuple[Task, ...]:
    """The tasks of a run. All its hosts share them and the report.

    Raises:
        SettingsError: they differ between hosts, or the trainer's file cannot be used.
    """
    host_settings.check_all(_hosts(state))
    of_hosts = [host_settings.settings_of(host) for host in _hosts(state)]
    for key in ("lab_tasks", "report"):
        if len({getattr(each, key) for each in of_hosts}) > 1:
            raise SettingsError(f"{key} differs between hosts; a run has one, set it for all")
    return tasks.tasks(of_hosts[0].lab_tasks if of_hosts else None)


def _hosts(state: State) -> list[Host]:
    return [host for host in state.inventory if state.is_host_in_limit(host)]


@operation(is_idempotent=True)
@cleanly
def examine(settings: Settings, all_tasks: tuple[Task, ...]) -> Iterator[PyinfraCommand]:
    """Look at a host, and find out where it is.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + all_tasks: see `check_settings`
    """
    state, host = ctx_state.get(), ctx_host.get()
    result = _result(host, settings, all_tasks)
    _of(state).results[host.name] = result
    noop(host, "looked at")
    yield from ()


def _result(host: Host, settings: Settings, all_tasks: tuple[Task, ...]) -> HostResult:
    try:
        looked = questions.look_at_lab(host, settings, tasks.queries_of(all_tasks))
        preflight.check_rights(looked.snapshot)
        results = tuple(checks.judged(task, looked) for task in all_tasks)
    except HostError as error:
        return _not_looked_at(host.name, str(error), all_tasks)
    except Exception as error:  # noqa: BLE001 - a mistake of ours must not cost the others their report
        return _not_looked_at(host.name, crash_log.write(error, host.name), all_tasks)
    result = HostResult(host.name, results, looked_at=looked.now, began_at=looked.began_at)
    return result._replace(expected=_is_expected(result, settings.lab_expect))


def _not_looked_at(name: str, problem: str, all_tasks: tuple[Task, ...]) -> HostResult:
    """A host of which nothing is known, so it is not where anybody expects it."""
    problem = lines(problem, each=PROBLEM)
    unknown = tuple(checks.not_looked_at(task, problem) for task in all_tasks)
    return HostResult(name, unknown, problem=problem, expected=False)


def _is_expected(result: HostResult, expected: str | None) -> bool:
    """Whether a host has at least that stage; with none expected, whether it is not broken."""
    if expected is None:
        return all(check.finding.state is not Progress.WRONG for check in result.tasks[0].checks)
    return result.stage is not None and STAGES.index(result.stage) >= STAGES.index(expected)


@operation(is_idempotent=True)
@cleanly
def conclude(settings: Settings, all_tasks: tuple[Task, ...]) -> Iterator[PyinfraCommand]:
    """Write the report of all hosts, then fail this one if it is not where it should be.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + all_tasks: see `check_settings`
    """
    state, host = ctx_state.get(), ctx_host.get()
    if not state.is_executing:
        noop(host, "told at the end")
        return
    problem = _write(state, settings, all_tasks)
    result = _of(state).results[host.name]
    if not result.expected:
        raise HostError(_why(result, settings.lab_expect))
    if problem:
        raise HostError(problem)
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
    return f"expected to be {expected}, is {result.stage or 'not even prepared'}: see below"


def _write(state: State, settings: Settings, all_tasks: tuple[Task, ...]) -> str | None:
    """Write the report, once for all that is known so far: with --serial hosts come one by one.

    Returns:
        Why it could not be written.
    """
    verification = _of(state)
    known = dict(verification.results)
    if settings.report is None or verification.written == known:
        return None
    from pushgateway_lab.report.write import write  # only now: a template engine comes with it

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
    """All hosts of a run, those that could not be reached as well."""
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
    return "Not reached: no connection. Is it up, and is its name right?"


def _show(report: Report) -> None:
    """On standard output, unless pyinfra prints JSON there."""
    to_stderr = "--json" in sys.argv
    stream = sys.stderr if to_stderr else sys.stdout
    on_terminal = stream.isatty()
    width = shutil.get_terminal_size().columns if on_terminal else None
    click.echo(console.table(report, color=on_terminal, width=width), err=to_stderr)
