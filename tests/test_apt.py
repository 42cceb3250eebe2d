"""apt: what is said of an installation, locks that are taken meanwhile, sources that are broken, a VM that boots."""

import shlex
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from pyinfra.connectors.util import CommandOutput, OutputLine
from pyinfra.operations import apt as operations

from expectations import BOOTSTRAP, FAST, assert_bootstrapped, assert_unchanged_run
from labhost import Host, PyinfraResult
from pushgateway_lab.host import service_control
from pushgateway_lab.install import packages
from pushgateway_lab.install.apt_run import Apt, is_locked
from pushgateway_lab.run.failure import reason_of
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings
from snapshots import DEBIAN, carry_out, host_in_run, seen

LISTS_LOCK = """E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)
E: Unable to lock directory /var/lib/apt/lists/"""
FRONTEND_LOCK = "dpkg: error: dpkg frontend lock was locked by another process with pid 7\nNote: removing it is wrong"
BROKEN = """Err:2 http://x.example stable Release
  404  Not Found
E: The repository 'http://x.example stable Release' does not have a Release file."""
INSTALLED = """Selecting previously unselected package curl.
Unpacking libcurl4:amd64 (7.88.1-10+b2) over (7.88.1-9) ...
Setting up libcurl4:amd64 (7.88.1-10+b2) ...
Setting up curl (7.88.1-10+b2) ...
Setting up prometheus (2.42.0+ds-5+b5) ..."""


def apt(update: str = "", install: str = "", *, succeeded: bool = True) -> Apt:
    ran = Apt()
    ran.note_update(update.splitlines(), succeeded=succeeded)
    ran.note_install(["prometheus", "curl", "promtool"], install.splitlines())
    return ran


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            INSTALLED,
            (
                "Installed: prometheus 2.42.0+ds-5+b5, curl 7.88.1-10+b2; and 1 package that they need: "
                "libcurl4 7.88.1-10+b2 (was 7.88.1-9)"
            ),
        ),
        ("Setting up curl (1) ...", "Installed: curl 1"),
        (
            "Setting up curl (1) ...\nSetting up a (2) ...\nSetting up b (3) ...",
            "Installed: curl 1; and 2 packages that they need: a 2, b 3",
        ),
        ("", "Installed: nothing"),
    ],
)
def test_what_was_installed(said: str, sentence: str) -> None:
    assert apt(install=said).installed() == sentence


@pytest.mark.parametrize(
    ("said", "locked"),
    [
        (LISTS_LOCK, True),
        (FRONTEND_LOCK, True),
        ("E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend)", True),
        (BROKEN, False),
        ("E: Unable to locate package prometheus", False),
    ],
)
def test_whether_a_lock_was_taken(said: str, *, locked: bool) -> None:
    assert is_locked(said.splitlines()) is locked


def test_a_broken_source_is_a_warning_if_all_was_installed() -> None:
    assert apt().warning() is None
    assert apt("W: Target Packages is configured multiple times").warning() is None
    warning = apt(BROKEN, INSTALLED, succeeded=False).warning()
    assert warning is not None
    assert "could not read all package sources" in warning
    assert warning.endswith(
        "\n  E: The repository 'http://x.example stable Release' does not have a Release file."
    )


@pytest.mark.parametrize(
    "update", [BROKEN, "W: Failed to fetch http://x.example/InRelease  Temporary failure"]
)
def test_a_package_that_cannot_be_installed_is_explained_by_the_sources(update: str) -> None:
    lines = ["Reading package lists...", "E: Unable to locate package prometheus"]
    message = apt(update).failure(["prometheus"], lines)
    assert message.splitlines()[:2] == [
        "apt could not install prometheus. It says:",
        "  E: Unable to locate package prometheus",
    ]
    assert f"Before that, apt-get update said:\n  {update.splitlines()[-1]}" in message
    assert "Before that" not in apt().failure(["prometheus"], lines)
    assert "  Reading package lists..." in apt().failure(["prometheus"], lines[:1])


