"""One run of pyinfra: the state that other modules keep for it, and the functions to call at its end.

This module imports none of them: each module passes a class of its own to `Run.part`.
"""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any, TypeVar

from pyinfra.api.host import Host
from pyinfra.api.state import BaseStateCallback, State

T = TypeVar("T")


class Run(BaseStateCallback):
    """The data of one run of pyinfra. `Run.of` returns it; it lives as long as pyinfra's `State`.

    Pass pyinfra's own host and state objects, as from `ctx_host.get()`: `context.host` and `context.state` are
    proxies, which point to other objects later.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self._parts: dict[Callable[[Run], Any], Any] = {}
        self._ends: list[Callable[[], object]] = []
        self._clean_ups: dict[Host, dict[object, Callable[[], object]]] = {}
        self._disconnected: set[Host] = set()

    @classmethod
    def of(cls, state: State) -> "Run":
        """Return the run of a state; the first call creates it."""
        found = next((each for each in state.callback_handlers if isinstance(each, cls)), None)
        if found is None:
            found = cls(state)
            state.add_callback_handler(found)
        return found

    def part(self, kind: Callable[["Run"], T]) -> T:
        """Return this run's only instance of a class; the first call creates it.

        + kind: a class whose only argument is the run
        """
        if kind not in self._parts:
            self._parts[kind] = kind(self)
        part: T = self._parts[kind]
        return part

    def at_end(self, act: Callable[[], object]) -> None:
        """Call `act` once, after the last host was disconnected.

        Several functions are called in the order of registration. If one raises an error, the others are still
        called, and pyinfra reports the error afterwards.
        """
        self._ends.append(act)

    def on_disconnect(self, host: Host, act: Callable[[], object]) -> Callable[[], object]:
        """Call `act` once, when pyinfra disconnects from a host, while the connection still works.

        For clean-up: when a run is interrupted, pyinfra does not always run `finally` blocks, but it disconnects
        from each host. Several functions are called in the reverse order of registration.

        Returns:
            A function that cancels the registration.
        """
        clean_ups = self._clean_ups.setdefault(host, {})
        key = object()
        clean_ups[key] = act
        return partial(clean_ups.pop, key, None)

    def host_disconnect(self, state: State, host: Host) -> None:  # type: ignore[override]
        """Call the functions of a host, and after the last host those of the run. pyinfra calls this."""
        del state
        with ExitStack() as acts:  # calls all of them, in reverse order, even after an error
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
