"""Reading a configuration: jobs, targets, further files, and the errors for odd ones."""

import gc
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from pushgateway_lab.scrape_config import (
    Job,
    LimitError,
    ScrapeConfigError,
    decode,
    find_jobs,
    jobs_scraping,
    limits,
    merge_job,
    remove_job,
    scrape_config_files,
)
from pushgateway_lab.scrape_config.compose import compose
from pushgateway_lab.scrape_config.meaning import Meanings
from pushgateway_lab.scrape_config.votes import MOST_VOTERS
from pushgateway_lab.scrape_config.wanted import wanted_job
from scrape_configs.samples import CLOSED, JOB


def test_a_job_is_found_with_all_it_says() -> None:
    text = """\
scrape_configs:
  - job_name: node
  - static_configs:
      - targets: [one:1, "two:2"]
        labels: {a: b}
      - targets: ['[::1]:3']
    scrape_interval: 5s
    job_name: 'all'
    honor_labels: yes
    metrics_path: /probe
    scheme: https
"""
    assert find_jobs(text) == [
        Job("node", 2, False, None, "http", "/metrics", (), lines={"job_name": 2}),
        Job(
            "all",
            3,
            True,
            "5s",
            "https",
            "/probe",
            ("one:1", "two:2", "[::1]:3"),
            inherited=("scheme", "metrics_path"),
            lines={
                "static_configs": 3,
                "scrape_interval": 7,
                "job_name": 8,
                "honor_labels": 9,
                "metrics_path": 10,
                "scheme": 11,
            },
        ),
    ]


@pytest.mark.parametrize("value", ["true", "True", "TRUE", "yes", "Yes", "on", "ON", "y", "Y"])
def test_what_prometheus_reads_as_true(value: str) -> None:
    assert honors_labels(value)


@pytest.mark.parametrize(
    "value", ["false", "no", "off", "n", "~", "", "'true'", '"yes"', "tRue", "1"]
)
def test_what_prometheus_does_not_read_as_true(value: str) -> None:
    assert not honors_labels(value)


def honors_labels(value: str) -> bool:
    return find_jobs(f"scrape_configs: [{{job_name: x, honor_labels: {value} }}]")[0].honor_labels


# As Prometheus 2.42 reads them: the position of a merge key counts.
@pytest.mark.parametrize(
    ("fields", "honors"),
    [
        ("<<: {honor_labels: true}", True),
        ("honor_labels: true, <<: {honor_labels: false}", False),
        ("<<: {honor_labels: false}, honor_labels: true", True),
        ("<<: [{honor_labels: true}, {honor_labels: false}]", True),
        ("<<: {<<: {honor_labels: true}}", True),
        ("<<: {honor_labels: true}, honor_labels: ~", False),
        ("'<<': {honor_labels: true}", False),
    ],
)
def test_merge_keys_are_followed(fields: str, honors: bool) -> None:
    assert find_jobs(f"scrape_configs: [{{job_name: x, {fields}}}]")[0].honor_labels is honors


def test_a_configuration_without_jobs() -> None:
    for text in ("", "# nothing", "---\n", "global: {}", "scrape_configs:", "scrape_configs: []"):
        assert find_jobs(text) == []


def test_further_files_are_found() -> None:
    text = "scrape_config_files: ['jobs/*.yml', more.yml]\nscrape_configs: []\n"
    assert scrape_config_files(text) == ("jobs/*.yml", "more.yml")
    assert scrape_config_files("scrape_config_files:\n") == ()
    assert scrape_config_files("") == ()


def test_other_jobs_that_scrape_the_target_are_named() -> None:
    text = """\
scrape_configs:
  - {job_name: pushgateway, static_configs: [{targets: ['localhost:9091']}]}
  - {job_name: node, static_configs: [{targets: ['localhost:9100']}]}
  - {job_name: gateway, static_configs: [{targets: ['node:1', '127.0.0.1:9091']}]}
"""
    found = jobs_scraping(find_jobs(text), "localhost:9091", besides="pushgateway")
    assert [(job.name, job.line) for job in found] == [("gateway", 4)]


