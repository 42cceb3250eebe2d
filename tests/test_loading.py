"""The decision from a snapshot whether Prometheus has loaded its configuration file."""

import json
from typing import Any

import pytest

from looks import CONFIG, unit
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.host import service_control
from pushgateway_lab.prometheus import loading
from pushgateway_lab.prometheus.target import without_target
from pushgateway_lab.run.host_error import HostError
from snapshots import BOTH, DEBIAN, PROMETHEUS, config, host_in_run, loaded, seen, settings

NO_JOB = "scrape_configs: []\n"
DROPPED = CONFIG.replace("honor_labels: true", "honor_labels: false")
LEFTOVER = "config_leftover /etc/prometheus/.prometheus.yml.x"


@pytest.mark.parametrize(
    ("changed", "taken", "successful", "is_loaded"),
    [
        (100, 100, True, True),
        (100, 100.001, True, True),
        (100.001, 100, True, False),
        (100, 200, True, True),
        (100, 200, False, False),
        (100, 0, True, False),
        (100, float("nan"), True, False),
    ],
)
def test_a_file_is_loaded_that_did_not_change_since_the_last_reload(
    changed: float, taken: float, *, successful: bool, is_loaded: bool
) -> None:
    found = seen(*config(CONFIG, changed), *loaded(CONFIG, taken, successful=successful))
    assert found.has_loaded_file == is_loaded
    assert loading.is_loaded(found, settings()) == is_loaded
    assert loading.is_done(found, settings()) == is_loaded


def test_nothing_is_loaded_where_there_is_no_file_or_no_prometheus() -> None:
    for found in (seen(), seen(*loaded(CONFIG)), seen(*config(CONFIG))):
        for with_job in (True, False):
            assert not found.has_loaded_file
            assert not loading.is_loaded(found, settings(), with_job=with_job)
            assert not loading.is_done(found, settings(), with_job=with_job)


@pytest.mark.parametrize(
    ("text", "with_job", "without_job"),
    [(CONFIG, True, False), (NO_JOB, False, True), (DROPPED, False, False)],
    ids=["job", "no job", "job without honor_labels"],
)
def test_the_job_must_be_among_what_is_loaded_or_not(
    text: str, *, with_job: bool, without_job: bool
) -> None:
    found = seen(*config(CONFIG), *loaded(text))
    assert loading.is_loaded(found, settings()) == with_job
    assert loading.is_loaded(found, settings(), with_job=False) == without_job
    assert loading.is_done(found, settings()) == with_job
    assert loading.is_done(found, settings(), with_job=False) == without_job


def test_the_job_is_known_by_the_name_of_the_settings() -> None:
    found = seen(*config(CONFIG), *loaded(CONFIG))
    assert not loading.is_loaded(found, settings(pushgateway_job_name="push"))
    assert loading.is_loaded(found, settings(pushgateway_job_name="push"), with_job=False)


def test_what_a_killed_run_left_is_still_to_be_removed() -> None:
    left = seen(*config(CONFIG), *loaded(CONFIG), LEFTOVER)
    assert loading.is_loaded(left, settings())
    assert not loading.is_done(left, settings())
    assert not loading.is_done(
        seen(*config(NO_JOB), *loaded(NO_JOB), LEFTOVER), settings(), with_job=False
    )


TLS = "    tls_config: {ca_file: /ca.pem}\n"


@pytest.mark.parametrize(
    ("more", "targets", "is_done"),
    [
        ("", [], True),
        (TLS, [], False),
        (TLS, None, True),
        (TLS, [("node", "up")], False),
        (TLS, [("pushgateway", "up")], True),
        (TLS, [("pushgateway", "down")], True),
        (f"{TLS}    relabel_configs: [{{action: drop}}]\n", [], True),
    ],
)
def test_a_job_whose_certificates_could_not_be_read_is_loaded_again(
    more: str, targets: list[tuple[str, str]] | None, *, is_done: bool
) -> None:
    active = [
        {"scrapePool": name, "scrapeUrl": "http://a:1/", "health": health, "lastError": ""}
        for name, health in targets or ()
    ]
    answer = json.dumps({"status": "success", "data": {"activeTargets": active}})
    lines = [] if targets is None else [f"prometheus_targets {answer}"]
    found = seen(*config(CONFIG), *loaded(CONFIG + more), *lines)
    assert loading.is_loaded(found, settings())
    assert loading.is_done(found, settings()) is is_done


