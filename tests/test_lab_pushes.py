"""Findings about pushes, in states that are hard to produce on a real host."""

import json
import re
import shlex
from datetime import UTC, datetime
from typing import Any

import pytest

from looks import CONFIG, NOW, TARGETS, TRAINING, group, history, look, path, target, unit
from pushed_looks import LABS, counted, loaded, remembered, remembering
from pushgateway_lab.lab.deletions import deleted
from pushgateway_lab.lab.history import SCRAPED, push_times, queries_of
from pushgateway_lab.lab.identity import BUILD_INFO
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.pushes import pushed, seen
from pushgateway_lab.lab.results import State
from pushgateway_lab.lab.tasks import LABS_COMPLETED, SOME_METRIC


@pytest.mark.parametrize(
    ("groups", "state", "says"),
    [
        ([LABS], State.DONE, "was pushed"),
        ([], State.OPEN, "is not there with the labels"),
        (
            [group({"job": "training"}, prometheus_training_labs_completed_total=("UNTYPED", 4))],
            State.WRONG,
            "the label job is 'training' and not 'prometheus_training'",
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


@pytest.mark.parametrize(
    ("past", "state", "says"),
    [
        (
            history(TRAINING, (90, 5)),
            State.WRONG,
            "with the value 5, not 4. It is not there any more",
        ),
        (
            history({"exported_job": "prometheus_training", "job": "pushgateway"}, (90, 5)),
            State.WRONG,
            "with the value 5, not 4",
        ),
        (
            history({**TRAINING, "instance": "vm01"}, (90, 4)),
            State.WRONG,
            ', instance="vm01"}, not to {job="prometheus_training"}: the label instance should not be',
        ),
        (
            history({"job": "training"}, (90, 4)),
            State.WRONG,
            "the label job is 'training' and not 'prometheus_training'",
        ),
        (history(TRAINING), State.OPEN, "has not seen it"),
    ],
)
def test_another_value_or_label_in_the_history_is_named(
    past: dict[str, object], state: State, says: str
) -> None:
    finding = pushed(remembered(past), LABS_COMPLETED)
    assert (finding.state, says in finding.says) == (state, True), finding
    assert finding.fix
    assert seen(remembered(past), LABS_COMPLETED).state is not State.DONE


def test_what_was_scraped_without_honor_labels_was_pushed_all_the_same() -> None:
    exported = history(
        {"exported_job": TRAINING["job"], "job": "pushgateway", "instance": "localhost:9091"},
        (90, 4),
    )
    looked = remembered(exported)
    once = pushed(looked, LABS_COMPLETED)
    assert (once.state, once.at) == (State.DONE, NOW - 90)
    assert seen(looked, LABS_COMPLETED).state is State.WRONG
    assert deleted(looked, LABS_COMPLETED, [SOME_METRIC]).state is State.DONE
    long_ago = history({"exported_job": TRAINING["job"], "job": "pushgateway"}, (900, 4))
    again = seen(remembered(long_ago), LABS_COMPLETED)
    assert (again.state, "push it again" in again.says) == (State.OPEN, True)
    assert again.fix


@pytest.mark.parametrize(
    ("telemetry", "fields", "says"),
    [
        (counted(700), {}, "was never pushed to"),
        (counted(500), {}, "has not seen it since the course began. If you deleted it before a"),
        (counted(700, push_200=1), {}, "and wait 60 s before you delete it."),
        (counted(700, delete_202=1), {}, "has not seen it since the course began"),
        (
            counted(700, push_200=1, push_400=1),
            {},
            "1 push was refused since the Pushgateway started",
        ),
        (
            counted(700, push_400=3),
            {},
            'pushed to {job="prometheus_training"}. 3 pushes were refused',
        ),
        (counted(700, push_400=3), {}, "started, 11 min ago: read curl's output."),
        ({}, {"history_began_at": NOW - 30}, "seen it since its history begins, 30 s ago."),
        ({}, {"history_began_at": NOW - 7000}, "seen it since the course began."),
        ({}, {"history_began_at": 9.2e15}, "seen it because it has no samples yet."),
        ({}, {"began_at": None}, "seen it in the last day."),
    ],
)
def test_what_is_not_known_about_a_push_is_not_called_never(
    telemetry: dict[str, object], fields: dict[str, Any], says: str
) -> None:
    said = {**remembering(history({})), **telemetry}
    finding = pushed(
        look(*loaded(), said=said, **{"began_at": NOW - 600, **fields}), LABS_COMPLETED
    )
    assert finding.state is State.OPEN
    assert says in finding.says
    assert finding.fix


def test_without_a_scrape_job_there_is_nothing_to_wait_for() -> None:
    finding = pushed(remembered(history({})), LABS_COMPLETED)
    assert "Prometheus does not scrape the Pushgateway yet (4.2.1)" in finding.says


def test_a_group_from_before_the_course_is_nobodys_work() -> None:
    query = push_times(TRAINING["job"])
    assert query in queries_of(LABS_COMPLETED)
    for ago, state in ((700, State.OPEN), (500, State.DONE)):
        pushed_at = {"metric": {**TRAINING, "env": "lab"}, "value": [NOW, str(NOW - ago)]}
        scraped_anew = {
            **remembering(history(TRAINING, (60, 4))),
            path(query): {"resultType": "vector", "result": [pushed_at]},
        }
        looked = look(said=scraped_anew, began_at=NOW - 600)
        for judge in (pushed, seen):
            assert judge(looked, LABS_COMPLETED).state is state
        assert deleted(looked, LABS_COMPLETED, []).state is state
    held = remembering(history({}), LABS)
    for began, state in ((NOW - 30, State.OPEN), (NOW - 90, State.DONE), (NOW + 5, State.DONE)):
        looked = look(said=held, began_at=began)  # LABS was pushed 60 seconds ago
        assert pushed(looked, LABS_COMPLETED).state is state
    old = look(said=held, began_at=NOW - 30)
    assert "it was pushed 60 s ago, before the course began" in pushed(old, LABS_COMPLETED).says
    assert "Nothing to delete yet" in deleted(old, LABS_COMPLETED, []).says


def test_what_another_pushgateway_holds_is_not_this_persons_work() -> None:
    said = remembering(history(TRAINING, (60, 4)))
    for telemetry, state in (
        (counted(100), State.OPEN),
        (counted(30), State.DONE),  # it started after the scrape
        (counted(100, push_200=1), State.DONE),
        (counted(100, delete_202=1), State.DONE),
    ):
        looked = look(said={**said, **telemetry}, began_at=NOW - 600)
        assert pushed(looked, LABS_COMPLETED).state is state
        assert seen(looked, LABS_COMPLETED).state is state


def test_labels_that_the_job_added_when_it_was_scraped_are_forgiven() -> None:
    past = remembering(history({**TRAINING, "env": "lab"}, (60, 4)))
    build = {"job": "pushgateway", "instance": "localhost:9091", "env": "lab", "version": "1.5.1"}
    for labels, state in (
        (build, State.DONE),
        ({**build, "env": "prod"}, State.OPEN),
        ({**build, "job": "other"}, State.OPEN),
    ):
        added = {"resultType": "vector", "result": [{"metric": labels, "value": [NOW, "1"]}]}
        looked = look(said={**past, path(SCRAPED): added})
        assert seen(looked, LABS_COMPLETED).state is state


def test_what_the_last_person_pushed_wrongly_is_not_the_next_ones() -> None:
    wrongly = group({"job": "training"}, prometheus_training_labs_completed_total=("UNTYPED", 4))
    for began, state in ((NOW - 90, State.WRONG), (NOW - 60, State.WRONG), (NOW - 30, State.OPEN)):
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
    """Return the page's metric with its labels in the body, pushed to the group of the job."""
    held = group(TRAINING, some_metric_total=("COUNTER", 42))
    held["some_metric_total"]["metrics"][0]["labels"]["instance"] = "myinstance"  # type: ignore[index]
    return held


def test_labels_in_the_body_count_as_those_in_the_path() -> None:
    looked = remembered(history({}), in_the_body())
    assert pushed(looked, SOME_METRIC).state is State.DONE
    unseen = deleted(looked, SOME_METRIC, [LABS_COMPLETED])
    assert (unseen.state, unseen.fix) == (State.OPEN, None)
    assert "Prometheus has to show it before it is deleted" in unseen.says
    was_seen = {path(SOME_METRIC.history): history(dict(SOME_METRIC.labels), (5, 42))}
    there = deleted(
        look(said=remembering(history({}), in_the_body()) | was_seen), SOME_METRIC, [LABS_COMPLETED]
    )
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


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["instance"], ": the label instance should not be there."),
        ([f"l{n:02}" for n in range(10)], ", the label l09 should not be there."),
        (
            [f"l{n:02}" for n in range(12)],
            ", the label l09 should not be there, nor should 2 more.",
        ),
    ],
)
def test_labels_that_are_too_much_are_named_up_to_ten(more: list[str], says: str) -> None:
    labels = {**TRAINING, **dict.fromkeys(more, "x")}
    held = group(labels, prometheus_training_labs_completed_total=("UNTYPED", 4))
    finding = pushed(remembered(history({}), held), LABS_COMPLETED)
    assert finding.state is State.WRONG
    assert says in finding.says