class Remote:
    """apt and the look for other programs, with their answers in turn; it records the questions."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, apts: Sequence[str], others: Sequence[str]
    ) -> None:
        self.asked: list[str] = []
        self.said: list[str] = []
        self.noted: list[str] = []
        self._apts, self._others = list(apts), list(others)
        self._now = 0.0
        monkeypatch.setattr(packages, "run", self._run)
        monkeypatch.setattr(packages, "ask", self._ask)
        monkeypatch.setattr(packages, "say", lambda _, text, __=None: self.said.append(text))
        clock = SimpleNamespace(monotonic=lambda: self._now, sleep=self._sleep)
        monkeypatch.setattr(packages, "time", clock)

    def _sleep(self, seconds: float) -> None:
        self._now += seconds

    def _run(self, host: object, command: object, **_: Any) -> tuple[bool, CommandOutput]:
        del host
        self.asked.append(str(command))
        text = self._apts.pop(0)
        return not text, CommandOutput([OutputLine("stderr", line) for line in text.splitlines()])

    def _ask(self, host: object, name: str, variables: dict[str, str], **_: Any) -> list[str]:
        del host
        if name == "note-packages.sh":
            self.noted.append(variables["packages"])
            return []
        self.asked.append(f"{name} {variables['seconds']}")
        answer = self._others.pop(0)
        self._now += float(variables["seconds"]) if answer else 0
        return [answer] if answer else []


def run_apt(remote: Remote, seconds: float = 300) -> bool:
    del remote
    host: Any = None
    return packages._Patience(seconds).run(host, "apt-get update")[0]


def test_a_lock_that_was_taken_meanwhile_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote(monkeypatch, [LISTS_LOCK, FRONTEND_LOCK, ""], ["lock 7 YXB0", "", ""])
    assert run_apt(remote)
    assert [each for each in remote.asked if each.startswith("LC")] == [
        "LC_ALL=C apt-get update"
    ] * 3
    assert remote.said == ["process 7 (apt) holds the lock of apt; waiting for it, 299 s at most"]


def test_a_lock_that_stays_ends_the_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote(monkeypatch, [LISTS_LOCK], ["lock 7 YXB0"] * 2)
    with pytest.raises(HostError, match=r"after 300 s, process 7 \(apt\) holds the lock of apt"):
        run_apt(remote)
    # A lock that is free whenever it is looked at, and taken whenever apt starts.
    remote = Remote(monkeypatch, [LISTS_LOCK] * 300, [""] * 300)
    assert not run_apt(remote, seconds=20)
    assert len(remote.asked) < 50


def test_another_failure_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote(monkeypatch, [BROKEN], [])
    assert not run_apt(remote)
    assert remote.asked == ["LC_ALL=C apt-get update"]


def test_a_cloud_init_that_never_ends_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote(monkeypatch, [], ["cloud-init"] * 2)
    host: Any = None
    packages._Patience(300).wait(host)
    assert remote.asked == ["wait-for-apt.sh 0", "wait-for-apt.sh 300"]
    assert remote.said == [
        "cloud-init still sets up this host; waiting for it, 300 s at most",
        "After 300 s, cloud-init still sets up this host. Installing meanwhile. See: cloud-init status --long",
    ]


STEAL = r"""
import fcntl, os, signal, time
from pathlib import Path
def apts():
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if (each / "comm").read_text() == "apt-get\n" and (each / "exe").readlink().name == "apt-get":
                yield int(each.name)
        except OSError:
            pass
while not (found := list(apts())):
    time.sleep(0.001)
os.kill(found[0], signal.SIGSTOP)
locks = [open(path, "w") for path in ("/var/lib/apt/lists/lock", "/var/lib/dpkg/lock-frontend")]
for lock in locks:
    fcntl.lockf(lock, fcntl.LOCK_EX)
Path("/run/stolen").touch()
os.kill(found[0], signal.SIGCONT)
time.sleep(4)
"""
"""Takes the locks of apt when it has just started, and keeps them for some seconds."""

USER_DATA = b"""#cloud-config
locale: C.UTF-8
runcmd:
  - [sh, -c, "sleep 6; apt-get update; touch /run/cloud-init-ran"]
"""


@pytest.mark.lab_host(packages=("cloud-init",))
def test_a_vm_that_still_boots_with_a_broken_source(
    lab_host: Host, run_pyinfra: Callable[..., PyinfraResult]
) -> None:
    lab_host.run("mkdir -p /var/lib/cloud/seed/nocloud")
    lab_host.write("/var/lib/cloud/seed/nocloud/meta-data", b"instance-id: lab\n")
    lab_host.write("/var/lib/cloud/seed/nocloud/user-data", USER_DATA)
    lab_host.write(
        "/etc/cloud/cloud.cfg.d/99-lab.cfg", b"network: {config: disabled}\nssh_deletekeys: false\n"
    )
    lab_host.run("echo 'deb file:/srv/nothing ./' >/etc/apt/sources.list.d/broken.list")
    lab_host.run(
        "systemctl restart --no-block cloud-init-local cloud-init cloud-config cloud-final;"
        f" systemd-run --quiet sh -c {shlex.quote('while [ ! -e /run/cloud-init-ran ]; do sleep 0.1; done; exec python3 -c ' + shlex.quote(STEAL))}"
    )
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert result.returncode == 0, result.output
    assert "cloud-init still sets up this host; waiting for it, 300 s at most" in result.stderr
    lab_host.run("test -e /run/stolen")
    assert "apt could not read all package sources of this host." in result.stderr
    assert "E: The repository 'file:/srv/nothing " in result.stderr
    version = lab_host.run("dpkg-query -W -f='${Version}' prometheus").stdout
    assert f"prometheus {version}, " in result.stderr
    assert_bootstrapped(lab_host)
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST))


def test_an_operation_says_why_nothing_was_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote(monkeypatch, [BROKEN, "E: Unable to locate package prometheus"], [""])
    monkeypatch.setattr(packages, "snapshot_of", lambda *_: seen(*DEBIAN))
    monkeypatch.setattr(service_control, "hold", lambda *_: None)
    monkeypatch.setattr(operations.update, "_inner", lambda: iter(["apt-get update"]))
    monkeypatch.setattr(operations.packages, "_inner", lambda *_, **__: iter(["apt-get install x"]))
    with host_in_run() as host:
        assert not carry_out(host, packages.install._inner(settings=Settings()))
        assert reason_of(host).startswith("apt could not install ")
        assert reason_of(host).endswith("It says: E: Unable to locate package prometheus")
    # Noted before apt runs, and corrected after its failure.
    assert remote.noted == ["prometheus prometheus-pushgateway", ""]
    assert remote.asked == [
        "wait-for-apt.sh 0",
        "LC_ALL=C apt-get update",
        "LC_ALL=C apt-get install x",
    ]