def test_of_a_job_without_targets_the_file_with_certificates_is_named() -> None:
    answer = 'prometheus_targets {"data": {"activeTargets": []}}'
    for more, says in ((TLS, "a file of the job's tls_config"), ("", "relabel_configs")):
        found = seen(*config(CONFIG), *loaded(CONFIG + more), answer)
        assert says in without_target(found, settings(), "localhost:9091")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, "too, with pushgateway_url=http://vm:9091 and"),
        (
            {"pushgateway_basic_auth_users": {"a": "/a"}},
            "password and TLS, pushgateway_url=http://vm:9091 and",
        ),
        ({"pushgateway_tls_lab_ca": True}, "password and TLS, pushgateway_url=https://vm:9091 and"),
    ],
)
def test_of_a_prometheus_on_another_host_the_settings_for_it_are_named(
    data: dict[str, Any], says: str
) -> None:
    there = {"prometheus_url": "http://prom.example.org:9090", "pushgateway_targets": ["vm:9091"]}
    found = seen("unit pushgateway prometheus-pushgateway", *config(CONFIG))
    assert says in without_target(found, settings(**there, **data), "vm:9091")


class Clock:
    """A clock that only a sleep advances."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """Return the time in seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Advance the clock."""
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(loading, "time", clock)
    return clock


def waits(monkeypatch: pytest.MonkeyPatch, looks: list[Snapshot], **data: object) -> list[str]:
    """Wait on a host that is looked at again and again, and return what was said.

    + looks: the snapshots, one after the other; the last one stays
    """
    said: list[str] = []

    def look(*_: object) -> Snapshot:
        return looks.pop(0) if len(looks) > 1 else looks[0]

    def say(_: object, message: str) -> None:
        said.append(message)

    monkeypatch.setattr(loading, "snapshot_of", look)
    monkeypatch.setattr(loading, "say", say)
    monkeypatch.setattr(service_control, "log", lambda *_: "wal is corrupt")
    with host_in_run() as host:
        loading.wait_until_it_answers(host, settings(**data))
    return said


RUNS = seen(*BOTH)
STARTS = seen(*BOTH, "prometheus_answered 200", "prometheus_answered 503")
ANSWERS = seen(*BOTH, *loaded(CONFIG))


def test_a_prometheus_that_answers_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    assert waits(monkeypatch, [ANSWERS]) == []
    assert clock.now == 0


def test_a_prometheus_that_reads_its_log_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    assert waits(monkeypatch, [RUNS, *[STARTS] * 100, ANSWERS]) == [
        "Prometheus does not answer yet; waiting, 60 s at most",
        "Prometheus starts and reads its write-ahead log (503); waiting, 600 s at most",
    ]
    assert clock.now > loading.SILENT


@pytest.mark.parametrize(
    ("state", "limit", "says"),
    [
        (STARTS, 600, "for more than 600 s"),
        (STARTS, 5, "longer prometheus_start_timeout"),
        (RUNS, 60, "does not answer at http://127.0.0.1:9090, although its service runs"),
        (RUNS, 5, "although its service runs"),
    ],
)
def test_the_wait_has_an_end(
    monkeypatch: pytest.MonkeyPatch,
    clock: Clock,
    state: Snapshot,
    limit: float,
    says: str,
) -> None:
    with pytest.raises(HostError, match=says):
        waits(monkeypatch, [state], **({"prometheus_start_timeout": 5} if limit == 5 else {}))
    assert limit <= clock.now < limit + 5


def test_a_prometheus_that_ends_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    failed = seen(*DEBIAN, *unit(PROMETHEUS, active="failed"))
    with pytest.raises(HostError, match=r"prometheus.service is failed[^$]*wal is corrupt"):
        waits(monkeypatch, [STARTS, STARTS, failed])
    assert clock.now < 10
