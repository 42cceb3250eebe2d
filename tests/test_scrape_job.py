"""The wanted scrape job in the configuration file, and the reasons to refuse it."""

from collections.abc import Callable
from typing import Any

import pytest

from looks import CONFIG, encoded
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.prometheus import configuration, job
from pushgateway_lab.prometheus.configuration import Included
from pushgateway_lab.prometheus.job import IncludedFile
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings
from snapshots import config, flags, seen, settings

PATH = "/etc/prometheus/prometheus.yml"
OTHER = """\
scrape_configs:
  - job_name: node
    static_configs:
      - targets: ["localhost:9100"]
"""
DOUBLE = CONFIG + OTHER.partition("\n")[2].replace("9100", "9091")
DROPPED = CONFIG.replace("    honor_labels: true\n", "")
OBSTACLE = f"config_obstacle {encoded('/etc may be written by eve')}"


@pytest.mark.parametrize(
    ("lines", "data", "targets"),
    [
        ((), {}, ["localhost:9091"]),
        ((flags('ARGS="--web.listen-address=:9095"\n'),), {}, ["localhost:9095"]),
        ((), {"pushgateway_listen_address": "10.0.0.7:9092"}, ["10.0.0.7:9092"]),
        ((), {"pushgateway_targets": ["a:1", "b:2"]}, ["a:1", "b:2"]),
    ],
)
def test_what_the_job_scrapes(
    lines: tuple[str, ...], data: dict[str, Any], targets: list[str]
) -> None:
    assert job.job(seen(*lines), settings(**data)) == {
        "job_name": "pushgateway",
        "honor_labels": True,
        "static_configs": [{"targets": targets}],
    }


def test_the_name_and_the_interval_of_the_job() -> None:
    given = settings(pushgateway_job_name="pushed", pushgateway_scrape_interval="5s")
    found = job.job(seen(), given)
    assert (found["job_name"], found["scrape_interval"]) == ("pushed", "5s")


