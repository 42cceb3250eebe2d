"""With ``--json``, standard output has one JSON document, however a run ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[1]
PYINFRA = f"{sys.prefix}/bin/pyinfra"
VERIFY = str(REPOSITORY / "deploy/verify.py")
NOBODY = ("127.0.0.1", "--ssh-port", "1")


def printed(*arguments: str, directory: Path = REPOSITORY) -> tuple[Any, int, str]:
    """Return the document of a run, its exit code, and its standard error."""
    run = subprocess.run(
        [PYINFRA, "--json", *arguments], cwd=directory, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in run.stderr, run.stderr
    return json.loads(run.stdout), run.returncode, run.stderr


@pytest.mark.parametrize("place", ["the repository", "another directory"])
def test_findings_are_there_if_all_hosts_fail(place: str, tmp_path: Path) -> None:
    directory = REPOSITORY if place == "the repository" else tmp_path
    expected = ("-y", "@local", VERIFY, "--data", "lab_expect=cleaned")
    document, code, said = printed(*expected, directory=directory)
    assert code == 1
    assert document["error"] == "No hosts remaining!"
    (host,) = document["hosts"]
    assert host["name"] == "@local"
    assert "failed at: Verify | Report" in host["problem"]
    (row,) = document["verify"]["hosts"]
    assert row["name"] == "@local"
    assert len(row["tasks"]) == 4
    assert document["results"]["failed_hosts"] == ["@local"]
    assert "host " in said, "the table is missing"


def test_a_run_that_reaches_nobody_says_so() -> None:
    document, code, _ = printed("-y", *NOBODY, VERIFY)
    assert code == 1
    assert document["error"]
    (host,) = document["hosts"]
    assert host["name"] == "127.0.0.1"
    assert "not reached" in host["problem"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("@local", VERIFY, "--data", "lab_tasks=/nowhere"), "/nowhere"),
        (("@local", VERIFY, "--data", "lab_expect=done"), "lab_expect"),
        (("nowhere.py", VERIFY), "there is no file nowhere.py"),
    ],
)
def test_a_run_that_does_not_begin_says_why(arguments: tuple[str, ...], says: str) -> None:
    document, code, _ = printed("-y", *arguments)
    assert code == 1
    assert says in document["error"]
    assert document["results"] is None
    assert all(host["problem"] == "not started" for host in document["hosts"])


def test_what_a_trainers_file_prints_is_kept_apart(tmp_path: Path) -> None:
    tasks = tmp_path / "tasks.py"
    tasks.write_text("print('hello')\nTASKS = []\n")
    document, _, said = printed("@local", VERIFY, "--data", f"lab_tasks={tasks}")
    assert document["verify"]["hosts"]
    assert "hello" in said


def test_an_interrupted_run_prints_its_document() -> None:
    words = [PYINFRA, "--json", "-y", "@local", "server.shell", "sleep 30"]
    with subprocess.Popen(
        words, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stderr
        for line in run.stderr:
            if "Starting operation" in line:
                break
        time.sleep(0.5)
        os.kill(run.pid, signal.SIGINT)
        document = json.loads(run.communicate(timeout=60)[0])
    assert [host["name"] for host in document["hosts"]] == ["@local"]


@pytest.mark.parametrize("arguments", [("fact", "server.Hostname"), ("debug-inventory",)])
def test_pyinfras_other_documents_stay_as_they_are(arguments: tuple[str, ...]) -> None:
    document, code, _ = printed("@local", *arguments)
    assert code == 0
    assert "hosts" not in document
    assert "@local" in json.dumps(document)


def test_text_that_is_no_unicode_is_replaced() -> None:
    # In a process of its own: pyinfra's command line patches Python's library when it is imported.
    program = (
        "from pyinfra_cli import prints\n"
        "from pushgateway_lab.run import json_output\n"
        "print(json_output._text({'a': '\\udc80\xfc', 'b': 1j}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == '{"a": "?\\u00fc", "b": "1j"}\n'
