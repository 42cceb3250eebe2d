"""Hostile text in every field of a look: parsing, checks, and all four formats of a report."""

import gzip
import json
from base64 import b64encode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostile import looks
from hostile_texts import ALL, PIECES
from looks import CONFIG
from pushgateway_lab.facts import look_output
from pushgateway_lab.facts.look_output import Answer
from pushgateway_lab.lab import look as lab_look
from pushgateway_lab.lab.checks import judged
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.results import HostResult, Report
from pushgateway_lab.lab.tasks import TASKS, queries_of
from pushgateway_lab.settings import parse_settings

TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=4).map("".join)

# The lines of snapshot.sh and look-at-lab.sh: name -> how a text becomes its value.
PLAIN: tuple[str, ...] = (
    "os", "tool", "systemd", "promtool_package", "package", "unit", "pushgateway_socket", "listen", "config", "user",
    "config_changed", "config_writer", "config_leftover", "prometheus_config", "course_began", "now", "promtool_exit",
    "prometheus_config_last_reload_successful", "prometheus_config_last_reload_success_timestamp_seconds",
    "tsdb_blocks", "prune_mode", "prune_content", "asked", "at", "cut", "service", "prometheus_service",
    "pushgateway_service", "rivals", "process", "unit_file", "port_in_use", "prometheus_answered",
    "prometheus_expects", "prometheus_password",
)  # fmt: skip
ENCODED = (
    "pushgateway_argv", "flags_text", "config_text", "config_obstacle", "promtool_said", "reload_error",
    "sudo_refused", "service_log prometheus.service", "answers", "config_running", "config_followed",
    "config_found", "url_found", "flags_file", "rivals pushgateway", "process prometheus 5", "process pushgateway 6",
    "unit_file L3g=", "prometheus_complaint", "prometheus_certificate",
)  # fmt: skip


def encoded(text: str) -> str:
    return b64encode(text.encode("utf-8", "surrogatepass")).decode()


@st.composite
def printed(draw: st.DrawFn) -> list[str]:
    """Draw the output of a host, in which each line may be hostile or missing."""
    lines = ["snapshot 5", "uid 0", "config_changed 100", "config present", "now 1800000000.5"]
    lines.append(f"config_text {encoded(draw(TEXTS | st.just(CONFIG)))}")
    for name in draw(st.lists(st.sampled_from(PLAIN), max_size=8)):
        value = draw(TEXTS | st.sampled_from(("1", "0", "nan", "1e999", "-1", "prometheus")))
        lines += [f"{name} {line}" for line in value.split("\n")]
    for name in draw(st.lists(st.sampled_from(ENCODED), max_size=6)):
        lines.append(f"{name} {draw(TEXTS.map(encoded) | TEXTS)}".replace("\n", ""))
    bodies = draw(st.lists(TEXTS | TEXTS.map(lambda text: json.dumps({"data": text})), max_size=9))
    told = "".join(f"{body}\nmark 200\n" for body in bodies).encode("utf-8", "surrogatepass")
    lines += ["asked prometheus", "asked pushgateway"]
    # The first line with a name counts: this one, or a hostile one above.
    lines.append(f"answers {b64encode(gzip.compress(told)).decode()}")
    return [*draw(st.permutations(lines)), "end"]


def shown(looked: Look) -> None:
    """Judge a look and write it in all four formats."""
    results = tuple(judged(task, looked) for task in TASKS)
    host = HostResult("vm", results, looked_at=looked.now, began_at=looked.began_at)
    assert all("Correct the check" not in c.finding.says for task in results for c in task.checks)
    for assert_harmless in ALL:
        assert_harmless(Report(1.0, None, (host,)))


def read(lines: list[str]) -> Look:
    said = look_output.lines_of(lines)
    paths = lab_look.paths_of(queries_of(TASKS))
    return lab_look.parse_look(parse_settings({}), Answer(said, "mark", 1.0, 2.0), paths)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(looks())
def test_what_is_seen_of_a_hostile_host_does_nothing(looked: Look) -> None:
    shown(looked)


def test_what_a_host_prints_is_read_or_refused() -> None:
    """Any output becomes a look, or one of the errors that `looking.ask` reports."""
    looks_made = 0

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(printed())
    def is_read_or_refused(lines: list[str]) -> None:
        nonlocal looks_made
        try:
            looked = read(lines)
        except (ValueError, KeyError, IndexError, TypeError, EOFError, OSError):
            return
        shown(looked)
        looks_made += 1

    is_read_or_refused()
    assert looks_made >= 15, "nearly all is refused, and nothing is shown"
