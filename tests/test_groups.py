"""The operations push, delete and wipe, from pyinfra's command line."""

import json
import time
from collections.abc import Callable

import pytest

from expectations import assert_refused
from gateways import PACKAGES, client, delete_all, fill, labels_of, restart
from labhost import Host, PyinfraResult
from labhost.pyinfra_command import PyinfraCommand, toolkit_directories
from pushgateway_lab.http.api import Pushgateway

pytestmark = pytest.mark.lab_host(packages=PACKAGES, user="student")

PUSH, DELETE, WIPE = (f"pushgateway_lab.groups.{name}" for name in ("push", "delete", "wipe"))
BACKUP = 'labels={"job": "backup"}'

Run = Callable[..., PyinfraResult]


@pytest.fixture
def gateway(module_host: Host) -> Pushgateway:
    made = client(module_host)
    delete_all(made)
    return made


@pytest.fixture
def run(run_pyinfra: Run, module_host: Host) -> Run:
    """Return a function that runs pyinfra on the module's host, as a user without rights there."""
    return lambda *arguments, **kwargs: run_pyinfra(module_host, *arguments, **kwargs)


def test_push_as_a_user_without_rights(run: Run, gateway: Pushgateway, module_host: Host) -> None:
    labels = {"job": "007", "path": "/var/x y", "empty": ""}
    result = run("-y", PUSH, f"labels={json.dumps(labels)}", "body=backup_files 42")
    assert result.returncode == 0, result.output
    assert 'Pushed to {job="007", empty="", path="/var/x y"}' in result.stderr
    assert labels_of(gateway) == [labels]
    assert "backup_files" in module_host.run("curl -s localhost:9091/metrics").stdout


def test_push_a_file_and_keep_the_other_metrics(
    run: Run, gateway: Pushgateway, tmp_path: object, module_host: Host
) -> None:
    source = f"{tmp_path}/metrics.prom"
    with open(source, "w") as file:  # noqa: PTH123 - a path as people type it
        file.write("# TYPE a gauge\na 1\nb 2\n")
    gateway.push({"job": "backup"}, "c 3\n")
    assert run("-y", PUSH, BACKUP, f"src={source}", "replace=False").returncode == 0
    metrics = module_host.run("curl -s localhost:9091/metrics").stdout
    assert all(f'{name}{{instance="",job="backup"}}' in metrics for name in "abc")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (['labels={"instance": "x"}', "body=a 1"], "needs a job"),
        (['labels={"job": 7}', "body=a 1"], "write it in quotes"),
        (["labels=backup", "body=a 1"], "not JSON"),
        ([BACKUP, "body=7"], "body is 7, not a text with metrics"),
        ([BACKUP, "body=a 1 1700000000000"], "body: line 1: '1700000000000' follows the value"),
        ([BACKUP], "exactly one of body and src"),
        ([BACKUP, "src=/nowhere"], "src: /nowhere cannot be read here"),
    ],
)
def test_what_cannot_be_pushed_is_not_sent(
    run: Run, gateway: Pushgateway, module_host: Host, arguments: list[str], says: str
) -> None:
    assert_refused(module_host, run("-y", PUSH, *arguments), says)
    assert gateway.groups() == []


def test_delete_is_exact_and_names_the_others(run: Run, gateway: Pushgateway) -> None:
    gateway.push({"job": "backup", "instance": "a/b"}, "m 1\n")
    gateway.push({"job": "other"}, "m 1\n")
    before = gateway.groups()
    missed = run("-y", DELETE, BACKUP)
    assert missed.returncode == 0
    assert 'There is no group {job="backup"}, so nothing was deleted' in missed.stderr
    assert '{job="backup", instance="a/b"}' in missed.stderr
    assert '{job="other"}' not in missed.stderr
    assert "No changes" in missed.stderr
    assert sorted(map(str, gateway.groups())) == sorted(map(str, before))

    gone = run("-y", DELETE, 'labels={"job": "backup", "instance": "a/b"}')
    assert "No changes" not in gone.stderr, gone.stderr
    assert labels_of(gateway) == [{"job": "other"}]


