"""Snapshots without hosts, made from the output that ``files/snapshot.sh`` would print."""

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
from pushgateway_lab.facts import look_output
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.facts.snapshot_parser import parse_snapshot
from pushgateway_lab.settings import Settings, parse_settings

PROMETHEUS, GATEWAY = "prometheus.service", "prometheus-pushgateway.service"
DEBIAN = ("service_manager systemd", "tool apt-get", "tool curl")
BOTH = (*DEBIAN, *unit(PROMETHEUS), *unit(GATEWAY))
"""Lines of a host with both services and without changes of the lab."""


def seen(*lines: str) -> Snapshot:
    """Return the snapshot of a host with this output of a look as root."""
    return parse_snapshot(look_output.lines_of(["snapshot 5", "uid 0", *SERVICES, *lines, "end"]))


def settings(**data: Any) -> Settings:
    return parse_settings(data)


def config(text: str, changed: float = 100) -> tuple[str, ...]:
    """Return lines of Prometheus's configuration file, with the time of its last change."""
    return (f"config_changed {changed}", f"config_text {encoded(text)}", "config present")


def loaded(text: str, at: float = 100, *, successful: bool = True) -> tuple[str, ...]:
    """Return lines of Prometheus's loaded configuration, its time, and the result of the last reload."""
    return (
        f"prometheus_config {json.dumps({'data': {'yaml': text}})}",
        f"prometheus_config_last_reload_successful {successful:d}",
        f"prometheus_config_last_reload_success_timestamp_seconds {at}",
    )


def listen(address: str, port: int = 9091, inode: str = "5") -> str:
    """Return the line of a listening socket, as a little-endian kernel writes it."""
    packed = ip_address(address).packed
    words = (packed[i : i + 4][::-1].hex() for i in range(0, len(packed), 4))
    return f"listen {''.join(words)}:{port:04X} {inode}"


def flags(text: str) -> str:
    """Return the line of the file with the Pushgateway's flags."""
    return f"flags_text {encoded(text)}"


def argv(*words: str) -> str:
    """Return the line of the running Pushgateway's command line."""
    return f"pushgateway_argv {encoded(chr(0).join(words) + chr(0))}"


@contextmanager
def host_in_run(*, executing: bool = True) -> Iterator[Host]:
    """Make a host, without a connection, pyinfra's current host of a run that is prepared or executed."""
    state = state_of({"a": {}})
    state.is_executing = executing
    host = host_of(state, "a")
    with ctx_state.use(state), ctx_host.use(host):
        yield host


def carry_out(host: Host, commands: Iterator[PyinfraCommand]) -> bool:
    """Run the functions among an operation's commands as pyinfra does; return whether all succeeded."""
    functions = [each for each in commands if isinstance(each, FunctionCommand)]
    return all(each.execute(host.state, host, {}) is not False for each in functions)
