"""What the checks make of pushes: the states that are hard to bring about on a real host."""

import re
import shlex
from typing import Any

import pytest

from looks import NOW, TRAINING, encoded, group, history, look, path, unit
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.pushed import Pushed
from pushgateway_lab.lab.pushes import deleted, pushed, seen
from pushgateway_lab.lab.results import State
from pushgateway_lab.lab.tasks import LABS_COMPLETED, SOME_METRIC

LABS = group(
    {"job": "prometheus_training"}, prometheus_training_labs_completed_total=("UNTYPED", 4)
)


@pytest.mark.parametrize(
    ("groups", "state", "says"),
    [
        ([LABS], State.DONE, "was pushed"),
        ([], State.OPEN, "never pushed"),
        (
            [group({"job": "training"}, prometheus_training_labs_completed_total=("UNTYPED", 4))],
            State.WRONG,
            "job is 'training', not 'prometheus_training'",
        ),
        (
            [
                group(
                    {"job": "prometheus_training"}, prometheus_training_lab_completed=("UNTYPED", 4)
                )
            ],
            State.WRONG,
            "holds prometheus_training_lab_completed;",
        ),
        (
            [
                group(
                    {"job": "prometheus_training"},
                    prometheus_training_labs_completed_total=("UNTYPED", 5),
                )
            ],
            State.WRONG,
            "value 5, not 4",
        ),
        (
            [group({"job": "prometheus_training"}, failed=NOW)],
            State.WRONG,
            "was refused",
        ),
    ],
)
def test_what_was_pushed_instead_is_named(groups: list[object], state: State, says: str) -> None:
    finding = pushed(remembered(history({}), *groups), LABS_COMPLETED)
    assert finding.state is state, finding
    assert says in finding.says
    assert (finding.fix is None) == (state is State.DONE)


def test_a_hostile_label_value_is_quoted_for_the_shell() -> None:
    name = {"job": "x'; touch /tmp/y; '", "a": "b c"}
    held = group(name, prometheus_training_labs_completed_total=("UNTYPED", 4))
    finding = pushed(look(said={"groups": [held]}), LABS_COMPLETED)
    assert finding.fix
    words = shlex.split(finding.fix.splitlines()[0])
    assert words[:3] == ["curl", "-X", "DELETE"]
    assert len(words) == 4
    assert re.fullmatch(r"http://localhost:9091/metrics/job@base64/[\w=-]+/a/b%20c", words[3])


def remembered(past: dict[str, object], *groups: object, **fields: Any) -> Look:
    """A look at a host where Prometheus remembers this, and the Pushgateway holds these."""
    return look(said=remembering(past, *groups), **fields)


def remembering(past: dict[str, object], *groups: object) -> dict[str, object]:
    """The answers at such a host."""
    return {
        "groups": list(groups),
        path(LABS_COMPLETED.history): past,
        path(SOME_METRIC.history): history({}),
    }


def test_what_was_right_once_stays_done_after_it_was_deleted() -> None:
    looked = remembered(history({"job": "prometheus_training"}, (90, 5), (60, 4), (30, 6)))
    once = pushed(looked, LABS_COMPLETED)
    assert (once.state, once.at) == (State.DONE, NOW - 60)
    assert seen(looked, LABS_COMPLETED).state is State.DONE
    gone = deleted(looked, LABS_COMPLETED, [SOME_METRIC])
    assert (gone.state, gone.at) == (State.DONE, NOW - 30)


@pytest.mark.parametrize(
    "past",
    [
        history({"job": "prometheus_training"}, (90, 5)),
        history({"exported_job": "prometheus_training", "job": "pushgateway"}, (90, 4)),
        history({"job": "prometheus_training", "instance": "vm01"}, (90, 4)),
        history({"job": "prometheus_training"}),
    ],
)
def test_another_value_or_label_in_the_history_is_not_done(past: dict[str, object]) -> None:
    looked = remembered(past)
    assert pushed(looked, LABS_COMPLETED).state is State.OPEN
    assert seen(looked, LABS_COMPLETED).state is not State.DONE


def test_what_the_last_person_pushed_wrongly_is_not_the_next_ones() -> None:
    wrongly = group({"job": "training"}, prometheus_training_labs_completed_total=("UNTYPED", 4))
    for began, state in ((NOW - 90, State.WRONG), (NOW - 30, State.OPEN)):
        finding = pushed(remembered(history({}), wrongly, began_at=began), LABS_COMPLETED)
        assert finding.state is state, finding


def test_labels_that_were_exported_say_that_honor_labels_is_missing() -> None:
    past = history({"exported_job": "prometheus_training", "job": "pushgateway"}, (90, 4), (60, 5))
    finding = seen(remembered(past), LABS_COMPLETED)
    assert finding.state is State.WRONG
    past = history({"exported_job": "prometheus_training", "job": "pushgateway"}, (900, 4))
    assert seen(remembered(past), LABS_COMPLETED).state is State.OPEN
    assert '{exported_job="prometheus_training", job="pushgateway"} 5. exported_job' in finding.says


