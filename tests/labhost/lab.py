"""A lab: hosts that share a network and an owner.

The owner is a process. If it is killed, the next lab that is made removes its hosts. A lab after `keep` has
no owner and stays until it is closed; it is also removed if none of its hosts runs, for example after a
restart of the machine.
"""

import logging
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from . import container, inotify, network
from .host import Host, HostSpec, boot
from .state import Process, exclusive, load_json, save_json, state_directory

_log = logging.getLogger(__name__)


class Lab:
    """A network of hosts. Use it as a context manager, or call `close()`."""

    def __init__(self, number: int, directory: Path) -> None:
        """Use `Lab.make()` or `Lab.kept()` instead."""
        self.number = number
        self.directory = directory
        self._making_room = threading.Lock()

    @classmethod
    def make(cls) -> "Lab":
        """Return a new lab of this process, after the removal of labs whose owners are dead."""
        with _state_lock():
            _sweep()
            for number in network.free_subnets():
                lab = cls(number, _labs() / str(number))
                if not lab.directory.exists() and lab._claim():
                    return lab
        raise RuntimeError("no subnet is free for another lab")

    @classmethod
    def kept(cls) -> list["Lab"]:
        """Return the labs that have no owner and have a running host."""
        with _state_lock():
            _sweep()
            return [lab for lab in _all_labs() if load_json(lab.directory / "owner.json") == []]

    def keep(self) -> None:
        """Let the lab outlive this process."""
        save_json(self.directory / "owner.json", [])

    def boot(self, spec: HostSpec | None = None) -> Host:
        """Boot one host."""
        return self.boot_all([spec or HostSpec()])[0]

    def boot_all(self, specs: Sequence[HostSpec]) -> list[Host]:
        """Boot hosts at the same time; if one of them fails, remove all of them."""
        hosts: list[Host] = []
        try:
            hosts.extend(map(self._make_room, specs))
            with ThreadPoolExecutor(max(1, len(hosts))) as pool:
                list(pool.map(boot, hosts, specs))
        except BaseException:
            stop_all(hosts)
            raise
        return hosts

    def hosts(self) -> list[Host]:
        """Return all hosts of the lab, with those that are not complete."""
        directories = sorted((self.directory / "hosts").glob("*"), key=lambda path: int(path.name))
        return [Host.load(path) or self._unnamed_host(path) for path in directories]

    def close(self) -> None:
        """Stop all hosts and remove the network. Idempotent."""
        with _state_lock():
            self._remove()
            _tidy_up()

    def _remove(self) -> None:
        stop_all(self.hosts())
        network.delete_switch(self.number)
        container.remove_tree(self.directory)

    def is_abandoned(self) -> bool:
        """Return whether the owner is dead, or there is no owner and no host runs."""
        owner = load_json(self.directory / "owner.json")
        if owner:
            return not Process(*owner).is_alive()
        return not any(host.is_running() for host in self.hosts())

    def _claim(self) -> bool:
        """Reserve the number; return whether it was free: other state directories use numbers, too."""
        if network.namespace_path(network.switch_name(self.number)).exists():
            return False
        # The owner is written first: if this process is killed, the next sweep needs it.
        self.directory.mkdir(parents=True)
        save_json(self.directory / "owner.json", Process.of(os.getpid()))
        try:
            if network.create_switch(self.number):
                return True
        except BaseException:
            self._remove()
            raise
        container.remove_tree(self.directory)
        return False

    def _make_room(self, spec: HostSpec) -> Host:
        """Make the directory and the network of a new host."""
        with self._making_room, _state_lock():
            taken = {host.number: host.name for host in self.hosts()}
            number = next(n for n in range(network.MAX_HOSTS) if n not in taken)
            name = spec.name or f"lab{number + 1}"
            if name in taken.values():
                raise ValueError(f"there is a host {name!r} in this lab already")
            inotify.make_room(1 + sum(len(lab.hosts()) for lab in _all_labs()))
            directory = self.directory / "hosts" / str(number)
            directory.mkdir(parents=True)
            host = Host(name, spec.suite, spec.user, self.number, number, directory)
            host.save()
            network.attach_host(self.number, number)
            return host

    def _unnamed_host(self, directory: Path) -> Host:
        """Return a host whose boot was interrupted before its data was written."""
        return Host("", "", "", self.number, int(directory.name), directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def stop_all(hosts: Sequence[Host]) -> None:
    """Stop hosts at the same time."""
    with ThreadPoolExecutor(max(1, len(hosts))) as pool:
        list(pool.map(Host.stop, hosts))


def _labs() -> Path:
    return state_directory() / "labs"


def _all_labs() -> list[Lab]:
    return [Lab(int(path.name), path) for path in sorted(_labs().glob("*"))]


def _state_lock() -> AbstractContextManager[int]:
    """Hold the lock for the making and removal of labs and hosts."""
    return exclusive(state_directory() / "lock")


def _sweep() -> None:
    """Remove the labs of dead owners. The caller holds the lock, so no lab is incomplete."""
    for lab in _all_labs():
        if lab.is_abandoned():
            _log.info("removing lab %s, its owner is gone", lab.number)
            try:
                lab._remove()
            except Exception:  # noqa: BLE001 - whatever it is, others must be able to work
                _log.warning("cannot remove lab %s", lab.number, exc_info=True)
    _tidy_up()


def _tidy_up() -> None:
    """Restore the machine's settings if there is no lab any more. The caller holds the lock."""
    if not _all_labs():
        inotify.give_back()
