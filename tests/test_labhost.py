"""The lab hosts themselves: what tests rely on, and that nothing of them is left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import paramiko
import pytest

from labhost import (
    Host,
    HostError,
    HostSpec,
    Lab,
    PyinfraCommand,
    faults,
    image,
    inotify,
    network,
    toolkit_directories,
)
from labhost.proxy import DelayingProxy
from labhost.state import Process

TESTS = Path(__file__).parent
PROMETHEUS = ("prometheus", "prometheus-pushgateway")
BootHost = Callable[..., Host]
BootHosts = Callable[..., list[Host]]
T = TypeVar("T")


# What a host is


def test_a_bare_host_is_up_and_lacks_what_the_toolkit_installs(lab_host: Host) -> None:
    assert lab_host.run("systemctl is-system-running").stdout == "running\n"
    assert lab_host.run("command -v curl prometheus promtool", check=False).stdout == ""


@pytest.mark.all_releases
@pytest.mark.parametrize("suite", image.SUITES)
def test_every_release_runs_debians_prometheus(boot_host: BootHost, suite: str) -> None:
    host = boot_host(suite=suite, packages=PROMETHEUS)
    active = host.run("systemctl is-system-running; systemctl is-active prometheus*.service")
    assert active.stdout.split() == ["running", "active", "active"]


def test_a_host_knows_its_name(boot_host: BootHost) -> None:
    host = boot_host(name="web")
    assert host.run("hostname").stdout == "web\n"
    assert host.run("getent hosts web && getent hosts localhost").returncode == 0


def test_a_host_has_no_way_out(lab_host: Host) -> None:
    assert "default" not in lab_host.run("ip route").stdout
    assert lab_host.run("getent hosts example.org", check=False).returncode != 0


@pytest.mark.parametrize(("user", "sudo"), [("root", True), ("trainer", True), ("student", False)])
def test_users_log_in_by_key_and_have_their_rights(
    module_host: Host, user: str, sudo: bool
) -> None:
    with log_in(module_host, user) as client:
        _, stdout, _ = client.exec_command("id -un; sudo -n id -un")
        assert stdout.read().decode().split() == [user] + ["root"] * sudo


def test_apt_installs_prometheus_without_any_network(lab_host: Host) -> None:
    install = "DEBIAN_FRONTEND=noninteractive apt-get install --yes curl prometheus"
    lab_host.run("apt-get update")
    assert "Inst prometheus-node-exporter " in lab_host.run(f"{install} --simulate").stdout
    lab_host.run(f"{install} --no-install-recommends")
    assert lab_host.run("systemctl is-active prometheus").stdout == "active\n"


@pytest.mark.lab_host(packages=PROMETHEUS)
def test_packages_of_the_image_run_and_stop_on_one_host_only(
    lab_host: Host, boot_host: BootHost
) -> None:
    other = boot_host(packages=PROMETHEUS)
    assert lab_host.run("test -e /usr/sbin/policy-rc.d", check=False).returncode == 1
    lab_host.run("systemctl stop prometheus-pushgateway")
    assert lab_host.run("systemctl is-active prometheus-pushgateway", check=False).returncode != 0
    assert other.run("systemctl is-active prometheus-pushgateway").stdout == "active\n"


def test_hosts_reach_each_other(boot_hosts: BootHosts) -> None:
    one, two = boot_hosts(HostSpec(), HostSpec())
    ask_sshd = f"exec 3<>/dev/tcp/{two.address}/22 && head -n 1 <&3"
    assert one.run(f"timeout 5 bash -c '{ask_sshd}'").stdout.startswith("SSH-2.0-")


# What a test can do with one


def test_files_are_written_and_read_byte_for_byte(module_host: Host) -> None:
    content = bytes(range(256)) * 2
    module_host.run("touch '/etc/a file' && chmod 640 '/etc/a file'")
    module_host.write("/etc/a file", content)
    assert module_host.read("/etc/a file") == content
    assert (module_host.root / "etc/a file").read_bytes() == content
    assert module_host.run("stat -c %a '/etc/a file'").stdout == "640\n"


def test_commands_fail_loudly_get_input_and_have_a_limit(module_host: Host) -> None:
    with pytest.raises(HostError, match=r"lab\d+: 'ls /nowhere' ended with 2\n.*nowhere"):
        module_host.run("ls /nowhere")
    assert module_host.run("cat", input="hällo").stdout == "hällo"
    with pytest.raises(TimeoutError, match=r"'sleep 60' took longer than 0\.2 s"):
        module_host.run("sleep 60", check=False, timeout=0.2)
    assert "sleep" not in module_host.run("cat /proc/[0-9]*/comm", check=False).stdout.split()


def test_pyinfra_runs_against_several_hosts_with_sudo(
    boot_hosts: BootHosts, pyinfra_command: PyinfraCommand
) -> None:
    hosts = boot_hosts(HostSpec(user="trainer"), HostSpec(user="trainer"))
    result = pyinfra_command.run(hosts, "exec", "--", "id -un", sudo=True)
    assert result.returncode == 0, result.output
    assert result.output.count("] root\n") == 2


def test_pyinfra_gets_host_data(module_host: Host, pyinfra_command: PyinfraCommand) -> None:
    data = {"pushgateway_job_name": 'it"s'}
    result = pyinfra_command.run(module_host, "debug-inventory", data=data)
    assert 'it\\"s' in result.output


def test_pyinfra_that_hangs_is_killed(module_host: Host, pyinfra_command: PyinfraCommand) -> None:
    with pytest.raises(TimeoutError, match="took over 2 s"):
        pyinfra_command.run(module_host, "exec", "--", "sleep 60", timeout=2)


@pytest.mark.lab_host(share=toolkit_directories())
def test_pyinfra_runs_on_the_host_itself(lab_host: Host, pyinfra_command: PyinfraCommand) -> None:
    result = pyinfra_command.run_locally(lab_host, "exec", "--", "hostname")
    assert result.returncode == 0, result.output
    assert f"[@local] {lab_host.name}\n" in result.output


def test_faults_begin_and_end_with_their_context(module_host: Host) -> None:
    with faults.tiny_disk(module_host, "/etc/ssh", size="700k"):
        module_host.run("test -e /etc/ssh/sshd_config")
        full = module_host.run("head -c 1M /dev/zero > /etc/ssh/big", check=False)
        assert "No space left" in full.stderr
    with faults.read_only(module_host, "/etc/ssh"):
        assert "Read-only" in module_host.run("touch /etc/ssh/big", check=False).stderr
    module_host.run("test ! -e /etc/ssh/big && touch /etc/ssh/big")


def test_the_proxy_adds_its_latency_to_a_round_trip() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        DelayingProxy("127.0.0.1", server.getsockname()[1], latency=0.2) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port)) as client,
    ):
        served, _ = server.accept()
        with served:
            # The quickest of them: a busy machine makes each slower, but none quicker.
            assert 0.2 <= min(round_trip(client, served) for _ in range(5)) < 0.4
        assert client.recv(4) == b""


# What is left of it


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


@pytest.mark.usefixtures("lab_host")  # its image is there: only the boot is waited for
def test_an_owner_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (tmp_path / "test_one.py").write_text(
        "import time\n\ndef test_one(lab_host):\n    lab_host.run('touch /ready; sleep 60')\n"
    )
    command = ["-m", "pytest", "-q", "-p", "conftest", "--rootdir", str(tmp_path), str(tmp_path)]
    with start_python(*command, PUSHGATEWAY_LAB_STATE=str(state)) as run:
        host = wait_for(lambda: next(iter(hosts_in(state)), None))
        wait_for((host.root / "ready").exists)
        run.send_signal(signal.SIGTERM)
    assert traces(host) == []
    assert traces_of_switch(host.lab) == []
    assert list((state / "labs").iterdir()) == []


def test_a_process_is_not_taken_for_a_later_one_with_its_id() -> None:
    now = Process.of(os.getpid())
    assert now.is_alive()
    assert not now._replace(started=now.started - 1).is_alive()
    assert not now._replace(boot_id="another").is_alive()


# The host of `make lab`


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
    assert traces_of_switch(host.lab) == []
    assert command_line("status", state=state, returncode=1) == ""


@pytest.mark.usefixtures("lab")
def test_a_persistent_host_that_died_is_replaced(tmp_path: Path) -> None:
    state = tmp_path / "state"
    command_line("up", state=state)
    [host] = hosts_in(state)
    assert host.init
    os.kill(host.init.pid, signal.SIGKILL)
    wait_for(lambda: not host.is_running())
    command_line("up", state=state)
    [new] = hosts_in(state)
    assert new.is_running()
    command_line("down", state=state)


# Building images


@pytest.mark.usefixtures("lab")
def test_an_image_build_that_was_killed_counts_for_nothing(tmp_path: Path) -> None:
    unfinished = 'mkdir "$2"; mount -t tmpfs tmpfs "$2"; touch "$1.begun"; sh -c "sleep 999" "$2"'
    with start_build(tmp_path, unfinished) as builder:
        wait_for((tmp_path / "cache/forky.begun").exists)
        builder.kill()
    wait_for(lambda: not [line for line in command_lines() if "sleep 999" in line])
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
    assert "lab hosts need root" in output or "apt-get install" in output


def round_trip(client: socket.socket, served: socket.socket) -> float:
    """Seconds that a ping takes to be answered."""
    start = time.monotonic()
    client.sendall(b"ping")
    served.sendall(served.recv(4))
    assert client.recv(4) == b"ping"
    return time.monotonic() - start


def log_in(host: Host, user: str) -> paramiko.SSHClient:
    client = paramiko.SSHClient()
    client.load_host_keys(str(host.known_hosts))
    client.connect(
        host.address,
        username=user,
        key_filename=str(host.ssh_key),
        allow_agent=False,
        look_for_keys=False,
    )
    return client


def traces(host: Host) -> list[str]:
    """What is left of a host on this machine."""
    processes = [process for process in (host.nspawn, host.init) if process and process.is_alive()]
    files = [host.directory, network.namespace_path(host.namespace)]
    files += Path("/sys/fs/cgroup").rglob(host.namespace)
    mounts = [line for line in mount_table() if str(host.directory) in line]
    return [*map(str, processes), *(str(file) for file in files if file.exists()), *mounts]


def traces_of_switch(lab: int) -> list[Path]:
    """What is left of a lab's switch on this machine."""
    name = network.switch_name(lab)
    paths = (network.namespace_path(name), Path("/sys/class/net", name))
    return [path for path in paths if path.exists()]


