"""A local user without rights tries to become root, or to read files that only root may read.

Each test is for a fault that the toolkit once had. The user is `student`, who may not use sudo. On many
training VMs, the configuration directory belongs to the login user.
"""

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from attackers import Attacker
from expectations import (
    BOOTSTRAP,
    CONFIG,
    FAST,
    HAND_EDITED,
    INSTALLED,
    assert_refused,
    prometheus_runs,
)
from labhost import Host, PyinfraResult
from pushgateway_lab.run.host_files import host_file
from transactions import BACKUP, NEW
from waiting import wait_on_host

Run = Callable[..., PyinfraResult]

pytestmark = pytest.mark.lab_host(packages=(*INSTALLED, "acl"))
UNPROVEN = FAST | {"pushgateway_smoke": "never"}
HIDDEN = "only-root-may-read-this"
VERIFY, PREPARE, RESET = "deploy/verify.py", "deploy/prepare.py", "deploy/reset.py"


@pytest.fixture
def host(module_host: Host) -> Iterator[Host]:
    """A converged host; after each test, its file and directory belong to root again."""
    shadow = module_host.run("stat -c '%u %g %a' /etc/shadow; sha256sum /etc/shadow").stdout
    module_host.write("/root/secret", f"{HIDDEN}: {HIDDEN}\n".encode())
    module_host.run("chmod 600 /root/secret")
    _restore(module_host)
    yield module_host
    module_host.run("systemctl stop 'attacker-*' 'racer*'", check=False)
    _restore(module_host)
    assert module_host.run("stat -c '%u %g %a' /etc/shadow; sha256sum /etc/shadow").stdout == shadow
    assert module_host.run("ls /run/owned", check=False).stdout == ""


@pytest.fixture
def attacker(host: Host) -> Attacker:
    return Attacker(host)


def _restore(host: Host) -> None:
    host.run(
        f"rm -rf {CONFIG} {BACKUP} /etc/prometheus/.pro* /srv/*; chown -R root:root /etc/prometheus; "
        "chmod -R go-w /etc/prometheus"
    )
    host.write(CONFIG, HAND_EDITED)
    host.run(
        f"chmod 644 {CONFIG}; systemctl reset-failed; systemctl restart prometheus prometheus-pushgateway"
    )
    prometheus_runs(host)


def _give_away(host: Host) -> None:
    """Give the directory and the file to the login user, as on the lab's own VMs."""
    host.run("chown -R student:student /etc/prometheus")


PAYLOADS = (
    'system("touch /run/owned")',
    '1; system("touch /run/owned")',
    "$(touch /run/owned)",
    "`touch /run/owned`",
    "1\nprune_mode 0:0:644 /etc/shadow\nprune_digest x /etc/shadow",
    '1e999) || system("touch /run/owned"); (1',
    "'; touch /run/owned; '",
)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_answers_on_prometheus_s_port_is_no_program(
    payload: str, host: Host, attacker: Attacker, run_pyinfra: Run
) -> None:
    host.run("systemctl stop prometheus")
    said = "".join(
        f"prometheus_config_last_reload_{name} {value}\n"
        for name, value in (("successful", "1"), ("success_timestamp_seconds", payload))
    )
    loaded = {"status": "success", "data": {"yaml": "scrape_configs: []\n"}}
    attacker.serve(9090, answers={"/metrics": said, "/api/v1/status/config": loaded, "*": payload})
    for deploy in (VERIFY, PREPARE, RESET, BOOTSTRAP):
        result = run_pyinfra(host, "-y", deploy, data=UNPROVEN)
        assert "Traceback" not in result.output, result.output
        assert "Unexpected error in this program" not in result.output, result.output
        dry = run_pyinfra(host, "--dry", deploy, data=UNPROVEN)
        assert "Traceback" not in dry.output, dry.output
    assert host.run("test -e /run/owned", check=False).returncode == 1
    assert host.run("test -e /etc/shadow").returncode == 0


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/os-release", 'PRETTY_NAME="$(touch /run/owned)"\n'),
        ("/etc/os-release", "PRETTY_NAME='it is not closed\ntouch /run/owned\n"),
        ("/var/lib/pushgateway-lab/course-began", "09\n"),
        ("/var/lib/pushgateway-lab/course-began", "x[$(touch /run/owned)]\n"),
        ("/var/lib/pushgateway-lab/course-began", "1" * 4000),
        ("/etc/default/prometheus-pushgateway", 'touch /run/owned; ARGS="$(touch /run/owned)"\n'),
    ],
)  # fmt: skip
def test_what_a_file_says_is_no_program(path: str, text: str, host: Host, run_pyinfra: Run) -> None:
    host.run(f"mkdir -p {path.rpartition('/')[0]}; cp --dereference {path} /run/before; true")
    host.run(f"rm -f {path}")
    host.write(path, text.encode())
    try:
        verified = run_pyinfra(host, "-y", VERIFY)
        prepared = run_pyinfra(host, "-y", PREPARE, data=UNPROVEN)
    finally:
        host.run(f"rm {path}; [ ! -e /run/before ] || mv /run/before {path}")
    for result in (verified, prepared):
        assert "Traceback" not in result.output, result.output
    assert "not looked at" not in verified.stdout


