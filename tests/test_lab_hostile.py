"""Findings about a hostile host: they are short, and pasted commands do nothing else."""

import random
import re
import shlex
import string
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from growth import is_linear
from hostile import looks
from looks import TRAINING, group, history, look, path, status
from pushgateway_lab.lab.checks import judged
from pushgateway_lab.lab.commands import LONGEST
from pushgateway_lab.lab.excerpts import LINES, SAYS
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.pushes import pushed
from pushgateway_lab.lab.results import Finding, State
from pushgateway_lab.lab.tasks import LABS_COMPLETED, SOME_METRIC, TASKS

YEAR_9999 = 253_402_300_800

# Texts that a shell does not change: in single quotes all, in double quotes all but special characters.
QUOTED = re.compile(r''''[^']*'|"[^"$`\\]*"''')
_SAFE = r"[A-Za-z0-9@%+=:,./_ -]*"
HARMLESS = re.compile(rf"{_SAFE}((\||&&|;) {_SAFE})*")


def findings(looked: Look) -> list[Finding]:
    return [check.finding for task in TASKS for check in judged(task, looked).checks]


def check_is_safe(finding: Finding) -> None:
    """Fail for a finding that is too long, or whose fix a shell would read in another way."""
    assert "Correct the check" not in finding.says, finding
    assert len(finding.says) <= SAYS
    assert finding.says.count("\n") < LINES
    assert finding.at is None or 0 <= finding.at < YEAR_9999
    if finding.fix is None:
        return
    assert len(finding.fix) <= LONGEST
    for line in finding.fix.split("\n"):
        assert line.isprintable()
        assert shlex.split(line)
        if line.startswith("# "):  # a comment for the shell
            continue
        # The comment with an example, and both ends of commands for a process.
        bare = re.sub(r" # (ARGS|ExecStart)=| &$| </proc/7/cmdline$", "", QUOTED.sub("", line))
        assert HARMLESS.fullmatch(bare), line


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(looks())
def test_whatever_a_host_says_each_finding_is_short_and_each_fix_safe(looked: Look) -> None:
    for finding in findings(looked):
        check_is_safe(finding)


def word(rnd: random.Random, length: int) -> str:
    return "".join(rnd.choices(string.ascii_lowercase + "_", k=length))


def holding(groups: Iterable[object]) -> Look:
    """Return a look at a host whose Pushgateway holds these groups and whose Prometheus has no samples."""
    nothing: dict[str, Any] = history({})
    queries = {path(each.history): nothing for each in (LABS_COMPLETED, SOME_METRIC)}
    looked = look(said={"groups": list(groups), "status": status(), **queries})
    assert looked.groups
    return looked


def _metrics(rnd: random.Random, number: int, length: int) -> dict[str, tuple[str, float]]:
    return {word(rnd, length): ("UNTYPED", 1) for _ in range(number)}


LABS = LABS_COMPLETED.metric
RND = random.Random(10)  # noqa: S311 - names that are alike in every run
WEIGHTS = {  # by a size: groups of many kinds
    "a label of 8 MB": lambda size: [
        group({"job": "x" * (8_000 * size)}, 0, **{LABS: ("UNTYPED", 4)})
    ],
    "80,000 labels": lambda size: [
        group({word(RND, 12): word(RND, 90) for _ in range(80 * size)}, 0, **{LABS: ("UNTYPED", 4)})
    ],
    "20,000 groups": lambda size: [
        group({"job": str(n)}, 0, **_metrics(RND, 1, 40)) for n in range(20 * size)
    ],
    "5,000 metrics": lambda size: [
        group(TRAINING, 0, **_metrics(RND, 5 * size, 40), **{LABS: ("GAUGE", 5)})
    ],
    "names of 1 MB": lambda size: [group(TRAINING, 0, **_metrics(RND, 8, 1_000 * size))],
}


@pytest.mark.parametrize("weight", WEIGHTS)
def test_checks_take_no_longer_than_what_was_pushed_is_long(weight: str) -> None:
    small, large = (holding(WEIGHTS[weight](size)) for size in (250, 1_000))
    assert is_linear(lambda: findings(small), lambda: findings(large))
    for finding in findings(large):
        check_is_safe(finding)


@pytest.mark.parametrize("name", ["prometheus_training_lab_completed_total", "x" * 41])
def test_a_misspelt_name_is_found_among_thousands_of_others(name: str) -> None:
    held = {**_metrics(RND, 5000, 12), name: ("UNTYPED", 4.0)}
    finding = pushed(holding([group(TRAINING, 0, **held)]), LABS_COMPLETED)
    assert finding.state is (State.OPEN if name.startswith("x") else State.WRONG)


def test_a_group_that_no_command_can_name_is_wiped() -> None:
    long = {"job": "x" * 900, **TRAINING, "instance": "y" * 900}
    finding = pushed(holding([group(long, some_metric_total=("GAUGE", 42))]), SOME_METRIC)
    assert "a wipe deletes it, with all other groups" in finding.says
    assert finding.fix
    assert "DELETE" not in finding.fix
    assert "(700 more characters)" in finding.says
