"""Measure runs on a fleet: this toolkit, the bare SSH floor, stock pyinfra and Ansible.

    make bench                                # everything, one table
    make bench ARGS="--hosts 20 --runs 3"     # one size

It boots real hosts, brings them to the end state, and runs each command in turn, in rounds, so that changes of
the machine's speed affect all commands. The result is a row's ratio to the floor, `pyinfra exec -- true`, in
the same run.
"""

import argparse
import os
import platform
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from labhost import Host, HostSpec, Lab
from labhost.proxy import DelayingProxy

HERE = Path(__file__).parent
REPOSITORY = HERE.parent
PYINFRA = Path(sys.prefix, "bin/pyinfra")
RIVALS = HERE / ".venv"
INSTALLED = ("prometheus", "prometheus-pushgateway", "curl", "python3-apt")
SNAPSHOT = "pushgateway_lab.host.fact.HostSnapshot"
REAL_HOSTS = 20
"""The most real hosts; further inventory entries share them."""


class Fleet(NamedTuple):
    """Inventories of the same hosts, one for each tool."""

    size: int
    pyinfra: Path
    ansible: Path


class Cost(NamedTuple):
    """The cost of a command: seconds from start to end, and its own peak memory in MB."""

    seconds: float
    memory: float


class Row(NamedTuple):
    """A measured command."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = MappingProxyType({})


def main() -> int:
    """Run the benchmark; return the exit code."""
    arguments = _parser().parse_args()
    # On SIGTERM, it cleans up as it does on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    with Lab.make() as lab, tempfile.TemporaryDirectory() as directory:
        if arguments.bootstrap:
            _bootstrap(lab, Path(directory), arguments.bootstrap)
        if arguments.hosts or arguments.latency:
            _no_change(lab, Path(directory), arguments)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    numbers: dict[str, Any] = {"type": int, "nargs": "*", "metavar": "N"}
    parser.add_argument("--hosts", default=[1, 20, 100, 200], help="sizes of the fleet", **numbers)
    parser.add_argument("--latency", default=[50, 150], help="added, in ms, to one host", **numbers)
    parser.add_argument("--bootstrap", type=int, default=20, help="bare hosts; 0: leave it out")
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each command")
    parser.add_argument("--slow", type=int, default=20, help="Ansible's largest fleet")
    return parser


def _no_change(lab: Lab, directory: Path, arguments: argparse.Namespace) -> None:
    """Measure runs on converged hosts."""
    wanted = min(max(arguments.hosts or [1]), REAL_HOSTS)
    hosts = lab.boot_all([HostSpec(packages=INSTALLED)] * wanted)
    whole = _fleet(directory, hosts, len(hosts))
    # In this order each tool finds its own work done: the toolkit accepts any form of the job, the others
    # find their own by the marks around it.
    _run(_stock(whole))
    _run(_toolkit(whole, "--data", "pushgateway_smoke=never"))
    for size in arguments.hosts:
        fleet = _fleet(directory, hosts, size)
        shared = f" ({len(hosts)} real ones)" if size > len(hosts) else ""
        rows = _rows(fleet, with_ansible=size <= arguments.slow)
        _table(f"{size} hosts{shared}, nothing to change", _measure(rows, arguments.runs))
    for latency in arguments.latency:
        with _delayed(directory, hosts[0], latency) as fleet:
            rows = _rows(fleet, with_ansible=False)
            costs = _measure(rows, arguments.runs)
            _table(f"1 host with {latency} ms more latency, nothing to change", costs, latency)


def _rows(fleet: Fleet, *, with_ansible: bool) -> list[Row]:
    rows = [
        Row("pyinfra exec -- true, the floor", _pyinfra(fleet, "exec", "--", "true")),
        Row("pyinfra fact of the snapshot", _pyinfra(fleet, "fact", SNAPSHOT)),
        _toolkit(fleet),
        Row("this toolkit's verify", _pyinfra(fleet, "-y", "deploy/verify.py")),
        _stock(fleet),
    ]
    if with_ansible:
        rows += [_ansible(fleet, mitogen=False), _ansible(fleet, mitogen=True)]
    return rows


def _pyinfra(fleet: Fleet, *arguments: str) -> list[str]:
    return [str(PYINFRA), str(fleet.pyinfra), *arguments]


def _toolkit(fleet: Fleet, *arguments: str) -> Row:
    return Row("this toolkit", _pyinfra(fleet, "-y", "deploy/bootstrap.py", *arguments))


def _ansible(fleet: Fleet, *, mitogen: bool) -> Row:
    environment = {
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_FORKS": str(fleet.size),
        "ANSIBLE_HOST_KEY_CHECKING": "false",
        "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
        "ANSIBLE_HOME": str(fleet.ansible.parent / "ansible"),
    }
    if mitogen:
        found = next(RIVALS.glob("lib/python*/site-packages/ansible_mitogen/plugins/strategy"))
        environment |= {
            "ANSIBLE_STRATEGY_PLUGINS": str(found),
            "ANSIBLE_STRATEGY": "mitogen_linear",
        }
    playbook = RIVALS / "bin" / "ansible-playbook"
    command = [str(playbook), "-i", str(fleet.ansible), str(HERE / "rivals" / "playbook.yml")]
    return Row("Ansible with Mitogen" if mitogen else "Ansible", command, environment)


def _fleet(directory: Path, hosts: Sequence[Host], size: int, **data: Any) -> Fleet:
    """Return inventories of `size` entries; with more entries than hosts, several name the same host."""
    entries = [
        (f"entry{number}", hosts[number % len(hosts)].pyinfra_data() | data)
        for number in range(size)
    ]
    folder = Path(tempfile.mkdtemp(dir=directory))
    pyinfra, ansible = folder / "inventory.py", folder / "inventory.ini"
    pyinfra.write_text(f"hosts = {entries!r}\n")
    ansible.write_text("\n".join(_ansible_line(name, each) for name, each in entries) + "\n")
    return Fleet(size, pyinfra, ansible)


def _ansible_line(name: str, data: dict[str, Any]) -> str:
    options = f"-F /dev/null -o UserKnownHostsFile={data['ssh_known_hosts_file']}"
    return (
        f"{name} ansible_host={data['ssh_hostname']} ansible_user={data['ssh_user']} "
        f"ansible_ssh_private_key_file={data['ssh_key']} ansible_ssh_common_args='{options}'"
    )


@contextmanager
def _delayed(directory: Path, host: Host, milliseconds: int) -> Iterator[Fleet]:
    with DelayingProxy(host.address, latency=milliseconds / 1000) as proxy:
        reached = {"ssh_hostname": "127.0.0.1", "ssh_port": proxy.port}
        yield _fleet(directory, [host], 1, **reached, ssh_strict_host_key_checking="no")


def _measure(rows: Sequence[Row], runs: int) -> dict[str, list[Cost]]:
    """Return the costs of each row's runs, made in turn; the first run of each row does not count."""
    costs: dict[str, list[Cost]] = {row.name: [] for row in rows}
    for round_ in range(runs + 1):
        for row in rows:
            cost = _run(row)
            if round_:
                costs[row.name].append(cost)
    return costs


