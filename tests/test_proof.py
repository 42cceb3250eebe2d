"""The smoke push from its beginning to its end, with fake servers and a fake clock."""

from types import SimpleNamespace
from typing import Any

import pytest
from pyinfra.api.host import Host

from local_hosts import disconnected
from looks import CONFIG
from pushgateway_lab.facts.proof import NOTE, fingerprint
from pushgateway_lab.formats.answers import Group, Sample, Target
from pushgateway_lab.http.api import ApiError
from pushgateway_lab.prometheus import target
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings
from pushgateway_lab.smoke import JOB, proof
from snapshots import BOTH, host_in_run, seen, settings

BEGAN = 1_800_000_000.0
GATEWAY_URL = "http://127.0.0.1:9091"
UP = Target("pushgateway", "http://localhost:9091/metrics", "up", "")
DOWN = UP._replace(health="down", last_error="connection refused")
OTHER = UP._replace(job="node", url="http://localhost:9100/metrics")


class Servers:
    """A fake Pushgateway, a fake Prometheus that scrapes it, and a clock that advances only in `sleep`.

    + scraped_after: seconds from a push until Prometheus has it; None: it never has
    + deleted_after: seconds from a deletion until the group is gone
    + found_after: seconds until Prometheus has its targets
    + nap: the fewest seconds that somebody sleeps
    + shown: labels of a sample that come in place of those pushed
    """

    def __init__(self) -> None:
        self.now = BEGAN
        self.url = GATEWAY_URL
        self.groups_held: list[Group] = []
        self.pushes: list[tuple[dict[str, str], str]] = []
        self.deletions: list[dict[str, str]] = []
        self.scraped_after: float | None = 1.0
        self.deleted_after: float | None = 0.5
        self.found_after = 0.0
        self.nap = 0.0
        self.found = [OTHER, UP]
        self.shown: dict[str, str] = {}
        self.others: list[Sample] = []
        self.loaded = CONFIG.replace("honor_labels: true", "scrape_interval: 5s")
        self.failing: set[str] = set()
        self.noted: list[tuple[str, int]] = []

    def note(self, host: Host, script: str, variables: dict[str, str], **_: object) -> None:
        """Note what is proven, with the number of deletions until then."""
        del host
        assert script == "note.sh"
        assert variables["note"] == NOTE
        self.noted.append((variables["word"], len(self.deletions)))

    def clock(self) -> Any:
        """Stand for the module `time`."""

        def sleep(seconds: float) -> None:
            self.now += max(seconds, self.nap)

        return SimpleNamespace(
            sleep=sleep, time=lambda: self.now, monotonic=lambda: self.now - BEGAN + 7
        )

    def push(self, labels: dict[str, str], body: str) -> None:
        """Store a group."""
        self._answer("push")
        self.pushes.append((labels, body))
        self.groups_held.append(Group(labels, self.now))

    def delete(self, labels: dict[str, str]) -> None:
        """Queue a deletion."""
        self._answer("delete")
        self.deletions.append(labels)
        if self.deleted_after is not None:
            gone_at = self.now + self.deleted_after
            self.groups_held = [
                each._replace(failed_at=gone_at) if each.labels == labels else each
                for each in self.groups_held
            ]

    def groups(self) -> list[Group]:
        """Return the groups of the Pushgateway."""
        self._answer("groups")
        # `failed_at` is used for the time at which a queued deletion is done.
        self.groups_held = [each for each in self.groups_held if not 0 < each.failed_at <= self.now]
        return self.groups_held

    def targets(self) -> list[Target]:
        """Return Prometheus's targets, once it has found them."""
        self._answer("targets")
        return self.found if self.now >= BEGAN + self.found_after else [OTHER]

    def config(self) -> str:
        """Return the loaded configuration."""
        self._answer("config")
        return self.loaded

    def query(self, expression: str) -> list[Sample]:
        """Return the scraped samples."""
        self._answer("query")
        assert expression == proof.METRIC
        if not self.pushes or self.scraped_after is None:
            return self.others
        labels, body = self.pushes[-1]
        pushed_at = float(body.split()[-1])
        if self.now < pushed_at + self.scraped_after:
            return self.others
        arrived = {"__name__": proof.METRIC, **labels} | {
            name: value.format(**labels) for name, value in self.shown.items()
        }
        return [*self.others, Sample(arrived, body.split()[-1])]

    def _answer(self, what: str) -> None:
        if what in self.failing:
            raise ApiError(f"{what}: no answer")


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Servers:
    """The servers of the run's host."""
    fake = Servers()
    monkeypatch.setattr(proof, "snapshot_of", lambda *_: seen(*BOTH))
    monkeypatch.setattr(proof, "client", lambda *_: fake)
    monkeypatch.setattr(proof, "api_client", lambda *_: fake)
    monkeypatch.setattr(proof, "time", fake.clock())
    monkeypatch.setattr(proof, "ask", fake.note)
    return fake


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(proof, "say", lambda _, message, __: lines.append(message))
    return lines


