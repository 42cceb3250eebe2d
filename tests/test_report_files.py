"""A report as JSON, as JUnit XML, and as files."""

import json
import os
import re
import stat
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from lxml import etree

import reports
from pushgateway_lab.report import as_json, junit, page
from pushgateway_lab.report.write import FILES, write
from pushgateway_lab.run.host_files import host_file

ANY_TEXT = st.text(st.characters(codec=None))


# JSON


def validated(text: str) -> Any:
    schema = json.loads(host_file("report.schema.json"))
    Draft202012Validator.check_schema(schema)
    document = json.loads(text)
    Draft202012Validator(_closed(schema)).validate(document)
    return document


def _closed(schema: Any) -> Any:
    """Return the schema without further properties: here a property without description is a mistake."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    return closed | {"additionalProperties": False} if schema.get("type") == "object" else closed


def test_json_is_what_its_schema_says() -> None:
    document = validated(as_json.text(reports.a_class()))
    assert document["schema"] == 1
    assert document["made_at"] == reports.MADE_AT
    assert document["expected"] == "configured"
    assert document["summary"] == {
        "hosts": 12,
        "states": {"wrong": 2, "unknown": 2, "open": 6, "done": 2},
        "stages": [
            {"stage": None, "hosts": 1},
            {"stage": "prepared", "hosts": 3},
            {"stage": "configured", "hosts": 5},
            {"stage": "pushed", "hosts": 0},
            {"stage": "cleaned", "hosts": 2},
        ],
        "unreached": 1,
        "behind": 5,
    }
    assert as_json.document(reports.a_class()) == document


def test_json_has_all_of_a_host() -> None:
    host = reports.host("vm", reports.STUCK, says="No.\nNot.", fix="true", expected=False)
    found = validated(as_json.text(reports.report(host)))["hosts"][0]
    tasks = found.pop("tasks")
    assert found == {
        "name": "vm",
        "reached": True,
        "problem": None,
        "looked_at": reports.MADE_AT - 1,
        "began_at": reports.MADE_AT - 5000,
        "stage": "prepared",
        "state": "wrong",
        "expected": False,
    }
    checks = tasks[1].pop("checks")
    assert tasks[1] == {
        "name": "4.2.1",
        "title": "Install and configure Pushgateway",
        "state": "wrong",
        "done": 3,
        "total": 6,
    }
    assert checks[2] == {
        "name": "check_2",
        "title": "The scrape job keeps the labels of pushes",
        "state": "wrong",
        "says": "No.\nNot.",
        "fix": "true",
        "at": None,
    }
    assert checks[0]["at"] == reports.MADE_AT - 300


def test_json_says_why_a_host_was_not_reached() -> None:
    (found,) = validated(as_json.text(reports.report(reports.unreached("vm", "Gone"))))["hosts"]
    assert (found["reached"], found["problem"], found["looked_at"]) == (False, "Gone", None)


def test_json_has_text_as_it_is_but_for_what_is_no_text() -> None:
    host = reports.host("vm", reports.STUCK, says=reports.HOSTILE)
    text = as_json.text(reports.report(host))
    assert text.isascii()
    says = validated(text)["hosts"][0]["tasks"][1]["checks"][2]["says"]
    assert says == reports.HOSTILE.replace("\ud800", "\ufffd")


@pytest.mark.parametrize("at", [float("inf"), float("nan"), 1e300, -1e18, 1.8e12])
def test_a_time_that_is_none_does_no_harm(at: float) -> None:
    host = reports.host("vm")._replace(looked_at=at, began_at=at)
    made = reports.report(host)
    validated(as_json.text(made))
    parsed(junit.text(made))
    page.text(made)


def test_each_property_of_the_schema_is_described() -> None:
    schema = json.loads(host_file("report.schema.json"))
    described = list(_properties(schema))
    assert len(described) > 30
    assert all(each.get("description") for each in described)


def _properties(schema: Any) -> list[dict[str, Any]]:
    if not isinstance(schema, dict):
        return []
    own = list(schema.get("properties", {}).values())
    return own + [
        each
        for child in (*own, schema.get("items"), *schema.get("$defs", {}).values())
        for each in _properties(child)
    ]


# JUnit


@cache
def junit_schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))


def parsed(text: str) -> etree._Element:
    root = etree.fromstring(text.encode())
    junit_schema().assertValid(root)
    return root


def test_junit_is_what_its_schema_says() -> None:
    suites = parsed(junit.text(reports.a_class())).findall("testsuite")
    assert [suite.get("name") for suite in suites][:2] == ["vm01.example.org", "vm02.example.org"]
    assert [suite.get("id") for suite in suites] == [str(number) for number in range(12)]
    for suite in suites:
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases)) == "21"
        for attribute, element in [
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ]:
            assert suite.get(attribute) == str(len(suite.findall(f"testcase/{element}")))


def test_junit_has_an_outcome_for_each_state() -> None:
    host = reports.host("vm.example", ("wuoddddd", *reports.STUCK[1:]), says="No.", fix="a\nb")
    (suite,) = parsed(junit.text(reports.report(host, expected="pushed")))
    assert suite.get("timestamp") == "2026-11-24T05:59:59"
    cases = suite.findall("testcase")
    assert cases[0].get("classname") == "vm.example.Host"
    assert cases[8].get("classname") == "vm.example.4_2_1"
    assert cases[0].get("name") == "Prometheus runs"
    outcomes = [[(each.tag, each.get("type")) for each in case] for case in cases[:4]]
    assert outcomes == [
        [("failure", "wrong")],
        [("error", "unknown")],
        [("skipped", None)],
        [],
    ]
    assert cases[0][0].get("message") == "No."
    assert cases[0][0].text == "No.\na\nb"
    properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert properties == {"expected": "pushed", "behind": "False"}
    assert "Host The clock: done: Everything" in (suite.findtext("system-out") or "")


def test_all_checks_of_a_host_that_was_not_reached_are_errors() -> None:
    (suite,) = parsed(junit.text(reports.report(reports.unreached("vm", "Gone"))))
    assert suite.get("tests") == suite.get("errors") == "21"
    assert suite.findtext("system-err") == "Gone"


@given(ANY_TEXT)
def test_junit_holds_any_text(text: str) -> None:
    host = reports.host(text, reports.STUCK, says=text or None, fix=text or None)
    parsed(junit.text(reports.report(host, reports.unreached("x", text))))


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        ("<testsuites>", '<testsuites name="a">'),
        (' hostname="vm"', ""),
        ("<properties>", "<properties><!-- --></properties><properties>"),
        ("T05:59:59", "T05:59:59Z"),
        ('type="wrong"', ""),
        ("<system-err />", ""),
        ('time="0"', 'time="1e3"'),
        ('id="0"', 'id="first"'),
        ('classname="', 'class="'),
    ],
)
def test_the_schema_of_junit_is_strict(found: str, instead: str) -> None:
    text = junit.text(reports.report(reports.host("vm", reports.STUCK)))
    assert found in text
    with pytest.raises(etree.DocumentInvalid):
        parsed(text.replace(found, instead))


# Files


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_report_is_written_to_a_directory_that_is_made(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "b"
    made = reports.a_class()
    old = os.umask(0o027)
    try:
        write(made, directory, every=None)
    finally:
        os.umask(old)
    assert names_in(directory) == sorted(FILES)
    assert (directory / "report.json").read_text() == as_json.text(made)
    assert (directory / "report.xml").read_text() == junit.text(made)
    assert (directory / "report.html").read_text() == page.text(made, every=None)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
    assert modes == {0o640}


def test_a_report_replaces_the_one_before_as_a_whole(tmp_path: Path) -> None:
    write(reports.report(reports.host("first")), tmp_path)
    with (tmp_path / "report.json").open() as reader:
        write(reports.report(reports.host("second")), tmp_path)
        # A reader with the old file open still reads the old one: the file was replaced, not overwritten.
        assert "first" in reader.read()
    assert "second" in (tmp_path / "report.json").read_text()
    assert len(names_in(tmp_path)) == len(FILES)


def test_a_report_with_hostile_values_can_be_written(tmp_path: Path) -> None:
    host = reports.host(reports.HOSTILE, reports.STUCK, says=reports.HOSTILE, fix=reports.HOSTILE)
    write(reports.report(host, reports.unreached("x", reports.HOSTILE)), tmp_path)


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=re.escape(f"{tmp_path}/file")):
        write(reports.a_class(), tmp_path / "file")


def test_a_file_that_cannot_be_written_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "report.xml").mkdir()
    with pytest.raises(OSError, match=re.escape(f"'{tmp_path}/report.xml'")) as caught:
        write(reports.a_class(), tmp_path)
    assert caught.value.filename2 is None
    assert names_in(tmp_path) == ["report.json", "report.xml"]


def test_the_bar_has_a_part_for_each_stage_as_long_as_its_hosts_are_many() -> None:
    made = reports.report(
        reports.host("vm1"),
        reports.host("vm2", reports.BEGUN),
        reports.host("vm3", reports.BEGUN),
        reports.unreached("vm4"),
    )
    parts = re.findall(
        r'<rect x="([\d.]+)" width="([\d.]+)" height="1" (?:fill-opacity="([\d.]+)"|class="(\w+)")/>',
        page.text(made),
    )
    # Of five places (before the first stage, and four stages) that a host can be at.
    assert parts == [
        ("0.000", "50.000", f"{0.15 + 0.85 / 4:.2f}", ""),
        ("50.000", "25.000", "1.00", ""),
        ("75.000", "25.000", "", "unreached"),
    ]


def test_a_page_offers_how_often_to_reload_and_how_often_it_is_made() -> None:
    made = reports.report(reports.host("vm1"))
    offered = re.compile(r">every ([\d.]+) s<")
    assert offered.findall(page.text(made)) == ["5", "15", "30", "60"]
    assert offered.findall(page.text(made, every=7.5)) == ["5", "7.5", "15", "30", "60"]
    for every, shown in ((None, "0"), (7.5, "7.5"), (page.EVERY, "15")):
        assert f'<body data-every="{shown}">' in page.text(made, every=every)


def test_a_page_can_be_filtered_by_all_states_of_a_host_and_names_the_worst_in_its_title() -> None:
    made = reports.report(
        reports.host("vm1"),
        reports.host("vm2", reports.STUCK, expected=False),
        reports.host("vm3", reports.UNSEEN),
        reports.unreached("vm4"),
    )
    shown = page.text(made)
    states = re.findall(r'<tbody data-states="([^"]*)">', shown)
    assert states == ["done", "wrong open done", "unknown open done", "unknown"]
    assert "<title>1 wrong, 1 not looked at, 4 hosts - Prometheus lab</title>" in shown
    alone = page.text(reports.report(reports.host("vm1")))
    assert "<title>1 host - Prometheus lab</title>" in alone
    # The tasks of a host, those that need attention first.
    tasks = re.findall(r'<section><h2>[^<]*<small>[^<]*</small> <span class="(\w+)">', shown)
    assert tasks[4:8] == ["wrong", "open", "open", "done"]
