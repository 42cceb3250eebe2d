"""Merging and removing, with one configuration for each form, from the tables in `scrape_configs/`."""

from collections.abc import Callable
from typing import Any

import pytest

from pushgateway_lab.scrape_config import ScrapeConfigError, merge_job, remove_job
from pushgateway_lab.scrape_config.write import scalar
from scrape_configs.samples import CLOSED, JOB, Row, rows


def as_it_is(text: str) -> str:
    return text


def with_crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def with_byte_order_mark(text: str) -> str:
    return "\ufeff" + text


def without_final_newline(text: str) -> str:
    return text.removesuffix("\n")


def every_row_of(table: str) -> pytest.MarkDecorator:
    """Return each row of a table with the job that it is about."""
    tables = ((table, JOB), (f"{table}_closed", CLOSED))
    found = [pytest.param(row, job, id=row.name) for name, job in tables for row in rows(name)]
    return pytest.mark.parametrize(("row", "job"), found)


in_every_form = pytest.mark.parametrize(
    "form", [as_it_is, with_crlf, with_byte_order_mark, without_final_newline]
)
Form = Callable[[str], str]
Wanted = dict[str, Any]


@in_every_form
@every_row_of("absent")
def test_an_absent_job_is_added_and_can_be_removed_again(row: Row, job: Wanted, form: Form) -> None:
    if form in {with_crlf, without_final_newline} and not row.before:
        pytest.skip("an empty file has no lines")
    before = form(row.before)
    merged = merge_job(before, job)
    assert merged == form(row.expected)
    assert merge_job(merged, job) == merged
    assert remove_job(merged, "pushgateway") == before


@in_every_form
@every_row_of("present")
def test_a_present_job_is_repaired(row: Row, job: Wanted, form: Form) -> None:
    merged = merge_job(form(row.before), job)
    assert merged == form(row.expected)
    assert merge_job(merged, job) == merged


@every_row_of("refused")
def test_what_cannot_be_read_or_changed_is_refused_with_the_line(row: Row, job: Wanted) -> None:
    with pytest.raises(ScrapeConfigError) as refused:
        merge_job(row.before, job)
    assert str(refused.value).startswith(row.expected.rstrip("\n"))


def test_the_line_break_of_a_blank_first_line_is_used() -> None:
    merged = merge_job("\r\nglobal: {}", JOB)
    assert "\r\nscrape_configs:\r\n" in merged
    assert "\n" not in merged.replace("\r\n", "")
    assert remove_job(merged, "pushgateway") == "\r\nglobal: {}"


@pytest.mark.parametrize(
    ("value", "in_flow", "written"),
    [
        ("a: b", False, "'a: b'"),
        ("# a", False, "'# a'"),
        ("vm:9091", False, "vm:9091"),
        ("vm:9091", True, "'vm:9091'"),
        ("vm", True, "vm"),
    ],
)
def test_a_value_has_quotes_where_it_needs_them(value: str, in_flow: bool, written: str) -> None:
    assert scalar(value, "", in_flow=in_flow) == written
