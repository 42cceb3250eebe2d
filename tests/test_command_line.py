"""A misspelt file on pyinfra's command line ends the run, where pyinfra itself would end with 0."""

import subprocess
import sys
from pathlib import Path

import pytest

from pushgateway_lab.command_line import NoSuchFileError, check

REPOSITORY = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "words",
    [
        ["inventories/lab.py", "deploy/bootstrap.py", "--data", "lab_tasks=not/there.py"],
        ["vm01.example.org", "exec", "--", "cat not_there.py", "nothere.py"],
        ["@local", "deploy/verify.py"],
    ],
)
def test_files_that_are_there_and_words_that_are_none_pass(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    check(words)


def test_a_file_that_is_not_there_is_named_with_those_that_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(REPOSITORY)
    with pytest.raises(NoSuchFileError, match=r"inventories/labb\.py; .*inventories/lab\.py"):
        check(["inventories/labb.py", "deploy/verify.py"])


def test_a_run_with_such_an_inventory_fails() -> None:
    command = [f"{sys.prefix}/bin/pyinfra", "-y", "inventories/labb.py", "deploy/verify.py"]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "there is no file inventories/labb.py; look at inventories/lab.py" in run.stderr
    assert "Traceback" not in run.stderr + run.stdout
