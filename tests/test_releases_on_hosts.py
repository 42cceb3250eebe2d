"""Both servers from release archives, on real hosts: installed, upgraded, and put back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import shapes
from expectations import (
    BOOTSTRAP,
    FAST,
    PREPARE,
    RESET,
    VERIFY,
    assert_refused,
    assert_unchanged_run,
)
from host_comparison import UNINSTALL, Run, assert_as_before, listing
from labhost import SUITES, Host, HostSpec
from trainee_commands import PUSH_TRAINING
from upstream_archives import packaged, write_archive

OLD, NEW, ENDS, NO_PROGRAM = "1.5.1", "1.11.1", "1.98.0", "1.99.0"
"""Versions of the Pushgateway: two that run, one that ends at once, and one that the kernel does not start."""

ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00" + bytes(100)
"""The header of a program for amd64, and nothing that runs."""

HELD = "curl -s localhost:9091/metrics | grep -c '^prometheus_training'"


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with archives, as on a machine without a network."""
    folder = tmp_path_factory.mktemp("releases")
    for version, content in (
        (OLD, packaged("pushgateway")),
        (NEW, packaged("pushgateway", "forky")),
        (ENDS, Path("/bin/true").read_bytes()),
        (NO_PROGRAM, ELF),
    ):
        write_archive(folder, "pushgateway", version, {"pushgateway": content})
    programs = {name: packaged(name) for name in ("prometheus", "promtool")}
    write_archive(folder, "prometheus", "2.42.0", programs)
    return folder


@pytest.fixture
def data(
    archives: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Any]]:
    """Return a function that returns the host data for releases from that folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def made(version: str = OLD, **further: object) -> dict[str, Any]:
        both = {
            f"{server}_{key}": value
            for server in ("prometheus", "pushgateway")
            for key, value in (("install_method", "release"), ("release_source", str(archives)))
        }
        versions = {"prometheus_release_version": "2.42.0", "pushgateway_release_version": version}
        return FAST | both | versions | further

    return made


def assert_as_the_ansible_role_leaves_it(host: Host) -> None:
    """Ask what the Molecule scenarios of Ansible's role for the Pushgateway ask (docs/coming-from-ansible.md)."""
    host.run("test -d /etc/pushgateway")
    for file in ("/etc/systemd/system/pushgateway.service", "/usr/local/bin/pushgateway"):
        host.run(f"test -f {file}")
    owners = host.run("stat -c '%F %U:%G' /etc /root /usr /var").stdout
    assert owners == "directory root:root\n" * 4
    assert "pushgateway" in host.run("id -Gn pushgateway").stdout.split()
    assert host.run("getent passwd pushgateway").stdout.rstrip().endswith(":/usr/sbin/nologin")
    shown = host.run("systemctl show -p ActiveState -p ProtectHome pushgateway").stdout
    assert sorted(shown.split()) == ["ActiveState=active", "ProtectHome=yes"]
    assert "127.0.0.1:9091" in host.run("ss -Hltn 'sport = 9091'").stdout


def assert_restricted(host: Host) -> None:
    """Ask systemd how exposed both services are."""
    for unit in ("prometheus", "pushgateway"):
        exposed = host.run(f"systemd-analyze security --no-pager {unit} 2>&1 | tail -n 1").stdout
        assert float(exposed.split(":")[1].split()[0]) <= 2.0, exposed


@pytest.mark.lab_host(packages=("curl",))
def test_a_bare_host_gets_both_servers_and_the_pushgateway_is_upgraded(
    lab_host: Host,
    run_pyinfra: Run,
    data: Callable[..., dict[str, Any]],
    sessions: Callable[[], int],
) -> None:
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data())
    assert result.returncode == 0, result.output
    assert "Installed: pushgateway 1.5.1." in result.stderr
    assert "Proven" in result.stderr
    assert_as_the_ansible_role_leaves_it(lab_host)
    sessions()
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data()))
    assert sessions() == 1
    # Without the settings, what is there is used as it is.
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST))
    verified = run_pyinfra(lab_host, "-y", VERIFY, data=FAST)
    assert f"{lab_host.name}  configured  done" in verified.stdout, verified.output
    assert (
        lab_host.run("dpkg -l 'prometheus*' 2>/dev/null | grep -c ^ii", check=False).stdout == "0\n"
    )
    assert_restricted(lab_host)

    lab_host.run(PUSH_TRAINING)
    upgraded = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data(NEW))
    assert upgraded.returncode == 0, upgraded.output
    assert "Installed: pushgateway 1.11.1." in upgraded.stderr
    assert lab_host.run(HELD).stdout == "1\n"
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data(NEW)))
    back = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data(OLD))
    assert back.returncode == 0, back.output
    assert lab_host.run(HELD).stdout == "1\n"
    for deploy in (RESET, PREPARE):
        done = run_pyinfra(lab_host, "-y", deploy, data=data())
        assert done.returncode == 0, done.output


