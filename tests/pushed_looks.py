"""Looks at a host on which somebody has pushed, as Prometheus and the Pushgateway would tell."""

import json
from typing import Any

from looks import CONFIG, NOW, group, history, look, path, unit
from pushgateway_lab.lab.look import TELEMETRY, Look
from pushgateway_lab.lab.tasks import LABS_COMPLETED, SOME_METRIC

LABS = group(
    {"job": "prometheus_training"}, prometheus_training_labs_completed_total=("UNTYPED", 4)
)


def remembered(past: dict[str, object], *groups: object, **fields: Any) -> Look:
    """Return a look at a host with this history in Prometheus and these groups in the Pushgateway."""
    return look(said=remembering(past, *groups), **fields)


def remembering(past: dict[str, object], *groups: object) -> dict[str, object]:
    """Return the servers' answers on that host."""
    return {
        "groups": list(groups),
        path(LABS_COMPLETED.history): past,
        path(SOME_METRIC.history): history({}),
    }


def counted(started: float, **requests: int) -> dict[str, object]:
    """Return the Pushgateway's answer about itself.

    + started: seconds since its start
    + requests: handler and code, as ``push_200`` -> count
    """
    lines = [f"process_start_time_seconds {NOW - started!r}", "go_goroutines 5"]
    for name, count in requests.items():
        handler, _, code = name.rpartition("_")
        labels = f'code="{code}",handler="{handler}",method="post"'
        lines.append(f"pushgateway_http_requests_total{{{labels}}} {count}")
    return {TELEMETRY: "\n".join(lines).encode() + b"\n"}


def loaded() -> list[str]:
    """Return lines of a host whose Prometheus has loaded the job."""
    name = "prometheus_config_last_reload_success"
    answer = {"status": "success", "data": {"yaml": CONFIG}}
    return [
        *unit("prometheus.service"),
        f"prometheus_config {json.dumps(answer)}",
        f"{name}ful 1",
        f"{name}_timestamp_seconds {NOW - 600}",
    ]
