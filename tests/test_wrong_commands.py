"""Wrong commands: a sentence with what to type, instead of a traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from pushgateway_lab import deploys, groups, prune
from pushgateway_lab.formats.words import counted, further
from pushgateway_lab.run.arguments import WrongArgumentsError, check_call, check_data

REPOSITORY = Path(__file__).parents[1]
LABELS = {"job": "backup"}


def refusal(function: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(WrongArgumentsError) as error:
        check_call(function, args, kwargs)
    return str(error.value)


def test_arguments_that_fit_pass() -> None:
    check_call(groups.push, (LABELS,), {"body": "a 1", "_sudo": True, "name": "Push"})
    check_call(groups.delete, (), {"labels": LABELS})
    check_call(groups.wipe, (True,), {})
    check_call(deploys.verify, (), {})
    check_call(lambda *args, **kwargs: (args, kwargs), (1, 2), {"a": 1})


def test_arguments_that_do_not_fit_are_named_with_what_to_type() -> None:
    usage = (
        "Type: pyinfra -y INVENTORY pushgateway_lab.groups.push labels=... [body=...] [src=...]"
        " [replace=...] [url=...]"
    )
    assert refusal(groups.push, job="x") == (
        f"pushgateway_lab.groups.push has no argument job. {usage}"
    )
    assert refusal(groups.push) == f"pushgateway_lab.groups.push needs the argument labels. {usage}"
    blanks = refusal(groups.push, "1", labels=LABELS, body="a")
    assert "gets labels twice: '1' has no name; write NAME=VALUE, in quotes if it has" in blanks
    assert "has no argument for 'y'" in refusal(groups.wipe, True, "url", "y")
    assert "has no argument x" in refusal(prune.scheduled, x=1)
    assert "takes no arguments. Settings are host data: --data" in refusal(deploys.verify, x=1)
    assert len(refusal(groups.wipe, True, "url", "y" * 5000)) < 300


def test_a_module_is_no_operation() -> None:
    assert "pushgateway_lab.groups.push" in refusal(groups)
    assert "Name one of its operations" in refusal(sys)
    assert "is not an operation" in refusal("text")


def test_data_needs_a_key_and_a_value() -> None:
    check_data(["a=1", "b=", "c==x"])
    for wrong in ("report", "=x", ""):
        with pytest.raises(WrongArgumentsError, match=f"^--data {wrong}: write KEY=VALUE"):
            check_data(["a=1", wrong])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["@local", "deploy/verify.py"], "add -y"),
        (["-y", "@local", "pushgateway_lab.groups.push", "job=x"], "has no argument job"),
        (["-y", "@local", "deploy/verify.py", "--data", "report"], "--data report: write"),
    ],
)
def test_a_run_ends_with_that_sentence(arguments: list[str], says: str) -> None:
    run = subprocess.run(
        [f"{sys.prefix}/bin/pyinfra", *arguments],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert says in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr
    assert "exception" not in run.stderr


def test_one_is_singular() -> None:
    assert [counted(n, "group") for n in (0, 1, 2)] == ["0 groups", "1 group", "2 groups"]
    assert [further(n, "line") for n in (1, 1000)] == ["1 more line", "1,000 more lines"]
