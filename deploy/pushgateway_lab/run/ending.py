"""The summary at the end of a run: the hosts that failed, with the operation, were not reached or not finished.

pyinfra's own table counts hosts for each operation, but names no host, and is missing when all hosts failed.
"""

from pyinfra import logger
from pyinfra.api.host import Host
from pyinfra.api.output import format_text
from pyinfra.api.state import BaseStateCallback, State

from pushgateway_lab.run.failure import reason_of
from pushgateway_lab.run.host_error import INTERRUPTED
from pushgateway_lab.run.run import Run


def tell_at_end(state: State) -> None:
    """Print the summary when the run ends; a second call changes nothing."""
    Run.of(state).part(_Ending)


_UNFINISHED = "not finished: run this again"


class _Ending(BaseStateCallback):
    """Collects failed operations, and prints the summary at the end of a run."""

    def __init__(self, run: Run) -> None:
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
        lines = [
            f"{host.print_prefix}{format_text(problem, 'red')}"
            for host in self._state.inventory
            if self._state.is_host_in_limit(host) and (problem := self._problem_of(host))
        ]
        if lines:
            logger.info("--> Hosts that are not done:")
            for line in lines:
                logger.info(line)

    def _problem_of(self, host: Host) -> str | None:
        """Return the reason why a host is not done; None if it is done."""
        state = self._state
        if host not in state.activated_hosts:
            return "not reached: no connection"
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
