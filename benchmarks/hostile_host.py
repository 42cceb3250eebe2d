"""Measure the cost of one hostile host in a class of three: seconds until the table, and memory here.

    PYTHONPATH=tests .venv/bin/python benchmarks/hostile_host.py                     # this checkout
    PYTHONPATH=tests .venv/bin/python benchmarks/hostile_host.py --checkout OTHER    # beside it, in turn

One run of ``deploy/verify.py`` has two converged lab hosts and a host that hangs, floods or lies. With another
checkout, each row is measured with both, one after the other.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from attackers import Attacker, hostile_host, hostile_sshd
from expectations import CONFIG, prometheus_runs
from labhost import Host, HostSpec, Lab, PyinfraCommand, WarmPyinfra
from measuring import Ran, measured

REPOSITORY = Path(__file__).parents[1]
PATIENCE = 75.0
"""Seconds after which a run is killed."""

SSH = ("silent", "drip", "lines", "endless", "kex", "login", "channel", "exec", "unended", "flood")
HTTP = ("hang", "drip", "endless", "zeros", "bomb", "deep")
SHELLS = {"yes": "yes", "a line without end": "tr '\\0' x </dev/zero"}
LINES = (8, 32)
"""Megabytes of a prometheus.yml with one line."""


class Class(NamedTuple):
    """The hosts of a run: two converged ones, and one for the attack."""

    good: list[Host]
    bad: Host
    directory: Path


Attack = Callable[[Class], AbstractContextManager[list[Host]]]
"""Makes a host hostile and yields the hosts of a run."""


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkout", type=Path, help="another checkout to measure beside this one")
    parser.add_argument(
        "--only", nargs="*", metavar="TEXT", help="rows whose names hold one of these"
    )
    arguments = parser.parse_args()
    other: Path | None = arguments.checkout
    checkouts = [*([other.resolve()] if other else []), REPOSITORY]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Lab.make() as lab, tempfile.TemporaryDirectory() as directory:
        packages = ("prometheus", "prometheus-pushgateway", "curl")
        *good, bad = lab.boot_all([HostSpec(packages=packages)] * 3)
        for host in (*good, bad):
            prometheus_runs(host)
        made = Class(good, bad, Path(directory))
        print("| hostile host |" + "".join(f" {path.name} |" for path in checkouts))
        print("| --- |" + " --- |" * len(checkouts))
        for name, attack in _attacks():
            if not any(part in name for part in arguments.only or [name]):
                continue
            told = []
            for path in checkouts:
                with attack(made) as hosts:
                    told.append(_told(_verify(path, hosts, made.directory), made))
            print(f"| {name} |" + "".join(f" {each} |" for each in told), flush=True)
    return 0


def _attacks() -> Iterator[tuple[str, Attack]]:
    yield "none", _none
    for behaviour in SSH:
        yield f"SSH server: {behaviour}", partial(_sshd, behaviour=behaviour)
    for name, shell in SHELLS.items():
        yield f".bashrc: {name}", partial(_bashrc, commands=shell)
    for behaviour in HTTP:
        for port in (9090, 9091):
            yield f"port {port}: {behaviour}", partial(_server, port=port, behaviour=behaviour)
    for megabytes in LINES:
        yield f"{megabytes} MB in a line", partial(_line, megabytes=megabytes)


@contextmanager
def _none(made: Class) -> Iterator[list[Host]]:
    yield [*made.good, made.bad]


@contextmanager
def _sshd(made: Class, behaviour: str) -> Iterator[list[Host]]:
    with hostile_sshd(behaviour) as port:
        directory = Path(tempfile.mkdtemp(dir=made.directory)) / behaviour
        yield [*made.good, hostile_host(behaviour, port, directory, made.bad.ssh_key)]


@contextmanager
def _bashrc(made: Class, commands: str) -> Iterator[list[Host]]:
    made.bad.write("/root/.bashrc", f"{commands}\n".encode())
    try:
        yield [*made.good, made.bad]
    finally:
        made.bad.run("rm /root/.bashrc")


@contextmanager
def _server(made: Class, port: int, behaviour: str) -> Iterator[list[Host]]:
    unit = {9090: "prometheus", 9091: "prometheus-pushgateway"}[port]
    made.bad.run(f"systemctl stop {unit}")
    attacker = Attacker(made.bad)
    attacker.serve(port, behaviour)
    try:
        yield [*made.good, made.bad]
    finally:
        attacker.stop_serving(port)
        made.bad.run(f"systemctl reset-failed; systemctl start {unit}")
        prometheus_runs(made.bad)


@contextmanager
def _line(made: Class, megabytes: int) -> Iterator[list[Host]]:
    before = made.bad.read(CONFIG)
    made.bad.run(
        f"{{ printf 'scrape_configs: ['; yes '{{job_name: a}}, ' | tr -d '\\n' | "
        f"head -c {megabytes}000000; }} >{CONFIG}"
    )
    try:
        yield [*made.good, made.bad]
    finally:
        made.bad.write(CONFIG, before)


def _verify(checkout: Path, hosts: list[Host], directory: Path) -> Ran:
    command = PyinfraCommand(Path(tempfile.mkdtemp(dir=directory)), WarmPyinfra(), checkout)
    environment = {"PYTHONPATH": str(checkout / "deploy")}
    process = command.start(hosts, "-y", "deploy/verify.py", environment=environment)
    try:
        return measured(command, process, PATIENCE)
    finally:
        command.close()


def _told(ran: Ran, made: Class) -> str:
    has_table = all(f"\n{host.name} " in ran.stdout for host in made.good)
    size = f", {ran.megabytes} MB" if ran.megabytes else ""
    return (
        f"{ran.seconds:.1f} s{size}" if has_table else f"no table after {ran.seconds:.0f} s{size}"
    )


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
