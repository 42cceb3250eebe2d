"""Changes of a host's firewall: decided without a host, and made on real ones."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from expectations import BOOTSTRAP, CONFIG, FAST, INSTALLED
from labhost import Host, HostSpec, PyinfraResult
from looks import encoded
from pushgateway_lab.facts.snapshot import OpenPort
from pushgateway_lab.pushgateway import firewall
from pushgateway_lab.pushgateway.firewall import Change
from pushgateway_lab.run.host_files import host_file
from snapshots import BOTH, argv, seen, settings

Boot = Callable[..., list[Host]]
Run = Callable[..., PyinfraResult]
ALL = {"pushgateway_listen_address": "0.0.0.0:9091", "pushgateway_allow_open_admin_api": True}
NOTE = "/var/lib/pushgateway-lab/firewall"
UFW, FIREWALLD = OpenPort("ufw", 9091), OpenPort("firewalld", 9091)


@pytest.mark.parametrize(
    ("lines", "data", "wanted"),
    [
        ([], ALL, Change((), ())),
        (["firewall ufw closed"], ALL, Change((UFW,), ())),
        (["firewall ufw closed", "firewall firewalld closed"], ALL, Change((UFW, FIREWALLD), ())),
        (["firewall ufw open"], ALL, Change((), ())),
        (["firewall ufw decided"], ALL, Change((), ())),
        (["firewall ufw open", "opened_port ufw 9091"], ALL, Change((), ())),
        # Not asked for any more; another port.
        (["opened_port ufw 9091"], {}, Change((), (UFW,))),
        (["opened_port ufw 9091"], {"pushgateway_listen_address": "127.0.0.1:9091"}, Change((), (UFW,))),
        (
            ["firewall ufw closed", "opened_port ufw 9091"],
            {"pushgateway_listen_address": "[::]:9092"},
            Change((OpenPort("ufw", 9092),), (UFW,)),
        ),
    ],
)  # fmt: skip
def test_what_changes(lines: list[str], data: dict[str, object], wanted: Change) -> None:
    found = seen(*BOTH, *lines)
    assert firewall.change(found, settings(**data)) == wanted
    assert firewall.is_done(found, settings(**data)) == (wanted == Change((), ()))


UFW_SAYS = """\
Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), disabled (routed)
New profiles: skip

