"""A misspelt inventory on pyinfra's command line is an error; pyinfra alone would end with 0."""

import subprocess
import sys
from pathlib import Path

import pytest

from pushgateway_lab.run.command_line import NoSuchFileError, check_inventory

REPOSITORY = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "inventory", ["inventories/lab.py", "@local", "vm01,vm02.example.org", "vm.example.py", ""]
)
def test_inventories_that_are_there_and_names_of_hosts_pass(
    inventory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    check_inventory(inventory)


def test_a_file_that_is_not_there_is_named_with_those_that_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(REPOSITORY)
    with pytest.raises(NoSuchFileError, match=r"inventories/labb\.py; .*inventories/lab\.py"):
        check_inventory("inventories/labb.py")


def test_a_run_with_such_an_inventory_fails() -> None:
    # Arguments of an operation may name files on the host.
    words = ["--limit", "x", "inventories/labb.py", "files.get", "there.py", "here.py"]
    command = [f"{sys.prefix}/bin/pyinfra", "-y", *words]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "there is no file inventories/labb.py; did you mean inventories/lab.py" in run.stderr
    assert "Traceback" not in run.stderr + run.stdout
