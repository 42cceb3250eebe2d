"""Hosts on which a group may write in root's directory of the configuration file, as role collections make them.

The transaction closes the directory. The attacker is the user `prometheus`, a member of the group.
"""

from collections.abc import Callable, Iterator

import pytest

from attackers import Attacker
from expectations import (
    BOOTSTRAP,
    CONFIG,
    HAND_EDITED,
    RESET,
    assert_refused,
    assert_unchanged_run,
    prometheus_runs,
)
from labhost import Host, PyinfraResult
from shapes import collection
from transactions import (
    BACKUP,
    KILL,
    NEW,
    PACKAGES,
    SETTINGS,
    assert_nothing_left,
    interpose,
    mend,
    transaction_is_over,
)

Run = Callable[..., PyinfraResult]

DIRECTORY = "/etc/prometheus"
NOTE = "/var/lib/pushgateway-lab/closed"
SHARE = f"chown root:prometheus {DIRECTORY} {CONFIG}; chmod 640 {CONFIG}; chmod 770 {DIRECTORY}"
RIGHTS = f"stat -c '%U:%G %a' {DIRECTORY} {CONFIG}; getfacl -cnp {DIRECTORY} {CONFIG}"
HIDDEN = "only-root-may-read-this"
LINK = "the path has a symbolic link there"
SPECIAL = f"{CONFIG} is not a regular file"

pytestmark = pytest.mark.lab_host(packages=PACKAGES)


@pytest.fixture
def host(module_host: Host) -> Iterator[Host]:
    """A host whose Pushgateway is converged, and whose configuration has no job yet."""
    host = module_host
    host.write("/root/secret", f"{HIDDEN}: {HIDDEN}\n".encode())
    host.run("chmod 600 /root/secret")
    shadow = host.run("stat -c '%u %g %a' /etc/shadow; sha256sum /etc/shadow").stdout
    _renew(host)
    yield host
    host.run("systemctl stop 'racer*'", check=False)
    mend(host)
    assert host.run("stat -c '%u %g %a' /etc/shadow; sha256sum /etc/shadow").stdout == shadow
    _renew(host)


def _renew(host: Host) -> None:
    host.run(
        f"rm -rf {CONFIG} {BACKUP} {DIRECTORY}/.pro* {DIRECTORY}/conf /srv/* {NOTE} /run/racing\n"
        f"setfacl -b {DIRECTORY}; chmod 00755 {DIRECTORY}; chown root:root {DIRECTORY}"
    )
    host.write(
        "/etc/default/prometheus-pushgateway",
        b'ARGS="--web.listen-address=127.0.0.1:9091 --web.enable-admin-api"\n',
    )
    host.write(CONFIG, HAND_EDITED)
    host.run(f"chmod 644 {CONFIG}; {SHARE}")
    host.run("systemctl reset-failed; systemctl restart prometheus prometheus-pushgateway")
    prometheus_runs(host)


def bootstrap(run_pyinfra: Run, host: Host, **data: object) -> PyinfraResult:
    return run_pyinfra(host, "-y", BOOTSTRAP, data=SETTINGS | data)


def mode(host: Host, directory: str = DIRECTORY) -> str:
    return host.run(f"stat -c %a {directory}").stdout.strip()


def assert_open(host: Host, wanted: str = "770") -> None:
    """Fail if the directory has not its old mode, or if something of the transaction is left."""
    assert mode(host) == wanted
    assert host.run(f"ls {NOTE}*", check=False).stdout == ""
    assert host.run("flock -n /run/pushgateway-lab.lock true", check=False).returncode == 0


@pytest.mark.parametrize(
    "rights",
    [
        "chmod 770",
        "chmod 2775",
        "chmod 1770",
        "chmod 750 /etc/prometheus; setfacl -m u:student:rwx,d:u:student:rw",
    ],
)
def test_the_directory_is_closed_in_between_and_as_before_at_the_end(
    rights: str, host: Host, run_pyinfra: Run
) -> None:
    host.run(f"{rights} {DIRECTORY}")
    before = host.run(RIGHTS).stdout
    within = f"stat -c %A {DIRECTORY} >>/run/within; getfacl -cp {DIRECTORY} | grep -c 'effective:r-x' >>/run/masked"
    interpose(host, "promtool", within)
    host.run("rm -f /run/within /run/masked")
    result = bootstrap(run_pyinfra, host)
    assert result.returncode == 0, result.output
    assert host.run("cat /run/within").stdout[5] == "-"
    assert (host.run("cat /run/masked").stdout != "0\n") == ("setfacl" in rights)
    assert host.read(CONFIG) == NEW
    assert host.run(RIGHTS).stdout == before
    assert host.run(f"stat -c '%U:%G %a' {CONFIG}").stdout == "root:prometheus 640\n"
    assert_open(host, mode(host))
    assert_nothing_left(host)
    assert_unchanged_run(run_pyinfra(host, "-y", BOOTSTRAP, data=SETTINGS))
    reset = run_pyinfra(host, "-y", RESET, data=SETTINGS)
    assert reset.returncode == 0, reset.output
    assert host.read(CONFIG) == HAND_EDITED
    assert host.run(RIGHTS).stdout == before


