"""Findings of the checks of Host and 4.2.1, in states that are hard to produce on a real host."""

import gzip
import json
import re
import tracemalloc
import zlib
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from looks import CONFIG, NOW, encoded, look, status, unit
from pushgateway_lab.formats.answers import Sample, Series
from pushgateway_lab.lab import gateway, scrape_job, servers
from pushgateway_lab.lab import look as lab_look
from pushgateway_lab.lab.checks import Check, Task, done, judged, query
from pushgateway_lab.lab.look import Disk, Verdict
from pushgateway_lab.lab.results import State
from pushgateway_lab.lab.tasks import (
    TASKS,
    jobs_of,
    queries_of,
    tasks,
)
from pushgateway_lab.settings import SettingsError

DOCS = Path(__file__).parents[1] / "docs" / "verify.md"
GATEWAY = "prometheus-pushgateway.service"


@pytest.mark.parametrize(
    ("ahead", "state", "says"),
    [
        (0.0, State.DONE, "agrees"),
        (5.0, State.DONE, "agrees"),
        (5.1, State.WRONG, "5 s ahead"),
        (-5.0, State.DONE, "agrees"),
        (-61.0, State.WRONG, "61 s behind"),
    ],
)
def test_a_clock_may_differ_by_five_seconds(ahead: float, state: State, says: str) -> None:
    finding = servers.clock(look(ahead=ahead))
    assert finding.state is state
    assert says in finding.says


def test_too_little_room_is_wrong() -> None:
    assert servers.disk_space(look()).state is State.DONE
    little = servers.disk_space(look(disk=Disk(499_000_000, 10**10)))
    assert little.state is State.WRONG
    assert "0.5 of 10.0 GB" in little.says
    assert servers.disk_space(look(disk=Disk(500_000_000, 10**10))).state is State.DONE
    assert servers.disk_space(look(disk=None)).state is State.UNKNOWN


@pytest.mark.parametrize(
    ("lines", "state", "fix"),
    [
        (unit(GATEWAY, load="masked", active="inactive"), State.WRONG, "unmask"),
        (unit(GATEWAY, active="inactive"), State.WRONG, "enable --now"),
        (unit(GATEWAY, active="failed"), State.WRONG, "journalctl"),
        (unit(GATEWAY, enabled="disabled"), State.WRONG, "systemctl enable prometheus-pushgateway"),
        (unit(GATEWAY, load="not-found", active="inactive"), State.OPEN, None),
        (unit(GATEWAY), State.WRONG, "journalctl"),  # active, but nothing answers
    ],
)
def test_a_unit_that_is_not_as_it_should_be(
    lines: list[str], state: State, fix: str | None
) -> None:
    finding = servers.pushgateway_runs(look(*lines))
    assert finding.state is state
    assert fix is None if finding.fix is None else fix and fix in finding.fix


def test_the_admin_api_is_judged_by_the_running_flags() -> None:
    on = look(said={"status": status(**{"web.enable-admin-api": "true"})})
    off = look(said={"status": status(**{"web.enable-admin-api": "false"})})
    assert servers.admin_api(on).state is State.DONE
    assert "404" in servers.admin_api(off).says
    assert (
        servers.admin_api(
            replace(off, settings=look(data={"pushgateway_admin_api": False}).settings)
        ).state
        is State.DONE
    )
    assert servers.admin_api(look()).state is State.UNKNOWN


def test_a_query_of_a_trainer_is_done_when_there_is_a_sample() -> None:
    check = query("up", "It is up", "up == 1", done="It is.", otherwise="It is not.", fix="do it")
    asked = "/api/v1/query?query=up%20%3D%3D%201"
    silent = check.judge(look())
    assert silent.state is State.UNKNOWN
    assert "up == 1" in silent.says
    up = check.judge(look(said={asked: answer_of({"job": "x"})}))
    assert (up.state, up.says, up.fix) == (State.DONE, "It is.", None)
    nothing = {"resultType": "vector", "result": []}
    down = check.judge(look(said={asked: nothing}))
    assert (down.state, down.says, down.fix) == (State.OPEN, "It is not.", "do it")


