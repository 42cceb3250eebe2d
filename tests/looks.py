"""Looks without hosts, made from the output that ``files/look-at-lab.sh`` would print."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from pushgateway_lab.facts import look_output
from pushgateway_lab.facts.snapshot_parser import parse_snapshot
from pushgateway_lab.lab.look import Disk, Look, Verdict, parse_answers
from pushgateway_lab.settings import parse_settings

NOW = 1_800_000_000.0

CONFIG = """\
scrape_configs:
  - job_name: pushgateway
    honor_labels: true
    static_configs:
      - targets: ["localhost:9091"]
"""

TRAINING = {"job": "prometheus_training"}

_UNIT = (
    "Id={name}|LoadState={load}|ActiveState={active}|UnitFileState={enabled}|"
    "MainPID=7|ExecStart=|CanReload=yes|"
)


SERVICES = (
    "prometheus_service prometheus.service",
    "pushgateway_service prometheus-pushgateway.service",
)


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def unit(
    name: str, active: str = "active", enabled: str = "enabled", load: str = "loaded"
) -> list[str]:
    lines = _UNIT.format(name=name, active=active, enabled=enabled, load=load).split("|")
    return [f"service {line}" for line in lines]


def look(
    *lines: str,
    data: Mapping[str, object] | None = None,
    config: str = CONFIG,
    curl: bool = True,
    said: Mapping[str, Any] | None = None,
    all_read: bool = True,
    **fields: Any,
) -> Look:
    """Return a look at a host with both units and a configuration that Prometheus has not loaded.

    + lines: lines of the snapshot, instead of those of both units
    + curl: whether curl is installed
    + said: question -> data of the server's answer
    + all_read: whether each answer has to have the server's form
    """
    lines = lines or tuple(unit("prometheus.service") + unit("prometheus-pushgateway.service"))
    text = ["config_changed 100", f"config_text {encoded(config)}", "config present"]
    tools = ["tool curl"] if curl else []
    printed = ["snapshot 5", "uid 0", *tools, *SERVICES, *lines, *text, "end"]
    seen = parse_snapshot(look_output.lines_of(printed))
    answers = parse_answers(said or {}, {})
    assert not (all_read and answers.unread)
    whole: dict[str, Any] = {
        "settings": parse_settings(data or {}),
        "snapshot": seen,
        "now": NOW,
        "ahead": 0.0,
        "began_at": None,
        "verdict": Verdict(accepted=True, words=""),
        "reload_error": "",
        "disk": Disk(10**10, 10**11),
        "answers": answers,
    }
    return Look(**(whole | fields))


def target(**fields: object) -> dict[str, object]:
    """Return a target in Prometheus's format."""
    shown = {
        "scrapePool": "pushgateway",
        "discoveredLabels": {"job": "pushgateway"},
        "labels": {"job": "pushgateway", "instance": "localhost:9091"},
        "scrapeUrl": "http://localhost:9091/metrics",
        "health": "up",
        "lastError": "",
        "lastScrape": "2027-01-15T07:59:55Z",  # five seconds before NOW
    }
    return {"activeTargets": [shown | fields]}


GATEWAY = "prometheus-pushgateway.service"

TARGETS = "/api/v1/targets?state=active"

RUNNING = [*unit(GATEWAY), f"pushgateway_argv {encoded('prometheus-pushgateway')}"]


def loaded(config: str = CONFIG, at: float = NOW - 600) -> list[str]:
    """Return lines of a snapshot: the configuration that Prometheus has loaded, and the time."""
    answer = json.dumps({"status": "success", "data": {"yaml": config}})
    name = "prometheus_config_last_reload_success"
    return [
        *unit("prometheus.service"),
        f"prometheus_config {answer}",
        f"{name}ful 1",
        f"{name}_timestamp_seconds {at}",
    ]


def unreadable(looked: Look) -> Look:
    """Return a look at a host whose configuration file Prometheus's user may not read."""
    seen = looked.snapshot._replace(config=None, config_state="unreadable")
    return replace(looked, snapshot=seen)


def group(
    labels: dict[str, str], failed: float = 0, **metrics: tuple[str, float]
) -> dict[str, object]:
    """Return a group in the Pushgateway's format.

    + metrics: metric -> type and value
    """

    def metric(kind: str, value: float) -> dict[str, object]:
        shown = {"instance": "", **labels}
        return {"type": kind, "metrics": [{"labels": shown, "value": str(value)}]}

    return {
        "labels": labels,
        "push_time_seconds": metric("GAUGE", NOW - 60),
        "push_failure_time_seconds": metric("GAUGE", failed),
        **{name: metric(*said) for name, said in metrics.items()},
    }


def path(query: str) -> str:
    return f"/api/v1/query?query={quote(query, safe='')}"


def history(labels: dict[str, str], *values: tuple[float, float]) -> dict[str, object]:
    """Return Prometheus's series of a metric; its samples are pairs of seconds ago and value."""
    samples = [[NOW - ago, str(value)] for ago, value in values]
    return {"resultType": "matrix", "result": [{"metric": labels, "values": samples}]}


def status(**flags: str) -> dict[str, Any]:
    """Return a Pushgateway's status; a flag's name has ``_`` for each of ``-`` and ``.``."""
    return {"flags": flags, "build_information": {"version": "1.5.1"}}