RACER = """
import os, time
directory = "/etc/prometheus"
end = time.monotonic() + 60
while time.monotonic() < end:
    for name in os.listdir(directory):
        if ".pushgateway-lab." not in name:
            continue
        path = os.path.join(directory, name)
        try:
            os.unlink(path)
            os.symlink("/etc/shadow", path)
        except OSError:
            pass
"""


def test_whoever_owns_the_directory_gets_no_file_of_root_s(host: Host, run_pyinfra: Run) -> None:
    """A loop of the user creates the transaction's file names before the transaction does."""
    _give_away(host)
    host.write("/opt/racer.py", RACER.encode())
    host.run("systemd-run --quiet --unit=racer1 --uid=student python3 /opt/racer.py")
    for _ in range(6):
        result = run_pyinfra(host, "-y", BOOTSTRAP, data=UNPROVEN)
        assert "Traceback" not in result.output, result.output
        host.write(CONFIG, HAND_EDITED)
    assert host.run("stat -c '%U %a' /etc/shadow").stdout.split() == ["root", "640"]


def test_a_file_of_the_login_user_s_is_changed_as_that_user(host: Host, run_pyinfra: Run) -> None:
    _give_away(host)
    host.run("chmod 775 /etc/prometheus; chmod 664 " + CONFIG)
    result = run_pyinfra(host, "-y", BOOTSTRAP, data=UNPROVEN)
    assert result.returncode == 0, result.output
    assert host.read(CONFIG) == NEW
    stats = host.run(f"stat -c '%U:%G %a' {CONFIG} {BACKUP}").stdout.split("\n")
    assert stats[:2] == ["student:student 664", "student:student 664"]
    assert host.run("ls -A /etc/prometheus | grep pushgateway-lab").stdout.count("\n") == 1
    again = run_pyinfra(host, "-y", BOOTSTRAP, data=UNPROVEN)
    assert again.stderr.count("No changes") == 1, again.output


def test_a_link_of_root_s_to_a_file_of_the_user_s(host: Host, run_pyinfra: Run) -> None:
    """The temporary file is root's, beside the link; the file is replaced as the user, at its own place."""
    host.run(
        f"mkdir /srv/mine && mv {CONFIG} /srv/mine/p.yml && chown -R student:student /srv/mine && "
        f"ln -s /srv/mine/p.yml {CONFIG}"
    )
    result = run_pyinfra(host, "-y", BOOTSTRAP, data=UNPROVEN)
    assert result.returncode == 0, result.output
    assert host.read("/srv/mine/p.yml") == NEW
    assert host.run(f"readlink {CONFIG}").stdout == "/srv/mine/p.yml\n"
    assert host.run("stat -c %U:%G /srv/mine/p.yml").stdout == "student:student\n"
    assert "pushgateway-lab" not in host.run("ls -A /etc/prometheus").stdout
    assert run_pyinfra(host, "-y", RESET, data=UNPROVEN).returncode == 0
    assert host.read("/srv/mine/p.yml") == HAND_EDITED


def test_a_file_that_the_directory_s_owner_cannot_make_anew_is_refused(
    host: Host, run_pyinfra: Run
) -> None:
    host.run(f"chown student:student /etc/prometheus; chown student:root {CONFIG}")
    result = run_pyinfra(host, "-y", BOOTSTRAP, data=UNPROVEN)
    assert_refused(host, result, "chown --reference=DIRECTORY FILE")
    assert host.read(CONFIG) == HAND_EDITED
    assert "pushgateway-lab" not in host.run("ls -A /etc/prometheus").stdout


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        ("chmod 777 /etc/prometheus", "everybody may write in /etc/prometheus"),
        (f"mv {CONFIG} /srv/p && ln -s /srv/p {CONFIG}; chmod 775 /etc/prometheus", "may write in root's directory"),
        (f"mv {CONFIG} /srv/p && ln -s /srv/p {CONFIG}; setfacl -m u:student:rwx /etc/prometheus", "has a symbolic link"),
        (f"cd /srv && mkdir -m 775 a a/b && chown student a && mv {CONFIG} a/b/p && ln -s /srv/a/b/p {CONFIG}", "root's directory"),
        (
            f"cd /srv && mkdir a a/b && chown student a && chown trainer a/b && mv {CONFIG} a/b/p && ln -s /srv/a/b/p {CONFIG}",
            "belongs to user",
        ),
    ],
)  # fmt: skip
def test_a_place_that_several_may_change_is_refused_with_the_reason(
    prepare: str, says: str, host: Host, run_pyinfra: Run
) -> None:
    host.run(prepare)
    result = run_pyinfra(host, "-y", BOOTSTRAP, data=UNPROVEN)
    host.run("setfacl -b /etc/prometheus")
    assert_refused(host, result, says, "chown")
    assert host.run(f"cat {CONFIG}").stdout == HAND_EDITED.decode()


