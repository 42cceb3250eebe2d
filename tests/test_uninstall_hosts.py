"""Hosts from which everything is removed: all their files are then as they were before bootstrap."""

import time
from collections.abc import Callable

import pytest

import shapes
from expectations import (
    BOOTSTRAP,
    CONFIG,
    DEFAULTS,
    FAST,
    HAND_EDITED,
    INSTALLED,
    PREPARE,
    VERIFY,
    assert_refused,
    assert_unchanged_run,
    groups,
)
from host_comparison import UNINSTALL, Run, assert_as_before, differences, listing
from labhost import Host, HostSpec, PyinfraCommand, PyinfraResult
from labhost.image import SUITES
from trainee_commands import PUSH_TRAINING
from waiting import wait_for_port

NOTES = "/var/lib/pushgateway-lab"
WIPE = FAST | {"lab_wipe": True}

_DATA = "/var/lib/prometheus"
"""The databases of servers that run. Left out where they run before and after."""


def run(host: Host, run_pyinfra: Run, *words: str, **data: object) -> PyinfraResult:
    result = run_pyinfra(host, "-y", *words, data=FAST | data, sudo=host.user != "root")
    assert result.returncode == 0, result.output
    return result


@pytest.mark.lab_host(user="trainer")
def test_a_bare_host_is_bare_again(
    lab_host: Host, run_pyinfra: Run, sessions: Callable[[], int]
) -> None:
    before = listing(lab_host)
    packages = lab_host.run("dpkg -l").stdout
    run(lab_host, run_pyinfra, BOOTSTRAP)
    lab_host.run(PUSH_TRAINING)
    run(lab_host, run_pyinfra, VERIFY)
    refused = run_pyinfra(lab_host, "-y", UNINSTALL, data=FAST, sudo=True)
    assert_refused(lab_host, refused, "holds 1 pushed group, which would go with its package")
    shown = run_pyinfra(lab_host, "-y", "--dry", UNINSTALL, data=FAST, sudo=True)
    assert shown.returncode == 1
    assert "holds 1 pushed group, which would go with its package" in shown.stderr, shown.output
    installed = lab_host.run("dpkg -l").stdout
    # Settings of another host: files of this toolkit would stay beside what they name.
    for wrong, told in (
        ({"prometheus_config_path": "/etc/prometheus/promtheus.yml"}, f"Prometheus reads {CONFIG}"),
        ({"pushgateway_job_name": "own"}, "is pushgateway, and not own. Nothing was removed"),
    ):
        for how in (("-y", "--dry"), ("-y",)):
            refused = run_pyinfra(lab_host, *how, UNINSTALL, data=WIPE | wrong, sudo=True)
            assert refused.returncode == 1, refused.output
            assert told in refused.stderr, refused.output
    assert lab_host.run("dpkg -l").stdout == installed
    # A Pushgateway that does not run cannot count its groups.
    lab_host.run("systemctl stop prometheus-pushgateway")
    for how in (("-y", "--dry"), ("-y",)):
        refused = run_pyinfra(lab_host, *how, UNINSTALL, data=FAST, sudo=True)
        assert refused.returncode == 1, refused.output
        assert "so nobody can count the groups in /var/lib/prometheus" in refused.stderr
    lab_host.run("systemctl start prometheus-pushgateway")
    assert lab_host.run("dpkg -l").stdout == installed
    shown = run_pyinfra(lab_host, "-y", "--dry", UNINSTALL, data=WIPE, sudo=True)
    assert shown.returncode == 0, shown.output
    for words in (
        "all pushed groups",
        "the package prometheus, with its",
        "the user prometheus",
        NOTES,
    ):
        assert words in shown.stderr, shown.output
    assert lab_host.run("dpkg -l").stdout == installed
    result = run(lab_host, run_pyinfra, UNINSTALL, lab_wipe=True)
    assert "so they stay" not in result.stderr
    assert lab_host.run("dpkg -l").stdout == packages
    assert lab_host.run("pgrep prometheus; getent passwd prometheus", check=False).stdout == ""
    sessions()
    assert_as_before(lab_host, run_pyinfra, before)
    assert sessions() == 1


