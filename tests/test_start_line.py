"""The start line: hosts that can be brought there, work that is in the way, and the course's beginning."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from pyinfra.api.command import StringCommand
from pyinfra.api.operation import OperationMeta

from looks import CONFIG, NOW, history, look, path, unit
from pushgateway_lab.course import questions, start_line
from pushgateway_lab.lab import tasks
from pushgateway_lab.lab.look import Look
from pushgateway_lab.run.host_error import HostError
from snapshots import (
    BOTH,
    DEBIAN,
    GATEWAY,
    PROMETHEUS,
    host_in_run,
    listen,
    seen,
)
from starts import CLOSED, FOREIGN, NO_JOB, OURS, RESET, TRAINING, WIPE, at_start


def is_free(looked: Look, *, for_reset: bool = False) -> bool:
    return start_line.is_free(looked, looked.settings, for_reset=for_reset)


def refusal(looked: Look, *, for_reset: bool = False) -> str:
    with pytest.raises(HostError) as error:
        is_free(looked, for_reset=for_reset)
    return str(error.value)


@pytest.mark.parametrize("for_reset", [False, True])
def test_a_host_at_the_start_line_is_free(*, for_reset: bool) -> None:
    assert is_free(at_start(), for_reset=for_reset)
    assert is_free(at_start(*OURS), for_reset=for_reset)


@pytest.mark.parametrize("for_reset", [False, True])
def test_what_stands_in_the_way_of_every_run_stands_in_the_way_of_both(*, for_reset: bool) -> None:
    def refused(looked: Look) -> str:
        return refusal(looked, for_reset=for_reset)

    free = at_start()
    student = free.snapshot._replace(is_root=False, user="student")
    assert "student, which is not root" in refused(replace(free, snapshot=student))
    no_apt = [each for each in BOTH if not each.startswith("tool ")]
    assert "has no apt-get to install what is missing: curl" in refused(
        at_start(lines=no_apt, curl=False)
    )
    assert "neither systemd nor init scripts" in refused(at_start(lines=BOTH[3:]))
    failed = (*DEBIAN, *unit(PROMETHEUS, active="failed"), *unit(GATEWAY))
    assert "prometheus.service has failed" in refused(at_start(lines=failed))
    broken = refused(at_start(config="scrape_configs: [\n"))
    assert "/etc/prometheus/prometheus.yml: line " in broken
    assert "Nothing was written" in broken
    absent = free.snapshot._replace(config=None, config_state="special")
    assert "is not a regular file" in refused(replace(free, snapshot=absent))


def test_the_file_is_checked_on_a_host_without_a_prometheus_as_well() -> None:
    only_file = at_start(lines=(*DEBIAN, *unit(GATEWAY)), config="scrape_configs: [\n")
    assert "Nothing was written" in refusal(only_file)
    assert is_free(at_start(lines=(*DEBIAN, *unit(GATEWAY))))


def test_a_bare_host_can_be_prepared_and_not_reset() -> None:
    bare = replace(at_start(answers=False), snapshot=seen(*DEBIAN))
    assert is_free(bare)
    message = refusal(bare, for_reset=True)
    assert "/etc/prometheus/prometheus.yml is absent: there is no Prometheus to reset" in message
    assert "deploy/prepare.py" in message


def test_a_silent_pushgateway_cannot_be_reset() -> None:
    message = refusal(at_start(answers=False), for_reset=True)
    assert "does not answer" in message
    assert "sudo systemctl start prometheus-pushgateway" in message


def test_only_prepare_needs_the_port_and_a_service_that_may_run() -> None:
    masked = at_start(lines=(*DEBIAN, *unit(PROMETHEUS), *unit(GATEWAY, load="masked")))
    taken = at_start(lines=(*BOTH, listen("127.0.0.1")))
    assert "is masked" in refusal(masked)
    assert "port is in use" in refusal(taken)
    assert is_free(masked, for_reset=True)
    assert is_free(taken, for_reset=True)


@pytest.mark.parametrize(
    ("groups", "config", "data", "says"),
    [
        # Without lab_reset, all earlier work is in the way.
        ([], CONFIG, {}, ["left the job pushgateway in /etc/prometheus/prometheus.yml (line 2)."]),
        ([TRAINING], NO_JOB, {}, ['left pushed groups ({job="prometheus_training"}).']),
        ([FOREIGN], NO_JOB, {}, ['({job="backup", instance="db1"})', "lab_wipe=True"]),
        ([TRAINING], CONFIG, {}, ["(line 2) and pushed groups"]),
        ([*OURS, TRAINING], NO_JOB, {}, ['left pushed groups ({job="prometheus_training"}).']),
        ([FOREIGN], NO_JOB, WIPE, ['({job="backup", instance="db1"})']),
        # With lab_reset, only work that is not the lab's is in the way, and with lab_wipe none.
        ([], CONFIG, RESET, None),
        ([TRAINING], CONFIG, RESET, None),
        ([*OURS, TRAINING], CONFIG, RESET, None),
        (
            [FOREIGN, TRAINING],
            CONFIG,
            RESET,
            [
                'holds groups that do not belong to the lab: {job="backup", instance="db1"}.',
                "lab_wipe=True",
            ],
        ),
        ([FOREIGN, TRAINING], CONFIG, RESET | WIPE, None),
    ],
)
def test_whose_work_is_in_the_way_of_prepare(
    groups: list[Mapping[str, object]],
    config: str,
    data: Mapping[str, Any],
    says: list[str] | None,
) -> None:
    looked = at_start(*groups, config=config, data=data)
    # reset may remove all work.
    assert is_free(looked, for_reset=True)
    if says is None:
        assert is_free(looked)
        return
    message = refusal(looked)
    assert "Nothing was changed." in message
    assert "pushgateway_lab" not in message
    for words in says:
        assert words in message


def test_a_refusal_asks_for_lab_wipe_only_where_that_is_needed() -> None:
    assert refusal(at_start(TRAINING)).endswith("--data lab_reset=True")
    assert refusal(at_start(TRAINING, FOREIGN)).endswith(
        "--data lab_reset=True --data lab_wipe=True"
    )
    assert refusal(at_start(FOREIGN, data=WIPE)).endswith("--data lab_reset=True")


def test_what_a_running_pushgateway_holds_must_be_known() -> None:
    def silent(active: str = "active", *, curl: bool = True) -> Look:
        lines = (*DEBIAN[:2], *unit(PROMETHEUS), *unit(GATEWAY, active=active))
        return at_start(answers=False, lines=lines, curl=curl)

    message = refusal(silent())
    assert "does not answer at http://localhost:9091" in message
    assert "unknown whether somebody pushed to it. Nothing was changed" in message
    assert is_free(silent("inactive"))
    assert is_free(silent("activating"))
    assert is_free(silent(curl=False))  # curl will be installed before the question


def test_a_password_that_is_taken_away_does_not_keep_prepare_out() -> None:
    lines = (*BOTH, *CLOSED)
    assert is_free(at_start(answers=False, lines=lines, gateway_status=401))
    assert is_free(at_start(answers=False, lines=lines, gateway_status=401, data=RESET))
    # reset changes no file for it.
    message = refusal(at_start(answers=False, lines=lines, gateway_status=401), for_reset=True)
    assert "asks for a password" in message


@pytest.mark.parametrize(
    ("data", "deleted", "stay"),
    [
        (RESET, ["prometheus_training", "pushgateway_lab_smoke"], True),
        (RESET | WIPE, None, False),
    ],
)
def test_which_groups_are_deleted_and_which_stay(
    data: Mapping[str, Any], deleted: list[str] | None, *, stay: bool
) -> None:
    everything = [TRAINING, FOREIGN, *OURS]
    looked = at_start(*everything, data=data)
    going = start_line._going(looked, looked.settings, for_reset=True)
    jobs = [each.labels["job"] for each in going]
    assert jobs == (deleted or [each["labels"]["job"] for each in everything])  # type: ignore[index]
    told = list(start_line.other_groups(looked, looked.settings))
    assert told == (
        [
            'Groups that do not belong to the lab, and were not changed: {job="backup", instance="db1"}'
        ]
        if stay
        else []
    )


def has_no_groups(looked: Look, *, for_reset: bool) -> bool:
    return start_line.has_no_groups(looked, looked.settings, for_reset=for_reset)


@pytest.mark.parametrize("for_reset", [False, True])
def test_whether_a_group_is_to_be_deleted(*, for_reset: bool) -> None:
    assert has_no_groups(at_start(), for_reset=for_reset)
    assert has_no_groups(at_start(OURS[1]), for_reset=for_reset)  # the prune's report stays
    assert not has_no_groups(at_start(OURS[0]), for_reset=for_reset)
    assert not has_no_groups(at_start(TRAINING, data=RESET), for_reset=for_reset)
    assert not has_no_groups(at_start(FOREIGN, data=RESET | WIPE), for_reset=for_reset)
    with pytest.raises(HostError, match=r"does not answer.*journalctl -u prometheus-pushgateway"):
        has_no_groups(at_start(answers=False), for_reset=for_reset)


def test_work_that_shows_only_when_the_pushgateway_runs_stops_prepare() -> None:
    # Its persisted groups were not visible when the host was checked.
    with pytest.raises(HostError, match=r"Somebody worked here before.* No group was deleted\."):
        has_no_groups(at_start(TRAINING), for_reset=False)
    with pytest.raises(HostError, match=r"that do not belong to the lab.* No group was deleted\."):
        has_no_groups(at_start(FOREIGN, data=RESET), for_reset=False)
    assert not has_no_groups(at_start(TRAINING), for_reset=True)
    assert has_no_groups(at_start(FOREIGN), for_reset=True)


QUERIES = tasks.queries_of(tasks.TASKS)


def seen_before(**labels: str) -> dict[str, Any]:
    """Return Prometheus's answers to the queries for the lab's metrics."""
    return {path(QUERIES[0]): history({"__name__": "x", **labels}, (30, 4))}


@pytest.mark.parametrize(
    ("began_at", "said", "has_begun"),
    [
        (None, {}, False),
        (NOW - 3600, {}, True),
        (NOW, {}, True),
        (NOW + 5, {}, True),  # the next whole second, and a clock may differ
        (NOW + 5.1, {}, False),  # the clock was set back in between
        (None, seen_before(job="prometheus_training"), False),
        (NOW - 3600, seen_before(job="prometheus_training"), False),
        (NOW - 3600, seen_before(job="pushgateway", exported_job="prometheus_training"), False),
        (NOW - 3600, seen_before(job="prometheus_training", exported_job="x"), True),
        (NOW - 3600, seen_before(job="backup"), True),
        (NOW - 3600, seen_before(), True),
    ],
)
def test_whether_the_course_has_begun(
    began_at: float | None, said: Mapping[str, Any], *, has_begun: bool
) -> None:
    looked = look(said=said, began_at=began_at)
    assert start_line.has_begun(looked, looked.settings) == has_begun


def test_each_query_of_the_tasks_is_looked_at_for_history() -> None:
    assert len(QUERIES) > 1
    found = history({"job": "prometheus_training"}, (30, 4))
    begun = [
        start_line.has_begun(looked, looked.settings)
        for looked in (look(said={path(each): found}, began_at=NOW - 60) for each in QUERIES)
    ]
    assert set(begun) == {False}


CHANGED, UNCHANGED = (OperationMeta("x", is_change=is_change) for is_change in (True, False))


@pytest.mark.parametrize(
    ("after", "began_at", "is_noted"),
    [
        ([], NOW - 60, False),
        ([UNCHANGED, UNCHANGED], NOW - 60, False),
        ([UNCHANGED, CHANGED], NOW - 60, True),
        ([CHANGED, UNCHANGED], NOW - 60, True),
        ([UNCHANGED], None, True),
    ],
)
def test_the_beginning_is_noted_anew_where_something_was_removed(
    monkeypatch: pytest.MonkeyPatch,
    after: list[OperationMeta],
    began_at: float | None,
    *,
    is_noted: bool,
) -> None:
    looked = look(began_at=began_at)
    monkeypatch.setattr(start_line, "look_for_start", lambda *_: looked)
    with host_in_run():
        commands = list(start_line.begun._inner(settings=looked.settings, after=after))
    assert len(commands) == is_noted
    for command in commands:
        assert isinstance(command, StringCommand)
        assert questions.COURSE in str(command)
