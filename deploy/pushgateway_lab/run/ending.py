"""The end of a run: which hosts failed, at which operation, and which were not reached or not finished.

pyinfra's own table counts hosts for each operation, names none, and is left out when all failed.
"""

from pyinfra import logger
from pyinfra.api.host import Host
from pyinfra.api.output import format_text
from pyinfra.api.state import BaseStateCallback, State

from pushgateway_lab.run.failure import reason_of
from pushgateway_lab.run.host_error import INTERRUPTED
from pushgateway_lab.run.run import Run


def tell_at_end(state: State) -> None:
    """Name the hosts that are not done when the run ends; further calls change nothing."""
    Run.of(state).part(_Ending)


_UNFINISHED = "not finished: run this again"


class _Ending(BaseStateCallback):
    """Collects failed operations, and tells about them at the end of a run."""

    def __init__(self, run: Run) -> None:
        self._state = run.state
        self._failed_at: dict[Host, str] = {}
        run.state.add_callback_handler(self)
        run.at_end(self._tell)

    def operation_host_error(  # type: ignore[override] # pyinfra calls it on the instance
        self, state: State, host: Host, op_hash: str, retry_count: int = 0, max_retries: int = 0
    ) -> None:
        """Remember which operation failed on a host."""
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
        """Return what keeps a host from being done; None if it is done."""
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
