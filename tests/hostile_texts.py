"""Hostile texts, and conditions that each of the four formats of a report must meet with them."""

import json
import re
from functools import cache
from pathlib import Path

from lxml import etree, html

from pushgateway_lab.lab.results import CheckResult, Finding, Report, TaskResult
from pushgateway_lab.report import as_json, console, junit, page

PIECES = [
    "\x1b]52;c;aWQK\x07", "\x1b[2J\x1b[31m", "\x9b31m", "\x90+q\x9c", "\x1b]8;;http://x\x1b\\", "\r", "\b", "\0", "\n",
    "\t", "\v\f", "\x7f", "\x85", "\u2028\u2029", "\u202e\u2066", "\u200b\ufeff", "\ud800", "\udcff", "\ufffe\uffff",
    "<script>alert(1)</script>", "</script></style><!--", "-->", "]]>", "<![CDATA[", "&lt;&#27;&", "'\"`=", "</td></tr>",
    '" onload="x', "<img src=x onerror=x>", "{{ 7 * 7 }}{% raw %}", "javascript:x", "\U000e0041", "e\u0301" * 9, "\u65e5\u672c",
]  # fmt: skip


def tame(text: str) -> str:
    """Return a harmless text for a hostile one; equal texts stay equal, an empty text stays empty."""
    return f"x{abs(hash(text)) % 10**9}" if text else ""


def tamed(made: Report) -> Report:
    """Return the same report with harmless texts."""

    def finding(each: Finding) -> Finding:
        return each._replace(
            says=tame(each.says), fix=each.fix if each.fix is None else tame(each.fix)
        )

    def task(each: TaskResult) -> TaskResult:
        checks = (
            CheckResult(tame(check.name), tame(check.title), finding(check.finding))
            for check in each.checks
        )
        stage = each.stage if each.stage is None else tame(each.stage)
        return TaskResult(tame(each.name), tame(each.title), stage, tuple(checks))

    hosts = (
        host._replace(
            name=tame(host.name),
            problem=host.problem if host.problem is None else tame(host.problem),
            tasks=tuple(map(task, host.tasks)),
        )
        for host in made.hosts
    )
    expected = made.expected if made.expected is None else tame(made.expected)
    return made._replace(expected=expected, hosts=tuple(hosts))


# Conditions for each format


def assert_console_is_harmless(made: Report) -> None:
    for width in (None, 80, 20):
        plain = console.table(made, color=False, width=width)
        assert plain.replace("\n", "").isprintable()
        plain.encode()
        colored = console.table(made, color=True, width=width)
        assert re.sub(r"\x1b\[[0-9;]+m", "", colored) == plain


def assert_json_is_harmless(made: Report) -> None:
    text = as_json.text(made)
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    json.dumps(json.loads(text), ensure_ascii=False).encode()


@cache
def junit_schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))


HUGE = etree.XMLParser(huge_tree=True)


def assert_junit_is_harmless(made: Report) -> None:
    text = junit.text(made)
    assert re.sub(r"[\n\t]", "", text).isprintable()
    root = etree.fromstring(text.encode(), HUGE)
    junit_schema().assertValid(root)
    assert not root.xpath("//comment() | //processing-instruction()")


def shape(text: str) -> list[tuple[object, ...]]:
    """Return all elements of a page with their attributes, and its comments."""
    # libxml2 does not know that <wbr> is empty; the page has one for each dot of a host's name.
    data = text.replace("<wbr>", "").encode()
    root = html.fromstring(data, parser=html.HTMLParser(encoding="utf-8", huge_tree=True))
    return [
        (
            str(each.tag),
            *sorted(each.attrib),
            *((each.text,) if each.tag in ("script", "style") else ()),
        )
        for each in root.iter()
    ]


def assert_page_is_harmless(made: Report) -> None:
    text = page.text(made)
    assert re.sub(r"[\n\t]", "", text).isprintable()
    assert shape(text) == shape(page.text(tamed(made)))


ALL = [
    assert_console_is_harmless, assert_json_is_harmless, assert_junit_is_harmless, assert_page_is_harmless,
]  # fmt: skip
