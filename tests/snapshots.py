"""Snapshots of hosts that are not there: what ``files/snapshot.sh`` would have printed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

from pyinfra.api.command import FunctionCommand, PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.context import ctx_host, ctx_state

from local_hosts import host_of, state_of
from looks import SERVICES, encoded, unit
from pushgateway_lab.facts import snapshot
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.settings import Settings, parse_settings

PROMETHEUS, GATEWAY = "prometheus.service", "prometheus-pushgateway.service"
DEBIAN = ("service_manager runs", "tool apt-get", "tool curl")
BOTH = (*DEBIAN, *unit(PROMETHEUS), *unit(GATEWAY))
"""A host that has both services, and nothing of the lab."""


def seen(*lines: str) -> Snapshot:
    """A host of which a look as root printed this."""
    return snapshot.parse_snapshot(
        snapshot.lines_of(["snapshot 3", "uid 0", *SERVICES, *lines, "end"])
    )


def settings(**data: Any) -> Settings:
    return parse_settings(data)


def config(text: str, changed: float = 100) -> tuple[str, ...]:
    """Prometheus's configuration file, last changed then."""
    return (f"config_changed {changed}", f"config_text {encoded(text)}", "config present")


def loaded(text: str, at: float = 100, *, successful: bool = True) -> tuple[str, ...]:
    """What Prometheus says it has loaded, when, and whether its last reload succeeded."""
    return (
        f"prometheus_config {json.dumps({'data': {'yaml': text}})}",
        f"prometheus_config_last_reload_successful {successful:d}",
        f"prometheus_config_last_reload_success_timestamp_seconds {at}",
    )


def listen(address: str, port: int = 9091, inode: str = "5") -> str:
    """A listening socket, as the kernel writes it on a machine of little-endian words."""
    packed = ip_address(address).packed
    words = (packed[i : i + 4][::-1].hex() for i in range(0, len(packed), 4))
    return f"listen {''.join(words)}:{port:04X} {inode}"


def flags(text: str) -> str:
    """The file that the Pushgateway's flags are written in."""
    return f"flags_text {encoded(text)}"


def argv(*words: str) -> str:
    """The command line of the running Pushgateway."""
    return f"pushgateway_argv {encoded(chr(0).join(words) + chr(0))}"


@contextmanager
def host_in_run(*, executing: bool = True) -> Iterator[Host]:
    """A host in the context of a run, which is not connected to; while it is prepared, or executed."""
    state = state_of({"a": {}})
    state.is_executing = executing
    host = host_of(state, "a")
    with ctx_state.use(state), ctx_host.use(host):
        yield host


def carry_out(host: Host, commands: Iterator[PyinfraCommand]) -> bool:
    """Run the functions among an operation's commands as pyinfra does; returns whether all succeeded."""
    functions = [each for each in commands if isinstance(each, FunctionCommand)]
    return all(each.execute(host.state, host, {}) is not False for each in functions)
