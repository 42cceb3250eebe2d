"""Hosts on which both servers were installed in other ways: all deploys work there, and leave the rest as it was."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

import shapes
from expectations import (
    BOOTSTRAP,
    FAST,
    INSTALLED,
    PREPARE,
    RESET,
    VERIFY,
    assert_unchanged_run,
)
from labhost import Host, PyinfraResult
from labhost.image import SUITES
from labhost.pyinfra_command import REPOSITORY
from trainee_commands import DELETE_TRAINING, JOB, PUSH_INSTANCE, PUSH_TRAINING, WIPE
from waiting import wait_on_host

Run = Callable[..., PyinfraResult]

CONFIG = {
    "renamed": "/srv/prom/monitoring.yml",
    "by_hand": "/home/student/prom/prometheus.yml",
}
"""Shape -> its configuration file, where that is not the usual one."""

CLOSED = {"pushgateway_listen_address": "127.0.0.1:9091"}
ALLOWED = {"pushgateway_allow_open_admin_api": True}
ADDRESS: dict[str, dict[str, object]] = {"collection": {**CLOSED}, "with_variable": {**ALLOWED}}
"""Shape -> the settings with which its Pushgateway, open to all, is not refused."""

DEBIANS = "prometheus-pushgateway"
"""The name of Debian's unit and package: nothing that is said about these hosts may name it."""


def shown(host: Host, path: str) -> str:
    """Return owner, mode and content of a file, and all that the directories of units and of /etc/default hold."""
    return host.run(
        f"stat -c '%U %G %a' {path}; cat {path}; find /etc/systemd/system /etc/default -type f -exec sha256sum {{}} +"
    ).stdout


def run(host: Host, run_pyinfra: Run, deploy: str, **data: object) -> PyinfraResult:
    """Run a deploy that has to succeed; fail if it names Debian's unit."""
    result = run_pyinfra(host, "-y", deploy, data=FAST | data)
    assert result.returncode == 0, result.output
    assert DEBIANS not in result.output, result.output
    return result


def on(suite: str, shape: Callable[[Host], None]) -> ParameterSet:
    """Return the parameter of a test for a shape, on a host of this release."""
    host = pytest.mark.lab_host(suite=suite, packages=INSTALLED)
    return pytest.param(shape, marks=host, id=f"{shape.__name__}-{suite}")


@pytest.mark.parametrize(
    "shape",
    [
        *(on(suite, shapes.training_vm) for suite in SUITES),
        on("bookworm", shapes.collection),
        on("forky", shapes.collection),
        on("bookworm", shapes.renamed),
        on("bookworm", shapes.by_hand),
        on("bookworm", shapes.with_variable),
        on("bookworm", shapes.under_a_path),
    ],
)
def test_all_deploys_work_and_the_rest_stays(
    shape: Callable[[Host], None], lab_host: Host, run_pyinfra: Run, sessions: Callable[[], int]
) -> None:
    shape(lab_host)
    path = CONFIG.get(shape.__name__, shapes.CONFIG)
    before = shown(lab_host, path)
    processes = lab_host.run("pgrep -x prometheus; pgrep -x pushgateway").stdout.split()
    data = ADDRESS.get(shape.__name__, {})
    if data:
        refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
        assert "everybody who reaches it could push and wipe" in refused.stderr, refused.output
        assert shown(lab_host, path) == before
    assert "Proven" in run(lab_host, run_pyinfra, BOOTSTRAP, **data).stderr
    sessions()
    assert_unchanged_run(run(lab_host, run_pyinfra, BOOTSTRAP, **data))
    assert sessions() == 1
    assert b"honor_labels: true" in lab_host.read(path)

    verified = run_pyinfra(lab_host, "-y", VERIFY, data=FAST | data)
    assert DEBIANS not in verified.output
    if shape is shapes.by_hand:
        # It is used as it is: what cannot be changed is said, and nothing was restarted.
        assert "The admin API is off" in verified.stdout
        assert lab_host.run("pgrep -x prometheus; pgrep -x pushgateway").stdout.split() == processes
    else:
        assert verified.returncode == 0, verified.output
        assert f"{lab_host.name}  configured" in verified.stdout

    run(lab_host, run_pyinfra, RESET, **data)
    after = shown(lab_host, path).splitlines()
    new = [line for line in after if line not in before.splitlines()]
    assert all(
        "pushgateway-lab.conf" in line or "/etc/default/pushgateway" in line for line in new
    ), new
    assert [line for line in before.splitlines() if line not in after] == [
        line for line in before.splitlines() if "/etc/default/pushgateway" in line
    ]
    run(lab_host, run_pyinfra, PREPARE, **data)
    assert_unchanged_run(run(lab_host, run_pyinfra, PREPARE, **data))


