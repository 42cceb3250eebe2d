"""Users with another login shell, and sudo with a password in another language. Real hosts, real terminals."""

from pathlib import Path

import pytest

from expectations import INSTALLED, prometheus_runs
from labhost import Host, PyinfraCommand
from labhost.inventory import write_inventory
from terminal import typed

pytestmark = [
    pytest.mark.lab_host(packages=INSTALLED, user="trainer"),
    pytest.mark.xdist_group("logins"),
]

VERIFY = "deploy/verify.py"
TYPED = "geheim! \\'x"


@pytest.fixture(scope="module")
def host(module_host: Host) -> Host:
    """A host in German, with further shells."""
    module_host.run("apt-get -q update && apt-get -q -y install tcsh fish locales", timeout=300)
    module_host.run("localedef -i de_DE -f UTF-8 de_DE.UTF-8")
    module_host.write("/etc/default/locale", b"LANG=de_DE.UTF-8\n")
    module_host.run("chpasswd", input=f"trainer:{TYPED}\n")
    prometheus_runs(module_host)
    return module_host


def use(host: Host, *, program: str, sudo: str) -> None:
    host.run(f"chsh -s {program} trainer")
    host.write("/etc/sudoers.d/trainer", f"trainer ALL=(ALL:ALL) {sudo}\n".encode())


@pytest.mark.parametrize("shell", ["/bin/tcsh", "/usr/bin/fish"])
def test_another_login_shell(host: Host, pyinfra_command: PyinfraCommand, shell: str) -> None:
    use(host, program=shell, sudo="NOPASSWD: ALL")
    result = pyinfra_command.run(host, "-y", "deploy/prepare.py", sudo=True)
    assert result.returncode == 0, result.output
    assert f"{host.name}  prepared" in pyinfra_command.run(host, "-y", VERIFY, sudo=True).stdout


def test_a_sudo_password_is_asked_for_in_any_language(host: Host, tmp_path: Path) -> None:
    use(host, program="/bin/tcsh", sudo="ALL")
    inventory = write_inventory(tmp_path / "inventory.py", [host])
    prepare = ["-y", "--sudo", "deploy/prepare.py"]
    code, shown = typed(inventory, prepare, [("sudo password: ", TYPED)])
    assert code == 0, shown
    code, shown = typed(inventory, ["-y", "--sudo", VERIFY], [("sudo password: ", "wrong")])
    assert (
        "the password of trainer may be wrong, or this user may not use sudo here. sudo says: "
        in (" ".join(shown.split()))
    )
    assert "Traceback" not in shown
    assert code == 1


def test_a_wrong_sudo_password_for_all_hosts(host: Host, tmp_path: Path) -> None:
    use(host, program="/bin/bash", sudo="ALL")
    host.write("/etc/default/locale", b"LANG=C.UTF-8\n")
    inventory = write_inventory(tmp_path / "inventory.py", [host])
    arguments = ["-y", "--sudo", "--same-sudo-password", VERIFY]
    code, shown = typed(inventory, arguments, [("sudo password: ", "wrong")])
    assert "The sudo password of trainer is wrong on this host. sudo says: Sorry" in shown
    assert code == 1


def test_a_user_who_may_not_log_in(host: Host, pyinfra_command: PyinfraCommand) -> None:
    use(host, program="/usr/sbin/nologin", sudo="NOPASSWD: ALL")
    result = pyinfra_command.run(host, "-y", VERIFY, sudo=True)
    assert "Unexpected answer: This account is currently not available." in result.stderr
    use(host, program="/bin/bash", sudo="NOPASSWD: ALL")
