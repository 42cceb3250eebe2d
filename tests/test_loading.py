"""The decision from a snapshot whether Prometheus has loaded its configuration file."""

import pytest

from looks import CONFIG
from pushgateway_lab.prometheus import loading
from snapshots import config, loaded, seen, settings

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
