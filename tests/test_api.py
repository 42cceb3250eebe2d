"""The clients against the Pushgateway of every release of Debian."""

import re
from collections.abc import Callable
from contextlib import nullcontext, suppress
from functools import partial

import pytest
import requests
from urllib3.exceptions import NewConnectionError

from bodies import BAD, GOOD
from gateways import (
    LABEL_NAMES,
    PACKAGES,
    TORTURE,
    client,
    delete_all,
    labels_of,
    restart,
)
from labhost import SUITES, Host, HostSpec
from pushgateway_lab.formats.exposition import ExpositionError
from pushgateway_lab.formats.grouping import GroupingError
from pushgateway_lab.http.api import ApiError, Prometheus, Pushgateway
from waiting import wait_for, wait_for_value

pytestmark = pytest.mark.all_releases


@pytest.fixture(scope="module")
def hosts(boot_module_hosts: Callable[..., list[Host]]) -> dict[str, Host]:
    booted = boot_module_hosts(*(HostSpec(suite=suite, packages=PACKAGES) for suite in SUITES))
    return {host.suite: host for host in booted}


@pytest.fixture(params=SUITES)
def host(request: pytest.FixtureRequest, hosts: dict[str, Host]) -> Host:
    return hosts[request.param]


@pytest.fixture
def gateway(host: Host) -> Pushgateway:
    made = client(host)
    delete_all(made)
    return made


def test_every_value_comes_back_and_goes_exactly(gateway: Pushgateway) -> None:
    gateway.push({"job": "torture"}, "other 1\n")
    for value in TORTURE.values():
        for labels in ({"job": "torture", "x": value}, {"job": value or "j", "instance": "x"}):
            gateway.push(labels, f"metric{len(labels)} 1\n")
            assert labels in labels_of(gateway), value
            gateway.delete(labels)
            wait_for_value(partial(labels_of, gateway), [{"job": "torture"}])


def test_every_label_name_comes_back_and_goes_exactly(gateway: Pushgateway) -> None:
    for name in LABEL_NAMES:
        labels = {"job": "torture", name: "/", "z": ""}
        gateway.push(labels, "m 1\n")
        assert labels_of(gateway) == [labels]
        gateway.delete(labels)
        wait_for_value(gateway.groups, [])


def test_push_replaces_and_add_keeps(gateway: Pushgateway, host: Host) -> None:
    labels = {"job": "backup"}
    gateway.push(labels, "a 1\nb 1\n")
    gateway.add(labels, "b 2\n")
    metrics = host.run("curl -s localhost:9091/metrics").stdout
    assert 'a{instance="",job="backup"} 1' in metrics
    assert 'b{instance="",job="backup"} 2' in metrics
    gateway.push(labels, "b 3\n")
    assert 'a{instance="",job="backup"}' not in host.run("curl -s localhost:9091/metrics").stdout
    (group,) = gateway.groups()
    assert abs(group.pushed_at - float(host.run("date +%s.%N").stdout)) < 30


def test_good_bodies_are_taken_and_bad_ones_never_sent(gateway: Pushgateway) -> None:
    for body in GOOD:
        with suppress(ApiError) if '"my.' in body else nullcontext():
            gateway.push({"job": "good"}, body)
            assert labels_of(gateway) == [{"job": "good"}]
    delete_all(gateway)
    for body, line, _ in BAD:
        with pytest.raises(ExpositionError, match=f"^line {line}: "):
            gateway.push({"job": "bad"}, body)
    with pytest.raises(GroupingError):
        gateway.push({"job": ""}, "a 1\n")
    assert gateway.groups() == []


def test_what_the_checks_refuse_the_pushgateway_refuses_too(
    host: Host, gateway: Pushgateway
) -> None:
    for body, _, says in BAD:
        if says == "not valid Unicode":
            continue
        url = f"http://{host.address}:9091/metrics/job/bad"
        with suppress(requests.ConnectionError) if host.suite == "trixie" else nullcontext():
            assert requests.put(url, data=body.encode(), timeout=10).status_code == 400, body
    delete_all(gateway)


def test_a_400_arrives_in_the_pushgateways_own_words(host: Host, gateway: Pushgateway) -> None:
    gateway.push({"job": "a"}, "# TYPE m counter\nm 1\n")
    with pytest.raises(ApiError) as error:
        gateway.push({"job": "b"}, "# TYPE m gauge\nm 1\n")
    if host.suite == "trixie":  # 1.11.0 panics at this request and closes the connection
        assert "closed connection without response" in str(error.value)
        assert "1.11.0 does so when it rejects a push" in str(error.value)
        return
    assert error.value.status == 400
    # The Pushgateway compares the groups in random order, so its message names one or the other.
    either = r'(value:"b".* is not a COUNTER|value:"a".* is not a GAUGE)$'
    assert re.search(rf"answered 400: .*{either}", str(error.value))