def test_a_host_of_a_role_collection(boot_host: Callable[..., Host], run_pyinfra: Run) -> None:
    host = boot_host(packages=PACKAGES)
    collection(host)
    host.run(f"chmod 770 {DIRECTORY}")
    before = host.run(RIGHTS).stdout
    result = bootstrap(run_pyinfra, host)
    assert result.returncode == 0, result.output
    assert b"job_name: pushgateway" in host.read(CONFIG).replace(b"'", b"").replace(b'"', b"")
    assert host.run(RIGHTS).stdout == before
    assert_open(host)


def test_two_shared_directories_one_below_the_other(host: Host, run_pyinfra: Run) -> None:
    host.run(
        f"chmod 755 {DIRECTORY}; cd /srv && mkdir -p a/b && mv {CONFIG} a/b/p.yml && ln -s /srv/a/b/p.yml {CONFIG} && "
        "chown root:prometheus a a/b && chmod 775 a && chmod 2770 a/b"
    )
    interpose(host, "promtool", "stat -c %a /srv/a /srv/a/b >/run/within")
    result = bootstrap(run_pyinfra, host)
    assert result.returncode == 0, result.output
    assert host.run("cat /run/within").stdout.split() == ["755", "2750"]
    assert host.read("/srv/a/b/p.yml") == NEW
    assert (mode(host, "/srv/a"), mode(host, "/srv/a/b")) == ("775", "2770")
    assert_open(host, "755")


def _below(rights: str) -> str:
    """Return shell code that moves the file to /srv/a/b, and leaves a link in a directory of root's alone."""
    return f"chmod 755 {DIRECTORY}; mkdir -p /srv/a/b; mv {CONFIG} /srv/a/b; ln -s /srv/a/b/* {CONFIG}; cd /srv; {rights}"


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (f"mv {CONFIG} /srv/p.yml && ln -s /srv/p.yml {CONFIG}", LINK),
        (f"cd {DIRECTORY} && mkdir conf && mv {CONFIG} conf && ln -s conf/* .", LINK),
        (_below("chmod 777 a"), "everybody may write in /srv/a "),
        (_below("chown :prometheus a; chmod 770 a; chmod 777 a/b"), "everybody may write in /srv/a/b "),
        (_below("chown student a; chmod 775 a/b"), "may write in root's directory /srv/a/b "),
        (_below("chown :prometheus a; chmod 770 a; chown prometheus a/b"), "root's directory /srv/a "),
    ],
)  # fmt: skip
def test_other_places_are_refused_with_the_reason(
    prepare: str, says: str, host: Host, run_pyinfra: Run
) -> None:
    host.run(prepare)
    before = mode(host)
    result = bootstrap(run_pyinfra, host)
    assert_refused(host, result, says, "chown")
    assert host.run(f"cat {CONFIG}").stdout == HAND_EDITED.decode()
    assert_open(host, before)


@pytest.mark.parametrize(
    ("plant", "says"),
    [
        (f"ln -s /etc/shadow {CONFIG}", LINK),
        (f"ln -s /root/secret {CONFIG}", LINK),
        # The text is the expected one, but the file is another.
        (f"mv /run/moved /srv/same.yml; ln -s /srv/same.yml {CONFIG}", LINK),
        (f"ln /etc/shadow {CONFIG}", "cannot be read by the user that Prometheus runs as"),
        (f"mkfifo -m 666 {CONFIG}", SPECIAL),
        (f"mkdir -m 777 {CONFIG}", SPECIAL),
        (f"cp -a /dev/zero {CONFIG}", SPECIAL),
        (f"truncate -s 1T {CONFIG}", f"{CONFIG} is larger than"),
    ],
)
def test_what_is_planted_right_before_the_closing_gains_nothing(
    plant: str, says: str, host: Host, run_pyinfra: Run
) -> None:
    interpose(host, "flock", f"mv {CONFIG} /run/moved; {plant}")
    listed = "ls -la --time-style=+ /root /srv | grep -v total"
    before = host.run(listed).stdout
    result = bootstrap(run_pyinfra, host)
    planted = host.run(f"stat -c %F {CONFIG}").stdout
    host.run(f"rm -rf {CONFIG}; [ ! -e /srv/same.yml ] || rm /srv/same.yml")
    assert_refused(host, result, says)
    assert HIDDEN not in result.output
    assert "root:*:" not in result.output
    assert host.run(listed).stdout == before
    assert planted != ""
    assert_open(host)
    assert "pushgateway-lab" not in host.run(f"ls -A {DIRECTORY}").stdout


