"""The prune on hosts where a local user attacks it, and its secrets in messages."""

import hashlib
import re
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from attackers import Attacker
from expectations import assert_refused
from gateways import PACKAGES, restart
from labhost import SUITES, Host, HostSpec, PyinfraResult
from waiting import wait_for_port

PRUNE = "pushgateway_lab.prune.scheduled"
SERVICE = "pushgateway-lab-prune.service"
TIMER = "pushgateway-lab-prune.timer"
UNIT = "prometheus-pushgateway"
PASSWORD = "s3cret-of-the-prune"  # noqa: S105 - a test's
OTHER = "an0ther-s3cret"
# bcrypt of that password
HASH = "$2b$05$g1sqTt/nCblz6a28YjfACegQ7qzi9qVLreJql7Hpci.P7tUcASnni"
KEY = (
    "-----BEGIN PRIVATE KEY-----\nQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=\n-----END PRIVATE KEY-----\n"
)
ANSWERS = {"*": {"status": "success", "data": []}}
NOTHING_SENT = "The password was not sent: "

Run = Callable[..., PyinfraResult]


@pytest.fixture(scope="module")
def hosts(boot_module_hosts: Callable[..., list[Host]]) -> list[Host]:
    """A host of each release, whose Pushgateway requires a password and listens on loopback."""
    booted = boot_module_hosts(*(HostSpec(suite=suite, packages=PACKAGES) for suite in SUITES))
    for host in booted:
        host.write("/etc/web.yml", f"basic_auth_users:\n  trainer: {HASH}\n".encode())
        restart(host, "--web.config.file=/etc/web.yml --web.listen-address=127.0.0.1:9091")
        # Else the timer might start the service during a test.
        host.run(f"mkdir -p /etc/systemd/system/{TIMER}.d")
        never = b"[Timer]\nOnCalendar=\nOnCalendar=2100-1-1\n"
        host.write(f"/etc/systemd/system/{TIMER}.d/never.conf", never)
    return booted


