"""Targets that the toolkit added are removed again, and nothing else of the file changes."""

import pytest

from pushgateway_lab.scrape_config import ScrapeConfigError, drop_fields, drop_targets, merge_job

JOB = {"job_name": "p", "static_configs": [{"targets": ["localhost:9095"]}]}
FLOW = """\
scrape_configs:
  - job_name: node   # theirs
    static_configs: [{targets: ['a:1', 'localhost:9095']}]
  - job_name: p
    static_configs:
      - targets: ['localhost:9091']   # keep
# end
"""
BLOCK = FLOW.replace(
    "['localhost:9091']   # keep", "\n        - localhost:9091   # keep\n        # below"
)
LABELS = FLOW.replace("- targets: ['localhost:9091']", "- labels: {a: b}\n        targets: [c:1]")
INLINE = "scrape_configs: [{job_name: p, static_configs: [{targets: ['x:1']}]}]\n"


@pytest.mark.parametrize("text", [FLOW, BLOCK, LABELS, INLINE, "\ufeff" + FLOW, FLOW.rstrip("\n")])
def test_what_was_added_last_is_taken_away_again(text: str) -> None:
    added = merge_job(text, JOB)
    assert added != text
    assert drop_targets(added, "p", ["localhost:9095"]) == text
    # Also if somebody wrote a target below it.
    more = merge_job(added, {"job_name": "p", "static_configs": [{"targets": ["last:1"]}]})
    without = drop_targets(more, "p", ["localhost:9095"])
    assert drop_targets(without, "p", ["last:1"]) == text


def test_the_first_of_several_is_removed() -> None:
    for text in (FLOW, BLOCK):
        added = merge_job(text, JOB)
        assert "9091" not in drop_targets(added, "p", ["localhost:9091"])
        assert drop_targets(added, "p", ["localhost:9091"]).count("localhost:9095") == 2


@pytest.mark.parametrize(
    ("text", "target"),
    [
        (FLOW, "localhost:9091"),  # the only one
        (FLOW, "localhost:9095"),  # of another job
        (LABELS, "c:1"),  # with labels
        ("scrape_configs: [{job_name: p, static_configs: [&a {targets: [b:1, c:1]}, *a]}]", "b:1"),
        (
            "scrape_configs: [{job_name: p, static_configs: [{targets: &a [b:1, c:1]}]}, {x: *a}]",
            "b:1",
        ),
        (
            "x: &a [{targets: [b:1, c:1]}]\nscrape_configs: [{job_name: p, static_configs: *a}]",
            "b:1",
        ),
        (
            "x: &a {static_configs: [{targets: [b:1, c:1]}]}\nscrape_configs: [{job_name: p, <<: *a}]",
            "b:1",
        ),
        ("scrape_configs: [{job_name: p}]", "b:1"),
        ("scrape_configs:\n", "b:1"),
    ],
)
def test_a_target_that_stays(text: str, target: str) -> None:
    assert drop_targets(text, "p", [target]) == text


def test_no_yaml_is_refused() -> None:
    with pytest.raises(ScrapeConfigError):
        drop_targets("a: [", "p", ["b:1"])


TLS = """\
scrape_configs:
  - job_name: p
    scheme: https   # on
    tls_config:
      ca_file: /a   # whose
      cert_file: /b
      # the key
      min_version: TLS12
"""


@pytest.mark.parametrize(
    ("text", "fields", "without"),
    [
        (TLS, ["scheme", "tls_config"], "scrape_configs:\n  - job_name: p\n"),
        (
            TLS,
            ["tls_config.ca_file", "scheme", "tls_config.cert_file"],
            TLS.replace("    scheme: https   # on\n", "")
            .replace("      ca_file: /a   # whose\n", "")
            .replace("      cert_file: /b\n", ""),
        ),
        (
            "scrape_configs: [{job_name: p, a: 1, tls_config: {b: 2, c: 3, d: 4}}]",
            ["tls_config.b", "tls_config.d", "a"],
            "scrape_configs: [{job_name: p, tls_config: {c: 3}}]",
        ),
        (TLS, ["tls_config.server_name", "other", "other.part"], TLS),
    ],
)
def test_fields_and_parts_of_them_are_dropped(text: str, fields: list[str], without: str) -> None:
    assert drop_fields(text, "p", fields) == without
    assert drop_fields(without, "p", fields) == without


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("scrape_configs: [{job_name: p, a: 1, tls_config: {b: 2}}]", "tls_config.b"),  # the last
        ("x: &x {b: 2}\nscrape_configs: [{job_name: p, a: 1, <<: *x}]", "b"),
        ("x: &x {b: 2}\nscrape_configs: [{job_name: p, a: 1, b: 3, <<: *x}]", "b"),
        ("x: &x {b: 2, d: 3}\nscrape_configs: [{job_name: p, a: 1, c: *x}]", "c.b"),
        ("x: &x {c: {b: 2, d: 3}}\nscrape_configs: [{job_name: p, a: 1, <<: *x}]", "c.b"),
        ("scrape_configs: [{job_name: p, a: 1, b: &b 2}, {job_name: *b}]", "b"),
        ("scrape_configs: [&p {job_name: p, a: 1, b: 2}, *p]", "b"),
        ("scrape_configs:\n- b: 1\n  job_name: p\n  a: 2\n", "b"),  # with the dash
    ],
)
def test_all_fields_stay_if_one_has_to(text: str, stays: str) -> None:
    assert drop_fields(text, "p", ["a", stays]) == text
    assert drop_fields(text, "p", [stays, "a"]) == text
