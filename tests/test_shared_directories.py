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
)
from labhost import Host
from shapes import collection
from shared_directories import (
    DIRECTORY,
    HIDDEN,
    LINK,
    RIGHTS,
    SPECIAL,
    Run,
    assert_open,
    bootstrap,
    mode,
    shared_directory,
)
from transactions import (
    NEW,
    PACKAGES,
    SETTINGS,
    assert_nothing_left,
    interpose,
)

pytestmark = pytest.mark.lab_host(packages=PACKAGES)


@pytest.fixture
def host(module_host: Host) -> Iterator[Host]:
    with shared_directory(module_host):
        yield module_host


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
    result = bootstrap(run_pyinfra, host, pushgateway_listen_address="127.0.0.1:9091")
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
