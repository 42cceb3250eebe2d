"""Commands in findings: a shell runs them as intended, whatever text a word holds."""

import shlex
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from looks import TRAINING, encoded, group, history, look, path, unit, unreadable
from pushgateway_lab.lab import gateway, scrape_job, servers
from pushgateway_lab.lab.commands import command, join, quoted
from pushgateway_lab.lab.excerpts import SAYS, bounded, excerpt, lines, listed, shown_labels
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.pushed import Pushed, check_pushed
from pushgateway_lab.lab.pushes import pushed
from pushgateway_lab.lab.results import Finding, State
from pushgateway_lab.lab.tasks import LABS_COMPLETED
from pushgateway_lab.settings import parse_settings

# Stubs of the programs in a fix: each prints its arguments and its standard input.
_STUBS = """
for each in curl sudo sudoedit; do
    eval "$each() { printf '%s\\0' $each \\"\\$@\\"; [ $each != curl ] || cat; printf '\\0'; }"
done
"""


def words_in_a_shell(fix: str) -> list[str]:
    """Return the arguments that a real shell gives to the commands of a fix; it can run the stubs only."""
    ran = subprocess.run(
        ["sh", "-euc", _STUBS + fix],
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    assert not ran.stderr
    return ran.stdout.split("\0")


def at_prefix(prefix: str, *lines: str, **fields: Any) -> Look:
    """Return a look at a Pushgateway with a route prefix and without groups."""
    argv = encoded(f"prometheus-pushgateway\0--web.route-prefix={prefix}")
    running = [*unit("prometheus-pushgateway.service"), f"pushgateway_argv {argv}", *lines]
    said = {"groups": [], path(LABS_COMPLETED.history): history({})}
    return look(*running, said=said, **fields)


@pytest.mark.parametrize(
    ("prefix", "address"),
    [
        ("/x;id;", "/x;id;"),
        ("/$(id)`id`", "/$(id)%60id%60"),
        ("/it's", "/it's"),
        ("/a b", "/a%20b"),
        ("/[1-500]{a,b}", "/%5B1-500%5D%7Ba,b%7D"),  # curl would expand it to a thousand URLs
        ("/\x1b]52;c;x\x07\n", "/%1B]52;c;x%07%0A".replace("]", "%5D")),
        ("/\u202eä", "/%E2%80%AE%C3%A4"),
    ],
)
def test_a_route_prefix_is_a_part_of_one_word(prefix: str, address: str) -> None:
    finding = pushed(at_prefix(prefix), LABS_COMPLETED)
    assert finding.fix
    assert words_in_a_shell(finding.fix) == [
        "curl",
        "--data-binary",
        "@-",
        f"http://localhost:9091{address}/metrics/job/prometheus_training",
        f"{LABS_COMPLETED}\n",
        "",
    ]


def test_a_normal_hosts_commands_are_as_the_page_has_them() -> None:
    assert pushed(at_prefix("/"), LABS_COMPLETED).fix == (
        'echo "prometheus_training_labs_completed_total 4" | curl --data-binary @- '
        "http://localhost:9091/metrics/job/prometheus_training"
    )
    assert scrape_job.job(look(config="{}")).fix == (
        "sudoedit /etc/prometheus/prometheus.yml\nsudo systemctl reload prometheus"
    )


@pytest.mark.parametrize("file", ["/etc/a b/x.yml", "/etc/x';id;'.yml", "/etc/$(id).yml", "/~/*"])
def test_a_path_is_one_word(file: str) -> None:
    # The validation of settings refuses most of these; commands must not depend on it.
    settings = replace(parse_settings({}), prometheus_config_path=file)
    fix = scrape_job.job(look(config="{}", settings=settings)).fix
    assert fix
    assert words_in_a_shell(fix)[:2] == ["sudoedit", file]
    denied = unreadable(look(*refused(), settings=settings, reload_error="permission denied"))
    fix = scrape_job.is_loaded(denied).fix
    assert fix
    words = words_in_a_shell(fix)
    assert words[:4] == ["sudo", "chgrp", "prometheus", file]
    assert words[5:9] == ["sudo", "chmod", "g+r", file]


def refused() -> list[str]:
    name = "prometheus_config_last_reload_success"
    answer = 'prometheus_config {"data": {"yaml": "{}"}}'
    return [*unit("prometheus.service"), answer, f"{name}ful 0", f"{name}_timestamp_seconds 1"]


def test_what_cannot_be_shown_is_no_command() -> None:
    assert command("a", "b\nc") is None
    assert command("a", "\x1b[2J") is None
    assert command("a", "\u202ex") is None
    assert join("\n", "a", None) is None
    assert join(" && ", "a", "b") == "a && b"
    assert quoted("a") == "'a'"
    assert shlex.split(quoted("a'b")) == ["a'b"]


@pytest.mark.parametrize("kind", ["", "gauge"])
def test_a_metric_of_another_form_is_pushed_as_it_is_written(kind: str) -> None:
    odd = Pushed("a'b\"%s\\n$(id)", 1, TRAINING, type=kind)
    body = words_in_a_shell(odd.command("curl", "http://localhost:9091"))[4]
    assert body.endswith(f"{odd}\n")


@pytest.mark.parametrize("metric", ["", "a b", "0a", "a;id", "a\n", "a{b}"])
def test_a_name_that_no_query_can_have_is_a_trainers_mistake(metric: str) -> None:
    with pytest.raises(ValueError, match="not a metric name"):
        check_pushed(Pushed(metric, 1, TRAINING))
    with pytest.raises(ValueError, match="equals no pushed value"):
        check_pushed(Pushed("a", float("nan"), TRAINING))


def test_a_trainers_fix_that_cannot_be_pasted_is_left_out() -> None:
    for fix in ("x" * 1001, "a\x1b[2J", "a\rb"):
        found = bounded(Finding(State.WRONG, "x" * 5000, fix))
        assert found.fix is None
        assert "is left out" in found.says
        assert len(found.says) <= SAYS
    kept = Finding(State.WRONG, "wrong", "a\nb", 5.0)
    assert bounded(kept) == kept


@pytest.mark.parametrize("at", [float("nan"), float("inf"), -1.0, 1e13])
def test_a_time_that_no_calendar_has_is_none(at: float) -> None:
    assert bounded(Finding(State.DONE, "done", None, at)).at is None


def test_long_texts_say_how_much_was_left_out() -> None:
    assert excerpt("x" * 200) == "x" * 200
    assert excerpt("x" * 1201) == f"{'x' * 200}… (1,001 more characters)"
    assert lines("a\nb\nc", most=2) == "a\nb\n… (1 more line)"
    assert listed(list("abcdefghijkl")) == "a, b, c, d, e, f, g, h, i, j and 2 more"
    found = bounded(Finding(State.DONE, "\n" * 100_000))
    assert found.says.endswith("more lines)")
    assert found.says.count("\n") < 40


def test_what_just_fits_is_shown_whole() -> None:
    assert lines("\n".join("a" * 20)) == "\n".join("a" * 20)
    assert lines("\n".join("a" * 21)) == "\n".join("a" * 20) + "\n… (1 more line)"
    assert listed(list("abcdefghij")) == "a, b, c, d, e, f, g, h, i, j"
    assert listed(list("abcdefghijk")) == "a, b, c, d, e, f, g, h, i, j and 1 more"
    ten = {f"l{n}": "" for n in range(10)}
    assert shown_labels(ten) == "{" + ", ".join(f'{name}=""' for name in ten) + "}"
    assert shown_labels({**ten, "m": ""}).endswith('l9="", … (1 more label)}')
    assert shown_labels({"job": "x" * 194, "a": "b"}) == f'{{job="{"x" * 194}", … (1 more label)}}'
    assert shown_labels({"job": "x" * 193, "a": "b"}).startswith(f'{{job="{"x" * 193}", a')


@pytest.mark.parametrize(
    "finding",
    [
        Finding(State.DONE, "x" * 2000),
        Finding(State.DONE, "\n".join("x" * 39)),
        Finding(State.DONE, "x", "y" * 1000),
        Finding(State.DONE, "x", None, 0.0),
        Finding(State.DONE, "x", None, 253_370_764_799.0),
    ],
)
def test_a_finding_within_the_limits_is_told_as_it_is(finding: Finding) -> None:
    assert bounded(finding) == finding


def test_a_finding_beyond_a_limit_is_cut_to_it() -> None:
    says = bounded(Finding(State.DONE, "x" * 2001)).says
    assert len(says) <= 2000
    assert says.endswith(" more characters)")
    assert bounded(Finding(State.DONE, "\n".join("x" * 40))).says.splitlines() == [
        *("x" * 38),
        "… (2 more lines)",
    ]
    assert bounded(Finding(State.DONE, "x", None, 253_370_764_800.0)).at is None


def test_labels_are_shown_as_they_are_written_until_they_are_long() -> None:
    assert shown_labels({"instance": 'a"b\n', "job": "x"}) == r'{job="x", instance="a\"b\n"}'
    long = shown_labels({"job": "x" * 3_000_000, "instance": "y"})
    assert long == f'{{job="{"x" * 200}… (2,999,800 more characters)", … (1 more label)}}'
    assert len(shown_labels({f"label{n}" * 50: "v" * 50 for n in range(5000)})) < 1000


def test_a_pushgateway_that_says_no_flags_is_no_mistake_of_a_check() -> None:
    answers: tuple[Any, ...] = (
        {},
        [],
        {"flags": None},
        {"flags": {}, "build_information": 1},
        "x",
        5,
    )
    for status in answers:
        said = {"status": status, "groups": [group(TRAINING)]}
        looked = look(said=said, all_read=False)
        assert looked.unread.keys() == {"status"}
        assert gateway.version(looked) is None
        for check in servers.CHECKS:
            assert check.judge(looked).says
