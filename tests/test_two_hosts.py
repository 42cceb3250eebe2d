"""Decisions about a host whose Prometheus or Pushgateway is on another host."""

import pytest

from looks import CONFIG, look, unit
from pushgateway_lab import installations
from pushgateway_lab.install import preflight
from pushgateway_lab.installations import missing_packages
from pushgateway_lab.lab import scrape_job, servers
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.results import State
from pushgateway_lab.run.host_error import HostError
from snapshots import DEBIAN, loaded, seen, settings

THERE = {
    "prometheus_url": "http://prom.example.org:9090",
    "pushgateway_targets": ["push.example.org:9091"],
}
GATEWAY = tuple(unit("prometheus-pushgateway.service"))


@pytest.mark.parametrize(
    ("lines", "data", "is_elsewhere"),
    [
        (DEBIAN, THERE, True),
        (DEBIAN, THERE | {"pushgateway_targets": None}, False),
        (DEBIAN, {"pushgateway_targets": ["push.example.org:9091"]}, False),
        ((*DEBIAN, *unit("prometheus.service")), THERE, False),
        # Names and addresses of the host itself.
        (DEBIAN, THERE | {"prometheus_url": "http://localhost:9090"}, False),
        ((*DEBIAN, "hostname prom", "address 10.0.0.7"), THERE, False),
        ((*DEBIAN, "address 10.0.0.7"), THERE | {"prometheus_url": "http://10.0.0.7:9090"}, False),
        ((*DEBIAN, "address 10.0.0.7"), THERE | {"prometheus_url": "http://10.0.0.8:9090"}, True),
    ],
)
def test_whether_prometheus_is_on_another_host(
    lines: tuple[str, ...], data: dict[str, object], is_elsewhere: bool
) -> None:
    assert installations.prometheus_is_elsewhere(seen(*lines), settings(**data)) is is_elsewhere


def test_nothing_is_installed_that_the_other_host_has() -> None:
    assert missing_packages(seen("promtool_package available"), settings(**THERE)) == [
        "prometheus-pushgateway",
        "curl",
    ]


def test_a_pushgateway_that_the_other_host_cannot_reach_is_refused() -> None:
    with pytest.raises(HostError, match=r"cannot reach the Pushgateway on 127\.0\.0\.1:9091"):
        preflight.is_free(seen(*DEBIAN), settings(**THERE))
    for address in ("0.0.0.0:9091", "10.0.0.7:9091", ":9091"):
        reached = settings(**THERE, pushgateway_listen_address=address)
        assert preflight.is_free(seen(*DEBIAN), reached)


def remote(*lines: str) -> Look:
    """Return a look at a host whose Prometheus is elsewhere and answers with these lines."""
    return look(*GATEWAY, *lines, data=THERE)


def test_what_verify_says_of_a_prometheus_that_does_not_answer() -> None:
    states = [check.judge(remote()).state for check in scrape_job.CHECKS]
    assert states == [State.UNKNOWN] * 4
    runs = servers.CHECKS[0].judge(remote())
    assert runs.state is State.WRONG
    assert "http://prom.example.org:9090, on another host, does not answer" in runs.says


@pytest.mark.parametrize(
    ("config", "successful", "expected"),
    [
        (CONFIG, True, [State.DONE] * 4),
        ("scrape_configs: []\n", True, [State.OPEN] * 4),
        (
            CONFIG.replace("honor_labels: true", "honor_labels: false"),
            True,
            [State.DONE, State.WRONG, State.DONE, State.DONE],
        ),
        (CONFIG, False, [State.DONE, State.DONE, State.WRONG, State.WRONG]),
    ],
)
def test_what_verify_says_of_a_prometheus_that_answers(
    config: str, successful: bool, expected: list[State]
) -> None:
    looked = remote(*loaded(config, successful=successful))
    assert [check.judge(looked).state for check in scrape_job.CHECKS] == expected
    assert servers.CHECKS[0].judge(looked).state is State.DONE
    disk = next(each for each in servers.CHECKS if each.name == "disk_space")
    assert disk.judge(looked).state is State.DONE