def test_bytes_become_text_with_their_byte_order_mark() -> None:
    assert decode("\ufeffscrape_configs: [] # é\r\n".encode()) == "\ufeffscrape_configs: [] # é\r\n"


def test_bytes_that_are_not_utf_8_are_refused_with_the_line() -> None:
    with pytest.raises(ScrapeConfigError, match=r"^line 2: byte 0xe9 is not UTF-8"):
        decode(b"scrape_configs:\n# caf\xe9\n")


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\x9f", "\ud800", "\ufffe"])
def test_characters_that_yaml_does_not_allow_are_refused(character: str) -> None:
    with pytest.raises(ScrapeConfigError, match=r"^line 2: the character U\+") as refused:
        merge_job(f"scrape_configs:\n# {character}\n", JOB)
    assert f"{ord(character):04X}" in refused.value.reason


def test_a_second_byte_order_mark_is_refused() -> None:
    with pytest.raises(ScrapeConfigError, match=r"^line 1: the character U\+FEFF"):
        merge_job("\ufeff\ufeffscrape_configs: []\n", JOB)


def test_line_breaks_of_all_kinds_are_kept() -> None:
    text = "scrape_configs:\r- job_name: a # one\u2028# two\x85# three\r"
    merged = merge_job(text, JOB)
    assert merged.startswith("scrape_configs:\r- job_name: a # one\u2028- job_name: pushgateway\r")
    assert merged.endswith("# two\x85# three\r")
    assert remove_job(merged, "pushgateway") == text


def test_a_block_scalar_at_the_very_end_keeps_its_value() -> None:
    text = "scrape_configs:\n- job_name: one\n- job_name: two\n  body: |\n    text"
    merged = merge_job(text, JOB)
    assert merged.endswith("- job_name: two\n  body: |\n    text")
    assert [job.name for job in find_jobs(merged)] == ["one", "pushgateway", "two"]
    assert remove_job(merged, "pushgateway") == text


def test_a_block_scalar_at_the_very_end_of_the_only_job_or_entry() -> None:
    for text in ("scrape_configs:\n- job_name: two\n  body: |\n    text", "global: |\n  text"):
        merged = merge_job(text, JOB)
        assert merged.endswith(("|\n    text", "|\n  text"))
        assert remove_job(merged, "pushgateway") == text


def test_the_unquoted_port_that_libyaml_refuses() -> None:
    text = "scrape_configs: [{job_name: a, static_configs: [{targets: [a:1, b::2, c:, d]}]}]\n"
    assert find_jobs(text)[0].targets == ("a:1", "b::2", "c:", "d")
    assert merge_job(text, JOB).startswith(text[:-3])


def test_a_file_of_aliases_that_stand_for_billions_of_values_is_refused_at_once() -> None:
    values = ["a0: &a0 {scheme: http}"]
    values += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 15)]
    values += ["scrape_configs:", "- job_name: pushgateway", "  params: *a14", "  <<: *a14"]
    started = time.monotonic()
    with pytest.raises(ScrapeConfigError, match="aliases"):
        merge_job("\n".join(values), JOB)
    assert time.monotonic() - started < 60  # written out, they would take days


@pytest.mark.parametrize("text", ["[" * 101, "scrape_configs:\n" + "- " * 101 + "a\n"])
def test_nesting_without_end_is_refused(text: str) -> None:
    with pytest.raises(ScrapeConfigError, match="levels deep"):
        find_jobs(text)


def test_merge_keys_without_end_are_refused() -> None:
    chain = "\n".join(f"a{n}: &a{n} {{<<: *a{n - 1}}}" for n in range(1, 200))
    text = f"a0: &a0 {{}}\n{chain}\nscrape_configs: [{{job_name: x, <<: *a199}}]\n"
    with pytest.raises(ScrapeConfigError, match="merge keys"):
        find_jobs(text)


def test_a_present_job_keeps_the_fields_nobody_asked_for() -> None:
    text = "scrape_configs:\n- job_name: pushgateway\n  honor_labels: true\n  scrape_interval: 1m # slow\n  static_configs: [{targets: ['localhost:9091']}]\n"
    assert merge_job(text, JOB) == text
    assert merge_job(text, {**JOB, "scrape_interval": "1m"}) == text
    faster = merge_job(text, {**JOB, "scrape_interval": "5s", "metrics_path": "/m"})
    assert faster == text.replace("1m", "5s").replace(
        "pushgateway\n", "pushgateway\n  metrics_path: /m\n"
    )