def test_a_check_that_breaks_hides_no_other() -> None:
    def breaks(looked: object) -> None:
        raise ZeroDivisionError(str(looked)[:0])

    def returns_nothing(looked: object) -> None:
        del looked

    judges = [breaks, returns_nothing, lambda _: done("yes")]
    checks = tuple(Check(str(n), "a", judge) for n, judge in enumerate(judges))  # type: ignore[arg-type]
    found = [each.finding for each in judged(Task("x", "x", checks), look()).checks]
    assert [each.state for each in found] == [State.UNKNOWN, State.UNKNOWN, State.DONE]
    assert f"{__file__}, line " in found[0].says
    assert "returned None" in found[1].says


ARGS_OFF = '# --web.enable-admin-api lets everybody wipe\nARGS="--log.level=info"\n'
ARGS_ON = 'ARGS="--web.enable-admin-api"\n'


@pytest.mark.parametrize(
    ("defaults", "says", "fix"),
    [(ARGS_OFF, "a wipe answers 404;", "sudoedit"), (ARGS_ON, "was not restarted", "restart")],
)
def test_only_what_counts_in_the_defaults_file_counts(defaults: str, says: str, fix: str) -> None:
    off = status(**{"web.enable-admin-api": "false"})
    lines = [*unit(GATEWAY), f"flags_text {encoded(defaults)}"]
    finding = servers.admin_api(look(*lines, said={"status": off}))
    assert says in finding.says
    assert finding.fix
    assert fix in finding.fix


@pytest.mark.parametrize(
    ("listens_on", "state"),
    [("0100007F", State.DONE), ("00000000", State.WRONG), ("0500000A", State.WRONG)],
)
def test_it_must_listen_where_it_is_looked_for(listens_on: str, state: State) -> None:
    lines = [
        *unit(GATEWAY),
        f"listen {listens_on}:2383 77",
        "pushgateway_socket socket:[77]",
        f"pushgateway_argv {encoded('prometheus-pushgateway')}",
    ]
    assert servers.listens(look(*lines)).state is state


def test_all_addresses_of_one_family_are_all_of_both() -> None:
    lines = [
        *unit(GATEWAY),
        f"listen {'0' * 32}:2383 77",
        "pushgateway_socket socket:[77]",
        f"pushgateway_argv {encoded('prometheus-pushgateway')}",
    ]
    data = {"pushgateway_listen_address": "0.0.0.0:9091"}
    assert servers.listens(look(*lines, data=data)).state is State.DONE


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (401, "asks for a password"),
        (400, "expects TLS"),
        (404, "answers 404 at http"),
        (None, "not answer"),
    ],
)
def test_a_pushgateway_that_gives_no_answer_is_told_apart(answer: int | None, says: str) -> None:
    looked = look(*unit(GATEWAY), gateway_status=answer)
    assert servers.pushgateway_runs(looked).state is State.WRONG
    assert says in servers.pushgateway_runs(looked).says
    assert says in servers.admin_api(looked).says


def test_without_curl_nothing_is_called_wrong() -> None:
    looked = look(curl=False)
    for finding in (servers.prometheus_runs(looked), servers.pushgateway_runs(looked)):
        assert (finding.state, finding.fix) == (State.UNKNOWN, "sudo apt-get install curl")


def test_a_course_that_begins_later_is_told() -> None:
    assert servers.clock(look(began_at=NOW + 1)).state is State.DONE
    later = servers.clock(look(began_at=NOW + 3600))
    assert later.state is State.WRONG
    assert "begins in 3600 s" in later.says


def target(**fields: object) -> dict[str, object]:
    """Return a target in Prometheus's format."""
    shown = {
        "scrapePool": "pushgateway",
        "discoveredLabels": {"job": "pushgateway"},
        "labels": {"job": "pushgateway", "instance": "localhost:9091"},
        "scrapeUrl": "http://localhost:9091/metrics",
        "health": "up",
        "lastError": "",
        "lastScrape": "2027-01-15T07:59:55Z",  # five seconds before NOW
    }
    return {"activeTargets": [shown | fields]}


TARGETS = "/api/v1/targets?state=active"
RUNNING = [*unit(GATEWAY), f"pushgateway_argv {encoded('prometheus-pushgateway')}"]


