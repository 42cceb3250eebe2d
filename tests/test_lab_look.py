"""Parsing the output of ``files/look-at-lab.sh``."""

import gzip
import zlib
from base64 import b64encode
from hashlib import sha256

import pytest

from looks import SERVICES, encoded, status
from pushgateway_lab.facts import look_output
from pushgateway_lab.facts.look_output import Answer
from pushgateway_lab.lab import look as lab_look
from pushgateway_lab.lab.look import Disk, Look, Verdict
from pushgateway_lab.lab.scrape_job import job
from pushgateway_lab.settings import parse_settings

EARLIEST, LATEST = 1000.0, 1010.0


def parsed(*lines: str) -> Look:
    """Return the look at a host that prints these lines and its snapshot; the look took ten seconds."""
    printed = ["snapshot 5", "uid 0", *SERVICES, "config absent", *lines, "end"]
    answer = Answer(look_output.lines_of(printed), "mark", EARLIEST, LATEST)
    return lab_look.parse_look(parse_settings({}), answer, lab_look.paths_of(["up"]))


def answered(*bodies: tuple[str, int]) -> str:
    told = "".join(f"{body}\nmark {code}\n" for body, code in bodies)
    return f"answers {b64encode(gzip.compress(told.encode())).decode()}"


@pytest.mark.parametrize(
    ("now", "ahead"),
    [("1000", 0.0), ("1004.5", 0.0), ("1010", 0.0), ("1013.5", 3.5), ("990", -10.0)],
)
def test_a_clock_is_off_by_what_the_time_of_the_answer_does_not_explain(
    now: str, ahead: float
) -> None:
    looked = parsed(f"now {now}", "now 5")  # the script prints it once, first
    assert (looked.now, looked.ahead) == (float(now), ahead)


def test_a_host_that_says_little_has_nothing_made_up() -> None:
    looked = parsed()
    assert (looked.now, looked.ahead) == (LATEST, 0.0)
    assert (looked.began_at, looked.verdict, looked.disk) == (None, None, None)
    assert (looked.reload_error, looked.logs, looked.gateway_status) == ("", {}, None)
    assert (looked.groups, looked.says_targets, looked.samples("up")) == (None, False, None)


def test_a_host_that_says_much_is_read_as_it_is() -> None:
    log = "one\ntwo"
    looked = parsed(
        "course_began 900",
        "promtool_exit 1",
        f"promtool_said {encoded('line 3: bad')}",
        f"reload_error {encoded('line 3: worse')}",
        "tsdb_blocks 20 300 4096",
        f"service_log prometheus.service {encoded(log)}",
        f"service_log other {encoded('three')}",
    )
    assert looked.began_at == 900
    assert looked.verdict == Verdict(accepted=False, words="line 3: bad")
    assert looked.reload_error == "line 3: worse"
    assert looked.disk == Disk(20 * 4096, 300 * 4096)
    assert looked.logs == {"prometheus": log, "other": "three"}
    accepted = parsed("promtool_exit 0", f"promtool_said {encoded('')}")
    assert accepted.verdict == Verdict(accepted=True, words="")


def test_the_file_that_prometheus_reads_is_the_one_that_is_looked_at() -> None:
    other = parsed(f"config_followed {encoded('/etc/prometheus/my.yml')}")
    assert other.settings.prometheus_config_path == "/etc/prometheus/my.yml"
    assert other.file_of_settings == "/etc/prometheus/prometheus.yml"
    assert (
        "Prometheus reads /etc/prometheus/my.yml (its flag --config.file, or its default)"
        in job(other).says
    )
    assert other.snapshot.config_running is None
    same = parsed()
    assert same.file_of_settings is None
    assert "--config.file" not in job(same).says
    # The same without a setting, in each deploy.
    found = parsed(f"config_found {encoded('/srv/my.yml')}")
    assert found.settings.prometheus_config_path == "/srv/my.yml"
    assert found.file_of_settings == "/etc/prometheus/prometheus.yml"
    # prepare and reset do not follow.
    named = parsed(f"config_running {encoded('/etc/prometheus/my.yml')}")
    assert named.file_of_settings is None
    assert named.snapshot.config_running == "/etc/prometheus/my.yml"
    assert named.settings.prometheus_config_path == "/etc/prometheus/prometheus.yml"