def test_a_replaced_value_keeps_its_quotes() -> None:
    text = 'scrape_configs: [{job_name: pushgateway, scheme: "http", honor_labels: true}]\n'
    job = {"job_name": "pushgateway", "scheme": "https"}
    assert merge_job(text, job) == text.replace("http", "https")


def test_a_job_of_another_name_with_several_targets_and_labels() -> None:
    job = {
        "job_name": "it's: new",
        "sample_limit": 5,
        "honor_timestamps": False,
        "proxy_url": "http://proxy:3128",
        "static_configs": [{"targets": ["a:1", "b:2"], "labels": {"env": "lab", "on": "yes"}}],
    }
    merged = merge_job("scrape_configs:\n- job_name: a\n", job)
    assert (
        merged
        == """\
scrape_configs:
- job_name: a
- job_name: 'it''s: new'
  sample_limit: 5
  honor_timestamps: false
  proxy_url: 'http://proxy:3128'
  static_configs:
  - targets: ['a:1', 'b:2']
    labels:
      env: lab
      'on': 'yes'
"""
    )
    assert remove_job(merged, "it's: new") == "scrape_configs:\n- job_name: a\n"


@pytest.mark.parametrize(
    "job",
    [
        {},
        {"job_name": ""},
        {"job_name": 5},
        {"job_name": "a\nb"},
        {"job_name": "a", "relabel_configs": []},
        {"job_name": "a", "basic_auth": {}},
        {"job_name": "a", "basic_auth": {"username": None}},
        {"job_name": "a", "basic_auth": {"username": "b\nc"}},
        {"job_name": "a", "basic_auth": {"user\nname": "b"}},
        {"job_name": "a", "oauth2": {"tls_config": {"a": {"b": "c"}}}},
        {"job_name": "a", "params": {"a": ["b"]}},
        {"job_name": "a", "scheme": None},
        {"job_name": "a", "static_configs": "b:1"},
        {"job_name": "a", "static_configs": [{"targets": "b:1"}]},
        {"job_name": "a", "static_configs": [{"targets": [1]}]},
        {"job_name": "a", "static_configs": [{"targets": []}, {"targets": []}]},
        {"job_name": "a", "static_configs": [{"targets": ["b:1"], "labels": ["c"]}]},
        {"job_name": "a", "static_configs": [{"targets": ["b:1"], "more": 1}]},
    ],
)
def test_a_job_that_is_not_supported_is_an_error_of_the_caller(job: dict[str, Any]) -> None:
    with pytest.raises(
        ValueError, match=r"job_name|static_configs|only single values|cannot be printed"
    ) as refused:
        merge_job("", job)
    assert not isinstance(refused.value, ScrapeConfigError)


@pytest.mark.parametrize(
    ("key", "shown"), [("x" * 60, f"'{'x' * 60}'"), ("x" * 61, f"'{'x' * 60}…'")]
)
def test_a_key_is_quoted_up_to_60_characters(key: str, shown: str) -> None:
    with pytest.raises(ScrapeConfigError) as refused:
        find_jobs(f"a:\n  {key}: 1\n  {key}: 2\n")
    assert str(refused.value) == f"line 3: the key {shown} is there twice"


@pytest.mark.parametrize(("mappings", "is_read"), [(20, True), (21, False)])
def test_merge_keys_are_followed_through_20_mappings(mappings: int, is_read: bool) -> None:
    anchors = "".join(f"a{n}: &a{n} {{<<: *a{n - 1}}}\n" for n in range(1, mappings))
    text = f"a0: &a0 {{honor_labels: true}}\n{anchors}scrape_configs: [{{<<: *a{mappings - 1}}}]\n"
    if is_read:
        assert find_jobs(text)[0].honor_labels
    else:
        with pytest.raises(ScrapeConfigError, match="more than 20 mappings away"):
            find_jobs(text)