@pytest.mark.lab_host(packages=("curl",))
def test_what_does_not_run_leaves_the_version_that_does(
    lab_host: Host, run_pyinfra: Run, data: Callable[..., dict[str, Any]], archives: Path
) -> None:
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data()).returncode == 0
    process = lab_host.run("pgrep -x pushgateway").stdout
    installed = lab_host.run("sha256sum /usr/local/bin/*").stdout

    def refused(version: str, words: str, **further: object) -> None:
        result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data(version, **further))
        assert_refused(lab_host, result, words)
        assert lab_host.run("sha256sum /usr/local/bin/*").stdout == installed

    refused(NO_PROGRAM, "pushgateway does not start on this host")
    refused("1.97.0", f"{archives}")
    refused(NEW, "has the SHA-256 digest", pushgateway_release_sha256={"amd64": "0" * 64})
    lab_host.run("mount -t tmpfs -o size=1M,mode=755 tmpfs /usr/local/lib/pushgateway-lab")
    refused(NEW, "the archive did not arrive in /usr/local/lib/pushgateway-lab")
    lab_host.run("umount /usr/local/lib/pushgateway-lab")
    assert lab_host.run("pgrep -x pushgateway").stdout == process
    # Groups that a restart would lose stop it before anything is replaced.
    lab_host.run(
        "sed -i 's,--persistence.file=[^ ]* ,,' /etc/default/pushgateway; systemctl restart pushgateway"
    )
    shapes.both_answer(lab_host)
    lab_host.run(PUSH_TRAINING)
    refused(NEW, "cannot persist them")
    # One that starts and ends is noticed only by running it.
    refused(
        ENDS,
        "The new version of the Pushgateway does not come up, so the one before runs again",
        pushgateway_allow_data_loss=True,
    )
    shapes.both_answer(lab_host)
    assert lab_host.read("/var/lib/pushgateway-lab/release-pushgateway").startswith(OLD.encode())
    assert lab_host.run("ls /usr/local/lib/pushgateway-lab").stdout == ""
    # Its flags were changed by hand, so it is proven once more.
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data()).returncode == 0
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data()))


@pytest.mark.lab_host(packages=("curl",))
def test_a_killed_upgrade_is_finished_by_the_next_run(
    lab_host: Host, run_pyinfra: Run, data: Callable[..., dict[str, Any]]
) -> None:
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data()).returncode == 0
    # As after a kill between the replacement and the restart: the new program is in place, the old one kept.
    lab_host.run(
        "cd /usr/local/lib/pushgateway-lab; mkdir -m 700 previous-pushgateway\n"
        "ln /usr/local/bin/pushgateway previous-pushgateway/; cp /bin/true /usr/local/bin/new\n"
        "mv /usr/local/bin/new /usr/local/bin/pushgateway; cd /var/lib/pushgateway-lab\n"
        "cp release-pushgateway /usr/local/lib/pushgateway-lab/previous-pushgateway/note\n"
        "printf 'unfinished\\nuser\\n' >release-pushgateway"
    )
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data(ENDS))
    assert_refused(lab_host, result, "so the one before runs again")
    shapes.both_answer(lab_host)
    assert lab_host.read("/var/lib/pushgateway-lab/release-pushgateway").startswith(OLD.encode())
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data()))