def test_a_metric_called_labels_hides_no_group(gateway: Pushgateway) -> None:
    for labels in ({"job": "odd"}, {"job": "odd", "instance": "x", "y": "/"}):
        gateway.push(labels, "labels 1\nlast_push_successful 1\nstatus 1\n")
        assert labels_of(gateway) == [labels]
        gateway.delete(labels)
        wait_for_value(gateway.groups, [])


def test_flags_readiness_and_wiping(host: Host, gateway: Pushgateway) -> None:
    assert gateway.is_ready()
    assert gateway.flags()["web.enable-admin-api"] == "false"
    gateway.push({"job": "a"}, "m 1\n")
    with pytest.raises(ApiError) as error:
        gateway.wipe()
    assert error.value.status == 404
    restart(host, "--web.enable-admin-api")
    gateway.push({"job": "a"}, "m 1\n")
    gateway.wipe()
    wait_for_value(gateway.groups, [])
    restart(host, "")


def test_a_pushgateway_that_is_down_or_another_program(host: Host) -> None:
    down = Pushgateway(requests.Session(), f"http://{host.address}:9999/")
    assert not down.is_ready()
    with pytest.raises(ApiError, match=r"does not answer at http://.*:9999: .*refused") as error:
        down.groups()
    assert error.value.status is None
    other = Pushgateway(requests.Session(), f"http://{host.address}:9091/static")
    with pytest.raises(ApiError, match="answered 404"):
        other.groups()


class Failing(requests.Session):
    """A session in which the first requests fail."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.errors = list(errors)
        self.sent: list[str] = []

    def request(self, method: str, *_: object, **__: object) -> requests.Response:  # type: ignore[override]
        """Raise an error for the first requests, then answer."""
        self.sent.append(method)
        if self.errors:
            raise self.errors.pop(0)
        response = requests.Response()
        response.status_code, response._content = 200, b'{"data": []}'
        return response


LOST = requests.ConnectionError("Connection aborted.")
REFUSED = requests.ConnectionError(NewConnectionError(None, "connection refused"))  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [LOST, REFUSED])
def test_what_only_asks_is_asked_again(error: Exception) -> None:
    session = Failing(error, error)
    assert Pushgateway(session, "http://x").groups() == []
    assert session.sent == ["GET"] * 3


@pytest.mark.parametrize(
    "change",
    [
        lambda gateway: gateway.push({"job": "a"}, "m 1\n"),
        lambda gateway: gateway.add({"job": "a"}, "m 1\n"),
        lambda gateway: gateway.delete({"job": "a"}),
        lambda gateway: gateway.wipe(),
    ],
)
def test_what_changes_something_is_sent_again_only_if_it_cannot_have_arrived(
    change: Callable[[Pushgateway], None],
) -> None:
    session = Failing(REFUSED, REFUSED)
    change(Pushgateway(session, "http://x"))
    assert len(session.sent) == 3
    session = Failing(LOST)
    with pytest.raises(ApiError):
        change(Pushgateway(session, "http://x"))
    assert [method for method in session.sent if method != "GET"] == session.sent[:1]


def test_a_time_limit_is_not_tried_twice() -> None:
    session = Failing(requests.ReadTimeout("Read timed out."))
    with pytest.raises(ApiError, match="timed out"):
        Pushgateway(session, "http://x").groups()
    assert len(session.sent) == 1


@pytest.mark.lab_host(packages=("prometheus",))
def test_the_clients_of_prometheus(lab_host: Host) -> None:
    prometheus = Prometheus(requests.Session(), f"http://{lab_host.address}:9090")
    wait_for(prometheus.is_ready, "Prometheus is ready")
    wait_for(lambda: prometheus.query('up{job="prometheus"}'), "Prometheus scrapes itself", 60)
    (sample,) = prometheus.query('up{job="prometheus"}')
    assert sample.value == "1"
    assert str(sample).startswith('up{instance="localhost:9090", job="prometheus"')
    assert {target.job for target in prometheus.targets()} >= {"prometheus"}
    assert "job_name: prometheus" in prometheus.config()
    with pytest.raises(ApiError, match=r"answered 400: .*parse error"):
        prometheus.query("up{")
    with pytest.raises(ApiError, match=r"is not Prometheus|answered 404"):
        Prometheus(requests.Session(), f"http://{lab_host.address}:9090/static").targets()
