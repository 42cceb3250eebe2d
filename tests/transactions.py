"""Faults in the middle of a transaction on a lab host, and conditions that hold after every fault."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from expectations import (
    BOOTSTRAP,
    CONFIG,
    DEFAULTS,
    FAST,
    HAND_EDITED,
    INSTALLED,
    assert_unchanged_run,
    loaded_jobs,
    prometheus_runs,
)
from labhost import Host, PyinfraResult
from pushgateway_lab import scrape_config
from waiting import wait_on_host

PACKAGES = (*INSTALLED, "acl", "attr")
SETTINGS = FAST | {"pushgateway_smoke": "never"}
BACKUP = f"{CONFIG}.before-pushgateway-lab"

OLD = HAND_EDITED
"""The configuration file at the beginning of a test."""

COMMANDS = """
awk base64 basename cat chmod cp curl cut date dirname env flock getfacl grep head id journalctl ln ls
mktemp mv promtool readlink rm sed setpriv sha256sum sleep stat sync systemctl tail timeout
"""
"""The commands that the transaction's shell file runs."""


def merged(text: bytes, *names: str) -> bytes:
    """Return the text with the lab's job, or with jobs of these names."""
    for name in names or ("pushgateway",):
        job = {
            "job_name": name,
            "scrape_interval": "1s",
            "honor_labels": True,
            "static_configs": [{"targets": ["localhost:9091"]}],
        }
        text = scrape_config.merge_job(text.decode(), job).encode()
    return text


NEW = merged(OLD)
"""The result of a run on `OLD`."""


Run = Callable[..., PyinfraResult]

TRANSACTION_RUNS = "grep -qs 'before-pushgateway-[l]ab' /proc/[0-9]*/cmdline"
"""A shell command that succeeds while a transaction runs."""

REACHED = "/run/reached"
"""A file on the host that exists as soon as `before_command` has met its command."""

KILL = 'kill -KILL -"$(cut -d " " -f 5 "/proc/$parent/stat")"; kill -KILL 0'
"""A shell command for `interpose` that kills the whole transaction at once."""


def bootstrap(run_pyinfra: Run, host: Host, **data: object) -> PyinfraResult:
    return run_pyinfra(host, "-y", BOOTSTRAP, data=SETTINGS | data)


def converges(
    run_pyinfra: Run, host: Host, text: bytes = NEW, jobs: Sequence[str] = ("pushgateway",)
) -> None:
    """Fail unless the next run succeeds and the one after it changes nothing."""
    mend(host)
    result = bootstrap(run_pyinfra, host)
    assert result.returncode == 0, result.output
    assert_converged(host, text, jobs)
    assert_unchanged_run(bootstrap(run_pyinfra, host))


def begin(host: Host, text: bytes = OLD) -> None:
    """Give a host a Prometheus that runs with this text, and a Pushgateway that is converged."""
    prometheus_runs(host)
    host.write(DEFAULTS, b'ARGS="--web.listen-address=127.0.0.1:9091 --web.enable-admin-api"\n')
    host.write(CONFIG, text)
    host.run("systemctl restart prometheus prometheus-pushgateway")
    prometheus_runs(host)


def interpose(host: Host, command: str, shell: str, *, once: bool = True) -> None:
    """Run a line of shell before each call, or the first call, of a command in the transaction.

    The shell runs as root. promtool runs as Prometheus's user, so for promtool the shell runs before the
    change of user. Of the calls of systemctl, only the reload counts.
    """
    command = {"promtool": "setpriv"}.get(command, command)
    condition = '[ "$1" = reload ]' if command == "systemctl" else "true"
    used = f"/run/interposed-{command}"
    host.write(
        f"/usr/local/bin/{command}",
        f"""#!/bin/sh
        given=$PATH
        PATH=/usr/sbin:/usr/bin:/sbin:/bin
        # Between the transaction's shell and a command, there may be timeout, setpriv and env.
        parent=$PPID
        while [ "$parent" -gt 1 ] && ! grep -q before-pushgateway-lab "/proc/$parent/cmdline"; do
            parent=$(sed -n 's/^PPid:.//p' "/proc/$parent/status")
        done
        if [ ! -e {used} ] && [ "$parent" -gt 1 ] && {condition}; then
            {f": >{used}" if once else ":"}
            {shell}
        fi
        real=$(command -v {command})
        # What it starts, as timeout starts the transaction, finds what is interposed as well.
        PATH=$given
        exec "$real" "$@"
        """.encode(),
    )
    host.run(f"chmod 0755 /usr/local/bin/{command}")


