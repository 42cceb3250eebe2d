"""A report as JSON, for programs; ``files/report.schema.json`` describes it.

Texts of hosts are not escaped beyond JSON: a program that shows them has to escape them.
"""

import json
import math
import re
from typing import Any

from pushgateway_lab.lab.results import CheckResult, HostResult, Report, TaskResult
from pushgateway_lab.report.counts import counts

SCHEMA = 1
"""The version of the format. It grows when a property goes or changes, not when one is added."""

# Lone surrogates, which Python uses for bytes that are not UTF-8; many JSON parsers refuse them.
_SURROGATES = re.compile("[\ud800-\udfff]")


def text(report: Report) -> str:
    """Return a report as a JSON text, in ASCII, with a newline at the end."""
    return json.dumps(document(report), indent=1, allow_nan=False) + "\n"


def document(report: Report) -> dict[str, Any]:
    """Return a report as dicts, lists, texts and numbers."""
    found = counts(report)
    return {
        "schema": SCHEMA,
        "made_at": report.made_at,
        "expected": _whole(report.expected),
        "summary": {
            "hosts": found.hosts,
            "states": {state.value: number for state, number in found.states.items()},
            "stages": [{"stage": _whole(stage), "hosts": n} for stage, n in found.stages.items()],
            "unreached": found.unreached,
            "behind": found.behind,
        },
        "hosts": [_host(host) for host in report.hosts],
    }


def _host(host: HostResult) -> dict[str, Any]:
    return {
        "name": _whole(host.name),
        "reached": host.problem is None,
        "problem": _whole(host.problem),
        "looked_at": _time(host.looked_at),
        "began_at": _time(host.began_at),
        "stage": _whole(host.stage),
        "state": host.state.value,
        "expected": host.expected,
        "tasks": [_task(task) for task in host.tasks],
    }


def _task(task: TaskResult) -> dict[str, Any]:
    return {
        "name": _whole(task.name),
        "title": _whole(task.title),
        "state": task.state.value,
        "done": task.done,
        "total": len(task.checks),
        "checks": [_check(check) for check in task.checks],
    }


def _check(check: CheckResult) -> dict[str, Any]:
    return {
        "name": _whole(check.name),
        "title": _whole(check.title),
        "state": check.finding.state.value,
        "says": _whole(check.finding.says),
        "fix": _whole(check.finding.fix),
        "at": _time(check.finding.at),
    }


def _whole(value: str | None) -> str | None:
    return None if value is None else _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", value)


def _time(at: float | None) -> float | None:
    """Return a time; None for an infinite one, which JSON does not have."""
    return at if at is not None and math.isfinite(at) else None