def loaded(config: str = CONFIG, at: float = NOW - 600) -> list[str]:
    """Return lines of a snapshot: the configuration that Prometheus has loaded, and the time."""
    answer = json.dumps({"status": "success", "data": {"yaml": config}})
    name = "prometheus_config_last_reload_success"
    return [
        *unit("prometheus.service"),
        f"prometheus_config {answer}",
        f"{name}ful 1",
        f"{name}_timestamp_seconds {at}",
    ]


def test_a_target_whose_label_job_is_another_is_found() -> None:
    shown = target(labels={"job": "other"}, discoveredLabels={"job": "other"})
    looked = look(*loaded(), said={TARGETS: shown})
    assert scrape_job.target(looked).state is State.DONE


@pytest.mark.parametrize(
    ("ago", "state"), [(10, State.OPEN), (65, State.OPEN), (66, State.WRONG), (600, State.WRONG)]
)
def test_a_job_without_targets_is_waited_for_and_then_wrong(ago: float, state: State) -> None:
    looked = look(*loaded(at=NOW - ago), said={TARGETS: {"activeTargets": []}})
    assert scrape_job.target(looked).state is state


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
    finding = scrape_job.target(fresh)
    assert finding.says == f"The target is not scraped yet; it will be within {seconds + 5} s."
    assert scrape_job.seconds_to_next_scrape(fresh) == seconds + 5
    assert scrape_job.is_recent(fresh, NOW - 2 * seconds - 4)
    assert not scrape_job.is_recent(fresh, NOW - 2 * seconds - 5)
    running = look(*loaded(config), said={TARGETS: target()})  # scraped five seconds ago
    assert scrape_job.seconds_to_next_scrape(running) == seconds - 5
    assert scrape_job.scraped_since(running, NOW - 6)
    assert not scrape_job.scraped_since(running, NOW - 5)


def test_a_scrape_that_is_late_is_not_waited_for_longer() -> None:
    late = look(*loaded(), said={TARGETS: target(lastScrape="2027-01-15T07:00:00Z")})
    assert scrape_job.seconds_to_next_scrape(late) == 0


def test_a_job_in_an_included_file_is_named() -> None:
    looked = look(*loaded("{}"), config="scrape_configs: []\n", said={TARGETS: target()})
    finding = scrape_job.job(looked)
    assert finding.state is State.WRONG
    assert "scrape_config_files" in finding.says


def test_metrics_of_a_job_that_is_gone_are_not_the_next_ones() -> None:
    labels = {"job": "pushgateway", "instance": "localhost:9091"}
    build = answer_of({"__name__": "pushgateway_build_info", **labels})
    path = f"/api/v1/query?query={scrape_job.BUILD_INFO}"
    assert scrape_job.default_metrics(look(said={path: build})).state is State.OPEN
    there = look(*loaded(), said={path: build, TARGETS: target()})
    assert scrape_job.default_metrics(there).state is State.DONE
    itself = target(labels={**labels, "instance": "localhost:9090"})
    other = look(*loaded(), said={path: build, TARGETS: itself})
    assert scrape_job.default_metrics(other).state is State.WRONG


def test_a_target_that_is_down_says_where_the_pushgateway_is_or_that_it_is_back() -> None:
    down = {"health": "down", "lastError": "connection refused"}
    elsewhere = target(**down, scrapeUrl="http://localhost:9092/metrics")
    finding = scrape_job.target(look(*loaded(), *RUNNING, said={TARGETS: elsewhere}))
    assert finding.state is State.WRONG
    assert "The Pushgateway is at localhost:9091." in finding.says
    lost = target(health="down", lastError="server returned HTTP status 404 Not Found")
    other = look(*loaded(), *RUNNING, said={TARGETS: lost, "status": status()})
    assert scrape_job.target(other).state is State.WRONG
    stopped = look(*loaded(), *unit(GATEWAY, active="inactive"), said={TARGETS: target(**down)})
    assert "systemctl start" in str(scrape_job.target(stopped).fix)
    unasked = scrape_job.target(look(*loaded(), *RUNNING))
    assert unasked.state is State.UNKNOWN
    back = look(*loaded(), *RUNNING, said={TARGETS: target(**down), "status": status()})
    assert scrape_job.target(back).state is State.OPEN
    assert "the next scrape is in 55 s" in scrape_job.target(back).says