def before_command(host: Host, number: int, shell: str) -> None:
    """Run a line of shell right before the command with this number in a host's transactions.

    Commands of a pipeline start at the same time: each is counted, under a lock.
    """
    count = "{ flock 8; echo >>/run/commands; wc -l </run/commands; } 8>/run/counting"
    # Commands that run as Prometheus's user cannot write the count.
    counted = f'[ ! -w /run ] || [ "$({count})" -ne {number} ] || {{ : >{REACHED}; {shell}; }}'
    for command in set(COMMANDS.split()) - {"promtool"}:
        interpose(host, command, counted, once=False)


def is_reached(host: Host) -> bool:
    """Return whether a transaction has reached the command of `before_command`."""
    return host.run(f"test -e {REACHED}", check=False).returncode == 0


def transaction_runs(host: Host) -> bool:
    return host.run(TRANSACTION_RUNS, check=False).returncode == 0


def mend(host: Host) -> None:
    """Undo `interpose` and `before_command`."""
    host.run("rm -f /usr/local/bin/* /run/interposed-*")


class Watch(NamedTuple):
    """Reads a path again and again during a test."""

    host: Host

    def texts(self) -> set[str]:
        """Return the digests of all texts that were read; `missing` if the path did not exist."""
        return set(self.host.run("sort -u /run/watched").stdout.split())


_WATCHER = f"""
import hashlib, time
last = None
with open("/run/watched", "a", buffering=1) as seen:
    while True:
        try:
            with open("{CONFIG}", "rb") as file:
                now = hashlib.sha256(file.read()).hexdigest()
        except FileNotFoundError:
            now = "missing"
        if now != last:
            print(now, file=seen)
            last = now
        time.sleep(0.0003)
"""


@contextmanager
def watched(host: Host) -> Iterator[Watch]:
    """Record the texts of a path, which is read thousands of times a second."""
    host.write("/root/watcher.py", _WATCHER.encode())
    host.run("rm -f /run/watched; systemd-run --quiet --unit=watcher python3 /root/watcher.py")
    wait_on_host(host, "[ -s /run/watched ]")
    try:
        yield Watch(host)
    finally:
        host.run("systemctl stop watcher", check=False)


def digests(*texts: bytes) -> set[str]:
    return {hashlib.sha256(text).hexdigest() for text in texts}


def transaction_is_over(host: Host) -> None:
    """Wait until no transaction runs: a transaction continues after the end of its run."""
    wait_on_host(host, f"! {TRANSACTION_RUNS}", 90)


def assert_serving(host: Host, *texts: bytes) -> bytes:
    """Fail unless the path holds one of these texts, promtool accepts it, and Prometheus answers.

    Returns:
        The text.
    """
    text = host.read(CONFIG)
    assert text in texts, text.decode()
    host.run(f"promtool check config {CONFIG}")
    assert host.run("systemctl is-active prometheus").stdout == "active\n"
    host.run("curl -sf localhost:9090/-/ready")
    return text


def assert_nothing_left(host: Host) -> None:
    """Fail if there is a file beside the configuration other than the backup, or another `*.yml`."""
    listing = host.run("ls -A /etc/prometheus /etc/default").stdout.split()
    ours = {name for name in listing if "pushgateway-lab" in name}
    assert ours <= {BACKUP.rpartition("/")[2], "prometheus-pushgateway.before-pushgateway-lab"}
    assert [name for name in listing if name.endswith(".yml")] == ["prometheus.yml"]
    locks = host.run("ls /run | grep pushgateway-lab", check=False).stdout.split()
    assert locks in ([], ["pushgateway-lab.lock"])


def assert_converged(host: Host, text: bytes = NEW, jobs: Sequence[str] = ("pushgateway",)) -> None:
    """Fail unless the host has the state to which every later run converges."""
    assert_serving(host, text)
    assert_nothing_left(host)
    assert loaded_jobs(host) == ["prometheus", "node", *jobs]
    assert host.run("systemctl is-failed prometheus", check=False).stdout == "active\n"