def test_links_through_a_directory_of_the_user_s_lead_root_nowhere(
    host: Host, attacker: Attacker, run_pyinfra: Run
) -> None:
    """Root's link leads to the user's link, which leads to a file of root's; root does not follow."""
    host.run(
        f"mkdir /srv/mine /srv/root && chown student /srv/mine && cp {CONFIG} /srv/root/other.yml && "
        f"rm {CONFIG} && ln -s /srv/mine/p.yml {CONFIG}"
    )
    attacker.run("ln -s /srv/root/other.yml /srv/mine/p.yml")
    result = run_pyinfra(host, "-y", BOOTSTRAP, data=UNPROVEN)
    assert result.returncode == 1, result.output
    assert host.read("/srv/root/other.yml") == HAND_EDITED
    assert host.run("ls -A /srv/root").stdout == "other.yml\n"


TARGETS = ("/root/secret", "/etc/shadow", "/proc/1/environ", "/root/none")


@pytest.mark.parametrize("target", TARGETS)
def test_what_only_root_may_read_is_not_read_through_a_link(
    target: str, host: Host, attacker: Attacker, run_pyinfra: Run, tmp_path: Path
) -> None:
    _give_away(host)
    attacker.run(f"ln -sf {target} {CONFIG}")
    host.run("systemctl reload prometheus", check=False)
    for deploy in (VERIFY, BOOTSTRAP, PREPARE, RESET):
        data = UNPROVEN | {"report": str(tmp_path / "report")}
        result = run_pyinfra(host, "-y", "-vvv", "--diff", deploy, data=data)
        heard = result.output + "".join(path.read_text() for path in tmp_path.glob("report/*"))
        assert HIDDEN not in heard
        assert "root:*:" not in heard
        assert "root:x:" not in heard
        assert "Traceback" not in result.output, result.output


@pytest.fixture
def root_s_prometheus(host: Host) -> Iterator[None]:
    """A host on which Prometheus runs as root, as in some installations by hand."""
    drop_in = "/run/systemd/system/prometheus.service.d"
    host.run(f"mkdir {drop_in}")
    host.write(f"{drop_in}/root.conf", b"[Service]\nUser=root\n")
    # In Debian's unit, root has no capability to write files of other users.
    host.run("chown -R root:root /var/lib/prometheus")
    host.run("systemctl daemon-reload; systemctl restart prometheus")
    prometheus_runs(host)
    assert host.run("ps -o user= -C prometheus").stdout.strip() == "root"
    yield
    host.run(f"rm -r {drop_in}; chown -R prometheus:prometheus /var/lib/prometheus")
    host.run(
        "systemctl daemon-reload; setfacl -b /etc/prometheus; chmod 755 /etc/prometheus; chown root:root /etc/prometheus"
    )


@pytest.mark.usefixtures("root_s_prometheus")
@pytest.mark.parametrize(
    "rights", ["chown student:student", "chmod 777", "chmod 1777", "setfacl -m u:student:rwx"]
)
def test_where_prometheus_is_root_others_files_are_read_as_theirs(
    rights: str, host: Host, attacker: Attacker, run_pyinfra: Run, tmp_path: Path
) -> None:
    host.run(f"{rights} /etc/prometheus; rm {CONFIG}")
    attacker.run(f"ln -s /root/secret {CONFIG}")
    for deploy in (VERIFY, BOOTSTRAP):
        data = UNPROVEN | {"report": str(tmp_path / "report"), "lab_quote_files": True}
        result = run_pyinfra(host, "-y", "-vvv", "--diff", deploy, data=data)
        heard = result.output + "".join(path.read_text() for path in tmp_path.glob("report/*"))
        assert HIDDEN not in heard
        assert host.run("base64 -w0 /root/secret").stdout[:24] not in heard


def test_a_way_that_root_cannot_look_at_is_refused(host: Host, run_pyinfra: Run) -> None:
    """For example a user's FUSE mount: root must not treat a path that it cannot see as its own."""
    host.write(
        "/usr/local/bin/stat",
        b'#!/bin/sh\n/usr/bin/stat "$@" | grep -v "/etc/prometheus$"\ncase $* in *%u*) exit 1 ;; esac\n',
    )
    host.run("chmod 755 /usr/local/bin/stat")
    try:
        result = run_pyinfra(host, "-y", BOOTSTRAP, data=UNPROVEN)
    finally:
        host.run("rm /usr/local/bin/stat")
    assert_refused(host, result, "a directory on the path cannot be read")
    assert host.read(CONFIG) == HAND_EDITED