def test_a_link_to_no_file_does_not_have_the_text_of_the_start_line_written(
    host: Host, run_pyinfra: Run
) -> None:
    prepared = run_pyinfra(host, "-y", "deploy/prepare.py", data=SETTINGS)
    assert prepared.returncode == 0, prepared.output
    host.run(f"rm {CONFIG}")
    interpose(host, "flock", f"ln -s /etc/cron.d/owned {CONFIG}")
    result = run_pyinfra(host, "-y", RESET, data=SETTINGS | {"lab_restore": True})
    assert_refused(host, result, LINK)
    assert host.run("ls /etc/cron.d/owned", check=False).returncode != 0
    assert_open(host)


@pytest.mark.parametrize(
    "plant",
    [
        "mkdir -m 777 .prometheus.yml.pushgateway-lab.candidate",
        "ln -s /etc/shadow .prometheus.yml.pushgateway-lab.candidate",
        "ln -s /etc/shadow .prometheus.yml.pushgateway-lab.abcdefgh.previous",
        "mkfifo .prometheus.yml.pushgateway-lab.abcdefgh.previous",
        "ln -s /etc/shadow prometheus.yml.before-pushgateway-lab",
        "mkdir prometheus.yml.before-pushgateway-lab",
        "mkfifo prometheus.yml.before-pushgateway-lab",
    ],
)
def test_planted_names_of_the_transaction_lead_root_nowhere(
    plant: str, host: Host, run_pyinfra: Run
) -> None:
    Attacker(host, "prometheus").run(f"cd {DIRECTORY} && {plant}")
    result = bootstrap(run_pyinfra, host)
    assert "Traceback" not in result.output
    if "candidate" in plant and "mkdir" in plant:
        assert_refused(host, result, "pushgateway-lab.candidate is a directory")
        assert host.run(f"ls -A {DIRECTORY}/.*.candidate").stdout == ""
    else:
        assert result.returncode == 0, result.output
        assert host.read(CONFIG) == NEW
    assert "root:*:" not in result.output
    assert_open(host)


RACER = f"""
import os, time
directory, path, count = "{DIRECTORY}", "{CONFIG}", 0
names = [".prometheus.yml.pushgateway-lab." + end for end in ("candidate", "abcdefgh", "abcdefgh.previous")]
text = open(path, "rb").read()
while True:
    count += 1
    for name in {{*names, *(name for name in os.listdir(directory) if ".pushgateway-lab." in name)}}:
        try:
            os.path.lexists(directory + "/" + name) and os.unlink(directory + "/" + name)
            os.symlink("/etc/shadow", directory + "/" + name)
        except OSError:
            pass
    PLANT
"""
SWAP = """
    if count % 200 < 5:
        try:
            os.path.lexists(path) and os.unlink(path)
            kind = count // 200 % 3
            if kind == 0: os.symlink("/root/secret", path)
            elif kind == 1: os.mkfifo(path, 0o666)
            else: os.symlink("/etc/shadow", path)
            time.sleep(0.001)
            os.unlink(path)
        except OSError:
            pass
    if not os.path.lexists(path):
        with open(path, "wb") as file: file.write(text)
"""


@pytest.mark.parametrize("swap", ["", SWAP], ids=["the transaction's names", "all names"])
def test_a_loop_of_a_member_of_the_group_gains_nothing(
    swap: str, host: Host, run_pyinfra: Run
) -> None:
    host.write("/opt/racer.py", RACER.replace("    PLANT\n", swap).encode())
    host.run("systemd-run --quiet --unit=racer1 setpriv --reuid=prometheus --regid=prometheus --init-groups "
             "python3 /opt/racer.py")  # fmt: skip
    succeeded = 0
    for _ in range(3):
        result = run_pyinfra(host, "-y", "-vvv", BOOTSTRAP, data=SETTINGS)
        assert "Traceback" not in result.output, result.output
        assert HIDDEN not in result.output
        assert "root:*:" not in result.output
        assert_open(host)
        succeeded += result.returncode == 0
        if not swap:
            host.write(CONFIG, HAND_EDITED)
    assert host.run("systemctl is-active racer1").stdout == "active\n"
    if not swap:
        assert succeeded == 3
    assert host.run("cat /root/secret").stdout == f"{HIDDEN}: {HIDDEN}\n"


KILLS = {
    "before the closing": ("chmod", KILL),
    "within": ("promtool", KILL),
    "after the rename": ("systemctl", KILL),
    "before the opening": ("chmod", f'[ "$1" != 770 ] || {{ {KILL}; }}'),
}


