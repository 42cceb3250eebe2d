"""The checks of task 4.2.1: the job is in the file, accepted, loaded, and its target is scraped."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from looks import (
    CONFIG,
    GATEWAY,
    NOW,
    RUNNING,
    TARGETS,
    history,
    loaded,
    look,
    path,
    status,
    target,
    unit,
    unreadable,
)
from pushgateway_lab.lab import gateway, scrape_job, scrape_times, scrapes
from pushgateway_lab.lab.identity import BUILD_INFO, STARTED
from pushgateway_lab.lab.look import TELEMETRY, Verdict
from pushgateway_lab.lab.pushes import seen
from pushgateway_lab.lab.results import State
from pushgateway_lab.lab.tasks import LABS_COMPLETED


def answer_of(labels: dict[str, str]) -> dict[str, object]:
    return {"resultType": "vector", "result": [{"metric": labels, "value": [NOW, "1"]}]}


def jobs(*named: tuple[str, str]) -> str:
    return "scrape_configs:\n" + "".join(
        f"  - job_name: {name}\n    static_configs:\n      - targets: [{target}]\n"
        for name, target in named
    )


def test_a_target_whose_label_job_is_another_is_found() -> None:
    shown = target(labels={"job": "other"}, discoveredLabels={"job": "other"})
    looked = look(*loaded(), said={TARGETS: shown})
    assert scrapes.target(looked).state is State.DONE


@pytest.mark.parametrize(
    ("ago", "state"), [(10, State.OPEN), (65, State.OPEN), (66, State.WRONG), (600, State.WRONG)]
)
def test_a_job_without_targets_is_waited_for_and_then_wrong(ago: float, state: State) -> None:
    looked = look(*loaded(at=NOW - ago), said={TARGETS: {"activeTargets": []}})
    assert scrapes.target(looked).state is state


@pytest.mark.parametrize(
    ("interval", "seconds"),
    [
        ("", 60),
        ("    scrape_interval: 15s\n", 15),
        ("    scrape_interval: soon\n", 60),
        (f"    scrape_interval: {'9' * 400}s\n", 60),
        ("    scrape_interval: 100y\n", 366 * 86400),
    ],
)
def test_a_job_is_waited_for_as_long_as_its_interval(interval: str, seconds: int) -> None:
    config = CONFIG.replace("    honor_labels", f"{interval}    honor_labels")
    fresh = look(*loaded(config, at=NOW - 1), said={TARGETS: {"activeTargets": []}})
    finding = scrapes.target(fresh)
    assert finding.says == f"The target is not scraped yet; it will be within {seconds + 5} s."
    assert scrape_times.seconds_to_next_scrape(fresh) == seconds + 5
    assert scrape_times.is_recent(fresh, NOW - 2 * seconds - 4)
    assert not scrape_times.is_recent(fresh, NOW - 2 * seconds - 5)
    running = look(*loaded(config), said={TARGETS: target()})  # scraped five seconds ago
    assert scrape_times.seconds_to_next_scrape(running) == seconds - 5
    assert scrape_times.scraped_since(running, NOW - 6)
    assert not scrape_times.scraped_since(running, NOW - 5)


def test_a_scrape_that_is_late_is_not_waited_for_longer() -> None:
    late = look(*loaded(), said={TARGETS: target(lastScrape="2027-01-15T07:00:00Z")})
    assert scrape_times.seconds_to_next_scrape(late) == 0


def test_a_job_in_an_included_file_is_named() -> None:
    looked = look(*loaded("{}"), config="scrape_configs: []\n", said={TARGETS: target()})
    finding = scrape_job.job(looked)
    assert finding.state is State.WRONG
    assert "scrape_config_files" in finding.says


def test_metrics_of_a_job_that_is_gone_are_not_the_next_ones() -> None:
    labels = {"job": "pushgateway", "instance": "localhost:9091"}
    build = answer_of({"__name__": "pushgateway_build_info", **labels})
    path = f"/api/v1/query?query={BUILD_INFO}"
    assert scrapes.default_metrics(look(said={path: build})).state is State.OPEN
    there = look(*loaded(), said={path: build, TARGETS: target()})
    assert scrapes.default_metrics(there).state is State.DONE
    itself = target(labels={**labels, "instance": "localhost:9090"})
    other = look(*loaded(), said={path: build, TARGETS: itself})
    assert scrapes.default_metrics(other).state is State.WRONG


def test_a_target_that_is_down_says_where_the_pushgateway_is_or_that_it_is_back() -> None:
    down = {"health": "down", "lastError": "connection refused"}
    elsewhere = target(**down, scrapeUrl="http://localhost:9092/metrics")
    finding = scrapes.target(look(*loaded(), *RUNNING, said={TARGETS: elsewhere}))
    assert finding.state is State.WRONG
    assert "The Pushgateway is at localhost:9091." in finding.says
    lost = target(health="down", lastError="server returned HTTP status 404 Not Found")
    other = look(*loaded(), *RUNNING, said={TARGETS: lost, "status": status()})
    assert scrapes.target(other).state is State.WRONG
    stopped = look(*loaded(), *unit(GATEWAY, active="inactive"), said={TARGETS: target(**down)})
    assert "systemctl start" in str(scrapes.target(stopped).fix)
    unasked = scrapes.target(look(*loaded(), *RUNNING))
    assert unasked.state is State.UNKNOWN
    back = look(*loaded(), *RUNNING, said={TARGETS: target(**down), "status": status()})
    assert scrapes.target(back).state is State.OPEN
    assert "the next scrape is in 55 s" in scrapes.target(back).says


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://[::1]:9091/metrics", "The Pushgateway is at localhost:9091."),
        ("http://127.0.0.2:9091/metrics", "The Pushgateway is at localhost:9091."),
        ("http://0.0.0.0:9091/metrics", "The Pushgateway answers now"),
        ("http://127.0.0.1:9091/metrics", "The Pushgateway answers now"),
    ],
)
def test_a_target_at_another_address_of_loopback_is_elsewhere(url: str, says: str) -> None:
    down = target(health="down", lastError="connection refused", scrapeUrl=url)
    finding = scrapes.target(look(*loaded(), *RUNNING, said={TARGETS: down, "status": status()}))
    assert says in finding.says


@pytest.mark.parametrize("blank", [" ", "\\t", "\\u200b"])
def test_a_blank_in_a_target_is_named(blank: str) -> None:
    config = CONFIG.replace("localhost:9091", f"localhost:9091{blank}")
    down = target(health="down", lastError="invalid port", scrapeUrl="http://localhost:9091%20/")
    finding = scrapes.target(look(*loaded(config), *RUNNING, said={TARGETS: down}))
    assert finding.state is State.WRONG
    assert "has a blank or an invisible character within its quotes" in finding.says
    assert "The right one is 'localhost:9091'." in finding.says
    assert (
        scrapes.target(look(*loaded(config), *RUNNING, said={TARGETS: target()})).state
        is State.DONE
    )


def test_a_file_that_prometheus_may_not_read_is_told_apart() -> None:
    lines = [each.replace("successful 1", "successful 0") for each in loaded()]
    denied = look(*lines, reload_error="open prometheus.yml: permission denied")
    mended = scrape_job.is_loaded(denied)
    assert "may not read" in mended.says
    assert mended.fix == "sudo systemctl reload prometheus"
    finding = scrape_job.is_loaded(unreadable(denied))
    assert "may not read" in finding.says
    assert finding.fix
    assert finding.fix.startswith("sudo chgrp prometheus /etc/prometheus/prometheus.yml")


def test_a_configuration_that_is_not_there_is_said_to_be() -> None:
    looked = look()
    absent = replace(
        looked,
        snapshot=looked.snapshot._replace(config=None, config_state="absent"),
        verdict=None,
    )
    assert scrape_job.job(absent).state is State.OPEN
    assert "is absent" in scrape_job.job(absent).says
    assert "is absent" in scrape_job.accepted(absent).says


def test_the_loaded_job_is_compared_with_the_one_in_the_file() -> None:
    other = CONFIG.replace("honor_labels: true", "honor_labels: false")
    none = "scrape_configs: []\n"
    for config, in_prometheus, state, says in (
        (CONFIG, CONFIG, State.DONE, "has loaded the job"),
        (CONFIG, other, State.WRONG, "has an older form of the job"),
        (CONFIG, CONFIG.replace("9091", "9092"), State.WRONG, "has an older form of the job"),
        (CONFIG, none, State.WRONG, "does not have the job yet"),
        (none, CONFIG, State.WRONG, "no longer in the file"),
        (none, none, State.OPEN, "The file has no job"),
    ):
        finding = scrape_job.is_loaded(look(*loaded(in_prometheus), config=config))
        assert (finding.state, says in finding.says) == (state, True), finding
    assert scrape_job.is_loaded(look()).state is State.UNKNOWN


def test_a_job_that_was_edited_after_the_reload_is_compared_as_a_whole() -> None:
    dropping = CONFIG + "    metric_relabel_configs: [{source_labels: [job], action: drop}]\n"
    shown = CONFIG + "    scrape_interval: 1m\n    scrape_timeout: 10s\n"
    for config, in_prometheus, at, state in (
        (CONFIG, shown, 50, State.DONE),  # the file changed at 100
        (CONFIG, shown + dropping.removeprefix(CONFIG), 50, State.WRONG),
        (dropping, shown, 50, State.WRONG),
        (dropping, shown, 150, State.DONE),  # Prometheus itself has loaded this file
    ):
        finding = scrape_job.is_loaded(look(*loaded(in_prometheus, at=at), config=config))
        assert finding.state is state, finding
        named = "has an older form of the job (metric_relabel_configs)" in finding.says
        assert named is (state is State.WRONG)


def test_a_reload_that_failed_is_told_with_the_file_as_it_is_now() -> None:
    lines = [each.replace("successful 1", "successful 0") for each in loaded()]
    mended = scrape_job.is_loaded(look(*lines))
    assert "The file is valid now" in mended.says
    wrongly = Verdict(accepted=False, words="job_name is empty")
    still = scrape_job.is_loaded(look(*lines, verdict=wrongly))
    assert "keeps the configuration it had. It says:\njob_name is empty" in still.says
    logged = scrape_job.is_loaded(look(*lines, verdict=None, reload_error="job_name is empty"))
    assert "It says:\njob_name is empty" in logged.says
    silent = scrape_job.is_loaded(look(*lines, verdict=None))
    assert "its log does not say why" in silent.says


def test_the_file_is_accepted_by_promtool_or_by_prometheus_itself() -> None:
    assert scrape_job.accepted(look()).says.startswith("promtool accepts")
    for at, state in ((100, State.DONE), (99, State.UNKNOWN)):  # the file changed at 100
        taken = look(*loaded(at=at), verdict=None)
        assert scrape_job.accepted(taken).state is state
    failed = [each.replace("successful 1", "successful 0") for each in loaded()]
    assert scrape_job.accepted(look(*failed, verdict=None)).state is State.UNKNOWN
    assert scrape_job.accepted(look(verdict=None)).state is State.UNKNOWN
    refused = scrape_job.accepted(look(verdict=Verdict(accepted=False, words="job_name is empty")))
    assert refused.state is State.WRONG
    assert refused.says.endswith("It says:\njob_name is empty")


@pytest.mark.parametrize(
    ("config", "state", "says"),
    [
        (CONFIG, State.DONE, "The job pushgateway is in /etc/prometheus/prometheus.yml, line 2."),
        (CONFIG + jobs(("x", "'y:1'"))[16:], State.DONE, "line 2."),
        (
            CONFIG + jobs(("other", "'127.0.0.1:9091'"))[16:],
            State.DONE,
            "twice, because another job scrapes the Pushgateway, too: 'other' (line 6).",
        ),
        (jobs(("gate", "'localhost:9091'")), State.WRONG, "as job 'gate' (line 2), not"),
        (jobs(("x", "'y:1'"), ("Push-Gateway", "'y:1'")), State.WRONG, "'Push-Gateway' (line 5)"),
        (jobs(("pushgateway2", "'y:1'")), State.OPEN, "has no job 'pushgateway' yet"),
        ("a: [", State.WRONG, "cannot be read: line "),
    ],
)
def test_the_job_is_looked_for_by_its_name_and_by_what_it_scrapes(
    config: str, state: State, says: str
) -> None:
    finding = scrape_job.job(look(config=config))
    assert (finding.state, says in finding.says) == (state, True), finding


def test_the_job_must_keep_the_labels_of_pushes() -> None:
    assert scrape_job.honor_labels(look()).state is State.DONE
    wrongly = scrape_job.honor_labels(look(config=jobs(("pushgateway", "'localhost:9091'"))))
    assert wrongly.state is State.WRONG
    assert "(line 2) has no honor_labels" in wrongly.says
    assert scrape_job.honor_labels(look(config="{}")).state is State.OPEN


def test_a_target_is_up_or_waited_for_or_down() -> None:
    up = scrapes.target(look(*loaded(), said={TARGETS: target()}))
    assert up.says == "Prometheus scrapes http://localhost:9091/metrics."
    for health, state in (("unknown", State.OPEN), ("down", State.WRONG)):
        assert scrapes.target(look(*loaded(), said={TARGETS: target(health=health)})).state is state
    assert scrapes.target(look(said={TARGETS: target()})).state is State.OPEN
    none = CONFIG.replace('    static_configs:\n      - targets: ["localhost:9091"]\n', "")
    nothing = look(*loaded(none), said={TARGETS: {"activeTargets": []}})
    assert scrapes.target(nothing).says.startswith("The job has no target.\n")
    assert scrapes.target(look(*loaded(none), said={TARGETS: target()})).state is State.DONE


@pytest.mark.parametrize(("ago", "state"), [("07:59:01", State.WRONG), ("07:58:59", State.OPEN)])
def test_a_target_without_a_pushgateways_metrics_is_wrong_once_it_was_scraped(
    ago: str, state: State
) -> None:
    nothing = {f"/api/v1/query?query={BUILD_INFO}": {"resultType": "vector", "result": []}}
    scraped = target(lastScrape=f"2027-01-15T{ago}Z")  # NOW is at 08:00:00
    looked = look(*loaded(), said={**nothing, TARGETS: scraped})
    assert scrapes.default_metrics(looked).state is state
    down = target(lastScrape="2027-01-15T07:59:59Z", health="down")
    assert (
        scrapes.default_metrics(look(*loaded(), said={**nothing, TARGETS: down})).state
        is State.OPEN
    )
    assert scrapes.default_metrics(look(*loaded())).state is State.UNKNOWN


@pytest.mark.parametrize(
    ("ago", "started", "sample", "state"),
    [
        (5, 100, 100, State.DONE),
        (5, 100, 200, State.WRONG),
        (5, 3, 200, State.DONE),  # restarted since the last scrape
        (5, 100, None, State.DONE),  # unknown: a relabeling drops the metric
    ],
)
def test_another_pushgateway_is_recognised_by_its_start(
    ago: float, started: float, sample: float | None, state: State
) -> None:
    labels = {"job": "pushgateway", "instance": "10.0.0.32:9091"}
    scraped = target(labels=labels, lastScrape=datetime.fromtimestamp(NOW - ago, UTC).isoformat())
    there = [] if sample is None else [{"metric": labels, "value": [NOW, str(NOW - sample)]}]
    said = {
        TARGETS: scraped,
        path(STARTED): {"resultType": "vector", "result": there},
        TELEMETRY: f"process_start_time_seconds {NOW - started!r}\n".encode(),
    }
    finding = scrapes.target(look(*loaded(), said=said))
    assert finding.state is state
    if state is State.WRONG:
        assert (
            "that is another Pushgateway. The one of this host is at localhost:9091."
            in finding.says
        )
        named = look(*loaded(), said=said, data={"pushgateway_targets": ["localhost:9091"]})
        assert scrapes.target(named).state is State.WRONG
        elsewhere = {
            **said,
            TARGETS: target(labels=labels, discoveredLabels={"__address__": "gate:9091"}),
        }
        wanted = look(*loaded(), said=elsewhere, data={"pushgateway_targets": ["gate:9091"]})
        assert scrapes.target(wanted).state is State.DONE
        pushed = {path(LABS_COMPLETED.history): history(LABS_COMPLETED.labels, (60, 4))}
        assert seen(look(*loaded(), said={**said, **pushed}), LABS_COMPLETED).state is State.OPEN


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("10.0.0.32:9091", State.WRONG),
        ("[fd00::32]:9091", State.WRONG),
        ("neighbour:9091", State.WRONG),
        ("gate.example.org:9091", State.DONE),  # nobody knows where it leads
        ("10.0.0.31:9091", State.DONE),
        ("me:9091", State.DONE),
        ("localhost:9091", State.DONE),
    ],
)
def test_where_the_start_is_unknown_the_address_decides(address: str, state: State) -> None:
    own = ("address 10.0.0.31", "hosts 10.0.0.32 neighbour", "hosts 10.0.0.31 me")
    said = {TARGETS: target(discoveredLabels={"__address__": address})}
    assert scrapes.target(look(*loaded(), *own, said=said)).state is state
    assert scrapes.target(look(*loaded(), said=said)).state is State.DONE


def test_of_several_targets_the_first_is_the_one_to_add() -> None:
    targets = look(data={"pushgateway_targets": ["localhost:9091", "vm:9092"]})
    assert gateway.target(targets) == "localhost:9091"
