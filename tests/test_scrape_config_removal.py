"""Jobs that are removed: those that somebody wrote, with their comments, and refusals."""

import pytest

from pushgateway_lab.scrape_config import (
    ScrapeConfigError,
    merge_job,
    remove_job,
)
from scrape_configs.samples import JOB


def test_removing_a_job_that_is_not_there_changes_nothing() -> None:
    text = "scrape_configs: [ ]  # none\n"
    assert remove_job(text, "pushgateway") == text


@pytest.mark.parametrize(
    ("text", "removed"),
    [
        ("scrape_configs:\n- job_name: pushgateway\n", "scrape_configs:\n"),
        (
            "scrape_configs:\n- job_name: pushgateway\n\n- job_name: a\n",
            "scrape_configs:\n\n- job_name: a\n",
        ),
        (
            "scrape_configs:\n- job_name: a\n\n- job_name: pushgateway\n  # own\n",
            "scrape_configs:\n- job_name: a\n",
        ),
        (
            "scrape_configs: [{job_name: pushgateway}, {job_name: a}]",
            "scrape_configs: [{job_name: a}]",
        ),
        ("scrape_configs: [{job_name: pushgateway},]", "scrape_configs: []"),
        ("scrape_configs: [a: b, job_name: pushgateway, c: d]", "scrape_configs: [a: b, c: d]"),
    ],
)
def test_a_job_that_somebody_wrote_is_removed(text: str, removed: str) -> None:
    assert remove_job(text, "pushgateway") == removed


def test_a_job_that_others_refer_to_is_not_removed() -> None:
    text = "scrape_configs:\n- &p {job_name: pushgateway}\n- {<<: *p, job_name: a}\n"
    with pytest.raises(ScrapeConfigError, match=r"^line 2: the job .* is shared"):
        remove_job(text, "pushgateway")


def test_a_blank_line_at_the_end_is_not_doubled_above_the_new_list_and_stays_when_it_is_removed() -> (
    None
):
    new_line = "\n"
    for end in ("", "\n", "\n\n"):
        text = f"global: {{}}\n\nrule_files: []\n{end}"
        merged = merge_job(text, JOB)
        assert merged.startswith(
            f"global: {{}}\n\nrule_files: []\n{end or new_line}scrape_configs:\n"
        )
        assert remove_job(merged, "pushgateway") == text


def test_a_job_whose_parts_later_lines_use_is_not_removed() -> None:
    text = """\
scrape_configs:
- job_name: pushgateway
  basic_auth: &auth
    username: me
- {job_name: other, basic_auth: *auth}
- {job_name: third, basic_auth: *auth}
"""
    with pytest.raises(
        ScrapeConfigError, match=r"^line 3: .* it is &auth here, and line 6 uses it as"
    ):
        remove_job(text, "pushgateway")
    used_within = text.replace("- {job_name: other,", "  x: {").replace(
        "- {job_name: third,", "  y: {"
    )
    assert remove_job(used_within, "pushgateway") == "scrape_configs:\n"


def test_the_comments_of_a_removed_job_go_with_it() -> None:
    text = """\
scrape_configs:
  - job_name: pushgateway
    static_configs: []
#    scheme: https
#  - job_name: third
  - job_name: other
"""
    removed = """\
scrape_configs:
#  - job_name: third
  - job_name: other
"""
    assert remove_job(text, "pushgateway") == removed


@pytest.mark.parametrize(
    "body", ["password: |\n        secret", "password: >\n        folded", "x: |+\n        kept\n"]
)
def test_the_last_job_of_a_file_without_a_final_newline_goes_and_the_block_above_keeps_its_value(
    body: str,
) -> None:
    above = f"scrape_configs:\n  - job_name: node\n    basic_auth:\n      {body}\n"
    text = f"{above}  - job_name: pushgateway\n    static_configs:\n      - targets: [a]"
    assert remove_job(text, "pushgateway") == above