def test_each_label_that_is_missing_or_another_is_named() -> None:
    held = group({"job": "other"}, some_metric_total=("COUNTER", 42))
    finding = pushed(remembered(history({}), held), SOME_METRIC)
    wanted = dict(SOME_METRIC.labels)
    job = wanted.pop("job")
    missing = ", ".join(f"the label {name} is missing" for name in wanted)
    assert f": the label job is 'other' and not {job!r}, {missing}." in finding.says


def scraped(ago: float, *groups: object) -> Look:
    """Return a look at a host whose Prometheus scrapes each minute, the last time `ago` seconds ago."""
    last = datetime.fromtimestamp(NOW - ago, UTC).isoformat()
    labels = {"job": "pushgateway", "instance": "localhost:9091"}
    build = {"metric": labels, "value": [NOW, "1"]}
    said = {
        "groups": list(groups),
        path(LABS_COMPLETED.history): history({}),
        path(BUILD_INFO): {"resultType": "vector", "result": [build]},
        TARGETS: target(labels=labels, lastScrape=last),
    }
    return look(*loaded(), said=said)


def test_what_prometheus_does_not_have_yet_says_what_to_wait_for() -> None:
    unscraped = seen(remembered(history({}), LABS), LABS_COMPLETED)
    assert unscraped.state is State.OPEN
    assert "does not scrape the Pushgateway" in unscraped.says
    soon = seen(scraped(90, LABS), LABS_COMPLETED)  # LABS was pushed 60 seconds ago
    assert soon.state is State.OPEN
    assert "not scraped yet: the next scrape" in soon.says
    dropped = seen(scraped(30, LABS), LABS_COMPLETED)
    assert dropped.state is State.WRONG
    assert "relabelings" in dropped.says
    wrongly = group(TRAINING, prometheus_training_labs_completed_total=("UNTYPED", 5))
    for nothing in (seen(scraped(30, wrongly), LABS_COMPLETED), seen(scraped(30), LABS_COMPLETED)):
        assert nothing.state is State.OPEN
        assert "Nothing to see yet" in nothing.says


