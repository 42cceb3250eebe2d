"""Findings about deleted groups, in states that are hard to produce on a real host."""

import pytest

from looks import NOW, TRAINING, group, history, look, path, status
from pushed_looks import LABS, counted, remembered
from pushgateway_lab.lab.deletions import COUNTED, WIPES, deleted
from pushgateway_lab.lab.pushes import pushed, seen
from pushgateway_lab.lab.results import State
from pushgateway_lab.lab.tasks import LABS_COMPLETED, SOME_METRIC


def deletions(*values: tuple[float, float]) -> dict[str, object]:
    labels = {"handler": "delete", "code": "202", "method": "delete"}
    return {path(COUNTED): history(labels, *values)}


BOTH = {
    path(LABS_COMPLETED.history): history(TRAINING, (60, 4), (50, 4)),
    path(SOME_METRIC.history): history(SOME_METRIC.labels, (60, 42), (30, 42)),
}


@pytest.mark.parametrize(
    ("more", "states"),
    [
        # The process that held both still runs.
        (counted(100, push_200=2), "done done"),
        # It was killed, and nobody deleted anything.
        (counted(20), "open open"),
        (counted(30.5), "open open"),
        # Both deletions, or a wipe, of groups that were lost.
        (counted(20, delete_202=2), "done done"),
        (counted(20, wipe_202=1), "done done"),
        # One deletion: of which group?
        (counted(20, delete_202=1), "open open"),
        # The first was deleted before the second was lost.
        ({**counted(20), **deletions((40, 1), (30, 1))}, "done open"),
        ({**counted(20, delete_202=1), **deletions((40, 1), (30, 1))}, "done done"),
        # Both were deleted before the restart; deletions of an earlier time do not count.
        ({**counted(20), **deletions((60, 5), (40, 6), (25, 7))}, "done done"),
        ({**counted(20), **deletions((60, 5), (25, 5))}, "open open"),
        # Those of the new process are counted once.
        ({**counted(20, delete_202=1), **deletions((10, 1))}, "open open"),
        ({}, "done done"),
    ],
)
def test_what_a_restart_lost_is_not_deleted(more: dict[str, object], states: str) -> None:
    looked = look(said={"groups": [], **BOTH, **more}, began_at=NOW - 600)
    found = [
        deleted(looked, LABS_COMPLETED, [SOME_METRIC]),
        deleted(looked, SOME_METRIC, [LABS_COMPLETED]),
    ]
    assert " ".join(each.state for each in found) == states
    for each in found:
        assert ("the Pushgateway restarted 20 s ago and lost it" in each.says) <= (
            each.state is State.OPEN
        )
        assert bool(each.fix) is (each.state is State.OPEN)


def test_a_group_that_came_back_at_a_restart_was_perhaps_deleted() -> None:
    said = {"groups": [LABS], **BOTH, **counted(20)}  # LABS was pushed 60 seconds ago
    before = deleted(look(said=said), LABS_COMPLETED, [SOME_METRIC])
    assert before.says == '{job="prometheus_training"} is still there.'  # the other one was lost
    after = deleted(look(said={**said, **deletions((40, 1))}), LABS_COMPLETED, [SOME_METRIC])
    assert "the Pushgateway restarted 20 s ago, before it had written the deletion" in after.says
    assert "DELETE" in str(after.fix)


@pytest.mark.parametrize(
    ("flags", "is_told"),
    [
        ({"web.enable-admin-api": "true"}, False),
        ({"web.enable-admin-api": "false"}, True),
        ({}, True),
        (None, False),
    ],
)
def test_that_a_wipe_would_be_refused_is_told(flags: dict[str, str] | None, is_told: bool) -> None:
    said: dict[str, object] = {"groups": [LABS], path(LABS_COMPLETED.history): history({})}
    if flags is not None:
        said["status"] = status(**flags)
    finding = deleted(look(said=said), LABS_COMPLETED, [])
    assert finding.state is State.OPEN
    assert ("404: the admin API is off" in finding.says) is is_told


def test_the_other_group_of_a_course_is_deleted_on_its_own() -> None:
    both = history(TRAINING, (60, 4))
    said = {
        "groups": [],
        path(LABS_COMPLETED.history): both,
        path(SOME_METRIC.history): history({}),
    }
    wiped = {
        **said,
        path(WIPES): {"resultType": "vector", "result": [{"metric": {}, "value": [NOW, "1"]}]},
    }
    finding = deleted(look(said=wiped), LABS_COMPLETED, [SOME_METRIC])
    assert finding.says.endswith("was there, and is deleted: all groups were wiped.")
    for more in ({"groups": [group({"job": "x"})]}, {path(WIPES): history({})}):
        finding = deleted(look(said={**wiped, **more}), LABS_COMPLETED, [SOME_METRIC])
        assert finding.says.endswith("was there, and is deleted.")
    some = {**said, "groups": [group(SOME_METRIC.labels, some_metric_total=("COUNTER", 42))]}
    wrongly = deleted(look(said=some), SOME_METRIC, [LABS_COMPLETED])
    assert wrongly.state is State.WRONG
    assert "is deleted," in wrongly.says
    assert "DELETE" in str(wrongly.fix)
    nobody = {**some, path(LABS_COMPLETED.history): history({})}
    assert deleted(look(said=nobody), SOME_METRIC, [LABS_COMPLETED]).state is State.OPEN


def test_a_group_of_those_labels_is_still_there_whatever_it_holds() -> None:
    past = {path(LABS_COMPLETED.history): history(TRAINING, (60, 4)), path(WIPES): history({})}
    emptied = {**past, "groups": [group({"job": "x"}), group(TRAINING, other=("GAUGE", 1))]}
    there = deleted(look(said=emptied), LABS_COMPLETED, [])
    assert there.state is State.OPEN
    assert str(there.fix).endswith("/metrics/job/prometheus_training'")
    others = {**past, "groups": [group({"job": "x"}, other=("GAUGE", 1))]}
    assert deleted(look(said=others), LABS_COMPLETED, []).state is State.DONE


def test_what_was_right_once_stays_done_after_it_was_deleted() -> None:
    looked = remembered(history({"job": "prometheus_training"}, (90, 5), (60, 4), (30, 6)))
    once = pushed(looked, LABS_COMPLETED)
    assert (once.state, once.at) == (State.DONE, NOW - 60)
    assert seen(looked, LABS_COMPLETED).state is State.DONE
    gone = deleted(looked, LABS_COMPLETED, [SOME_METRIC])
    assert (gone.state, gone.at) == (State.DONE, NOW - 30)
