"""The targets of the lab's job: up, or down for a reason that is told; with a fake clock."""

from types import SimpleNamespace
from typing import Any

import pytest

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.answers import Target
from pushgateway_lab.prometheus import target
from snapshots import BOTH, argv, carry_out, host_in_run, loaded, seen, settings

CONFIG = "scrape_configs:\n- job_name: pushgateway\n  scrape_interval: 10s\n"
UP = Target(
    "pushgateway", "http://localhost:9091/metrics", "up", "", 50.0, address="localhost:9091"
)
DOWN = UP._replace(health="down", last_error="server returned HTTP status 401 Unauthorized")
ELSEWHERE = DOWN._replace(address="localhost:9095")
UNKNOWN = UP._replace(health="unknown", last_scrape=0.0)


def looked(*targets: Target) -> Snapshot:
    lines = (*BOTH, argv("pushgateway", "--web.listen-address=127.0.0.1:9091"), *loaded(CONFIG))
    return seen(*lines)._replace(targets=targets)


@pytest.mark.parametrize(
    ("targets", "data"),
    [
        ((UP,), {}),
        # Those of other jobs, and those that somebody else added to the job, do not count.
        ((DOWN._replace(job="node"), UP), {}),
        ((UP, DOWN._replace(address="10.0.0.1:9091")), {}),
        ((UP._replace(address="127.0.0.1:9091"),), {}),
        (
            (UP._replace(address="a:1"), UP._replace(address="b:2")),
            {"pushgateway_targets": ["a:1", "b:2"]},
        ),
    ],
)
def test_a_job_whose_targets_are_up(targets: tuple[Target, ...], data: dict[str, Any]) -> None:
    assert target.is_up(looked(*targets), settings(**data))


@pytest.mark.parametrize(
    ("targets", "data", "says"),
    [
        ((), {}, "no target localhost:9091 of the job pushgateway. Do the job's relabel_configs"),
        ((UP._replace(job="node"),), {}, "no target localhost:9091"),
        ((UP._replace(address="localhost:9092"),), {}, "no target localhost:9091"),
        ((UNKNOWN,), {}, "has not scraped http://localhost:9091/metrics yet"),
        ((DOWN,), {}, "status 401 Unauthorized. That server wants a password"),
        (
            (DOWN._replace(last_error="HTTP status 404 Not Found"),),
            {},
            "404 Not Found. That server has",
        ),
        ((DOWN._replace(last_error="connection refused"),), {}, "refused. Nothing listens there."),
        (
            (DOWN._replace(last_error="lookup push on [::1]:53: connection refused"),),
            {},
            "refused. Prometheus does not know that name: check /etc/hosts",
        ),
        (
            (DOWN._replace(last_error="EOF"),),
            {},
            "cannot scrape http://localhost:9091/metrics: EOF.",
        ),
        ((UP, DOWN), {}, "status 401"),
        ((UP._replace(address="a:1"),), {"pushgateway_targets": ["a:1", "b:2"]}, "no target b:2"),
    ],
)
def test_why_a_job_is_not_scraped(
    targets: tuple[Target, ...], data: dict[str, Any], says: str
) -> None:
    snapshot = looked(*targets)
    assert not target.is_up(snapshot, settings(**data))
    assert says in (target.problem(snapshot, settings(**data)) or "")


def test_targets_that_prometheus_does_not_report_are_not_up() -> None:
    found = looked()._replace(targets=None)
    assert "does not report" in (target.problem(found, settings()) or "")


class Host:
    """A host whose Prometheus reports `after` from `seconds` on, and `before` until then."""

    def __init__(self, before: Snapshot, after: Snapshot, seconds: float) -> None:
        self.now = 0.0
        self._before, self._after, self._seconds = before, after, seconds

    def look(self, *_: object) -> Snapshot:
        """Return the snapshot of now."""
        return self._after if self.now >= self._seconds else self._before

    def clock(self) -> Any:
        """Stand for the module `time`."""

        def sleep(seconds: float) -> None:
            self.now += seconds

        return SimpleNamespace(sleep=sleep, monotonic=lambda: self.now)


def wait(monkeypatch: pytest.MonkeyPatch, host: Host) -> bool:
    monkeypatch.setattr(target, "time", host.clock())
    monkeypatch.setattr(target, "snapshot_of", host.look)
    monkeypatch.setattr(target, "snapshot_now", host.look)
    client = SimpleNamespace(targets=lambda _: host.look().targets)
    monkeypatch.setattr(target, "api_client", lambda *_: client)
    with host_in_run() as current:
        return carry_out(current, iter(target.up._inner(settings=settings())))


@pytest.mark.parametrize(
    ("before", "after", "seconds", "waited", "succeeds"),
    [
        (looked(UP), looked(UP), 0, 0, True),
        (looked(UNKNOWN), looked(UP), 12, 12, True),
        (looked(), looked(UP), 24.5, 24.5, True),
        (looked(DOWN), looked(UP._replace(last_scrape=60)), 9, 9, True),
        # It was scraped anew, and is still down: there is nothing to wait for.
        (looked(DOWN), looked(DOWN._replace(last_scrape=60)), 4, 4, False),
        # A target of the last configuration was scraped anew.
        (looked(ELSEWHERE), looked(ELSEWHERE._replace(last_scrape=60)), 4, 25, False),
        (looked(UNKNOWN), looked(DOWN), 100, 25, False),
        (looked(DOWN), looked(DOWN), 0, 25, False),
        (looked(), looked(UP), 27, 25, False),
    ],
)
def test_one_scrape_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
    before: Snapshot,
    after: Snapshot,
    seconds: float,
    waited: float,
    *,
    succeeds: bool,
) -> None:
    host = Host(before, after, seconds)
    assert wait(monkeypatch, host) is succeeds
    assert host.now == waited


@pytest.mark.parametrize(
    ("config", "seconds"),
    [
        (CONFIG, 10),
        ("scrape_configs:\n- job_name: pushgateway\n", 60),
        ("scrape_configs:\n- job_name: pushgateway\n  scrape_interval: 1y\n", target.LONGEST),
        ("scrape_configs:\n- job_name: pushgateway\n  scrape_interval: soon\n", 60),
        ("scrape_configs:\n- job_name: node\n  scrape_interval: 1s\n", 60),
    ],
)
def test_the_interval_is_the_one_of_the_lab_s_job(config: str, seconds: float) -> None:
    assert target.scrape_interval(seen(*BOTH, *loaded(config)), settings()) == seconds
    assert target.scrape_interval(seen(*BOTH), settings()) == 60
