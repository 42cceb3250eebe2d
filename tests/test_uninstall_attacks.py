"""Local users try to have the uninstallation delete, or write, what is not the toolkit's; and hosts that are in its way.

`student` is a user without rights, to whom the directory of the configuration may belong, as on many training VMs.
"""

from collections.abc import Callable

import pytest

import shapes
from attackers import Attacker
from expectations import BOOTSTRAP, CONFIG, FAST, HAND_EDITED, INSTALLED, assert_refused
from labhost import Host, PyinfraResult
from transactions import BACKUP

Run = Callable[..., PyinfraResult]
UNINSTALL = "deploy/uninstall.py"
NOTES = "/var/lib/pushgateway-lab"
UNPROVEN = FAST | {"pushgateway_smoke": "never"}


def run(host: Host, run_pyinfra: Run, *words: str, **data: object) -> PyinfraResult:
    result = run_pyinfra(host, "-y", *words, data=UNPROVEN | data)
    assert result.returncode == 0, result.output
    return result


def succeeds(host: Host, command: str) -> bool:
    return host.run(command, check=False).returncode == 0


def test_dpkg_deletes_no_file_to_which_a_planted_link_leads(
    lab_host: Host, run_pyinfra: Run
) -> None:
    """A purge by dpkg follows a link in the place of a configuration file, and deletes the target and its backups."""
    run(lab_host, run_pyinfra, BOOTSTRAP)
    kept = "ls -l --time-style=full-iso /etc/shadow /etc/important /etc/important~"
    lab_host.run(
        "echo x >/etc/important; cp -p /etc/important /etc/important~; chmod 600 /etc/imp*"
    )
    before = lab_host.run(kept).stdout
    lab_host.run(
        "chown -R student: /etc/prometheus; install -o prometheus -g prometheus -m 6755 /bin/sh /var/tmp/own"
    )
    Attacker(lab_host).run(
        "cd /etc/prometheus && mv prometheus.yml mine && ln -s /etc/important prometheus.yml && "
        "rm consoles/README.consoles && ln -s /etc/shadow consoles/README.consoles"
    )
    refused = run_pyinfra(lab_host, "-y", UNINSTALL, data=UNPROVEN)
    mend = "chown -R root:root /etc/prometheus && chmod -R go-w /etc/prometheus"
    assert_refused(lab_host, refused, "Others than root can change /etc/prometheus,", mend)
    assert succeeds(
        lab_host, "systemctl is-active prometheus && test -L /etc/prometheus/prometheus.yml"
    )
    lab_host.run(mend)
    # The links are still there; the user is needed as long as a program runs with its rights.
    result = run(lab_host, run_pyinfra, UNINSTALL)
    assert not succeeds(lab_host, "dpkg -l prometheus")
    assert lab_host.run(kept).stdout == before
    assert lab_host.run("ls /etc/prometheus").stdout == "mine\n"
    assert "user prometheus: /var/tmp/own belongs to it" in result.stderr, result.output
    assert lab_host.run("stat -c %U:%G /var/tmp/own").stdout == "prometheus:prometheus\n"


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_link_to_a_file_beside_another_backup_does_not_have_that_backup_deleted(
    lab_host: Host, run_pyinfra: Run
) -> None:
    shapes.both_answer(lab_host)
    run(lab_host, run_pyinfra, BOOTSTRAP)
    lab_host.run(
        "mkdir /srv/other; echo >/srv/other/c; echo mine >/srv/other/c.before-pushgateway-lab\n"
        "chown -R student: /etc/prometheus"
    )
    Attacker(lab_host).run(
        f"mv {CONFIG} {CONFIG}.mine; ln -s /srv/other/c {CONFIG}; ln -sf /etc/shadow {BACKUP}"
    )
    run(lab_host, run_pyinfra, UNINSTALL)
    assert lab_host.run("ls /srv/other").stdout == "c\nc.before-pushgateway-lab\n"
    assert succeeds(lab_host, "test -s /etc/shadow")
    assert not succeeds(lab_host, f"ls -d {BACKUP} {NOTES}")