@pytest.mark.parametrize("moment", KILLS)
def test_the_run_after_a_killed_one_opens_the_directory(
    moment: str, host: Host, run_pyinfra: Run
) -> None:
    before = host.run(RIGHTS).stdout
    command, shell = KILLS[moment]
    interpose(host, command, shell, once=False)
    killed = bootstrap(run_pyinfra, host)
    transaction_is_over(host)
    assert_refused(host, killed, "did not report a result")
    assert host.run(f"test -f {NOTE}").returncode == 0
    assert mode(host) == ("770" if moment == "before the closing" else "750")
    assert host.run(f"stat -c '%u %a' {NOTE}").stdout == "0 600\n"
    mend(host)
    healed = bootstrap(run_pyinfra, host)
    assert healed.returncode == 0, healed.output
    assert host.read(CONFIG) == NEW
    assert host.run(RIGHTS).stdout == before
    assert_open(host)
    assert_nothing_left(host)
    assert_unchanged_run(run_pyinfra(host, "-y", BOOTSTRAP, data=SETTINGS))


def test_a_signal_opens_the_directory_at_once(host: Host, run_pyinfra: Run) -> None:
    interpose(host, "promtool", KILL.partition(";")[0].replace("KILL", "TERM"))
    result = bootstrap(run_pyinfra, host)
    transaction_is_over(host)
    assert_refused(host, result, "did not report a result")
    assert_open(host)
    assert host.read(CONFIG) == HAND_EDITED


def test_a_rejected_file_opens_the_directory(host: Host, run_pyinfra: Run) -> None:
    host.write("/usr/local/bin/promtool", b"#!/bin/sh\n! grep job_name:.*pushgateway $3\n")
    host.run("chmod 755 /usr/local/bin/promtool")
    result = bootstrap(run_pyinfra, host)
    assert_refused(host, result, "promtool rejects the new")
    assert_open(host)


@pytest.mark.parametrize("change", ["chmod 711", "chgrp student"])
def test_the_rights_that_somebody_gave_meanwhile_stay(
    change: str, host: Host, run_pyinfra: Run
) -> None:
    host.run(f"chmod 775 {DIRECTORY}")
    interpose(host, "systemctl", f"{change} {DIRECTORY}; {KILL}")
    bootstrap(run_pyinfra, host)
    transaction_is_over(host)
    rights = host.run(f"stat -c %G:%a {DIRECTORY}").stdout
    mend(host)
    result = bootstrap(run_pyinfra, host)
    assert result.returncode == 0, result.output
    assert host.run(f"stat -c %G:%a {DIRECTORY}").stdout == rights
    assert host.run(f"ls {NOTE}*", check=False).stdout == ""
    host.run(f"chgrp prometheus {DIRECTORY}; chmod 770 {DIRECTORY}")


@pytest.mark.parametrize(
    ("swap", "then", "upper"),
    [
        ("ln -s /srv/victim b", "true", "770"),
        ("ln -s /srv/victim b", "chmod 755 /srv/a", "755"),
        ("mkdir -m 750 b", "chmod 755 /srv/a", "755"),
    ],
)
def test_a_directory_put_in_the_place_of_a_closed_one_is_not_opened(
    swap: str, then: str, upper: str, host: Host, run_pyinfra: Run
) -> None:
    """The run was killed, root opened the upper directory by hand, and a member of the group swaps the lower one."""
    host.run(
        f"chmod 755 {DIRECTORY}; mkdir -p /srv/a/b /srv/victim && mv {CONFIG} /srv/a/b/p.yml && "
        f"ln -s /srv/a/b/p.yml {CONFIG} && chown root:prometheus /srv/a /srv/a/b /srv/victim && "
        "chmod 770 /srv/a /srv/a/b && chmod 750 /srv/victim"
    )
    interpose(host, "promtool", KILL)
    bootstrap(run_pyinfra, host)
    transaction_is_over(host)
    mend(host)
    assert host.run(f"wc -l <{NOTE}").stdout == "2\n"
    host.run("chmod 770 /srv/a")
    Attacker(host, "prometheus").run(f"cd /srv/a && mv b c && {swap}")
    assert bootstrap(run_pyinfra, host).returncode == 1
    host.run(f"{then}; rm {CONFIG}")
    host.write(CONFIG, HAND_EDITED)
    result = bootstrap(run_pyinfra, host)
    assert result.returncode == 0, result.output
    listed = host.run("stat -c '%n %a' /srv/victim /srv/a /srv/a/c").stdout
    assert listed == f"/srv/victim 750\n/srv/a {upper}\n/srv/a/c 750\n"
    assert host.run("ls -A /srv/victim").stdout == ""
    assert host.run(f"ls {NOTE}*", check=False).stdout == ""