def test_the_text_of_the_file() -> None:
    assert job.config_text(seen(*config("a: ü\n")), settings()) == "a: ü\n"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "config absent",
            f"{PATH} does not exist.*--config.file.*set prometheus_config_path.*before-.*--reinstall prom",
        ),
        ("config special", f"{PATH} is not a regular file. Correct that, then run this again"),
        ("config large", f"{PATH} is larger than [0-9]+ bytes.* Correct that"),
        ("config unreadable", f"{PATH} cannot be read by the user.* Correct that"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(line: str, says: str) -> None:
    with pytest.raises(HostError, match=f"(?s){says}"):
        job.config_text(seen(line), settings())


def test_nobody_is_told_to_open_a_file_that_only_a_process_names() -> None:
    names = "only process 64 names it"
    host = seen("config unreadable", f"config_obstacle {encoded(names)}")
    with pytest.raises(HostError, match=f"{PATH} was not changed: {names}, so root could") as error:
        job.config_text(host, settings())
    assert "cannot be read" not in str(error.value)


def test_a_file_that_is_not_text_is_refused_with_the_line() -> None:
    lines = ("config_changed 100", "config_text YQr/", "config present")  # a, a line end, 0xff
    with pytest.raises(HostError, match=f"{PATH}: line 2: byte 0xff.*\nNothing was written"):
        job.config_text(seen(*lines), settings())


def test_the_job_is_merged_where_it_is_not_as_it_is_to_be() -> None:
    right = seen(*config(CONFIG))
    assert job.merged(right, settings()) == (CONFIG, CONFIG)
    assert configuration.is_merged(right, settings())
    for text in (OTHER, DROPPED):
        differs = seen(*config(text))
        old, new = job.merged(differs, settings())
        assert old == text
        assert "job_name: pushgateway\n    honor_labels: true" in new
        assert not configuration.is_merged(differs, settings())
    assert not configuration.is_merged(right, settings(pushgateway_targets=["vm:9091"]))


def test_the_job_is_taken_out_where_it_is() -> None:
    assert job.without_job(seen(*config(OTHER)), settings()) == (OTHER, OTHER)
    old, new = job.without_job(seen(*config(CONFIG)), settings())
    assert old == CONFIG
    assert "pushgateway" not in new


Change = Callable[[Snapshot, Settings], tuple[str, str]]


@pytest.mark.parametrize(
    ("change", "right", "wrong"),
    [(job.merged, CONFIG, OTHER), (job.without_job, OTHER, CONFIG)],
    ids=["merged", "without"],
)
def test_where_nothing_may_be_written_nothing_may_be_to_write(
    change: Change, right: str, wrong: str
) -> None:
    assert change(seen(*config(right), OBSTACLE), settings()) == (right, right)
    with pytest.raises(HostError, match=f"{PATH} was not changed: /etc may be written by eve"):
        change(seen(*config(wrong), OBSTACLE), settings())


@pytest.mark.parametrize("change", [job.merged, job.without_job])
def test_a_file_that_cannot_be_understood_is_refused(change: Change) -> None:
    broken = seen(*config("scrape_configs: [\n"))
    with pytest.raises(HostError, match=f"(?s){PATH}: line .*Nothing was written and nothing rel"):
        change(broken, settings())


def test_other_jobs_that_scrape_the_same_target_are_named() -> None:
    (sentence,) = job.notes(seen(*config(DOUBLE)), settings())
    assert "The job node (line 6) also scrapes localhost:9091" in sentence
    assert "set pushgateway_job_name=node" in sentence
    for text in (CONFIG, OTHER, CONFIG + OTHER.partition("\n")[2]):
        assert list(job.notes(seen(*config(text)), settings())) == []
    assert list(job.notes(seen(), settings())) == []
    assert list(job.notes(seen(*config(DOUBLE)), settings(pushgateway_targets=["b:1"]))) == []


def test_the_name_of_a_duplicate_is_quoted_for_a_shell() -> None:
    text = DOUBLE.replace("job_name: node", "job_name: it is it; reboot")
    (sentence,) = job.notes(seen(*config(text)), settings())
    assert sentence.endswith("pushgateway_job_name='it is it; reboot'")


def test_whether_the_file_itself_has_the_job() -> None:
    assert job.has_job(CONFIG, settings())
    assert not job.has_job(OTHER, settings())
    assert not job.has_job(CONFIG, settings(pushgateway_job_name="push"))


def test_an_included_file_with_the_job_is_refused() -> None:
    included = [IncludedFile("/etc/x/a.yml", OTHER), IncludedFile("/etc/x/b.yml", CONFIG)]
    with pytest.raises(HostError) as error:
        job.refuse_included(included, settings())
    for words in ("The job pushgateway is in /etc/x/b.yml (line 2)", PATH, "pushgateway_job_name"):
        assert words in str(error.value)
    job.refuse_included(included[:1], settings())
    job.refuse_included(included, settings(pushgateway_job_name="push"))
    job.refuse_included([], settings())


def test_an_included_file_that_cannot_be_read_is_left_to_promtool() -> None:
    job.refuse_included([IncludedFile("/etc/x/a.yml", "scrape_configs: [\n")], settings())


def test_the_job_is_removed_where_no_file_has_it() -> None:
    with_job = IncludedFile("/etc/x/a.yml", CONFIG)
    without, present = (seen(*config(text)) for text in (OTHER, CONFIG))
    assert configuration.is_removed(Included(without, ()), settings())
    assert configuration.is_removed(Included(without, (IncludedFile("/x", OTHER),)), settings())
    assert not configuration.is_removed(Included(present, ()), settings())
    assert not configuration.is_removed(Included(present, (with_job,)), settings())
    with pytest.raises(HostError, match=r"/etc/x/a\.yml"):
        configuration.is_removed(Included(without, (with_job,)), settings())
