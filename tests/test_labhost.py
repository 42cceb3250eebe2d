"""The lab hosts: their properties, and the operations for tests."""

import socket
import time
from collections.abc import Callable

import paramiko
import pytest

from labhost import (
    Host,
    HostError,
    HostSpec,
    PyinfraCommand,
    faults,
    image,
    toolkit_directories,
)
from labhost.proxy import DelayingProxy

PROMETHEUS = ("prometheus", "prometheus-pushgateway")
BootHost = Callable[..., Host]
BootHosts = Callable[..., list[Host]]


# Properties


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
        _, stdout, _ = client.exec_command("id -un; sudo -n id -un")  # nosec B601 # no variable in it
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


# Operations


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
            # The minimum: a busy machine can only make a ping slower.
            assert 0.2 <= min(round_trip(client, served) for _ in range(5)) < 0.4
        assert client.recv(4) == b""


def round_trip(client: socket.socket, served: socket.socket) -> float:
    """Return the round trip time of a ping in seconds."""
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
