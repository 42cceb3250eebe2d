"""The lab hosts: they leave nothing behind, and nothing incomplete is used."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from labhost import (
    Host,
    HostError,
    HostSpec,
    Lab,
    cgroup,
    inotify,
    network,
)
from labhost.state import Process, state_directory
from waiting import wait_for, wait_for_value

TESTS = Path(__file__).parent
BootHost = Callable[..., Host]
BootHosts = Callable[..., list[Host]]


one_at_a_time = pytest.mark.xdist_group("labs with a state of their own")
"""The labs of these tests cannot see one another, and may get one another's numbers: `left_of_lab` cannot tell that."""


# Remains


def test_a_host_that_was_stopped_leaves_nothing(boot_host: BootHost) -> None:
    host = boot_host()
    host.run("sleep 1000 >/dev/null 2>&1 & mount -t tmpfs tmpfs /mnt")
    assert len(traces(host)) >= 5
    host.stop()
    assert traces(host) == []
    host.stop()


def test_a_host_that_cannot_boot_says_why_and_leaves_nothing(lab: Lab) -> None:
    before = [host.name for host in lab.hosts()]
    with pytest.raises(HostError, match=r"(?s)did not boot.*/nowhere"):
        lab.boot_all([HostSpec(), HostSpec(share=["/nowhere"])])
    assert [host.name for host in lab.hosts()] == before


def test_more_hosts_run_than_the_kernels_usual_limit_bears(boot_hosts: BootHosts) -> None:
    for host in boot_hosts(*[HostSpec()] * 24):
        assert host.run("systemctl is-system-running").stdout == "running\n"


def test_a_limit_is_raised_where_it_must_be_and_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUSHGATEWAY_LAB_STATE", str(tmp_path))
    limit = tmp_path / "max_user_instances"
    monkeypatch.setattr(inotify, "LIMIT", limit)
    limit.write_text("128\n")
    inotify.make_room(8)
    assert int(limit.read_text()) == 128
    for hosts in (24, 40):
        inotify.make_room(hosts)
        assert int(limit.read_text()) >= 6 * hosts
    inotify.give_back()
    assert int(limit.read_text()) == 128
    inotify.make_room(24)
    limit.write_text("4096\n")  # somebody else's
    inotify.give_back()
    assert int(limit.read_text()) == 4096


def test_a_name_is_given_once(lab: Lab, boot_host: BootHost) -> None:
    boot_host(name="web")
    with pytest.raises(ValueError, match="'web'"):
        lab.boot(HostSpec(name="web"))


def test_what_a_killed_owner_left_is_swept_and_nothing_else(lab_host: Host) -> None:
    script = "from labhost import Lab; print(Lab.make().boot().directory, flush=True); input()"
    with start_python(script) as owner:
        assert owner.stdout
        orphan = Host.load(Path(owner.stdout.readline().strip()))
        assert orphan is not None
        with Lab.make():
            assert orphan.is_running()
        owner.kill()
    assert orphan.is_running()
    with Lab.make():
        assert traces(orphan) == []
    assert lab_host.run("true").returncode == 0


@one_at_a_time
@pytest.mark.usefixtures("lab_host")  # its image exists, so this waits for the boot only
def test_an_owner_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (tmp_path / "test_one.py").write_text(
        "import time\n\ndef test_one(lab_host):\n    lab_host.run('touch /ready; sleep 60')\n"
    )
    command = ["-m", "pytest", "-q", "-p", "conftest", "--rootdir", str(tmp_path), str(tmp_path)]
    with start_python(*command, PUSHGATEWAY_LAB_STATE=str(state)) as run:
        host = wait_for(lambda: next(iter(hosts_in(state)), None), "a host")
        wait_for((host.root / "ready").exists, "the test runs")
        run.send_signal(signal.SIGTERM)
    assert traces(host) == []
    assert traces_of_switch(host) == []
    assert list((state / "labs").iterdir()) == []


def test_a_process_is_not_taken_for_a_later_one_with_its_id() -> None:
    now = Process.of(os.getpid())
    assert now.is_alive()
    assert not now._replace(started=now.started - 1).is_alive()
    assert not now._replace(boot_id="another").is_alive()


# The host of `make lab`


@one_at_a_time
@pytest.mark.usefixtures("lab")
def test_the_persistent_host_outlives_its_command_and_is_used_again(tmp_path: Path) -> None:
    state = tmp_path / "state"
    first = command_line("up", "address", state=state)
    [host] = hosts_in(state)
    with Lab.make():
        assert host.is_running()
    assert command_line("up", "address", state=state) == first == f"{host.address}\n"
    facts = dict(line.split("=", 1) for line in command_line("status", state=state).splitlines())
    assert facts["ssh_key"] == str(host.ssh_key)
    assert repr(host.address) in Path(facts["inventory"]).read_text()
    command_line("down", state=state)
    assert traces(host) == []
    assert traces_of_switch(host) == []
    assert command_line("status", state=state, returncode=1) == ""


@one_at_a_time
@pytest.mark.usefixtures("lab")
def test_a_persistent_host_that_died_is_replaced(tmp_path: Path) -> None:
    state = tmp_path / "state"
    command_line("up", state=state)
    [host] = hosts_in(state)
    assert host.init
    os.kill(host.init.pid, signal.SIGKILL)
    wait_for(lambda: not host.is_running(), "the host is gone")
    command_line("up", state=state)
    [new] = hosts_in(state)
    assert new.is_running()
    command_line("down", state=state)


# Building images


