"""What is to change in a host's firewall, and real firewalls."""

from collections.abc import Callable

import pytest

from expectations import BOOTSTRAP, CONFIG, FAST, INSTALLED
from labhost import Host, HostSpec, PyinfraResult
from pushgateway_lab.facts.snapshot import OpenPort
from pushgateway_lab.pushgateway import firewall
from pushgateway_lab.pushgateway.firewall import Change
from snapshots import BOTH, seen, settings

Boot = Callable[..., list[Host]]
Run = Callable[..., PyinfraResult]
ALL = {"pushgateway_listen_address": "0.0.0.0:9091"}
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
def test_what_changes(lines: list[str], data: dict[str, str], wanted: Change) -> None:
    found = seen(*BOTH, *lines)
    assert firewall.change(found, settings(**data)) == wanted
    assert firewall.is_done(found, settings(**data)) == (wanted == Change((), ()))


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