def prove(**data: Any) -> None:
    with host_in_run() as host:
        proof.prove(host, settings(**data))


def refusal(**data: Any) -> str:
    with pytest.raises(HostError) as error:
        prove(**data)
    return str(error.value)


def test_a_push_that_arrives_is_proven_and_deleted(servers: Servers, said: list[str]) -> None:
    prove()
    ((labels, body),) = servers.pushes
    assert labels["job"] == JOB
    assert labels["instance"].startswith("a-")
    assert body == f"# TYPE {proof.METRIC} gauge\n{proof.METRIC} {BEGAN:.3f}\n"
    assert servers.deletions == [labels]
    assert servers.groups_held == []
    assert "scraped after 1.0 s with its own labels, deleted" in said[0]
    assert labels["instance"] in said[1]


def test_what_is_proven_is_noted_at_the_end(servers: Servers, said: list[str]) -> None:
    prove()
    assert servers.noted == [(fingerprint(seen(*BOTH), settings()), 1)]
    assert len(said) == 2


def test_an_earlier_note_is_deleted_first(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted_before = seen(*BOTH, "proven 0123")
    monkeypatch.setattr(proof, "snapshot_of", lambda *_: noted_before)
    servers.scraped_after = None
    assert "did not arrive" in refusal()
    assert servers.noted == [("", 0)]


def test_no_two_pushes_are_alike(servers: Servers, said: list[str]) -> None:
    prove()
    prove()
    assert len({labels["instance"] for labels, _ in servers.pushes}) == 2
    assert len(said) == 4


def test_further_labels_of_the_scrape_job_do_no_harm(servers: Servers, said: list[str]) -> None:
    servers.shown = {"lab": "4.2"}
    prove()
    assert 'lab="4.2"' in said[1]


def test_what_another_run_pushed_is_no_proof(servers: Servers, said: list[str]) -> None:
    servers.scraped_after = None
    labels = {"__name__": proof.METRIC, "job": JOB, "instance": "a-0"}
    servers.others = [Sample(labels, "1"), Sample(labels | {"exported_instance": "a-1"}, "1")]
    assert "did not arrive" in refusal()
    assert said == []


def test_a_push_that_arrives_under_other_labels_says_why(servers: Servers) -> None:
    servers.shown = {
        "job": "pushgateway",
        "instance": "localhost:9091",
        "exported_job": "{job}",
        "exported_instance": "{instance}",
    }
    message = refusal()
    assert "honor_labels is not in effect in the scrape job pushgateway." in message
    assert "Set honor_labels: true there and reload Prometheus" in message
    assert servers.deletions == [servers.pushes[0][0]]


@pytest.mark.parametrize(
    ("loaded", "data", "bound"),
    [
        ("5s", {}, 10),
        ("1m30s", {}, 180),
        ("5s", {"pushgateway_smoke_timeout": 3}, 3),
        ("1y", {}, target.LONGEST),
    ],
)
def test_it_is_waited_for_as_long_as_two_scrapes_take(
    servers: Servers, loaded: str, data: dict[str, Any], bound: float
) -> None:
    servers.loaded = servers.loaded.replace("5s", loaded)
    servers.nap = bound / 16
    servers.scraped_after = None
    assert f"did not arrive in Prometheus within {bound} s" in refusal(**data)
    assert bound < servers.now - BEGAN <= bound * 1.2


def test_what_arrives_within_the_bound_is_taken(servers: Servers, said: list[str]) -> None:
    servers.scraped_after = 10.0
    prove()
    assert "scraped after 10.0 s" in said[0]


@pytest.mark.parametrize(
    ("config", "seconds"),
    [
        ("scrape_configs: []\n", 120),
        ("scrape_configs:\n- job_name: node\n  scrape_interval: 3s\n", 120),
        ("scrape_configs:\n- job_name: pushgateway\n", 120),
        ("scrape_configs:\n- job_name: pushgateway\n  scrape_interval: 250ms\n", 0.5),
        (
            (
                "scrape_configs:\n- job_name: node\n  scrape_interval: 3s\n"
                "- job_name: pushgateway\n  scrape_interval: 7s\n"
            ),
            14,
        ),
    ],
)
def test_the_interval_is_the_one_of_the_lab_s_job(
    servers: Servers, config: str, seconds: float
) -> None:
    servers.loaded = config
    smoke: Any = proof.Smoke(servers, servers, {})  # type: ignore[arg-type]
    assert proof._two_scrapes(smoke, settings()) == seconds


@pytest.mark.parametrize("config", ["scrape_configs: [", CONFIG + "    scrape_interval: soon\n"])
def test_another_program_on_prometheus_s_port_is_an_error(servers: Servers, config: str) -> None:
    servers.loaded = config
    assert "The smoke push failed: the configuration from Prometheus is invalid: " in refusal()
    assert servers.pushes == []


def test_why_it_did_not_arrive(servers: Servers) -> None:
    servers.scraped_after = None
    message = refusal()
    assert "Prometheus scrapes http://localhost:9091/metrics: is that the Pushgateway at" in message
    assert GATEWAY_URL in message
    assert "pushgateway_smoke_timeout" in message
    assert "9100" not in message
    servers.found = [UP, DOWN]
    assert "Prometheus cannot scrape http://localhost:9091/metrics: connection refused" in refusal()
    # That a target of another job is down explains nothing.
    servers.found = [UP, OTHER._replace(health="down", last_error="no")]
    assert "Prometheus scrapes" in refusal()
    assert len(servers.deletions) == len(servers.pushes) == 3


def test_targets_are_waited_for(servers: Servers, said: list[str]) -> None:
    servers.found_after = 14.5
    prove()
    assert servers.pushes[0][1].split()[-1] == f"{BEGAN + 14.5:.3f}"
    assert len(said) == 2


def test_without_a_target_nothing_is_pushed(servers: Servers) -> None:
    servers.found_after = 16
    message = refusal(pushgateway_job_name="pushgateway")
    assert "After 15 s: Prometheus has no target localhost:9091 of the job pushgateway." in message
    assert "relabel_configs" in message
    assert servers.pushes == []
    assert 15 < servers.now - BEGAN < 16


def test_a_group_that_stays_is_an_error(servers: Servers) -> None:
    servers.deleted_after = None
    message = refusal()
    assert "was deleted, but the Pushgateway still has it after 30 s" in message
    assert servers.pushes[0][0]["instance"] in message
    servers.deleted_after = 29.9
    prove()


def test_only_groups_that_a_killed_run_left_are_swept(servers: Servers) -> None:
    left = {"job": JOB, "instance": "left"}
    servers.groups_held = [
        Group(left, BEGAN - proof.ABANDONED - 0.1),
        Group({"job": JOB, "instance": "of a run that goes on"}, BEGAN - proof.ABANDONED),
        Group({"job": "prometheus_training"}, BEGAN - 10_000),
        Group({"job": JOB, "instance": "new"}, BEGAN),
    ]
    prove()
    assert servers.deletions == [left, servers.pushes[0][0]]
    assert [group.labels.get("instance") for group in servers.groups_held] == [
        "of a run that goes on",
        None,
        "new",
    ]


@pytest.mark.parametrize("what", ["groups", "targets", "config", "push", "query", "delete"])
def test_a_server_that_does_not_answer_is_an_error_of_this_host(
    servers: Servers, what: str
) -> None:
    servers.failing = {what}
    assert refusal() == f"The smoke push failed: {what}: no answer"
    # The group is deleted, even if it is unknown whether the push succeeded.
    assert len(servers.deletions) == (what in ("push", "query"))


def test_a_group_that_is_deleted_is_not_deleted_again_on_disconnect(servers: Servers) -> None:
    with host_in_run() as host:
        proof.prove(host, settings())
        disconnected(host.state, "a")
    assert len(servers.deletions) == 1


def test_the_group_goes_on_disconnect_if_its_end_is_never_reached(
    servers: Servers, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted: list[int] = []

    def cut_off(smoke: proof.Smoke, given: Settings, bound: float) -> Sample:
        """Lose the connection during the wait for the push, as after Ctrl-C."""
        del given, bound
        (host,) = hosts
        disconnected(host.state, host.name)
        deleted.append(len(servers.deletions))
        servers.failing = set()
        return Sample(smoke.labels, "1")

    monkeypatch.setattr(proof, "_await", cut_off)
    hosts: list[Host] = []
    with host_in_run() as host:
        hosts[:] = [host]
        proof.prove(host, settings())
    assert deleted == [1]
    said.clear()
    with host_in_run() as host:
        hosts[:] = [host]
        servers.failing = {"delete"}
        proof.prove(host, settings())
    assert "of the smoke push was not deleted: delete: no answer" in said[0]