@pytest.fixture
def data(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    return {
        "pushgateway_prune_after": "1s",
        "pushgateway_username": "trainer",
        "pushgateway_password_file": str(tmp_path / "password"),
        "pushgateway_url": "http://127.0.0.1:9091",
    }


def push(host: Host, job: str) -> None:
    address = f"http://127.0.0.1:9091/metrics/job/{job}"
    host.run(f"echo m 1 | curl -sf -u trainer:{PASSWORD} --data-binary @- {address}")


def groups(host: Host) -> str:
    return host.run(f"curl -sf -u trainer:{PASSWORD} http://127.0.0.1:9091/api/v1/metrics").stdout


def prune(host: Host) -> tuple[bool, str]:
    """Run the service; return whether it succeeded, and its journal."""
    host.run(f"systemctl reset-failed {SERVICE}", check=False)
    since = host.run("date +%s.%N").stdout.strip()
    done = host.run(f"systemctl start {SERVICE}", check=False)
    host.run("journalctl --sync", check=False)
    log = host.run(f"journalctl -o cat -u {SERVICE} --since @{since}").stdout
    return done.returncode == 0, log


def hold(host: Host, unit: str, text: str = "") -> None:
    """Write a drop-in of a unit, or remove it."""
    path = f"/etc/systemd/system/{unit}.d"
    host.run(f"mkdir -p {path}; rm -f {path}/test.conf")
    if text:
        host.write(f"{path}/test.conf", text.encode())
    host.run("systemctl daemon-reload")


@pytest.mark.all_releases
def test_who_takes_the_port_gets_no_password(
    hosts: list[Host], data: dict[str, Any], run_pyinfra: Run
) -> None:
    installed = run_pyinfra(hosts, "-y", PRUNE, data=data)
    assert installed.returncode == 0, installed.output
    again = run_pyinfra(hosts, "-y", PRUNE, data=data)
    assert again.stderr.count("No changes") == len(hosts), again.output
    for host in hosts:
        push(host, "old")
    time.sleep(1.1)
    for host in hosts:
        succeeded, log = prune(host)
        assert succeeded, log
        assert 'deleted {job="old"}' in log
        assert '"old"' not in groups(host)
        _while_it_is_down(host)
        _between_the_look_and_the_connection(host)
        _at_another_address(host)
        _limits_hold(host)


def _while_it_is_down(host: Host) -> None:
    attacker = Attacker(host)
    host.run(f"systemctl stop {UNIT}")
    succeeded, log = prune(host)
    assert not succeeded
    assert f"{NOTHING_SENT}{UNIT}.service does not run." in log
    attacker.serve(9091, answers=ANSWERS)
    succeeded, log = prune(host)
    assert not succeeded
    assert attacker.requests(9091) == []
    assert f"{NOTHING_SENT}{UNIT}.service does not run." in log
    # It runs, but on another port, as after a change of its flags.
    restart_elsewhere = "--web.config.file=/etc/web.yml --web.listen-address=127.0.0.1:9092"
    host.write("/etc/default/prometheus-pushgateway", f'ARGS="{restart_elsewhere}"\n'.encode())
    host.run(f"systemctl restart {UNIT}")
    succeeded, log = prune(host)
    user = host.run("id -u student").stdout.strip()
    assert not succeeded
    assert attacker.requests(9091) == []
    expected = f"{NOTHING_SENT}port 9091 of 127.0.0.1 is not held by {UNIT}.service, but by a process of user {user}."
    assert expected in log
    attacker.stop_serving(9091)
    restart(host, "--web.config.file=/etc/web.yml --web.listen-address=127.0.0.1:9091")
    assert prune(host)[0]


def _between_the_look_and_the_connection(host: Host) -> None:
    """An attacker takes the port just after root has checked that it is the Pushgateway's."""
    attacker = Attacker(host)
    attacker.serve(9099)  # starts the server there
    attacker.stop_serving(9099)
    host.write("/opt/attacker/9091.json", b'{"*": "{\\"data\\": []}"}')
    host.write(
        "/opt/attacker/take.sh",
        f"systemctl stop {UNIT}\n"
        "systemctl reset-failed attacker-9091 2>/dev/null\n"
        "systemd-run --quiet --unit=attacker-9091 --uid=student python3 "
        "/opt/attacker/hostile_server.py 127.0.0.1 9091 say /opt/attacker/9091.json\n"
        "until ss -lnt | grep -q ':9091 '; do sleep 0.05; done\n".encode(),
    )
    service = host.read(f"/etc/systemd/system/{SERVICE}").decode()
    look, act = re.findall("ExecStart=.*\n", service)
    take = "ExecStart=+/bin/sh /opt/attacker/take.sh\n"
    hold(host, SERVICE, f"[Service]\nExecStart=\n{look}{take}{act}")
    succeeded, log = prune(host)
    assert not succeeded
    assert attacker.requests(9091) == []
    assert "what listens on port 9091 has changed" in log
    attacker.stop_serving(9091)
    hold(host, SERVICE)
    host.run(f"systemctl start {UNIT}")
    wait_for_port(host, 9091)
    assert prune(host)[0]


def _at_another_address(host: Host) -> None:
    """A name has two addresses, and an attacker has the port on one of them."""
    attacker = Attacker(host)
    arguments = "/etc/pushgateway-lab/prune.arguments"
    host.run(f"sed -i s,127.0.0.1,localhost, {arguments}; sed -i '/^::1/d' /etc/hosts")
    host.run("printf '::1 localhost\\n' | cat - /etc/hosts >/tmp/hosts; cp /tmp/hosts /etc/hosts")
    attacker.serve(9091, answers=ANSWERS, address="127.0.0.2")
    assert prune(host)[0]
    attacker.stop_serving(9091)
    assert attacker.requests(9091) == []
    host.run(f"sed -i s,//localhost,//10.0.0.1, {arguments}")
    succeeded, log = prune(host)
    assert not succeeded
    assert f"{NOTHING_SENT}10.0.0.1 is no loopback address" in log
    host.run(f"sed -i s,//10.0.0.1,//127.0.0.1, {arguments}")


def _limits_hold(host: Host) -> None:
    names = ("MemoryMax", "TasksMax", "LimitAS", "LimitCORE", "TimeoutStartUSec", "Nice")
    shown = host.run(f"systemctl show -p {','.join(names)} {SERVICE}").stdout.splitlines()
    limit = str(384 << 20)
    assert set(shown) == {
        f"MemoryMax={limit}", "TasksMax=8", f"LimitAS={limit}", "LimitCORE=0",
        "TimeoutStartUSec=5min", "Nice=10",
    }  # fmt: skip
    assert "Unknown" not in host.run(f"journalctl -o cat | grep {SERVICE}", check=False).stdout
    score = host.run(f"systemd-analyze security --no-pager {SERVICE} | tail -n 1").stdout
    assert float(score.split(":")[1].split()[0]) < 1.2, score


def test_no_secret_and_no_digest_of_one_is_said(
    hosts: list[Host], data: dict[str, Any], run_pyinfra: Run, tmp_path: Path
) -> None:
    host = hosts[1]
    key = tmp_path / "key.pem"
    key.write_text(KEY, encoding="utf-8")
    data |= {"pushgateway_cert_file": str(key), "pushgateway_prune_after": "2s"}
    said = [run_pyinfra(host, PRUNE, "--debug-operations", data=data).output]
    said += [run_pyinfra(host, "--dry", "-vvv", "--debug-all", PRUNE, data=data).output]
    said += [run_pyinfra(host, "-y", "-vvv", "--debug", PRUNE, data=data).output]
    assert "prune_content same /etc/pushgateway-lab/prune.password" in said[-1]
    assert "prune_content same /etc/pushgateway-lab/prune.client.pem" in said[-1]
    said += [run_pyinfra(host, "-y", "--json", PRUNE, data=data).output]
    said += [run_pyinfra(host, "-y", "-vvv", "--debug-facts", PRUNE, data=data).output]
    # Another password: the message says only that it differs.
    Path(data["pushgateway_password_file"]).write_text(f"{OTHER}\n", encoding="utf-8")
    said += [run_pyinfra(host, "-y", "-vvv", PRUNE, data=data).output]
    assert "prune_content differs /etc/pushgateway-lab/prune.password" in said[-1]
    assert host.read("/etc/pushgateway-lab/prune.password") == OTHER.encode()
    # Turned off: the file is removed, and the message has nothing of it.
    said += [run_pyinfra(host, "--dry", "-vvv", PRUNE).output]
    assert "prune_content differs /etc/pushgateway-lab/prune.password" in said[-1]
    for secret in (PASSWORD, OTHER, KEY.strip()):
        for data_ in (secret.encode(), f"{secret}\n".encode()):
            for word in (
                secret.splitlines()[-1] if "\n" not in secret else secret.splitlines()[1],
                b64encode(data_).decode().rstrip("=")[:-2],
                *(hashlib.new(name, data_).hexdigest() for name in ("sha256", "sha1", "md5")),
            ):
                assert not [text for text in said if word in text], word


def test_a_password_goes_over_plain_http_to_loopback_only(
    hosts: list[Host], data: dict[str, Any], run_pyinfra: Run
) -> None:
    data["pushgateway_url"] = "http://pushgateway.example.org:9091"
    refused = run_pyinfra(hosts[1], "-y", PRUNE, data=data)
    assert_refused(hosts[1], refused, "over plain http, others on the network can read it")


def test_only_files_of_ours_go_and_only_from_roots_directories(
    hosts: list[Host], data: dict[str, Any], run_pyinfra: Run
) -> None:
    host = hosts[1]
    assert run_pyinfra(host, "-y", PRUNE, data=data).returncode == 0
    # Files of others stay and are named, without their control characters.
    host.run("echo mine >/etc/pushgateway-lab/prune.mine; ln -s /etc/shadow /etc/pushgateway-lab/x")
    host.run(r"touch /etc/pushgateway-lab/$(printf '\033c')")
    removed = run_pyinfra(host, "-y", PRUNE)
    assert removed.returncode == 0, removed.output
    assert "Not removed" in removed.stderr
    assert r"/etc/pushgateway-lab: \033c, prune.mine, x" in removed.stderr, removed.stderr
    assert f"/etc/systemd/system/{TIMER}.d" in removed.stderr
    assert host.run("ls -A /etc/pushgateway-lab").stdout.split() == ["\x1bc", "prune.mine", "x"]
    assert host.run("stat -c %a /etc/shadow").stdout == "640\n"
    assert "No changes" in run_pyinfra(host, "-y", PRUNE).stderr
    host.run("rm -r /etc/pushgateway-lab")

    # In a directory of another user, nothing is written and nothing is removed.
    host.run("install -d -o student /home/student/trap")
    for trap in (
        "install -d -o student /etc/pushgateway-lab",
        "install -d -m 777 /etc/pushgateway-lab",
        "ln -s /home/student/trap /etc/pushgateway-lab",
    ):
        host.run(trap)
        refused = run_pyinfra(host, "-y", PRUNE, data=data)
        assert_refused(host, refused, "/etc/pushgateway-lab is")
        host.run("test ! -e /usr/local/lib/pushgateway-lab/prune.pyz")
        Attacker(host).run("ln -sf /etc/shadow /etc/pushgateway-lab/prune.password", check=False)
        host.run("touch /etc/pushgateway-lab/prune.arguments")
        left = run_pyinfra(host, "-y", PRUNE)
        assert "Not removed" in left.stderr, left.output
        assert "/etc/pushgateway-lab/prune.arguments" in left.stderr
        host.run("test -e /etc/pushgateway-lab/prune.arguments; test -s /etc/shadow")
        host.run("rm -rf /etc/pushgateway-lab")
    assert host.run("ls -A /home/student/trap").stdout == "prune.arguments\nprune.password\n"


def test_a_file_of_ours_that_is_a_link_is_replaced_and_not_followed(
    hosts: list[Host], data: dict[str, Any], run_pyinfra: Run
) -> None:
    host = hosts[1]
    assert run_pyinfra(host, "-y", PRUNE, data=data).returncode == 0
    shadow = host.read("/etc/shadow")
    host.run("ln -sf /etc/shadow /etc/pushgateway-lab/prune.password")
    repaired = run_pyinfra(host, "-y", "-vvv", PRUNE, data=data)
    assert repaired.returncode == 0, repaired.output
    assert host.read("/etc/pushgateway-lab/prune.password") == PASSWORD.encode()
    assert host.read("/etc/shadow") == shadow
    assert hashlib.sha256(shadow).hexdigest() not in repaired.output
    assert run_pyinfra(host, "-y", PRUNE).returncode == 0