To                         Action      From
--                         ------      ----
{}
"""


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        ("", "closed"),
        ("9091/tcp                   ALLOW IN    Anywhere", "open"),
        ("9091                       ALLOW IN    Anywhere                   # lab", "open"),
        ("9091/tcp (v6)              ALLOW IN    Anywhere (v6)", "open"),
        ("9000:9100/tcp              ALLOW IN    Anywhere", "open"),
        ("22/tcp                     ALLOW IN    Anywhere", "closed"),
        ("9091/udp                   ALLOW IN    Anywhere", "closed"),
        ("9091/tcp                   ALLOW OUT   Anywhere", "closed"),
        ("9091                       ALLOW FWD   Anywhere", "closed"),
        ("9091/tcp                   DENY IN     Anywhere", "decided"),
        ("9091/tcp                   LIMIT IN    Anywhere", "decided"),
        ("9091/tcp                   ALLOW IN    192.0.2.1", "decided"),
        ("80,9091/tcp                ALLOW IN    10.0.0.0/8", "decided"),
        ("9091/tcp on eth0           ALLOW IN    Anywhere", "decided"),
        ("9091/tcp                   ALLOW IN    Anywhere on eth0", "decided"),
        ("10.0.0.5 9091/tcp          ALLOW IN    Anywhere", "decided"),
        ("fd00::1 9091/tcp           DENY IN     fd00::/8", "decided"),
    ],
)
def test_a_rule_of_ufw_is_read(tmp_path: Path, rule: str, state: str) -> None:
    for name, text in (("ufw", f"cat <<'END'\n{UFW_SAYS.format(rule)}END\n"), ("grep", "exit 0")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}")
        (tmp_path / name).chmod(0o755)
    script = host_file("firewalls.sh") + "\nfirewall_state_of_ufw 9091"
    path = f"{tmp_path}:{os.environ['PATH']}"
    said = subprocess.run(["sh", "-c", script], env={"PATH": path}, capture_output=True, text=True, check=True)  # fmt: skip
    assert said.stdout == f"{state}\n"


def test_no_port_is_opened_for_a_process_of_no_service() -> None:
    lone = f"process pushgateway 7 {encoded('0::/x')}"
    found = seen(*BOTH, "firewall ufw closed", "opened_port ufw 9091", lone, argv("pushgateway"))
    assert firewall.change(found, settings(**ALL)) == Change((), (UFW,))


def test_a_firewall_that_somebody_else_decides_is_named() -> None:
    found = seen(*BOTH, "firewall ufw decided", "firewall firewalld closed")
    assert [note.split()[0] for note in firewall.notes(found, settings(**ALL))] == ["ufw"]


def rules(host: Host, name: str) -> str:
    command = {"ufw": "ufw status", "firewalld": "firewall-cmd --list-all; firewall-cmd --permanent --list-all"}  # fmt: skip
    return host.run(command[name]).stdout


NEEDS = {"ufw": ["ufw"], "firewalld": ["firewalld", "netbase"]}  # firewalld needs /etc/protocols
TURN_ON = {
    "ufw": "ufw allow 22/tcp && ufw --force enable",
    "firewalld": "systemctl enable --now firewalld && firewall-cmd --add-service=ssh",
}


@pytest.mark.parametrize("name", ["ufw", "firewalld"])
def test_the_port_is_opened_on_request_and_closed_again(
    boot_hosts: Boot, run_pyinfra: Run, name: str
) -> None:
    host, neighbour = boot_hosts(HostSpec(packages=(*INSTALLED, *NEEDS[name])), HostSpec())
    host.run(TURN_ON[name])
    before = rules(host, name)
    reach = f"exec 3<>/dev/tcp/{host.address}/9091"

    assert run_pyinfra(host, "-y", BOOTSTRAP, data=FAST).returncode == 0
    assert rules(host, name) == before

    opened = run_pyinfra(host, "-y", BOOTSTRAP, data=FAST | ALL)
    assert opened.returncode == 0, opened.output
    assert f"Opened TCP port 9091 in {name} for everybody" in opened.stderr
    neighbour.run(f"timeout 5 bash -c '{reach}'")
    again = run_pyinfra(host, "-y", BOOTSTRAP, data=FAST | ALL)
    assert "nothing was changed" in again.stderr, again.output

    closed = run_pyinfra(host, "-y", BOOTSTRAP, data=FAST | {"pushgateway_listen_address": "127.0.0.1:9091"})  # fmt: skip
    assert closed.returncode == 0, closed.output
    assert rules(host, name) == before
    host.run(f"test ! -e {NOTE}")

    assert run_pyinfra(host, "-y", BOOTSTRAP, data=FAST | ALL).returncode == 0
    assert rules(host, name) != before
    gone = run_pyinfra(host, "-y", "deploy/uninstall.py", data=FAST | {"lab_wipe": True})
    assert gone.returncode == 0, gone.output
    assert rules(host, name) == before
    assert "pushgateway" not in host.read(CONFIG).decode()


@pytest.mark.lab_host(packages=(*INSTALLED, "ufw"))
def test_a_rule_of_somebody_else_decides(lab_host: Host, run_pyinfra: Run) -> None:
    lab_host.run("ufw allow from 10.0.0.0/8 to any port 9000:9100 proto tcp")
    lab_host.run(TURN_ON["ufw"])
    before = rules(lab_host, "ufw")
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | ALL).returncode == 0
    assert rules(lab_host, "ufw") == before