@pytest.mark.all_releases
def test_bare_hosts_of_other_releases_are_bare_again(
    boot_hosts: Callable[..., list[Host]], run_pyinfra: Run
) -> None:
    hosts = boot_hosts(*(HostSpec(suite=suite) for suite in SUITES if suite != "bookworm"))
    before = [(listing(each), each.run("dpkg -l").stdout) for each in hosts]
    for deploy in (BOOTSTRAP, UNINSTALL):
        result = run_pyinfra(hosts, "-y", deploy, data=FAST)
        assert result.returncode == 0, result.output
        assert "stay" not in result.output
    for host, (files, packages) in zip(hosts, before, strict=True):
        assert host.run("dpkg -l").stdout == packages
        assert differences(files, listing(host)) == []


@pytest.mark.lab_host(packages=("prometheus",))
def test_a_prometheus_that_was_there_stays_with_its_file(lab_host: Host, run_pyinfra: Run) -> None:
    wait_for_port(lab_host, 9090)  # one that still starts would end on the signal of a reload
    lab_host.write(CONFIG, HAND_EDITED)
    lab_host.run("systemctl reload prometheus")
    before = listing(lab_host, _DATA)
    packages = lab_host.run("dpkg -l").stdout
    run(lab_host, run_pyinfra, BOOTSTRAP)
    assert lab_host.read(CONFIG) != HAND_EDITED
    pid = lab_host.run("pgrep -x prometheus").stdout
    shown = run_pyinfra(lab_host, "-y", "--dry", UNINSTALL, data=FAST)
    assert f"the job pushgateway in {CONFIG}" in shown.stderr, shown.output
    # Settings of another host: with them, the job or the flags would stay, and the notes about them would go.
    lab_host.run(f"cp {CONFIG} /etc/prometheus/copy.yml")
    for key, value, told in (
        # The package's Prometheus has no flag that names its file.
        ("prometheus_config_path", "/etc/prometheus/copy.yml", f"Prometheus reads {CONFIG}"),
        (
            "prometheus_config_path",
            "/etc/prometheus/own.yml",
            f"Prometheus reads {CONFIG}",
        ),
        ("pushgateway_job_name", "own", "is pushgateway, and not own. Nothing was removed"),
        (
            "prometheus_unit",
            "own.service",
            "There is no own.service on this host (prometheus_unit)",
        ),
        (
            "pushgateway_unit",
            "own.service",
            "There is no own.service on this host (pushgateway_unit)",
        ),
    ):
        assert_refused(
            lab_host, run_pyinfra(lab_host, "-y", UNINSTALL, data=FAST | {key: value}), told
        )
    lab_host.run("rm /etc/prometheus/copy.yml")
    run(lab_host, run_pyinfra, UNINSTALL)
    assert lab_host.read(CONFIG) == HAND_EDITED
    assert lab_host.run("dpkg -l").stdout == packages
    assert lab_host.run("pgrep -x prometheus").stdout == pid
    loaded = lab_host.run("curl -s localhost:9090/api/v1/status/config", check=False)
    assert "pushgateway" not in loaded.stdout
    assert_as_before(lab_host, run_pyinfra, before, _DATA)