def test_labels_that_the_job_adds_are_no_mistake() -> None:
    past = history({**TRAINING, "env": "lab"}, (60, 4))
    targets = {"scrapePool": "pushgateway", "labels": {"job": "pushgateway", "env": "lab"}}
    shown = {"discoveredLabels": {}, "scrapeUrl": "", "health": "up", "lastError": "", **targets}
    said = {**remembering(past), "/api/v1/targets?state=active": {"activeTargets": [shown]}}
    assert seen(look(said=said), LABS_COMPLETED).state is State.DONE
    assert seen(remembered(past), LABS_COMPLETED).state is State.OPEN


def in_the_body() -> dict[str, object]:
    """The page's metric with its labels as they stand there, pushed to the group of the job."""
    held = group(TRAINING, some_metric_total=("COUNTER", 42))
    held["some_metric_total"]["metrics"][0]["labels"]["instance"] = "myinstance"  # type: ignore[index]
    return held


def test_labels_in_the_body_count_as_those_in_the_path() -> None:
    looked = remembered(history({}), in_the_body())
    assert pushed(looked, SOME_METRIC).state is State.DONE
    there = deleted(looked, SOME_METRIC, [LABS_COMPLETED])
    assert there.state is State.OPEN
    assert there.fix == "curl -X DELETE 'http://localhost:9091/metrics/job/prometheus_training'"


def test_without_an_answer_of_prometheus_what_was_is_unknown() -> None:
    looked = look(said={"groups": []})
    for finding in (
        pushed(looked, LABS_COMPLETED),
        seen(looked, LABS_COMPLETED),
        deleted(looked, LABS_COMPLETED, [SOME_METRIC]),
    ):
        assert finding.state is State.UNKNOWN
        assert "Prometheus does not answer" in finding.says
    assert pushed(look(said={"groups": [LABS]}), LABS_COMPLETED).state is State.DONE


def test_a_group_that_holds_more_is_not_deleted_to_mend_one_metric() -> None:
    both = group(
        SOME_METRIC.labels,
        some_metric_total=("COUNTER", 42),
        prometheus_training_labs_completed_total=("UNTYPED", 4),
    )
    finding = pushed(remembered(history({}), both), LABS_COMPLETED)
    assert finding.state is State.WRONG
    assert finding.fix
    assert "DELETE" not in finding.fix
    beside = group(TRAINING, some_metric_total=("UNTYPED", 42), other=("GAUGE", 1))
    finding = pushed(remembered(history({}), beside), SOME_METRIC)
    assert "one type only: delete that group first, which loses other, too" in finding.says
    assert "DELETE" in str(finding.fix)
    untyped = group(SOME_METRIC.labels, some_metric_total=("UNTYPED", 42), other=("GAUGE", 1))
    finding = pushed(remembered(history({}), untyped), SOME_METRIC)
    assert "which loses other, too" in finding.says


def test_a_metric_of_another_task_is_no_misspelling() -> None:
    held = group(TRAINING, lab_step_1=("UNTYPED", 1))
    second = Pushed("lab_step_2", 1, TRAINING)
    said = {"groups": [held], path(second.history): history({})}
    assert pushed(look(said=said), second).state is State.WRONG
    asked = {**said, path("lab_step_1[LAB_AGEms]"): history({})}
    assert pushed(look(said=asked), second).state is State.OPEN


@pytest.mark.parametrize(
    ("value", "number"), [(4, "4"), (1234567, "1234567"), (0.1, "0.1"), (1.7e18, str(int(1.7e18)))]
)
def test_a_value_is_written_with_all_its_digits(value: float, number: str) -> None:
    assert str(Pushed("m", value, TRAINING)) == f"m {number}"


def test_commands_name_the_pushgateway_as_it_is() -> None:
    command_line = (
        "prometheus-pushgateway\0--web.listen-address=:9191\0--web.external-url=http://vm/push/"
    )
    lines = [*unit("prometheus-pushgateway.service"), f"pushgateway_argv {encoded(command_line)}"]
    said = remembering(history({}))
    finding = pushed(look(*lines, said=said), LABS_COMPLETED)
    assert finding.fix
    assert " http://localhost:9191/push/metrics/job/" in finding.fix
    data = {"pushgateway_username": "push er"}
    assert "| curl --user 'push er' " in str(pushed(look(said=said, data=data), LABS_COMPLETED).fix)


def test_a_label_that_cannot_be_written_costs_no_diagnosis() -> None:
    odd = group({"job": "x", "ä": "1"}, prometheus_training_labs_completed_total=("UNTYPED", 4))
    finding = pushed(remembered(history({}), odd), LABS_COMPLETED)
    assert (finding.state, finding.fix) == (
        State.WRONG,
        LABS_COMPLETED.command("curl", "http://localhost:9091"),
    )