def test_a_file_that_prometheus_may_not_read_is_told_apart() -> None:
    lines = [each.replace("successful 1", "successful 0") for each in loaded()]
    denied = look(*lines, reload_error="open prometheus.yml: permission denied")
    finding = scrape_job.is_loaded(denied)
    assert "may not read" in finding.says
    assert finding.fix
    assert finding.fix.startswith("sudo chgrp prometheus /etc/prometheus/prometheus.yml")


def test_a_unit_that_does_not_stay_up_shows_its_log() -> None:
    log = {GATEWAY: "bind: address already in use\n"}
    finding = servers.pushgateway_runs(look(*unit(GATEWAY, active="activating"), logs=log))
    assert finding.says.endswith("Its log ends with:\nbind: address already in use")


def answer_of(labels: dict[str, str]) -> dict[str, object]:
    return {"resultType": "vector", "result": [{"metric": labels, "value": [NOW, "1"]}]}


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


def test_an_answer_that_is_none_costs_no_other() -> None:
    """Another program may listen on a port and answer anything."""
    mark = "answered-1"
    bodies = ['{"data": [1]}', "<html>\nstatus 200\n</html>", "", '{"data": {"a": 2}}', "[]"]
    statuses = [200, 200, 404, 200, 200]
    told = "".join(
        f"{body}\n{mark} {status}\n" for body, status in zip(bodies, statuses, strict=True)
    )
    packed = b64encode(gzip.compress(told.encode())).decode()
    heard = lab_look._hear(["a", "b", "c", "d", "e", "f"], packed, mark)
    assert heard.said == {"a": [1], "d": {"a": 2}}
    assert list(heard.statuses.values()) == statuses
    assert heard.unread.keys() == {"b", "e"}
    assert lab_look._hear(["a"], "", mark) == ({}, {}, {})


def test_an_answer_of_another_program_is_no_mistake_of_a_check() -> None:
    """Each answer is parsed when it arrives, so the checks see parsed answers or None."""
    query = queries_of(TASKS)[0]
    path = lab_look.path_of(query)
    data = {
        "groups": [{"labels": 5}],
        "status": status(),
        TARGETS: {"activeTargets": [7]},
        "/api/v1/status/buildinfo": {"version": None},
        path: {"resultType": "vector", "result": [{"metric": {}, "value": "now"}]},
    }
    looked = look(said=data, all_read=False)
    assert looked.groups is None
    assert looked.pushgateway_status == status()
    assert (looked.targets, looked.says_targets) == ([], False)
    assert looked.prometheus_version is None
    assert looked.samples(query) is None
    assert looked.series(query) is None
    assert looked.unread.keys() == data.keys() - {"status"}
    assert looked.unread[path] == "expected a time and a value, not 'now'"
    found = [each.finding for task in TASKS for each in judged(task, looked).checks]
    assert not [each for each in found if "Correct the check" in each.says]


def test_a_result_is_samples_or_series_by_its_type() -> None:
    queries = {
        "up": answer_of({"a": "b"}),
        "up[1m]": {"resultType": "matrix", "result": [{"metric": {"a": "b"}, "values": []}]},
        "1": {"resultType": "scalar", "result": [NOW, "1"]},
    }
    looked = look(said={lab_look.path_of(query): data for query, data in queries.items()})
    found = {query: (looked.samples(query), looked.series(query)) for query in (*queries, "down")}
    assert found == {
        "up": ([Sample({"a": "b"}, "1")], []),
        "up[1m]": ([], [Series({"a": "b"}, ())]),
        "1": ([], []),
        "down": (None, None),
    }


