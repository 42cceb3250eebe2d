"""A report as JUnit XML, for CI systems: a host is a test suite, a check a test case.

JUnit XML has no standard. This module follows the rules that the schema of Ant's task and the readers of
CI systems share: the root has no attributes, each suite has its properties first and its output last, a
time has no zone (here it is UTC), and a test case has at most one outcome.
"""

from xml.etree import ElementTree as ET  # nosec B405 # nothing is parsed with it

from pushgateway_lab.lab.results import CheckResult, HostResult, Report, State
from pushgateway_lab.report.moments import in_utc
from pushgateway_lab.run.visible import one_line, visible

PACKAGE = "pushgateway-lab"

# A test case without one of these elements has passed.
_OUTCOMES = {State.WRONG: "failure", State.UNKNOWN: "error", State.OPEN: "skipped"}

# All checks of a host share one look, so a check has no duration of its own.
_NO_TIME = "0"


def text(report: Report) -> str:
    """Return a report as an XML text, with its declaration and a newline at the end."""
    suites = ET.Element("testsuites")
    for number, host in enumerate(report.hosts):
        suites.append(_suite(host, number, report))
    ET.indent(suites, " ")
    xml = ET.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{xml}\n'


def _suite(host: HostResult, number: int, report: Report) -> ET.Element:
    name = _token(host.name)
    states = [check.finding.state for task in host.tasks for check in task.checks]
    at = in_utc(host.looked_at) or in_utc(report.made_at)
    suite = ET.Element(
        "testsuite",
        name=name,
        package=PACKAGE,
        id=str(number),
        timestamp=at.strftime("%Y-%m-%dT%H:%M:%S") if at else "1970-01-01T00:00:00",
        hostname=name,
        tests=str(len(states)),
        failures=str(states.count(State.WRONG)),
        errors=str(states.count(State.UNKNOWN)),
        skipped=str(states.count(State.OPEN)),
        time=_NO_TIME,
    )
    suite.append(_properties(host, report))
    for task in host.tasks:
        # CI systems show the text before the last dot as a package; here it is the host.
        classname = _token(f"{host.name}.{task.name.replace('.', '_')}")
        suite.extend(_case(check, classname) for check in task.checks)
    ET.SubElement(suite, "system-out").text = _told(host)
    ET.SubElement(suite, "system-err").text = visible(host.problem or "")
    return suite


def _properties(host: HostResult, report: Report) -> ET.Element:
    properties = ET.Element("properties")
    values = {"stage": host.stage, "expected": report.expected, "behind": str(not host.expected)}
    for name, value in values.items():
        if value is not None:
            ET.SubElement(properties, "property", name=name, value=one_line(value))
    return properties


def _case(check: CheckResult, classname: str) -> ET.Element:
    finding = check.finding
    case = ET.Element("testcase", name=_token(check.title), classname=classname, time=_NO_TIME)
    if finding.state in _OUTCOMES:
        says = visible(finding.says)
        outcome = ET.SubElement(case, _OUTCOMES[finding.state], message=says)
        if outcome.tag != "skipped":  # which has no attribute "type"
            outcome.set("type", finding.state.value)
        outcome.text = f"{says}\n{visible(finding.fix)}" if finding.fix else says
    return case


def _told(host: HostResult) -> str:
    """Return the findings of all checks: a test case that passed has no element for its text."""
    return "\n".join(
        f"{one_line(task.name)} {one_line(check.title)}: {check.finding.state}: "
        f"{visible(check.finding.says)}"
        for task in host.tasks
        for check in task.checks
    )


def _token(value: str) -> str:
    """Return a text as an ``xs:token`` that is not empty: one line, single blanks."""
    return " ".join(one_line(value).split()) or "?"
