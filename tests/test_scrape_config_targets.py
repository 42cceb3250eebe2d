"""Which targets are the same address for Prometheus, and the repair of targets with blanks in them."""

import pytest

from pushgateway_lab.scrape_config import (
    find_jobs,
    jobs_scraping,
    merge_job,
    same_target,
    without_blanks,
)
from scrape_configs.samples import JOB


# What Prometheus 2.42 reaches with a Pushgateway on 127.0.0.1 alone, and what it does not.
@pytest.mark.parametrize(
    "other",
    [
        "localhost:9091",
        "LocalHost:9091",
        "localhost:09091",
        "127.0.0.1:9091",
        "0.0.0.0:9091",
        ":9091",
        "[::]:9091",
        "[::ffff:127.0.0.1]:9091",
        "[::ffff:7f00:1]:9091",
        "[localhost]:9091",
        "[127.0.0.1]:9091",
    ],
)
def test_the_names_of_127_0_0_1_are_one_target(other: str) -> None:
    assert same_target("localhost:9091", other)
    assert same_target(other, "localhost:9091")


@pytest.mark.parametrize(
    "other",
    [
        "localhost:9090",
        "localhost",
        "localhost:",
        "gateway:9091",
        "9091",
        "",
        "[::1]:9091",
        "[0:0:0:0:0:0:0:1]:9091",
        "[::2]:9091",
        "127.0.0.2:9091",
        "127.1:9091",
        "127.000.000.001:9091",
        "2130706433:9091",
        "0x7f.0.0.1:9091",
        "0:9091",
        "localhost.:9091",
        "localhost:9091 ",
        " localhost:9091",
        "localhost :9091",
        "localhost: 9091",
        "localhost:9091\t",
        "localhost:9091\n",
        "localhost:9091\N{NO-BREAK SPACE}",
        "localhost:+9091",
        "localhost:\N{FULLWIDTH DIGIT NINE}091",
        "user@localhost:9091",
    ],
)
def test_other_targets_are_not(other: str) -> None:
    assert not same_target("localhost:9091", other)
    assert not same_target(other, "localhost:9091")


def test_an_address_has_many_forms_and_a_name_has_none() -> None:
    assert same_target("[::1]:9091", "[0:0:0:0:0:0:0:1]:9091")
    assert same_target("Gateway:9091", "gateway:9091")
    assert not same_target("gateway:9091", "gateway.example.org:9091")


BLANKS = [
    " ",
    "\t",
    "\n",
    "\N{NO-BREAK SPACE}",
    "\N{ZERO WIDTH SPACE}",
    "\N{SOFT HYPHEN}",
    "\ufeff",
]


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(
    "form", ["{}localhost:9091", "localhost:9091{}", "localhost{}:9091", "localhost:{}9091"]
)
def test_a_target_with_a_blank_is_another_target_and_is_repaired(form: str, blank: str) -> None:
    target = form.format(blank)
    assert not same_target("localhost:9091", target)
    assert without_blanks(target) == "localhost:9091"
    escaped = "".join(f"\\u{ord(letter):04x}" if letter in BLANKS else letter for letter in target)
    text = f"""\
scrape_configs:
- job_name: pushgateway
  honor_labels: true
  static_configs:
  - targets: ["{escaped}"]
"""
    assert jobs_scraping(find_jobs(text), "localhost:9091", besides="") == []
    merged = merge_job(text, JOB)
    assert merged == text.replace(escaped, "localhost:9091")
    assert merge_job(merged, JOB) == merged


def test_the_blanks_of_other_targets_stay() -> None:
    text = """\
scrape_configs:
- {job_name: other, static_configs: [{targets: ['localhost:9091 ']}]}
- {job_name: pushgateway, honor_labels: true, static_configs: [{targets: ['gateway:9091 ', 'localhost:9091']}]}
"""
    assert merge_job(text, JOB) == text


def test_a_wanted_target_is_repaired_in_the_form_that_its_owner_chose() -> None:
    text = "scrape_configs: [{job_name: pushgateway, honor_labels: true, static_configs: [{targets: ['127.0.0.1:9091 ']}]}]\n"
    assert merge_job(text, JOB) == text.replace("9091 ", "9091")