@pytest.mark.parametrize("pattern", ["/root/secret", "/etc/shad*", "/root/../root/*"])
def test_included_files_are_read_as_prometheus_reads_them(
    pattern: str, host: Host, run_pyinfra: Run
) -> None:
    _give_away(host)
    host.write(CONFIG, HAND_EDITED + f"scrape_config_files: [{pattern!r}]\n".encode())
    result = run_pyinfra(host, "-y", "-vvv", BOOTSTRAP, data=UNPROVEN)
    assert HIDDEN not in result.output
    assert "root:*:" not in result.output
    encoded = shlex.quote(host.run("base64 -w0 /root/secret").stdout[:24])
    assert encoded not in result.output


def test_promtool_runs_as_prometheus_s_user(host: Host, run_pyinfra: Run) -> None:
    host.write(
        "/usr/local/bin/promtool",
        b'#!/bin/sh\nid -un >>/tmp/promtool-ran\nexec /usr/bin/promtool "$@"\n',
    )
    host.run("chmod 755 /usr/local/bin/promtool; rm -f /tmp/promtool-ran")
    try:
        assert run_pyinfra(host, "-y", BOOTSTRAP, data=UNPROVEN).returncode == 0
        host.write(CONFIG, HAND_EDITED + b"\n# not reloaded\n")
        run_pyinfra(host, "-y", VERIFY)
    finally:
        host.run("rm /usr/local/bin/promtool")
    assert host.run("sort -u /tmp/promtool-ran").stdout == "prometheus\n"


def test_a_fifo_among_the_rule_files_holds_no_lock(host: Host, run_pyinfra: Run) -> None:
    """promtool, under the lock, would wait until a process writes into the FIFO."""
    _give_away(host)
    host.run("mkfifo -m 666 /srv/rules.yml")
    text = HAND_EDITED + b"rule_files: [/srv/rules.yml]\n"
    host.write(CONFIG, text)
    result = run_pyinfra(host, "-y", BOOTSTRAP, data=UNPROVEN, timeout=120)
    assert "promtool did not finish within 30 s" in result.stderr, result.output
    assert host.read(CONFIG) == text
    assert host.run("flock -n /run/pushgateway-lab.lock true", check=False).returncode == 0
    assert host.run("pgrep -c promtool", check=False).stdout == "0\n"


def test_a_process_chooses_no_program_that_root_runs(host: Host) -> None:
    """A user makes a mount namespace of his own, with another setpriv in it."""
    host.write("/srv/evil", b"#!/bin/sh\nid -u >>/srv/evil-ran\n")
    host.run("chmod 755 /srv/evil; install -m 666 /dev/null /srv/evil-ran")
    mounts = "for each in setpriv sh nsenter; do mount --bind /srv/evil /usr/bin/$each; done"
    taken_over = f"unshare --user --map-root-user --mount sh -c '{mounts}; exec sleep 1001'"
    host.run(f"systemd-run --quiet --unit attacker-mounts -p User=student {taken_over}")
    wait_on_host(host, "pgrep -x sleep -a | grep -q 1001")
    find = host_file("whose.sh") + host_file("persistence.sh")
    find += "\nfind_unwritable $(pgrep -xf 'sleep 1001') /root/data; echo \"[$unwritable]\""
    assert host.run(find).stdout == "[/root]\n"
    assert host.read("/srv/evil-ran") == b""


def test_root_reads_no_flags_through_a_link(host: Host, run_pyinfra: Run) -> None:
    drop_in = "/run/systemd/system/prometheus-pushgateway.service.d/home.conf"
    host.run(f"mkdir -p {drop_in.rpartition('/')[0]}; install -d -o student /home/student")
    host.write(drop_in, b"[Service]\nEnvironmentFile=\nEnvironmentFile=-/home/student/pg.env\n")
    try:
        host.run("runuser -u student -- ln -s /root/secret /home/student/pg.env")
        host.run("systemctl daemon-reload")
        linked = run_pyinfra(host, "fact", "pushgateway_lab.host.fact.HostSnapshot")
        host.run("rm /home/student/pg.env; echo ARGS=--own >/home/student/pg.env")
        own = run_pyinfra(host, "fact", "pushgateway_lab.host.fact.HostSnapshot")
    finally:
        host.run(
            f"rm -r {drop_in.rpartition('/')[0]} /home/student/pg.env; systemctl daemon-reload"
        )
    assert linked.returncode == 0, linked.output
    assert HIDDEN not in linked.output
    assert '"/home/student/pg.env"' in linked.output
    assert "ARGS=--own" in own.output
