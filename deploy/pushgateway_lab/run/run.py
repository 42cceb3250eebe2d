"""One run of pyinfra: the state that each room keeps for it, and the end of it.

It knows no other room: each gives it a class of its own, see `Run.part`.
"""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any, TypeVar

from pyinfra.api.host import Host
from pyinfra.api.state import BaseStateCallback, State

T = TypeVar("T")


class Run(BaseStateCallback):
    """All that belongs to one run of pyinfra. `Run.of` finds it; it ends with the `State` that it belongs to.

    Hosts and states must be pyinfra's own objects: `context.host` and `context.state` are proxies, which
    stand for another object later.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self._parts: dict[Callable[[Run], Any], Any] = {}
        self._ends: list[Callable[[], object]] = []
        self._clean_ups: dict[Host, dict[object, Callable[[], object]]] = {}
        self._disconnected: set[Host] = set()

    @classmethod
    def of(cls, state: State) -> "Run":
        """Return the run of a state; the first call makes it."""
        found = next((each for each in state.callback_handlers if isinstance(each, cls)), None)
        if found is None:
            found = cls(state)
            state.add_callback_handler(found)
        return found

    def part(self, kind: Callable[["Run"], T]) -> T:
        """Return the one instance of a class that belongs to this run; the first call makes it.

        + kind: a class that takes the run
        """
        if kind not in self._parts:
            self._parts[kind] = kind(self)
        part: T = self._parts[kind]
        return part

    def at_end(self, act: Callable[[], object]) -> None:
        """Call `act` once, when the last host has been disconnected.

        Several are called in the order of registration. An error of one does not keep the others from
        being called; pyinfra reports it afterwards.
        """
        self._ends.append(act)

    def on_disconnect(self, host: Host, act: Callable[[], object]) -> Callable[[], object]:
        """Call `act` once, when a host is disconnected, while its connection still works.

        For clean-ups: pyinfra runs no `finally` reliably when a run is interrupted, but it disconnects from
        each host. Several are called in the opposite order of registration.

        Returns:
            A function that takes this back.
        """
        clean_ups = self._clean_ups.setdefault(host, {})
        key = object()
        clean_ups[key] = act
        return partial(clean_ups.pop, key, None)

    def host_disconnect(self, state: State, host: Host) -> None:  # type: ignore[override]
        """Clean up on a host; after the last one, end the run. pyinfra calls this."""
        del state
        with ExitStack() as acts:  # which calls all of them, the last one first
            acts.callback(self._note_disconnected, host)
            for act in self._clean_ups.pop(host, {}).values():
                acts.callback(act)

    def _note_disconnected(self, host: Host) -> None:
        self._disconnected.add(host)
        if not self.state.activated_hosts <= self._disconnected:
            return
        self._disconnected.clear()
        ends, self._ends = self._ends, []
        with ExitStack() as acts:
            for act in reversed(ends):
                acts.callback(act)