@pytest.mark.lab_host(packages=INSTALLED)
def test_notes_that_others_can_write_are_neither_believed_nor_written(
    lab_host: Host, run_pyinfra: Run
) -> None:
    shapes.both_answer(lab_host)
    lab_host.run(f"mkdir -m 777 {NOTES}")
    Attacker(lab_host).run(
        f"cd {NOTES}; for note in proven packages users added-targets flags-cfe6464dbb47ac76; do "
        "ln -s /etc/cron.d/owned $note.new; done"
    )
    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=UNPROVEN)
    assert_refused(lab_host, refused, f"{NOTES} does not belong to root alone")
    assert not succeeds(lab_host, "ls /etc/cron.d/owned")
    Attacker(lab_host).run(f"rm {NOTES}/*; echo 'openssh-server asked purge' >{NOTES}/packages")
    lab_host.run(f"chmod 755 {NOTES}")  # the file is still the attacker's
    refused = run_pyinfra(lab_host, "-y", UNINSTALL, data=UNPROVEN)
    assert_refused(lab_host, refused, f"{NOTES} has files that somebody else than root can write")
    assert succeeds(lab_host, "dpkg -s openssh-server")


_LOCK = (
    "import fcntl, time; file = open('/var/lib/dpkg/lock-frontend', 'w'); fcntl.lockf(file, fcntl.LOCK_EX); "
    "time.sleep(600)"
)
_UNUSED = (
    "mkdir -p /srv/own/DEBIAN; printf 'Package: own-alerts\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\n"
    "Description: alerts\n' >/srv/own/DEBIAN/control; dpkg-deb -b /srv/own /srv/own.deb; dpkg -i /srv/own.deb\n"
    "apt-mark auto own-alerts; echo 'APT::Get::AutomaticRemove \"yes\";' >/etc/apt/apt.conf.d/99own"
)


def test_a_host_on_which_apt_cannot_work(lab_host: Host, run_pyinfra: Run) -> None:
    lab_host.run("mv /usr/bin/dpkg-deb /usr/bin/dpkg-deb.away")
    failed = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=UNPROVEN)
    assert failed.returncode == 1, failed.output
    lab_host.run("mv /usr/bin/dpkg-deb.away /usr/bin/dpkg-deb; useradd -r prometheus")
    run(lab_host, run_pyinfra, BOOTSTRAP)
    lab_host.run(_UNUSED)
    lab_host.run(f'systemd-run -q --unit=locker python3 -c "{_LOCK}"; sleep 1')
    refused = run_pyinfra(lab_host, "-y", UNINSTALL, data=UNPROVEN | {"pushgateway_apt_timeout": 1})
    assert_refused(lab_host, refused, "holds the lock of apt. Nothing was removed")
    assert succeeds(lab_host, "systemctl is-active prometheus prometheus-pushgateway")
    lab_host.run("systemctl stop locker")
    run(lab_host, run_pyinfra, UNINSTALL)
    assert not succeeds(lab_host, "dpkg -l prometheus")
    assert succeeds(lab_host, "dpkg -s own-alerts && getent passwd prometheus")


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_killed_run_is_finished_and_a_trainee_s_mistake_stops_nothing(
    lab_host: Host, run_pyinfra: Run
) -> None:
    shapes.both_answer(lab_host)
    lab_host.write(CONFIG, HAND_EDITED)
    loaded = "curl -s localhost:9090/api/v1/status/config | grep -c 'job_name: pushgateway'"
    lab_host.run("systemctl reload prometheus")
    run(lab_host, run_pyinfra, BOOTSTRAP)
    # As a run leaves it that was killed between the file and the reload.
    lab_host.write(CONFIG, HAND_EDITED)
    assert lab_host.run(loaded).stdout == "1\n"
    run(lab_host, run_pyinfra, UNINSTALL)
    assert lab_host.run(loaded, check=False).stdout == "0\n"
    run(lab_host, run_pyinfra, BOOTSTRAP)
    lab_host.run("systemctl stop prometheus")
    run(lab_host, run_pyinfra, UNINSTALL)
    assert lab_host.read(CONFIG) == HAND_EDITED
    # Nothing of this file is the toolkit's.
    lab_host.run("systemctl start prometheus")
    shapes.both_answer(lab_host)
    run(lab_host, run_pyinfra, "deploy/prepare.py")
    lab_host.write(CONFIG, b"scrape_configs: [\n")
    run(lab_host, run_pyinfra, UNINSTALL)
    assert lab_host.read(CONFIG) == b"scrape_configs: [\n"
    assert not succeeds(lab_host, f"ls -d {NOTES}")