def test_the_metrics_of_a_pushgateway_about_itself_are_read() -> None:
    body = """\
process_start_time_seconds 1.79597156483e+09
pushgateway_http_requests_total{code="200",handler="push",method="post"} 2
pushgateway_http_requests_total{code="202",handler="push",method="put"} 1
pushgateway_http_requests_total{code="400",handler="push",method="post"} 3
pushgateway_http_requests_total{code="202",handler="delete",method="delete"} 4
pushgateway_http_requests_total{code="202",handler="wipe",method="put"} 1
pushgateway_http_requests_total{code="202",handler="wipe",instance="",job="x",method="put"} 9
process_start_time_seconds{instance="",job="x"} 5
"""
    group, state = ('{"data": []}', 200), (f'{{"data": {status()}}}'.replace("'", '"'), 200)
    looked = parsed("asked pushgateway", answered(group, state, (body, 200)))
    telemetry = looked.telemetry
    assert telemetry
    assert telemetry.started_at == 1795971564.83
    assert (telemetry.pushes, telemetry.refused_pushes) == (3, 3)
    assert (telemetry.deletions, telemetry.wipes) == (4, 1)
    for other in ("", "up 1\n", "process_start_time_seconds 1.2.3\n"):
        unknown = parsed("asked pushgateway", answered(group, state, (other, 200)))
        assert unknown.telemetry is None
        assert unknown.groups == []


def test_the_time_of_the_oldest_sample_is_read() -> None:
    assert parsed("prometheus_tsdb_lowest_timestamp_seconds 1.7e+09").history_began_at == 1.7e9
    assert parsed().history_began_at is None


def test_each_answer_belongs_to_the_question_that_was_asked() -> None:
    gateway = ('{"data": []}', 200), (f'{{"data": {status()}}}'.replace("'", '"'), 200)
    vector = '{"data": {"resultType": "vector", "result": []}}'
    prometheus = ('{"data": {"activeTargets": []}}', 200), ('{"data": {"version": "2"}}', 200)

    both = parsed(
        "asked prometheus", "asked pushgateway", answered(*prometheus, (vector, 200), *gateway)
    )
    assert (both.groups, both.targets, both.says_targets) == ([], [], True)
    assert (both.prometheus_version, both.samples("up"), both.gateway_status) == ("2", [], 200)
    assert both.pushgateway_status == status()

    one = parsed("asked pushgateway", answered(*gateway))
    assert (one.groups, one.says_targets, one.gateway_status) == ([], False, 200)

    other = parsed("asked prometheus", answered(*prometheus, (vector, 200)))
    assert (other.groups, other.says_targets, other.gateway_status) == (None, True, None)

    bad = parsed("asked prometheus", answered(*prometheus, ("", 400)))
    assert (bad.status_of("up"), bad.samples("up"), other.status_of("up")) == (400, None, 200)

    silent = parsed("asked pushgateway", answered(("", 0), ("", 0)))
    assert (silent.groups, silent.gateway_status) == (None, None)


def test_an_answer_that_repeats_what_is_far_above_is_unpacked_whole() -> None:
    # 30 kB without repetition, twice: gzip looks back 32 kB.
    version = "".join(sha256(bytes([n % 256, n >> 8])).hexdigest() for n in range(470)) * 2
    bodies = '{"data": {"activeTargets": []}}', f'{{"data": {{"version": "{version}"}}}}'
    looked = parsed("asked prometheus", answered(*((body, 200) for body in bodies)))
    assert looked.prometheus_version == version


def test_answers_that_are_packed_in_another_way_are_refused() -> None:
    packed = b64encode(zlib.compress(b"x")).decode()
    with pytest.raises(ValueError, match="cannot be unpacked"):
        parsed("asked prometheus", f"answers {packed}")


@pytest.mark.parametrize("line", ["now nan", "now inf", "course_began -inf", "now soon"])
def test_a_time_that_is_none_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time|could not convert"):
        parsed(line)


def test_of_a_time_that_is_none_its_first_twenty_characters_are_told() -> None:
    with pytest.raises(ValueError, match=rf"^'{'1' * 20}' is not a time$"):
        parsed(f"now {'1' * 400}")