def _run(row: Row) -> Cost:
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            row.command,
            cwd=REPOSITORY,
            env=os.environ | dict(row.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        # Not process.wait(), which does not return the resource usage.
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            sys.exit(f"{shlex.join(row.command)[:200]}\n{output.read()[-8000:]}")
    return Cost(seconds, used.ru_maxrss / 1024)


def _table(title: str, costs: dict[str, list[Cost]], latency: int = 0) -> None:
    """Print medians, and the ratio to the first row: the median of the ratios of all rounds."""
    floor = [cost.seconds for cost in next(iter(costs.values()))]
    further = " round trips above it |" if latency else " MB |"
    print(f"\n{title}\n\n| what | seconds | times the floor |{further}")
    print("| --- | ---: | ---: | ---: |")
    for name, each in costs.items():
        seconds = [cost.seconds for cost in each]
        ratio = statistics.median(a / b for a, b in zip(seconds, floor, strict=True))
        trips = (statistics.median(seconds) - statistics.median(floor)) * 1000 / (latency or 1)
        memory = statistics.median(cost.memory for cost in each)
        last = f"{trips:.1f}" if latency else f"{memory:.0f}"
        print(f"| {name} | {statistics.median(seconds):.2f} | {ratio:.2f} | {last} |", flush=True)


def _bootstrap(lab: Lab, directory: Path, size: int) -> None:
    """Measure runs on bare hosts, each tool once on new ones; this takes minutes."""
    costs: dict[str, list[Cost]] = {}
    for make in (_apt_alone, _script, _toolkit_unproven, _toolkit_no_wait, _stock, _ansible_plain):
        with ExitStack() as stack:
            hosts = lab.boot_all([HostSpec()] * size)
            for host in hosts:
                stack.callback(host.stop)
            row = make(_fleet(directory, hosts, size))
            costs[row.name] = [_run(row)]
    _table(f"{size} bare hosts, everything to install", costs)


INSTALL = (
    "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "
    "--no-install-recommends prometheus prometheus-pushgateway curl"
)

SCRIPT = f"""{INSTALL} &&
echo 'ARGS="--web.listen-address=127.0.0.1:9091 --web.enable-admin-api"' >/etc/default/prometheus-pushgateway &&
systemctl restart prometheus-pushgateway &&
cat >>/etc/prometheus/prometheus.yml <<'JOB' &&
  - job_name: pushgateway
    honor_labels: true
    static_configs:
      - targets: ['localhost:9091']
JOB
until curl -s -f -o /dev/null localhost:9090/-/ready; do sleep 0.2; done &&
systemctl reload prometheus &&
until curl -s -G --data-urlencode 'query=up{{job="pushgateway"}} == 1' localhost:9090/api/v1/query | grep -q '"value"'
do sleep 0.5; done"""
"""A script that brings these hosts to the end state of the toolkit, and waits until Prometheus has scraped the Pushgateway.

A reload of a Prometheus that starts is lost, so it waits until Prometheus is ready.
"""


def _apt_alone(fleet: Fleet) -> Row:
    return Row("apt alone, through pyinfra exec", _pyinfra(fleet, "exec", "--", INSTALL))


def _script(fleet: Fleet) -> Row:
    return Row("the same by hand, until the target is up", _pyinfra(fleet, "exec", "--", SCRIPT))


def _toolkit_unproven(fleet: Fleet) -> Row:
    """Return the toolkit's command without the smoke push, which waits for a scrape; no other tool has one."""
    return _toolkit(fleet, "--data", "pushgateway_smoke=never")


def _toolkit_no_wait(fleet: Fleet) -> Row:
    """Return the same with each host going on as soon as it can: one waits for a scrape while another installs."""
    row = _toolkit(fleet, "--no-wait", "--data", "pushgateway_smoke=never")
    return row._replace(name=f"{row.name}, --no-wait")


def _stock(fleet: Fleet) -> Row:
    return Row("stock pyinfra operations", _pyinfra(fleet, "-y", str(HERE / "rivals" / "stock.py")))


def _ansible_plain(fleet: Fleet) -> Row:
    return _ansible(fleet, mitogen=False)


if __name__ == "__main__":
    sys.exit(main())