def test_a_refused_push_names_the_group_that_holds_the_metric_with_another_type() -> None:
    refused = group(SOME_METRIC.labels, failed=NOW)
    rival = group({"job": "rival"}, some_metric_total=("UNTYPED", 42), more=("GAUGE", 1))
    finding = pushed(remembered(history({}), refused, rival), SOME_METRIC)
    assert finding.state is State.WRONG
    assert finding.at == NOW
    assert '{job="rival"} holds some_metric_total as untyped' in finding.says
    assert "Delete that group, which also deletes more, and push again." in finding.says
    assert "-X DELETE 'http://localhost:9091/metrics/job/rival'\n" in str(finding.fix)
    alone = pushed(remembered(history({}), refused, group({"job": "x"})), SOME_METRIC)
    assert "Push again, and read curl's output." in alone.says
    assert "DELETE" not in str(alone.fix)
    later = group(SOME_METRIC.labels, failed=NOW - 61)  # the next push, a second later, succeeded
    assert pushed(remembered(history({}), later, rival), SOME_METRIC).state is State.WRONG
    assert "was refused" not in pushed(remembered(history({}), later), SOME_METRIC).says


@pytest.mark.parametrize(
    ("labels", "is_own"),
    [
        ({"__name__": LABS_COMPLETED.metric, **TRAINING}, True),
        ({"__name__": LABS_COMPLETED.metric, "instance": "", **TRAINING}, True),
        ({"__name__": LABS_COMPLETED.metric, "instance": "vm", **TRAINING}, False),
        ({"__name__": LABS_COMPLETED.metric, "job": "other"}, False),
        ({"__name__": LABS_COMPLETED.metric}, False),
    ],
)
def test_a_series_counts_that_has_the_labels_that_were_pushed_and_no_others(
    labels: dict[str, str], is_own: bool
) -> None:
    finding = seen(remembered(history(labels, (60, 4))), LABS_COMPLETED)
    assert finding.state is (State.DONE if is_own else State.OPEN)


def test_what_was_exported_is_told_until_a_scrape_with_honor_labels() -> None:
    exported = history({"exported_job": TRAINING["job"], "job": "pushgateway"}, (30, 4))
    said = {path(LABS_COMPLETED.history): exported, path(SOME_METRIC.history): history({})}
    one = seen(look(said=said), LABS_COMPLETED)
    assert "exported_job shows that honor_labels: true is missing" in one.says
    both = history(
        {"exported_job": TRAINING["job"], "exported_instance": "a", "job": "pushgateway"}, (30, 4)
    )
    two = seen(look(said={**said, path(LABS_COMPLETED.history): both}), LABS_COMPLETED)
    assert "exported_job and exported_instance show that" in two.says
    others = history({"exported_job": "other", "job": "pushgateway"}, (30, 4))
    other = seen(look(said={**said, path(LABS_COMPLETED.history): others}), LABS_COMPLETED)
    assert other.state is State.OPEN
    name = "prometheus_config_last_reload_success"
    answer = json.dumps({"status": "success", "data": {"yaml": CONFIG}})
    loaded = [f"prometheus_config {answer}", f"{name}ful 1", f"{name}_timestamp_seconds {NOW}"]
    mended = seen(look(*unit("prometheus.service"), *loaded, said=said), LABS_COMPLETED)
    assert mended.state is State.OPEN
    assert "honor_labels is right now" in mended.says