def test_what_a_host_packs_is_unpacked_up_to_a_limit() -> None:
    """Two packed megabytes stand for two gigabytes."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(2048)) + squeeze.flush()
    tracemalloc.start()
    heard = lab_look._hear(["a"], b64encode(bomb).decode(), "mark")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 40_000_000
    assert heard.said == {}
    assert "more than 6000000 bytes" in heard.unread["a"]


def test_names_of_checks_are_unique_and_jobs_are_the_labs() -> None:
    for task in TASKS:
        names = [check.name for check in task.checks]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in names)
    assert jobs_of(TASKS) == {"prometheus_training"}
    assert len(set(queries_of(TASKS))) == len(queries_of(TASKS))


def test_the_task_that_the_docs_show_can_be_used(tmp_path: Path) -> None:
    file = tmp_path / "my_tasks.py"
    file.write_text(re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)[0])
    added = tasks(str(file))[-1]
    assert added.name == "5.1"
    assert len(added.checks) == 5
    assert jobs_of([added]) == {"backup"}
    states = {each.name: each.finding.state for each in judged(added, look()).checks}
    assert states["retention"] is State.OPEN
    assert states["backup_pushed"] is State.UNKNOWN  # this Pushgateway does not answer


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "TASKS is missing"),
        ("TASKS = {}['x']", "line 1: KeyError: 'x'"),
        ("from pushgateway_lab.lab.pushes import *\nTASKS=[\n", "line 2: SyntaxError: '['"),
        (
            "from pushgateway_lab.lab.pushes import *\nTASKS = [pushed_checks('m', Pushed('m', 1, {'job': 'x'}, 'guage'))]",
            "line 2: ValueError: m has the type 'guage'",
        ),
        (
            "from pushgateway_lab.lab.checks import *\nTASKS = [Task('5', 'x', (Check('a', 'a', print, ('up')),))]",
            "the check a has 'up'",
        ),
        (
            "from pushgateway_lab.lab.pushes import *\nTASKS = [pushed_checks('m', Pushed('m', 1, {}))]",
            "line 2: GroupingError",
        ),
        ("TASKS = [\n  1 1]", "line 2"),
        ("import os\nos.nothing", "line 2"),
        ("TASKS = [1]", "not a Task"),
        (
            "from pushgateway_lab.lab.checks import Task\nTASKS = [Task('4.2.1', 'x', ())]",
            "no checks",
        ),
    ],
)
def test_a_file_of_tasks_that_cannot_be_used_says_why(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "my_tasks.py"
    file.write_text(text)
    with pytest.raises(SettingsError, match="lab_tasks") as error:
        tasks(str(file))
    assert says in str(error.value)
    assert str(file) in str(error.value)


def test_a_file_of_tasks_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match=r"lab_tasks: /nowhere\.py"):
        tasks("/nowhere.py")


def test_versions_are_those_that_run_or_else_those_that_are_installed() -> None:
    build = {"/api/v1/status/buildinfo": {"version": "2.42.0"}}
    both = servers.versions(look(said={**build, "status": status()}))
    assert both.state is State.DONE
    assert both.says.startswith("Prometheus 2.42.0, Pushgateway 1.5.1 on ")
    installed = "package prometheus-pushgateway installed 1.4.0"
    one = servers.versions(look(installed, said=build))
    assert one.says.startswith(
        "Prometheus 2.42.0, Pushgateway 1.4.0 (installed, does not answer) on "
    )
    assert servers.versions(look(said=build)).says.startswith("Prometheus 2.42.0 on ")
    assert servers.versions(look()).state is State.UNKNOWN


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


def jobs(*named: tuple[str, str]) -> str:
    return "scrape_configs:\n" + "".join(
        f"  - job_name: {name}\n    static_configs:\n      - targets: [{target}]\n"
        for name, target in named
    )


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
    up = scrape_job.target(look(*loaded(), said={TARGETS: target()}))
    assert up.says == "Prometheus scrapes http://localhost:9091/metrics."
    for health, state in (("unknown", State.OPEN), ("down", State.WRONG)):
        assert (
            scrape_job.target(look(*loaded(), said={TARGETS: target(health=health)})).state is state
        )
    assert scrape_job.target(look(said={TARGETS: target()})).state is State.OPEN
    none = CONFIG.replace('    static_configs:\n      - targets: ["localhost:9091"]\n', "")
    nothing = look(*loaded(none), said={TARGETS: {"activeTargets": []}})
    assert scrape_job.target(nothing).says == "The job has no target."
    assert scrape_job.target(look(*loaded(none), said={TARGETS: target()})).state is State.DONE


@pytest.mark.parametrize(("ago", "state"), [("07:59:01", State.WRONG), ("07:58:59", State.OPEN)])
def test_a_target_without_a_pushgateways_metrics_is_wrong_once_it_was_scraped(
    ago: str, state: State
) -> None:
    nothing = {
        f"/api/v1/query?query={scrape_job.BUILD_INFO}": {"resultType": "vector", "result": []}
    }
    scraped = target(lastScrape=f"2027-01-15T{ago}Z")  # NOW is at 08:00:00
    looked = look(*loaded(), said={**nothing, TARGETS: scraped})
    assert scrape_job.default_metrics(looked).state is state
    down = target(lastScrape="2027-01-15T07:59:59Z", health="down")
    assert (
        scrape_job.default_metrics(look(*loaded(), said={**nothing, TARGETS: down})).state
        is State.OPEN
    )
    assert scrape_job.default_metrics(look(*loaded())).state is State.UNKNOWN


def test_prometheus_runs_if_its_service_does_and_it_answers() -> None:
    assert servers.prometheus_runs(look(*loaded())).state is State.DONE
    silent = servers.prometheus_runs(look())
    assert silent.state is State.WRONG
    assert "does not answer at http://127.0.0.1:9090" in silent.says
    stopped = unit("prometheus.service", active="failed")
    refused = Verdict(accepted=False, words="")
    assert "promtool rejects" not in servers.prometheus_runs(look(*stopped)).says
    assert "promtool rejects" in servers.prometheus_runs(look(*stopped, verdict=refused)).says
    assert "promtool rejects" not in servers.prometheus_runs(look(*stopped, verdict=None)).says
    # Without curl, what was learned in another way counts.
    assert servers.prometheus_runs(look(*loaded(), curl=False)).state is State.DONE


@pytest.mark.parametrize(
    ("address", "shown", "wanted", "state"),
    [
        ("0100007F:2383", "127.0.0.1:9091", "127.0.0.1:9091", State.DONE),
        ("0100007F:2383", "127.0.0.1:9091", "localhost:9091", State.DONE),
        ("0500000A:2383", "10.0.0.5:9091", "localhost:9091", State.WRONG),
        ("0500000A:2383", "10.0.0.5:9091", "vm7.example.org:9091", State.DONE),
        ("0100007F:2384", "127.0.0.1:9092", "127.0.0.1:9091", State.WRONG),
        (f"{'0' * 24}01000000:2383", "[::1]:9091", "[::1]:9091", State.DONE),
        (f"{'0' * 32}:2383", "[::]:9091", ":9091", State.DONE),
        (f"{'0' * 32}:2383", "[::]:9091", "127.0.0.1:9091", State.WRONG),
    ],
)
def test_where_it_listens_is_told_and_compared(
    address: str, shown: str, wanted: str, state: State
) -> None:
    lines = [*RUNNING, f"listen {address} 77", "pushgateway_socket socket:[77]"]
    finding = servers.listens(look(*lines, data={"pushgateway_listen_address": wanted}))
    assert (finding.state, f"listens on {shown}" in finding.says) == (state, True), finding


def test_whether_it_persists_is_told() -> None:
    assert servers.persistence(look()).state is State.UNKNOWN
    lost = servers.persistence(look(said={"status": status()}))
    assert lost.says == "Persistence is off: a restart deletes all groups."
    kept = servers.persistence(look(said={"status": status(**{"persistence.file": "/a"})}))
    assert kept.says == "Persistence is on: groups are saved to /a and survive a restart."


def test_an_admin_api_that_is_on_against_the_settings_is_wrong() -> None:
    on = look(
        said={"status": status(**{"web.enable-admin-api": "true"})},
        data={"pushgateway_admin_api": False},
    )
    finding = servers.admin_api(on)
    assert finding.state is State.WRONG
    assert "The admin API is on, though" in finding.says


def test_of_several_targets_the_first_is_the_one_to_add() -> None:
    targets = look(data={"pushgateway_targets": ["localhost:9091", "vm:9092"]})
    assert gateway.target(targets) == "localhost:9091"