def test_the_other_releases_of_debian_get_both_servers(
    boot_hosts: Callable[..., list[Host]],
    run_pyinfra: Run,
    data: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    # The programs of the oldest start everywhere.
    for project, programs in (
        ("pushgateway", ["pushgateway"]),
        ("prometheus", ["prometheus", "promtool"]),
    ):
        contents = {name: packaged(name, "bullseye") for name in programs}
        write_archive(tmp_path, project, "1.4.0", contents)
    given = data("1.4.0", prometheus_release_version="1.4.0") | {
        f"{project}_release_source": str(tmp_path) for project in ("prometheus", "pushgateway")
    }
    others = [suite for suite in SUITES if suite != "bookworm"]
    hosts = boot_hosts(*(HostSpec(suite=suite, packages=("curl",)) for suite in others))
    result = run_pyinfra(hosts, "-y", BOOTSTRAP, data=given)
    assert result.returncode == 0, result.output
    again = run_pyinfra(hosts, "-y", BOOTSTRAP, data=given)
    assert f"{len(hosts)} hosts: all as they should be; nothing was changed" in again.stderr
    for host in hosts:
        assert_restricted(host)


def test_methods_that_a_host_cannot_have_are_refused(
    boot_host: Callable[..., Host], run_pyinfra: Run, data: Callable[..., dict[str, Any]]
) -> None:
    host = boot_host()
    missing = run_pyinfra(
        host, "-y", BOOTSTRAP, data=FAST | {"pushgateway_install_method": "existing"}
    )
    assert_refused(host, missing, "pushgateway_install_method=existing forbids to install it")
    before = host.run("dpkg -l").stdout
    nowhere = {
        "pushgateway_install_method": "release",
        "pushgateway_release_source": "/srv/no",
        "pushgateway_release_version": OLD,
    }
    not_there = run_pyinfra(host, "-y", BOOTSTRAP, data=FAST | nowhere)
    assert_refused(
        host, not_there, "sha256sums.txt cannot be read", "Nothing was changed on the host"
    )
    assert host.run("dpkg -l").stdout == before
    assert run_pyinfra(host, "-y", BOOTSTRAP, data=FAST).returncode == 0
    packaged_there = run_pyinfra(host, "-y", BOOTSTRAP, data=data())
    assert_refused(host, packaged_there, "was not installed from a release by this toolkit")


@pytest.mark.lab_host(packages=("curl",))
def test_a_host_without_apt_gets_releases_unasked(
    lab_host: Host, run_pyinfra: Run, data: Callable[..., dict[str, Any]]
) -> None:
    lab_host.run("for tool in apt-get apt-cache dpkg dpkg-query; do mv /usr/bin/$tool /root/; done")
    given = data(prometheus_install_method="auto", pushgateway_install_method="auto")
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=given)
    assert result.returncode == 0, result.output
    assert "Installed: prometheus 2.42.0." in result.stderr
    assert "Proven" in result.stderr


@pytest.mark.lab_host(packages=("curl",), user="trainer")
def test_a_host_with_releases_is_bare_again(
    lab_host: Host, run_pyinfra: Run, data: Callable[..., dict[str, Any]]
) -> None:
    before = listing(lab_host)
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data(), sudo=True).returncode == 0
    lab_host.run(PUSH_TRAINING)
    # The removal needs no setting: what was installed is noted.
    refused = run_pyinfra(lab_host, "-y", UNINSTALL, data=FAST, sudo=True)
    assert_refused(lab_host, refused, "holds 1 pushed group")
    wipe = FAST | {"lab_wipe": True}
    shown = run_pyinfra(lab_host, "-y", "--dry", UNINSTALL, data=wipe, sudo=True)
    assert shown.returncode == 0, shown.output
    for words in (
        "all pushed groups",
        "the release of Prometheus",
        "the release of the Pushgateway",
    ):
        assert words in shown.stderr, shown.output
    assert lab_host.run("pgrep -x pushgateway").stdout
    result = run_pyinfra(lab_host, "-y", UNINSTALL, data=wipe, sudo=True)
    assert result.returncode == 0, result.output
    gone = "pgrep 'prometheus|pushgateway'; getent passwd prometheus pushgateway; getent group prometheus pushgateway"
    assert lab_host.run(gone, check=False).stdout == ""
    assert (
        lab_host.run(
            "systemctl list-units --all | grep -E 'prometheus|pushgateway'", check=False
        ).stdout
        == ""
    )
    assert_as_before(lab_host, run_pyinfra, before)


@pytest.mark.lab_host(packages=("curl",))
def test_a_link_in_a_directory_of_somebody_leads_root_nowhere(
    lab_host: Host, run_pyinfra: Run, data: Callable[..., dict[str, Any]]
) -> None:
    shadow = lab_host.run("stat -c '%a %u' /etc/shadow; cat /etc/shadow").stdout
    lab_host.run("install -d -o student /etc/prometheus")
    lab_host.run(
        "runuser -u student -- ln -s /etc/shadow /etc/prometheus/prometheus.yml.pushgateway-lab"
    )
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data())
    assert_refused(lab_host, result, "/etc/prometheus can be written by others than root")
    assert lab_host.run("stat -c '%a %u' /etc/shadow; cat /etc/shadow").stdout == shadow