@pytest.mark.lab_host(packages=INSTALLED)
def test_adopted_packages_get_their_flags_and_files_back(lab_host: Host, run_pyinfra: Run) -> None:
    shapes.both_answer(lab_host)
    lab_host.write(CONFIG, HAND_EDITED)
    lab_host.write(DEFAULTS, b"# ours\nARGS='--log.level=debug'\n")
    lab_host.run("chmod 640 " + DEFAULTS)
    lab_host.run("systemctl reload prometheus; systemctl disable --now prometheus-pushgateway")
    before = listing(lab_host, _DATA)
    run(
        lab_host,
        run_pyinfra,
        BOOTSTRAP,
        pushgateway_prune_after="24h",
        pushgateway_prune_report=True,
    )
    lab_host.run(PUSH_TRAINING)
    assert len(groups(lab_host)) == 2
    run(lab_host, run_pyinfra, UNINSTALL)
    assert [each["job"] for each in groups(lab_host)] == ["prometheus_training"]
    words = lab_host.run(
        "ps -o args= -C prometheus-pushgateway; ps -o args= -C prometheus-push"
    ).stdout
    assert "--log.level=debug" in words
    assert "web.enable-admin-api" not in words
    assert_as_before(lab_host, run_pyinfra, before, _DATA)


@pytest.mark.lab_host(packages=INSTALLED)
@pytest.mark.parametrize("shape", [shapes.training_vm, shapes.with_variable])
def test_servers_that_were_installed_in_other_ways(
    shape: Callable[[Host], None], lab_host: Host, run_pyinfra: Run
) -> None:
    shape(lab_host)
    if shape is shapes.training_vm:
        lab_host.run(
            "sed -i 's,^ExecStart=.*,& --persistence.file=,' /etc/systemd/system/pushgateway.service\n"
            "systemctl daemon-reload; systemctl restart pushgateway"
        )
        shapes.both_answer(lab_host)
    original = lab_host.run("cat /etc/default/pushgateway", check=False).stdout
    before = listing(lab_host, _DATA)
    command = "ps -o args= -C pushgateway"
    args = lab_host.run(command).stdout
    for deploy in (PREPARE, BOOTSTRAP):
        run(lab_host, run_pyinfra, deploy, pushgateway_allow_open_admin_api=True)
    assert lab_host.run(command).stdout != args
    lab_host.run(PUSH_TRAINING)
    if shape is shapes.training_vm:
        refused = run_pyinfra(lab_host, "-y", UNINSTALL, data=FAST)
        assert_refused(lab_host, refused, "holds 1 pushed group and does not persist them")
        assert "honor_labels" in lab_host.read(CONFIG).decode()
        run(lab_host, run_pyinfra, UNINSTALL, pushgateway_allow_data_loss=True)
    else:
        # As a run leaves it that was killed between the file and the restart.
        lab_host.write("/etc/default/pushgateway", original.encode())
        run(lab_host, run_pyinfra, UNINSTALL)
        assert [each["job"] for each in groups(lab_host)] == ["prometheus_training"]
    assert lab_host.run(command).stdout == args
    assert_as_before(lab_host, run_pyinfra, before, _DATA)


@pytest.mark.lab_host(packages=INSTALLED)
def test_flags_that_somebody_else_wrote_meanwhile_stay(lab_host: Host, run_pyinfra: Run) -> None:
    shapes.both_answer(lab_host)
    lab_host.write(DEFAULTS, b'# ours\nARGS=""\n')
    run(lab_host, run_pyinfra, BOOTSTRAP)
    lab_host.run(f"sed -i 's/^ARGS=\"/&--log.level=debug /' {DEFAULTS}; echo '# mine' >>{DEFAULTS}")
    run(lab_host, run_pyinfra, UNINSTALL)
    assert lab_host.read(DEFAULTS) == b'# ours\nARGS="--log.level=debug"\n# mine\n'
    assert "Nothing of this toolkit" not in run(lab_host, run_pyinfra, UNINSTALL).stderr


