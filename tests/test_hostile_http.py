"""Hostile HTTP servers on a real host, with requests through an SSH channel and with curl."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from attackers import BEHAVIOURS, WRONG, Attacker
from expectations import assert_refused
from gateways import HASH, PACKAGES, PASSWORD, client, delete_all, labels_of, restart
from labhost import Host, PyinfraResult

pytestmark = pytest.mark.lab_host(packages=PACKAGES, user="student")

PUSH, DELETE = "pushgateway_lab.groups.push", "pushgateway_lab.groups.delete"
BACKUP = 'labels={"job": "backup"}'
CHANNEL, CURL = "through SSH", "with curl"

Run = Callable[..., PyinfraResult]


class Ended(NamedTuple):
    """The result of a run: its output, its time in seconds, and its peak memory in MB."""

    stderr: str
    seconds: float
    megabytes: float


@pytest.fixture(params=[CHANNEL, CURL])
def way(request: pytest.FixtureRequest, module_host: Host) -> Iterator[str]:
    module_host.run(
        f"echo AllowTcpForwarding {'yes' if request.param == CHANNEL else 'no'} "
        ">/etc/ssh/sshd_config.d/forwarding.conf; systemctl reload ssh"
    )
    yield str(request.param)
    module_host.run("rm /etc/ssh/sshd_config.d/forwarding.conf; systemctl reload ssh")


@pytest.fixture
def attacker(module_host: Host) -> Attacker:
    return Attacker(module_host)


def run_measured(directory: Path, urls: dict[str, str], host: Host) -> Ended:
    """Return the result of one run whose inventory has, for each URL, an entry of the same host."""
    entries = [
        (name, replace(host, name=name).pyinfra_data() | {"pushgateway_url": url})
        for name, url in urls.items()
    ]
    inventory, log = directory / "inventory.py", directory / "log"
    inventory.write_text(f"hosts = {entries!r}\n", encoding="utf-8")
    started = time.monotonic()
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [Path(sys.prefix, "bin/pyinfra"), "-y", inventory, DELETE, BACKUP],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
        used = os.wait4(process.pid, 0)[2]
        process.returncode = 0  # until the deadline, not less
    text = log.read_text(encoding="utf-8", errors="replace")
    return Ended(text, time.monotonic() - started, used.ru_maxrss / 1024)


def test_each_bad_answer_is_told_in_time_and_the_memory_stays_flat(
    way: str, module_host: Host, attacker: Attacker, tmp_path: Path
) -> None:
    behaviours = [each for each in BEHAVIOURS if each != "say"]
    ports = {each: 20000 + i for i, each in enumerate(behaviours)}
    for behaviour, port in ports.items():
        attacker.serve(port, behaviour)
    urls = {each.replace("_", "-"): f"http://127.0.0.1:{port}" for each, port in ports.items()}
    ended = run_measured(tmp_path, urls, module_host)
    for port in ports.values():
        attacker.stop_serving(port)
    print(f"{way}: {len(urls)} servers in {ended.seconds:.1f} s, {ended.megabytes:.0f} MB")
    lines = ended.stderr.splitlines()
    for behaviour in behaviours:
        name = f"[{behaviour.replace('_', '-')}]"
        line = next(each for each in lines if name in each and "The Pushgateway" in each)
        if behaviour in WRONG:
            assert "sent an invalid answer, an error of that server: " in line
        elif behaviour == "redirect":
            assert "answered 302: Found" in line
        else:
            assert "it timed out after 10 s" in line
    assert "Traceback" not in ended.stderr
    assert "Unexpected error" not in ended.stderr
    assert ended.seconds < 10 * len(urls)  # no server takes longer than its time limit
    # With all these servers at the same time; with one, it takes less than 100. One answer has 8 MB at most.
    assert ended.megabytes < 100 + 3 * 8 * len(urls)


def test_what_a_login_shell_prints_is_no_answer(
    way: str, module_host: Host, attacker: Attacker, run_pyinfra: Run
) -> None:
    delete_all(client(module_host))
    noise = "echo said AAAA; echo exit 7; echo exit 7 >&2; printf 'no end of line'; printf x >&2"
    attacker.run(f'cd; cp .bashrc rc 2>/dev/null || :; echo "{noise}" >.bashrc')
    data = {"pushgateway_url": "http://127.0.0.1:9091"}
    pushed = run_pyinfra(module_host, "-y", PUSH, BACKUP, "body=m 1", data=data)
    attacker.run("cd; rm .bashrc; mv rc .bashrc 2>/dev/null || :")
    assert pushed.returncode == 0, f"{way}: {pushed.stderr[-1500:]}"
    assert labels_of(client(module_host)) == [{"job": "backup"}]


def test_a_curlrc_learns_no_password(
    module_host: Host, attacker: Attacker, run_pyinfra: Run, password: dict[str, str], way: str
) -> None:
    delete_all(client(module_host))
    attacker.serve(9999)
    login = "/home/student"
    module_host.run(
        f"printf 'trace-ascii = {login}/trace\\nproxy = http://127.0.0.1:9999\\n' >{login}/.curlrc; "
        f"cp {login}/.curlrc /root/"
    )
    restart_with_password(module_host)
    data = password | {"pushgateway_url": "http://127.0.0.1:9091"}
    pushed = run_pyinfra(
        module_host, "-y", "-vvv", PUSH, BACKUP, "body=m 1", data=data, user="root"
    )
    module_host.run(f"rm {login}/.curlrc /root/.curlrc")
    attacker.stop_serving(9999)
    restart(module_host, "")
    assert pushed.returncode == 0, f"{way}: {pushed.stderr[-1500:]}"
    assert PASSWORD not in pushed.output
    assert attacker.requests(9999) == []
    assert "Authorization" not in module_host.run(f"cat {login}/trace", check=False).stdout


@pytest.fixture
def password(tmp_path: Path) -> dict[str, str]:
    """Settings with a user name and a password."""
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    return {"pushgateway_username": "trainer", "pushgateway_password_file": str(file)}


def restart_with_password(host: Host) -> None:
    """Restart the Pushgateway on loopback, with the password and without TLS."""
    host.write("/etc/web.yml", f"basic_auth_users:\n  trainer: {HASH}\n".encode())
    restart(host, "--web.config.file=/etc/web.yml --web.listen-address=127.0.0.1:9091")


def keeps_the_password(host: Host, result: PyinfraResult, *says: str) -> None:
    assert_refused(host, result, "The password is not sent", *says)
    assert PASSWORD not in result.output


def test_a_password_over_http_goes_to_the_pushgateway_only(
    way: str, module_host: Host, attacker: Attacker, run_pyinfra: Run, password: dict[str, str]
) -> None:
    restart_with_password(module_host)
    host = replace(module_host, user="trainer")
    push = ("-y", "-vvv", PUSH, BACKUP, "body=m 1")
    for url in ("http://127.0.0.1:9091", "http://localhost:9091", "http://[::ffff:127.0.0.1]:9091"):
        pushed = run_pyinfra(host, *push, data=password | {"pushgateway_url": url}, sudo=True)
        assert pushed.returncode == 0, f"{way}: {pushed.stderr[-1500:]}"
        assert PASSWORD not in pushed.output
    keeps_the_password(
        host, run_pyinfra(host, *push, data=password), "the user is trainer", "Add --sudo"
    )

    module_host.run("systemctl stop prometheus-pushgateway")
    keeps_the_password(
        host, run_pyinfra(host, *push, data=password, sudo=True), "no program listens there"
    )
    attacker.serve(9091)
    keeps_the_password(
        host,
        run_pyinfra(host, *push, data=password, sudo=True),
        "not prometheus-pushgateway.service listens there",
    )
    verified = run_pyinfra(host, "-y", "-vvv", "deploy/verify.py", data=password, sudo=True)
    assert PASSWORD not in verified.output
    attacker.serve(9092, address=module_host.address)
    for url in (f"http://{module_host.address}:9092", "http://0.0.0.0:9091"):
        data = password | {"pushgateway_url": url}
        keeps_the_password(
            host, run_pyinfra(host, *push, data=data, sudo=True), "over plain http", "https"
        )
    asked = attacker.requests(9091) + attacker.requests(9092)
    assert not [each for each in asked if "authorization" in each]
    attacker.stop_serving(9091)
    attacker.stop_serving(9092)
    restart(module_host, "")
