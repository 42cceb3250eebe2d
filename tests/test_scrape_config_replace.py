"""A job in place of another one, and fields at wrong places."""

import pytest

from pushgateway_lab import scrape_config
from pushgateway_lab.scrape_config import Change, changes, replace_job, stray_fields

OURS = {
    "job_name": "pushgateway",
    "honor_labels": True,
    "static_configs": [{"targets": ["localhost:9091"]}],
}

BEFORE = """\
global:
  scrape_interval: 15s

scrape_configs:
  - job_name: 'prometheus'
    static_configs:
      - targets: ['localhost:9090']   # itself
"""

AFTER = """
  - job_name: node
    static_configs:
      - targets: ['localhost:9100']
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("job", "after", "wanted"),
    [
        (
            """
  - job_name: pushgateway
    honor_labels: "true"
    proxy_url: http://proxy
    static_configs:
      - targets: ['localhost:9092']
""",
            AFTER,
            [
                Change(9, 11, ("    honor_labels: true",)),
                Change(12, 13, ("      - targets: ['localhost:9091']",)),
            ],
        ),
        (
            """
  - job_name: push_gateway
    static_configs:
      - targets: ['localhost:9091']
        labels: {honor_labels: true}
""",
            "",
            [
                Change(8, 9, ("  - job_name: 'pushgateway'", "    honor_labels: true")),
                Change(11, 12, ()),
            ],
        ),
    ],
)
def test_a_job_is_replaced_in_its_place(
    job: str, after: str, wanted: list[Change], line_end: str
) -> None:
    text = (BEFORE + job + after).replace("\n", line_end)
    name = scrape_config.find_jobs(text)[1].name
    new = replace_job(text, name, OURS)
    assert new is not None
    assert changes(text, new) == wanted
    assert replace_job(new, "pushgateway", OURS) == new
    assert new.count(line_end) == new.count("\n")


def test_a_job_that_is_not_there_is_added() -> None:
    new = replace_job(BEFORE, "pushgateway", OURS)
    assert new == scrape_config.merge_job(BEFORE, OURS)


def test_a_job_with_a_password_is_replaced_by_one_with_a_file() -> None:
    login = {"username": "trainer", "password_file": "/etc/scrape"}
    job = "    basic_auth:\n      username: trainer\n      password: secret\n"
    text = scrape_config.merge_job(BEFORE, OURS) + f"{job}    bearer_token: other\n"
    new = replace_job(text, "pushgateway", {**OURS, "basic_auth": login})
    assert new == scrape_config.merge_job(BEFORE, {**OURS, "basic_auth": login})
    assert replace_job(new, "pushgateway", {**OURS, "basic_auth": login}) == new


@pytest.mark.parametrize(
    "text",
    [
        "scrape_configs: [{job_name: secret}]\n",
        "scrape_configs: [{job_name: secret}, {job_name: pushgateway}]\n",
    ],
)
def test_lines_with_text_of_their_owner_are_not_replaced(text: str) -> None:
    assert replace_job(text, "pushgateway", OURS) is None


@pytest.mark.parametrize(
    ("job", "line", "within", "is_text"),
    [
        ("  honor_labels: 'true'", 2, "", True),
        ("  honor_labels: true", 2, "", False),
        ("  honour_labels: true", 2, "", False),
        ("  \u00a0honor_labels: true", 2, "", False),
        ("  static_configs:\n  - targets: []\n    honor_labels: true", 4, "static_configs", False),
        ("  static_configs:\n  - labels: {honor_labels: true}", 3, "labels", False),
    ],
)
def test_a_field_is_found_where_it_is_written(
    job: str, line: int, within: str, is_text: bool
) -> None:
    text = f"scrape_configs:\n{job.replace('  ', '- ', 1)}\n  job_name: a\n"
    [found] = stray_fields(text, "a", "honor_labels")
    assert (found.line, found.within, found.is_text) == (line, within, is_text)


@pytest.mark.parametrize("other", ["honor_timestamps: true", "labels: {a: b}", "x: [y]"])
def test_other_fields_are_not_taken_for_it(other: str) -> None:
    text = f"scrape_configs:\n- job_name: a\n  {other}\n"
    assert stray_fields(text, "a", "honor_labels") == ()
    assert stray_fields(text, "b", "honor_labels") == ()
