"""The settings of a host, completed by what its look found."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from looks import encoded, unit
from pushgateway_lab.installations import settings_in_use
from pushgateway_lab.prometheus import job
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.services import ServiceState
from snapshots import BOTH, GATEWAY, PROMETHEUS, config, seen, settings

CONFIG, URL = "/etc/prometheus/prometheus.yml", "http://127.0.0.1:9090"
FOUND = (f"config_found {encoded('/srv/my.yml')}", f"url_found {encoded('http://127.0.0.1:9095/x')}")  # fmt: skip
IN_USE: dict[str, Any] = {
    "prometheus_unit": PROMETHEUS,
    "pushgateway_unit": GATEWAY,
    "prometheus_config_path": "/srv/my.yml",
    "prometheus_url": "http://127.0.0.1:9095/x",
}


def test_what_runs_stands_in_for_the_defaults() -> None:
    used = settings_in_use(seen(*BOTH, *FOUND), settings())
    assert used == replace(settings(), **IN_USE)
    # It is no setting that somebody gave.
    assert used.given == settings().given
    assert settings_in_use(seen(*BOTH, *FOUND), used) == used


@pytest.mark.parametrize(
    "given",
    [
        {"prometheus_unit": "a.service"},
        {"pushgateway_unit": "a.service"},
        {"prometheus_config_path": "/etc/a.yml"},
        {"prometheus_config_path": CONFIG},
        {"prometheus_url": "http://127.0.0.1:1"},
        {"prometheus_url": URL},
    ],
)
def test_what_somebody_set_stays(given: Mapping[str, Any]) -> None:
    used = settings_in_use(seen(*BOTH, *FOUND), settings(**given))
    assert used == replace(settings(**given), **(IN_USE | dict(given)))


def test_a_bare_host_keeps_the_defaults() -> None:
    assert settings_in_use(seen(), settings()) == settings()
    gone = (*unit(PROMETHEUS, load="not-found"), *unit(GATEWAY, load="not-found"))
    assert settings_in_use(seen(*gone), settings()) == settings()


def test_a_process_is_no_unit() -> None:
    group = encoded("0::/")
    lone = seen(f"process prometheus 5 {group}", f"process pushgateway 6 {group}", *FOUND)
    used = settings_in_use(lone, settings())
    assert used.prometheus_unit is None
    assert used.pushgateway_unit is None
    assert used.prometheus_config_path == "/srv/my.yml"


def test_a_name_that_no_service_may_have_is_left_out() -> None:
    for name in ("-x.service", "a b.service", "a.timer", "a@.service", "a;b.service"):
        found = seen(*unit(GATEWAY))._replace(pushgateway=ServiceState(name, exists=True))
        assert settings_in_use(found, settings()) == settings()


@pytest.mark.parametrize("path", ["", "my.yml", "/etc/$x.yml", "/etc/-x.yml", "/etc/\x1b.yml", "/a/../b.yml", "/a\nb"])  # fmt: skip
def test_a_path_that_no_setting_may_have_is_refused(path: str) -> None:
    found = seen(*BOTH, *config("scrape_configs: []\n"), f"config_found {encoded(path)}")
    used = settings_in_use(found, settings())
    assert used.prometheus_config_path == CONFIG
    with pytest.raises(HostError, match="cannot name the file that it reads"):
        job.check_path(found, used)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:http", "http://vm:0", "http://a b:80", "http://u:p@vm:80", "http://vm:9090/%20", "http://",
     "http://vm:99999", "http://vm:9090/{a,b}", "http://vm:9090/x?y"],
)  # fmt: skip
def test_a_url_that_no_setting_may_have_is_left_out(url: str) -> None:
    used = settings_in_use(seen(*BOTH, f"url_found {encoded(url)}"), settings())
    assert used.prometheus_url == URL
    assert used.prometheus_port == 9090