def test_wipe_asks_first_and_counts(run: Run, gateway: Pushgateway, module_host: Host) -> None:
    assert "No changes" in run("-y", WIPE).stderr
    for number in range(3):
        gateway.push({"job": f"j{number}"}, "m 1\n")
    assert_refused(module_host, run("-y", WIPE), "3 groups", "confirm=True")
    assert_refused(module_host, run("-y", WIPE, "confirm=yes"), "confirm=True")
    assert_refused(
        module_host, run("-y", WIPE, "confirm=True"), "admin API", "pushgateway_admin_api=True"
    )
    assert len(gateway.groups()) == 3
    restart(module_host, "--web.enable-admin-api")
    wiped = run("-y", WIPE, "confirm=True")
    assert wiped.returncode == 0, wiped.output
    assert "Wiped 3 groups" in wiped.stderr
    assert gateway.groups() == []
    restart(module_host, "")


def test_wipe_copes_with_5000_groups(run: Run, gateway: Pushgateway, module_host: Host) -> None:
    restart(module_host, "--web.enable-admin-api --push.disable-consistency-check")
    fill(gateway, 5000)
    started = time.monotonic()
    wiped = run("-y", WIPE, "confirm=True")
    print(f"wipe of 5000 groups: {time.monotonic() - started:.2f} s with pyinfra's own start")
    assert "Wiped 5000 groups" in wiped.stderr
    assert gateway.groups() == []
    restart(module_host, "")


def test_other_addresses_and_nobody_there(
    run: Run, gateway: Pushgateway, module_host: Host
) -> None:
    url = f"url=http://{module_host.address}:9091"
    assert run("-y", PUSH, BACKUP, "body=m 1", url).returncode == 0
    data = {"pushgateway_url": f"http://{module_host.address}:9091"}
    assert run("-y", DELETE, BACKUP, data=data).returncode == 0
    assert gateway.groups() == []
    assert_refused(
        module_host,
        run("-y", DELETE, BACKUP, "url=http://127.0.0.1:9999"),
        "does not answer",
        "refused",
    )
    assert_refused(
        module_host,
        run("-y", DELETE, BACKUP, data={"pushgateway_prune_after": "1 day"}),
        "prune_after",
    )


def test_without_ssh_forwarding_curl_does_the_same(
    run: Run, gateway: Pushgateway, module_host: Host
) -> None:
    module_host.run(
        "echo AllowTcpForwarding no >/etc/ssh/sshd_config.d/forwarding.conf; systemctl restart ssh"
    )
    labels = {"job": "ö", "path": "..", "x": "a b/c\n"}
    assert run("-y", PUSH, f"labels={json.dumps(labels)}", 'body=m{a="é"} 1').returncode == 0
    assert labels_of(gateway) == [labels]
    assert run("-y", DELETE, f"labels={json.dumps(labels)}").returncode == 0
    assert gateway.groups() == []
    assert_refused(
        module_host,
        run("-y", DELETE, BACKUP, "url=http://127.0.0.1:9999"),
        "does not answer",
        "refused",
    )
    module_host.run("rm /etc/ssh/sshd_config.d/forwarding.conf; systemctl restart ssh")


@pytest.mark.lab_host(packages=PACKAGES, share=toolkit_directories())
def test_on_the_machine_itself(lab_host: Host, pyinfra_command: PyinfraCommand) -> None:
    labels = 'labels={"job": "backup", "path": "/"}'
    pushed = pyinfra_command.run_locally(lab_host, "-y", PUSH, labels, "body=m 1")
    assert pushed.returncode == 0, pushed.output
    assert labels_of(client(lab_host)) == [{"job": "backup", "path": "/"}]
