"""The end of a run: which hosts failed, at what, and which were not reached or not finished.

pyinfra's own table counts hosts for each operation, names none, and is left out when all failed.
"""

from weakref import WeakKeyDictionary

from pyinfra import logger
from pyinfra.api.host import Host
from pyinfra.api.output import format_text
from pyinfra.api.state import BaseStateCallback, State

from pushgateway_lab.run.failure import reason_of


class _Summary(BaseStateCallback):
    """Collects failed operations; tells about them when the last host is disconnected."""

    def __init__(self) -> None:
        self._failed_at: WeakKeyDictionary[Host, str] = WeakKeyDictionary()
        self._connected: int | None = None

    def operation_host_error(  # type: ignore[override] # pyinfra calls it on the instance
        self, state: State, host: Host, op_hash: str, retry_count: int = 0, max_retries: int = 0
    ) -> None:
        """Remember what failed on a host."""
        del retry_count, max_retries
        self._failed_at[host] = ", ".join(sorted(state.get_op_meta(op_hash).names))

    def host_disconnect(self, state: State, host: Host) -> None:  # type: ignore[override]
        """Tell, once all hosts are disconnected."""
        del host
        if self._connected is None:
            self._connected = len(state.activated_hosts)
        self._connected -= 1
        if self._connected == 0:
            self._tell(state)

    def _tell(self, state: State) -> None:
        lines = [
            f"{host.print_prefix}{format_text(what, 'red')}"
            for host in state.inventory
            if state.is_host_in_limit(host) and (what := self._what_became_of(state, host))
        ]
        if lines:
            logger.info("--> Hosts that are not done:")
            for line in lines:
                logger.info(line)

    def _what_became_of(self, state: State, host: Host) -> str | None:
        """What a host did not get, None if it got all."""
        if host not in state.activated_hosts:
            return "not reached: no connection"
        reason = reason_of(host)
        if host in self._failed_at:
            return f"failed at: {self._failed_at[host]}{f': {reason}' if reason else ''}"
        if host in state.failed_hosts:
            return f"would fail: {reason}" if reason else "failed"
        if state.is_executing and any(
            not each.operation_meta.is_complete() for each in state.ops[host].values()
        ):
            return "not finished: run this again"
        return None


def at_the_end(state: State) -> None:
    """Have the summary of this run told when it ends; once is enough, however often it is asked."""
    if not any(isinstance(each, _Summary) for each in state.callback_handlers):
        state.add_callback_handler(_Summary())
