"""The summary at the end of a run: that all hosts are as they should be, or which are not, and why.

A host is not done if it failed, with the operation, or was not reached or not finished.

pyinfra's own table counts hosts for each operation, but names no host, and is missing when all hosts failed.
"""

from collections.abc import Sequence

from pyinfra import logger
from pyinfra.api.host import Host
from pyinfra.api.output import format_text
from pyinfra.api.state import BaseStateCallback, State

from pushgateway_lab.run import unreached
from pushgateway_lab.run.failure import reason_of
from pushgateway_lab.run.host_error import INTERRUPTED
from pushgateway_lab.run.run import Run


def tell_at_end(state: State, *, also_if_done: bool = True) -> None:
    """Print the summary when the run ends; a second call changes nothing.

    + also_if_done: also print a line if all hosts are done
    """
    Run.of(state).part(_Ending).also_if_done = also_if_done


def problems(state: State) -> dict[str, str | None]:
    """Return for each host of the run why it is not done, in one line; None for a host that is done."""
    part = Run.of(state).part(_Ending)
    return {
        host.name: part.problem_of(host) for host in state.inventory if state.is_host_in_limit(host)
    }


_UNFINISHED = "not finished: run this again"


class _Ending(BaseStateCallback):
    """Collects failed operations, and prints the summary at the end of a run."""

    def __init__(self, run: Run) -> None:
        self.also_if_done = True
        self._state = run.state
        self._failed_at: dict[Host, str] = {}
        run.state.add_callback_handler(self)
        run.at_end(self._tell)

    def operation_host_error(  # type: ignore[override] # pyinfra calls it on the instance
        self, state: State, host: Host, op_hash: str, retry_count: int = 0, max_retries: int = 0
    ) -> None:
        """Store the name of the operation that failed on a host."""
        del retry_count, max_retries
        self._failed_at[host] = ", ".join(sorted(state.get_op_meta(op_hash).names))

    def _tell(self) -> None:
        hosts = [host for host in self._state.inventory if self._state.is_host_in_limit(host)]
        lines = [
            f"{host.print_prefix}{format_text(problem, 'red')}"
            for host in hosts
            if (problem := self.problem_of(host))
        ]
        if lines:
            logger.info("--> Hosts that are not done:")
            for line in lines:
                logger.info(line)
        elif self.also_if_done and self._state.is_executing:
            changed = [host.name for host in hosts if self._is_changed(host)]
            logger.info(f"--> {format_text(all_done(len(hosts), changed), 'green')}")

    def _is_changed(self, host: Host) -> bool:
        return any(each.operation_meta.did_change() for each in self._state.ops[host].values())

    def problem_of(self, host: Host) -> str | None:
        """Return the reason why a host is not done; None if it is done."""
        state = self._state
        if host not in state.activated_hosts:
            return f"not reached: {unreached.reason_of(host)}"
        reason = reason_of(host)
        if reason == INTERRUPTED:
            return _UNFINISHED
        if host in self._failed_at:
            return f"failed at: {self._failed_at[host]}{f': {reason}' if reason else ''}"
        if host in state.failed_hosts:
            return f"would fail: {reason}" if reason else "failed"
        if state.is_executing and any(
            not each.operation_meta.is_complete() for each in state.ops[host].values()
        ):
            return _UNFINISHED
        return None


_NAMED = 10
"""The most hosts that the last line names."""


def all_done(hosts: int, changed: Sequence[str]) -> str:
    """Return the last line of a run in which all hosts are done.

    + hosts: their number
    + changed: the names of those on which the run changed something

    Example:
        all_done(20, ["vm07"]) == "20 hosts: all as they should be; changed: vm07"
    """
    subject = f"{hosts} hosts: all as they should be" if hosts != 1 else "1 host: as it should be"
    if not changed:
        return f"{subject}; nothing was changed"
    if len(changed) == hosts:
        return f"{subject}; {'all were' if hosts != 1 else 'it was'} changed"
    more = len(changed) - _NAMED
    names = ", ".join(changed[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{subject}; changed: {names}"