@pytest.mark.usefixtures("lab")
def test_an_image_build_that_was_killed_counts_for_nothing(tmp_path: Path) -> None:
    unfinished = 'mkdir "$2"; mount -t tmpfs tmpfs "$2"; touch "$1.begun"; sh -c "sleep 999" "$2"'
    with start_build(tmp_path, unfinished) as builder:
        wait_for((tmp_path / "cache/forky.begun").exists, "the build has begun")
        builder.kill()
    wait_for_value(lambda: [line for line in command_lines() if "sleep 999" in line], [])
    with start_build(tmp_path, "true") as builder:
        assert builder.wait(10) == 0
    [built] = [path for path in (tmp_path / "cache").iterdir() if path.is_dir()]
    assert (built / "ssh_key").exists()
    assert not [line for line in mount_table() if str(tmp_path) in line]


@pytest.mark.usefixtures("lab")
def test_two_who_need_an_image_build_it_once(tmp_path: Path) -> None:
    script = 'sleep 0.5; echo built >> "$1.count"'
    with start_build(tmp_path, script) as one, start_build(tmp_path, script) as two:
        assert [one.wait(10), two.wait(10)] == [0, 0]
    assert (tmp_path / "cache/forky.count").read_text() == "built\n"


@pytest.mark.usefixtures("lab")
def test_a_changed_recipe_makes_a_new_image(tmp_path: Path) -> None:
    for script in ("true", "true # changed"):
        with start_build(tmp_path, script) as builder:
            assert builder.wait(10) == 0
    assert len([path for path in (tmp_path / "cache").iterdir() if path.is_dir()]) == 2


# Machines that cannot boot hosts


@pytest.mark.parametrize(
    ("ci", "returncode", "summary"), [("", 0, "1 tests on hosts were left out"), ("true", 1, "")]
)
def test_left_out_tests_are_reported_and_fail_in_ci(
    tmp_path: Path, ci: str, returncode: int, summary: str
) -> None:
    (tmp_path / "test_one.py").write_text("def test_one(lab_host): pass\n")
    command = ["-m", "pytest", "-p", "conftest", "--rootdir", str(tmp_path), str(tmp_path)]
    with start_python(*command, PATH=str(tmp_path), CI=ci) as run:
        output, _ = run.communicate()
    assert run.returncode == returncode
    assert summary in output
    obstacle = "lab hosts need root" if os.geteuid() else "apt-get install"
    assert obstacle in output


def traces(host: Host) -> list[str]:
    """Return what is left of a host on this machine."""
    processes = [process for process in (host.nspawn, host.init) if process and process.is_alive()]
    groups = (group for _, group in cgroup.directories(host.namespace))
    names = [network.namespace_path(host.namespace), *groups]
    files = [host.directory, *left_of_lab(host, names)]
    mounts = [line for line in mount_table() if str(host.directory) in line]
    return [*map(str, processes), *(str(file) for file in files if file.exists()), *mounts]


def traces_of_switch(host: Host) -> list[Path]:
    """Return what is left of the switch of a host's lab on this machine."""
    name = network.switch_name(host.lab)
    return left_of_lab(host, [network.namespace_path(name), Path("/sys/class/net", name)])


def left_of_lab(host: Host, paths: list[Path]) -> list[Path]:
    """Return the paths that exist, unless another test's lab has got the number of the host's lab."""
    found = [path for path in paths if path.exists()]
    # A lab's directory is there before all else that has its number, and goes last.
    directory = state_directory() / "labs" / str(host.lab)
    return [] if directory.exists() and directory not in host.directory.parents else found


def mount_table() -> list[str]:
    return Path("/proc/mounts").read_text().splitlines()


def command_lines() -> list[str]:
    """Return the command lines of all processes of this machine."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            lines.append((process / "cmdline").read_text(errors="replace").replace("\0", " "))
    return lines


def hosts_in(state: Path) -> list[Host]:
    """Return the hosts in a state directory."""
    found = map(Host.load, state.glob("labs/*/hosts/*"))
    return [host for host in found if host is not None]


def command_line(*arguments: str, state: Path, returncode: int = 0) -> str:
    """Return the standard output of `python -m labhost`."""
    with start_python("-m", "labhost", *arguments, PUSHGATEWAY_LAB_STATE=str(state)) as command:
        output, _ = command.communicate()
    assert command.returncode == returncode
    return output


def start_build(directory: Path, script: str) -> subprocess.Popen[str]:
    """Start to build an image with a recipe that is fast and needs no network.

    + script: a part of its base.sh, with the same arguments; $1 is a path in the cache
    """
    recipe = directory / "recipe"
    recipe.mkdir(exist_ok=True)
    for name in ("provision.sh", "layer.sh", "sshd.conf", "sudoers"):
        (recipe / name).touch()
    (recipe / "base.sh").write_text(
        f"set -e; cd {directory}/cache\n{script}\n"
        'mkdir -p "$2/srv"; touch "$2/srv/ssh_key" "$2/srv/ssh_key.pub"\n'
    )
    code = (
        "from labhost import image; from pathlib import Path\n"
        f"image._RECIPE = Path({str(recipe)!r}); image.ensure_image('forky')"
    )
    return start_python("-c", code, PUSHGATEWAY_LAB_CACHE=str(directory / "cache"))


def start_python(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start Python with `labhost` on its path; a single argument is code."""
    return subprocess.Popen(
        [sys.executable, *(("-c",) if len(arguments) == 1 else ()), *arguments],
        env=os.environ | {"PYTHONPATH": str(TESTS)} | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