def mount_table() -> list[str]:
    return Path("/proc/mounts").read_text().splitlines()


def command_lines() -> list[str]:
    """Of all processes of this machine."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            lines.append((process / "cmdline").read_text(errors="replace").replace("\0", " "))
    return lines


def hosts_in(state: Path) -> list[Host]:
    """The hosts that are kept in a state directory."""
    found = map(Host.load, state.glob("labs/*/hosts/*"))
    return [host for host in found if host is not None]


def command_line(*arguments: str, state: Path, returncode: int = 0) -> str:
    """What `python -m labhost` prints on standard output."""
    with start_python("-m", "labhost", *arguments, PUSHGATEWAY_LAB_STATE=str(state)) as command:
        output, _ = command.communicate()
    assert command.returncode == returncode
    return output


def start_build(directory: Path, script: str) -> subprocess.Popen[str]:
    """Start to build an image with a recipe that takes no minute and no network.

    `script` is a part of its base.sh and has its arguments; $1 is a path in the cache.
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
    """Start Python with `labhost` at hand; a single argument is code."""
    return subprocess.Popen(
        [sys.executable, *(("-c",) if len(arguments) == 1 else ()), *arguments],
        env=os.environ | {"PYTHONPATH": str(TESTS)} | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for(condition: Callable[[], T | None], seconds: float = 20) -> T:
    """The first true answer of `condition`."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)
    return answer