@pytest.mark.lab_host
def test_a_package_that_somebody_else_needs_stays(lab_host: Host, run_pyinfra: Run) -> None:
    closed = FAST | {"prometheus_listen_address": "127.0.0.1:9090"}
    bootstrapped = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=closed)
    assert bootstrapped.returncode == 0, bootstrapped.output
    listens = "ss -Htln 'sport = 9090' | awk '{ print $4 }'"
    assert lab_host.run(listens).stdout == "127.0.0.1:9090\n"
    lab_host.run(
        "mkdir -p /srv/own/DEBIAN; printf 'Package: own-alerts\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\n"
        "Depends: prometheus\nDescription: alerts\n' >/srv/own/DEBIAN/control; dpkg-deb -b /srv/own /srv/own.deb\n"
        "dpkg -i /srv/own.deb"
    )
    result = run(lab_host, run_pyinfra, UNINSTALL)
    assert "so they stay: " in result.stderr
    shown = "dpkg-query -W -f='${Package} ${db:Status-Status}\n' own-alerts prometheus"
    assert lab_host.run(shown).stdout == "own-alerts installed\nprometheus installed\n"
    assert lab_host.run("dpkg -l prometheus-pushgateway", check=False).returncode == 1
    assert "pushgateway" not in lab_host.read(CONFIG).decode()
    lab_host.run("cd /tmp && apt-get download -q prometheus && dpkg-deb -x prometheus_*.deb new")
    lab_host.run("cmp /tmp/new/etc/default/prometheus /etc/default/prometheus")
    assert lab_host.run(listens).stdout == "*:9090\n"
    assert "prometheus:" in lab_host.run("getent passwd prometheus").stdout
    assert lab_host.run(f"ls -d {NOTES}", check=False).returncode != 0
    assert_unchanged_run(run_pyinfra(lab_host, "-y", UNINSTALL, data=FAST))


def test_a_run_that_is_killed_is_finished_by_the_next(
    lab_host: Host, run_pyinfra: Run, pyinfra_command: PyinfraCommand
) -> None:
    before = listing(lab_host)
    packages = lab_host.run("dpkg -l").stdout
    run(lab_host, run_pyinfra, BOOTSTRAP)
    for gone in ("/usr/bin/prometheus-pushgateway", "/usr/bin/prometheus"):
        process = pyinfra_command.start(lab_host, "-y", UNINSTALL, data=FAST)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if lab_host.run(f"test -e {gone}", check=False).returncode:
                # The whole connection, and what it runs: as if the host had lost power.
                lab_host.run(
                    "pkill -KILL dpkg; pkill -KILL -f 'remove-packages|timeout -k'", check=False
                )
                process.kill()
                break
        pyinfra_command.finish(process)
    assert lab_host.run(f"ls -d {NOTES}").stdout
    lab_host.run("dpkg --configure -a", check=False)
    run(lab_host, run_pyinfra, UNINSTALL)
    assert lab_host.run("dpkg -l").stdout == packages
    assert_as_before(lab_host, run_pyinfra, before)


@pytest.mark.lab_host(systemd=False)
def test_a_host_without_systemd_is_bare_again(lab_host: Host, run_pyinfra: Run) -> None:
    before = listing(lab_host)
    run(lab_host, run_pyinfra, BOOTSTRAP)
    run(lab_host, run_pyinfra, UNINSTALL)
    assert lab_host.run("pgrep prometheus", check=False).stdout == ""
    assert_as_before(lab_host, run_pyinfra, before)


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_host_of_an_earlier_version_keeps_its_packages(lab_host: Host, run_pyinfra: Run) -> None:
    shapes.both_answer(lab_host)
    run(lab_host, run_pyinfra, BOOTSTRAP)
    lab_host.run(f"rm -f {NOTES}/packages {NOTES}/users")
    packages = lab_host.run("dpkg -l").stdout
    result = run(lab_host, run_pyinfra, UNINSTALL)
    assert (
        "There is no note that this toolkit installed prometheus or prometheus-pushgateway"
        in result.stderr
    )
    assert "apt-get purge --autoremove prometheus-pushgateway prometheus" in result.stderr
    assert lab_host.run("dpkg -l").stdout == packages