def test_a_job_has_as_many_values_as_are_counted_before_it_is_merged() -> None:
    job = {
        **CLOSED,
        "oauth2": {"tls_config": {"server_name": "a", "ca_file": "b"}},
        "static_configs": [{"targets": ["a:1", "b:2"], "labels": {"c": "d"}}],
    }
    before, after = "global: {}\n", merge_job("global: {}\n", job)
    added = compose(after, Meanings()).values - compose(before, Meanings()).values
    assert added == wanted_job(job).values
    assert compose("a: [b, c]\n", Meanings()).values == 5  # the root, a key, a list of two


@pytest.mark.parametrize(
    ("limit", "most"),
    [
        (limits.refuse_long, 2_000_000),
        (lambda number: limits.refuse_many(number, "it has"), 150_000),
        (lambda number: limits.refuse_deep(number, 1), 32),
        (limits.refuse_tag_directives, 100),
    ],
)
def test_the_limits_are_those_of_the_documentation(limit: Callable[[int], None], most: int) -> None:
    limit(most)
    with pytest.raises(LimitError):
        limit(most + 1)


def test_a_job_is_added_before_one_that_ends_the_text_with_an_open_block_scalar() -> None:
    jobs = "scrape_configs:\n- job_name: one\n- job_name: two\n# of what follows\n"
    last = "- job_name: |\n    three"
    new = (
        "- job_name: pushgateway\n  honor_labels: true\n  static_configs:\n"
        "  - targets: ['localhost:9091']\n"
    )
    merged = merge_job(jobs + last, JOB)
    assert merged == jobs.replace("# of", f"{new}# of") + last
    assert remove_job(merged, "pushgateway") == jobs + last


def test_a_text_that_has_every_letter_that_could_stand_for_a_colon() -> None:
    letters = "".join(map(chr, range(0xE000, 0xF900)))
    assert find_jobs(f"# {letters}\nscrape_configs: [{{job_name: 'a:1'}}]\n")[0].name == "a:1"
    with pytest.raises(ScrapeConfigError, match="unexpected ':'"):
        find_jobs(f"# {letters}\nscrape_configs: [{{job_name: a:1}}]\n")


def test_a_merge_key_in_the_root_may_bring_anything_but_the_jobs() -> None:
    jobs = "scrape_configs:\n  - job_name: a\n"
    assert find_jobs(f"<<: {{global: {{}}}}\n{jobs}")[0].name == "a"
    assert (
        find_jobs(f"<<: {{scrape_configs: []}}\n{jobs}")[0].name == "a"
    )  # what stands below counts
    with pytest.raises(
        ScrapeConfigError, match=r"^line 3: scrape_configs comes through a merge key"
    ):
        find_jobs(f"{jobs}<<: {{scrape_configs: []}}\n")


def test_a_key_with_a_question_mark_and_no_value_is_left_where_it_is() -> None:
    text = "scrape_configs:\n- job_name: one\n  ? scheme\n- job_name: two\n  ? scheme\n"
    merged = merge_job(text, JOB)
    assert merged.startswith(f"{text}- job_name: pushgateway\n")
    assert remove_job(merged, "pushgateway") == text
    assert remove_job(text, "two") == text.partition("- job_name: two")[0]


@pytest.mark.parametrize("text", ["scrape_configs: []\n", "a: ["])
def test_the_search_for_garbage_goes_on_afterwards_if_it_did_before(text: str) -> None:
    for set_before, was in ((gc.enable, True), (gc.disable, False)):
        set_before()
        try:
            with suppress(ScrapeConfigError):
                find_jobs(text)
            assert gc.isenabled() is was
        finally:
            gc.enable()


def test_a_file_of_one_line_break_is_extended_by_lines() -> None:
    merged = merge_job("\n", JOB)
    assert merged.startswith("\nscrape_configs:\n")
    assert merged.endswith("]\n")
    assert remove_job(merged, "pushgateway") == "\n"


def test_the_style_of_thousands_of_jobs_is_that_of_the_last_ones() -> None:
    odd = "- {job_name: odd}\n"
    text = "scrape_configs:\n" + odd * MOST_VOTERS + "- job_name: 'even'\n" * (MOST_VOTERS // 2 + 1)
    assert "\n- job_name: 'pushgateway'\n" in merge_job(text, JOB)
