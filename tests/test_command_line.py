"""A run that reaches no host is an error; pyinfra alone would end with 0. In any directory, with and without config.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pushgateway_lab.run.command_line import is_ours

REPOSITORY = Path(__file__).parents[1]
BOOTSTRAP = str(REPOSITORY / "deploy/bootstrap.py")

Ran = subprocess.CompletedProcess[str]


def pyinfra(directory: Path, *words: str) -> Ran:
    """Run pyinfra in a directory, with the code of this repository."""
    path = os.pathsep.join(
        [
            str(Path(__file__).with_name("no_dns")),
            str(REPOSITORY / "deploy"),
            *filter(None, [os.environ.get("PYTHONPATH")]),
        ]
    )
    return subprocess.run(
        [f"{sys.prefix}/bin/pyinfra", *words],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(params=["with config.py", "without"])
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A directory with inventories, with a config.py as this repository has one, or without."""
    if request.param == "with config.py":
        (tmp_path / "config.py").write_text((REPOSITORY / "config.py").read_text("utf-8"), "utf-8")
    inventories = tmp_path / "inventories"
    inventories.mkdir()
    (inventories / "class.py").write_text('hosts = ["@local"]\n', "utf-8")
    (tmp_path / "empty.py").write_text("hosts = []\n", "utf-8")
    (tmp_path / "text.py").write_text('hosts = "vm01"\n', "utf-8")
    (tmp_path / "harmless.py").write_text(
        "# This needs pushgateway_lab, and does nothing.\n", "utf-8"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nosuch"], "nosuch is neither an inventory file nor a host: its name cannot be resolved"),
        (["class"], "Did you mean inventories/class.py, "),
        (["class"], "/pyinfra -y inventories/class.py "),
        (
            ["inventories/clas.py"],
            "there is no file inventories/clas.py. Did you mean inventories/class",
        ),
        (["no/such/inventory.py"], "no/such/inventory.py. Did you mean inventories/class.py?"),
        (["inventory/class.py"], "Did you mean inventories/class.py?"),
        (["vm1.example.invalid"], "cannot be resolved. Check the name of the host: "),
        (["hosts.ini"], "hosts.ini is no inventory: pyinfra's are Python files. Did you mean"),
        (["hosts.yml"], "hosts.yml is no inventory"),
        (
            ["empty.py"],
            'empty.py lists no hosts. Add them as a list, and run this again: hosts = ["vm01',
        ),
        (["text.py"], "text.py lists no hosts"),
        (
            ["inventories/class.py", "--limit", "vm7"],
            "--limit vm7 leaves no host of inventories/class.py. Its hosts: @local; its groups: ",
        ),
        (["inventories/class.py", "--exclude", "@local"], "--exclude @local leaves no host of"),
    ],
)
def test_a_run_that_reaches_no_host_is_an_error(
    directory: Path, words: list[str], says: str
) -> None:
    inventory, *options = words
    for operations in ([BOOTSTRAP], ["pushgateway_lab.groups.wipe", "confirm=True"]):
        run = pyinfra(directory, "-y", *options, inventory, *operations)
        assert run.returncode == 1, run.stderr
        (error,) = (
            line for line in run.stderr.splitlines() if line.startswith("--> pyinfra error: ")
        )
        assert says in error
        assert "Traceback" not in run.stderr + run.stdout


@pytest.mark.parametrize(
    ("inventory", "says"),
    [
        ("vm01,,vm02", "has an empty name"),
        ("vm01,", "has an empty name"),
        ("", "has an empty name"),
        (
            "inventories",
            "inventories is a directory. Did you mean inventories/class.py? Type: ",
        ),
        ("hosts.ini", "hosts.ini is no inventory"),
        (BOOTSTRAP, "is a deploy script, not an inventory. The inventory comes first: pyinfra -y"),
    ],
)
def test_with_a_config_py_the_inventory_is_checked_before_pyinfra_runs_it(
    tmp_path: Path, inventory: str, says: str
) -> None:
    (tmp_path / "config.py").write_text((REPOSITORY / "config.py").read_text("utf-8"), "utf-8")
    (tmp_path / "inventories").mkdir()
    (tmp_path / "inventories/class.py").write_text('hosts = ["@local"]\n', "utf-8")
    (tmp_path / "hosts.ini").write_text("[class]\nvm01\n", "utf-8")
    run = pyinfra(tmp_path, "-y", inventory, BOOTSTRAP)
    assert run.returncode == 1
    assert says in run.stderr
    assert "Traceback" not in run.stderr + run.stdout


def test_an_operation_that_reaches_no_host_is_an_error(directory: Path) -> None:
    run = pyinfra(directory, "-y", "nosuch", "pushgateway_lab.groups.wipe", "confirm=True")
    assert run.returncode == 1
    assert "--> pyinfra error: nosuch is neither" in run.stderr


def test_a_run_that_reaches_its_hosts_goes_on(directory: Path) -> None:
    for options in ([], ["--limit", "@local"], ["--limit", "class"]):
        run = pyinfra(directory, "-y", *options, "inventories/class.py", "harmless.py")
        assert run.returncode == 0, run.stderr
        assert "[@local] Connected" in run.stderr


@pytest.mark.parametrize("options", [[], ["--no-wait"], ["--serial"]])
def test_a_host_that_fails_is_an_error_however_operations_run(
    directory: Path, options: list[str]
) -> None:
    deploy = (
        "from pyinfra.operations import server  # and pushgateway_lab\nserver.shell(['false'])\n"
    )
    (directory / "failing.py").write_text(deploy, "utf-8")
    run = pyinfra(directory, "-y", *options, "inventories/class.py", "failing.py")
    assert run.returncode == 1, run.stderr
    assert "Traceback" not in run.stderr + run.stdout


def test_runs_of_other_peoples_code_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "others.py").write_text("", "utf-8")
    assert pyinfra(tmp_path, "-y", "no.such.host.invalid", "others.py").returncode == 0


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        (["pushgateway_lab.groups.push"], True),
        ([BOOTSTRAP], True),
        (["nosuch.py"], False),
        (["server.shell", "echo pushgateway_lab"], False),
        ([], False),
    ],
)
def test_whose_run_it_is(operations: list[str], *, expected: bool) -> None:
    assert is_ours({"operations": operations}) is expected


def test_an_inventory_cannot_use_the_hook_as_a_connector(tmp_path: Path) -> None:
    run = pyinfra(tmp_path, "-y", "@pushgateway_lab", BOOTSTRAP)
    assert run.returncode == 1
    assert "@pushgateway_lab names no hosts; use names, or @local" in run.stderr