@pytest.mark.parametrize(
    "shape", [on("bookworm", shapes.training_vm), on("forky", shapes.training_vm)]
)
def test_a_trainers_day_on_a_vm_of_the_training(
    shape: Callable[[Host], None], lab_host: Host, run_pyinfra: Run
) -> None:
    """The trainee works as the login user, who owns the file, without root but for the reload of the page."""
    shape(lab_host)
    before = lab_host.run(f"stat -c '%U %G %a' {shapes.CONFIG}; cat {shapes.CONFIG}").stdout

    def types(command: str) -> None:
        lab_host.run(f"su student -c {shapes.quoted(command)}")

    def stage() -> str:
        verified = run_pyinfra(lab_host, "-y", VERIFY)
        assert DEBIANS not in verified.output
        return verified.stdout.splitlines()[1].split()[1]

    assert run_pyinfra(lab_host, "-y", PREPARE).returncode == 0
    assert stage() == "prepared"
    types(f"cat >>{shapes.CONFIG} <<'END'\n{JOB}END")
    assert "edited but not reloaded" in run_pyinfra(lab_host, "-y", VERIFY).stdout
    lab_host.run("systemctl reload prometheus")
    wait_on_host(lab_host, f"{shapes.QUERY}'up{{job=\"pushgateway\"}}==1' | grep -q value")
    assert stage() == "configured"
    types(PUSH_TRAINING)
    types(PUSH_INSTANCE)
    wait_on_host(lab_host, f"{shapes.QUERY}some_metric_total | grep -q value")
    assert stage() == "pushed"
    types(DELETE_TRAINING)
    types(WIPE)
    wait_on_host(lab_host, f"! {shapes.QUERY}some_metric_total | grep -q value", 60)
    assert stage() == "cleaned"
    assert run_pyinfra(lab_host, "-y", RESET).returncode == 0
    assert stage() == "prepared"
    assert lab_host.run(f"stat -c '%U %G %a' {shapes.CONFIG}; cat {shapes.CONFIG}").stdout == before


@pytest.mark.lab_host(suite="forky", packages=INSTALLED)
def test_the_addresses_that_an_administrator_chose_are_kept(
    lab_host: Host, run_pyinfra: Run
) -> None:
    shapes.on_two_addresses(lab_host)
    run(lab_host, run_pyinfra, BOOTSTRAP, **ALLOWED)
    assert_unchanged_run(run(lab_host, run_pyinfra, BOOTSTRAP, **ALLOWED))
    listening = lab_host.run("ss -lntH | grep -c -e '127.0.0.1:9091' -e ':9191'").stdout
    assert listening == "2\n"


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_unit_that_changes_gets_its_drop_in_anew_and_loses_it_when_it_needs_none(
    lab_host: Host, run_pyinfra: Run
) -> None:
    shapes.training_vm(lab_host)
    unit = "/etc/systemd/system/pushgateway.service"
    drop_in = f"{unit}.d/pushgateway-lab.conf"
    run(lab_host, run_pyinfra, BOOTSTRAP)
    assert "log.level" not in lab_host.read(drop_in).decode()
    lab_host.run(f"sed -i 's,^ExecStart=.*,& --log.level=debug,' {unit}; systemctl daemon-reload")
    run(lab_host, run_pyinfra, BOOTSTRAP)
    assert "pushgateway --log.level=debug --web.listen" in lab_host.read(drop_in).decode()
    assert "--log.level=debug" in lab_host.run("ps -o args= -C pushgateway").stdout
    assert_unchanged_run(run(lab_host, run_pyinfra, BOOTSTRAP))
    flags = "--web.enable-admin-api --web.listen-address=127.0.0.1:9091"
    lab_host.run(f"sed -i 's,^ExecStart=.*,& {flags},' {unit}; systemctl daemon-reload")
    run(lab_host, run_pyinfra, BOOTSTRAP)
    assert lab_host.run(f"test ! -e {unit}.d && echo gone").stdout == "gone\n"
    assert_unchanged_run(run(lab_host, run_pyinfra, BOOTSTRAP))


@pytest.mark.lab_host(packages=INSTALLED)
def test_groups_that_would_be_lost_stop_the_restart(lab_host: Host, run_pyinfra: Run) -> None:
    shapes.training_vm(lab_host)
    unit = "/etc/systemd/system/pushgateway.service"
    # It persists in name only: its user may not write there.
    lab_host.run(
        f"mkdir -m 755 /srv/kept; sed -i 's,^ExecStart=.*,& --persistence.file=/srv/kept/groups,' {unit}\n"
        "systemctl daemon-reload; systemctl restart pushgateway"
    )
    shapes.both_answer(lab_host)
    lab_host.run(PUSH_TRAINING)
    before = lab_host.run("pgrep -x pushgateway").stdout
    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert refused.returncode == 1
    assert "its user may not write in /srv/kept" in refused.stderr
    assert lab_host.run("pgrep -x pushgateway").stdout == before
    lab_host.run("chown student /srv/kept")
    run(lab_host, run_pyinfra, BOOTSTRAP)
    assert "prometheus_training" in lab_host.run("curl -s localhost:9091/metrics").stdout


@pytest.mark.lab_host(packages=INSTALLED)
def test_two_that_are_equally_good_are_named(lab_host: Host, run_pyinfra: Run) -> None:
    shapes.training_vm(lab_host)
    lab_host.run(
        'cd /etc/systemd/system; for n in 1 2; do sed "s,^ExecStart=.*,& --web.listen-address=:919$n," '
        "pushgateway.service >push$n.service; done; systemctl stop pushgateway; rm pushgateway.service\n"
        "systemctl daemon-reload; systemctl start push1 push2"
    )
    shapes.both_answer(lab_host, gateway="127.0.0.1:9192")
    before = shown(lab_host, shapes.CONFIG)
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert result.returncode == 1
    for words in (
        "more than one Pushgateway",
        "push1.service",
        "push2.service",
        "pushgateway_unit=",
    ):
        assert words in result.stderr, result.stderr
    assert shown(lab_host, shapes.CONFIG) == before
    run(lab_host, run_pyinfra, BOOTSTRAP, pushgateway_unit="push2.service", **ALLOWED)


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_file_that_prometheus_would_not_see_changed_is_not_written(
    lab_host: Host, run_pyinfra: Run
) -> None:
    shapes.with_the_file_mounted_alone(lab_host)
    before = shown(lab_host, shapes.CONFIG)
    for deploy in (BOOTSTRAP, PREPARE, RESET):
        result = run_pyinfra(lab_host, "-y", deploy, data=FAST)
        assert result.returncode == 1
        words = "(prometheus.service) has a file system of its own, with another /etc/prometheus/prometheus.yml"
        assert words in result.stderr, result.stderr
    # The same file, mounted alone: a new file under its name would not be seen.
    lab_host.run(
        "sed -i s,BindPaths=/srv/prom,BindPaths=/etc/prometheus, /etc/systemd/system/prometheus.service"
    )
    lab_host.run("systemctl daemon-reload; systemctl restart prometheus")
    shapes.both_answer(lab_host)
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert result.returncode == 1
    assert "prometheus.yml alone is mounted into the file system of Prometheus" in result.stderr
    assert lab_host.read(shapes.CONFIG) == shapes.CHAPTERS.encode()
    assert "pushgateway.service.d" not in shown(lab_host, shapes.CONFIG)
    assert before.startswith("student student 664")


@pytest.mark.lab_host(packages=(*INSTALLED, "crun"))
def test_a_prometheus_in_a_container_is_used_once_its_file_is_named(
    lab_host: Host, run_pyinfra: Run
) -> None:
    shapes.in_a_container(lab_host)
    path = "/srv/prom/prometheus.yml"
    before = lab_host.read(path)
    processes = lab_host.run("pgrep -x prometheus").stdout
    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert refused.returncode == 1
    assert "has a file system of its own" in refused.stderr, refused.stderr
    assert "monitoring.service" in refused.stderr
    assert "Set prometheus_config_path to the file on this host that it reads" in refused.stderr
    # The host's own file is another one: the package's, which this Prometheus does not read; or there is none.
    assert lab_host.read(shapes.CONFIG) == before
    lab_host.run(f"rm {shapes.CONFIG}")
    without = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert "has a file system of its own" in without.stderr, without.stderr
    given = FAST | {"prometheus_config_path": path}
    assert "Proven" in run_pyinfra(lab_host, "-y", BOOTSTRAP, data=given).stderr
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=given))
    assert (
        f"{lab_host.name}  configured  done"
        in run_pyinfra(lab_host, "-y", VERIFY, data=given).stdout
    )
    assert run_pyinfra(lab_host, "-y", RESET, data=given).returncode == 0
    assert lab_host.read(path) == before
    assert lab_host.run("pgrep -x prometheus").stdout == processes


@pytest.mark.lab_host(packages=INSTALLED, user="trainer")
def test_a_host_of_another_distribution_needs_nothing_installed(
    lab_host: Host, run_pyinfra: Run
) -> None:
    shapes.without_packages(lab_host)
    lab_host.run("mv /usr/bin/curl /root/")
    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST, sudo=True)
    assert refused.returncode == 1
    assert "Example Linux 9 has no apt-get to install what is missing: curl." in refused.stderr
    lab_host.run("mv /root/curl /usr/bin/")
    before = lab_host.read(shapes.CONFIG)
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST, sudo=True)
    assert result.returncode == 0, result.output
    assert "Proven" in result.stderr
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST, sudo=True))
    verified = run_pyinfra(lab_host, "-y", VERIFY, data=FAST, sudo=True)
    assert f"{lab_host.name}  configured  done" in verified.stdout, verified.output
    reset = run_pyinfra(lab_host, "-y", RESET, data=FAST, sudo=True)
    assert reset.returncode == 0, reset.output
    assert lab_host.read(shapes.CONFIG) == before


@pytest.mark.lab_host(
    suite="forky", packages=("acl", "attr", "rust-coreutils", "sudo-rs"), user="trainer"
)
def test_a_host_with_coreutils_and_sudo_in_rust(lab_host: Host, run_pyinfra: Run) -> None:
    shapes.with_tools_in_rust(lab_host)
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST, sudo=True)
    assert result.returncode == 0, result.output
    assert "Proven" in result.stderr
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST, sudo=True))
    verified = run_pyinfra(lab_host, "-y", VERIFY, data=FAST, sudo=True)
    assert f"{lab_host.name}  configured  done" in verified.stdout
    lab_host.run(
        f"setfacl -m u:student:rw {shapes.CONFIG}; setfattr -n user.note -v kept {shapes.CONFIG}"
    )
    look = f"getfacl -p {shapes.CONFIG}; getfattr -d {shapes.CONFIG}; stat -c '%U %G %a' {shapes.CONFIG}"
    before = lab_host.run(look).stdout
    for deploy in (RESET, PREPARE):
        done = run_pyinfra(lab_host, "-y", deploy, data=FAST, sudo=True)
        assert done.returncode == 0, done.output
    assert lab_host.run(look).stdout == before
    assert b"honor_labels" not in lab_host.read(shapes.CONFIG)


@pytest.mark.lab_host(packages=INSTALLED)
def test_what_other_hosts_use_is_not_moved_to_loopback(lab_host: Host, run_pyinfra: Run) -> None:
    shapes.training_vm(lab_host)
    lab_host.run(
        f"cat >>{shapes.CONFIG} <<'END'\n  - job_name: from_outside\n    static_configs:\n"
        f"      - targets: ['{lab_host.address}:9091']\nEND\nsystemctl reload prometheus"
    )
    wait_on_host(lab_host, f"{shapes.QUERY}'up{{job=\"from_outside\"}}==1' | grep -q value")
    data = {"pushgateway_job_name": "from_outside", "pushgateway_admin_api": False}
    result = run(lab_host, run_pyinfra, BOOTSTRAP, **data)
    assert "To change the address, set pushgateway_listen_address" in result.stderr
    assert lab_host.run("ss -lntH 'sport = :9091'").stdout.split()[3] == "*:9091"
    assert_unchanged_run(run(lab_host, run_pyinfra, BOOTSTRAP, **data))


def test_the_table_of_hosts_names_the_shapes_that_are_tested() -> None:
    page = (REPOSITORY / "docs/hosts.md").read_text(encoding="utf-8")
    table = page.partition("## How the servers got onto the host")[2].partition("\n\n**")[0]
    named = set(re.findall(r"`(\w+)` \|$", table, re.MULTILINE))
    recipes = {name for name, each in vars(shapes).items() if inspect.isfunction(each)}
    assert named == recipes - {"both_answer", "quoted", "wait_on_host"}
    tests = sorted(Path(__file__).parent.glob("test_*.py"))
    tested = "".join(each.read_text(encoding="utf-8") for each in tests)
    assert all(f"shapes.{name}" in tested for name in named)
