"""Looks at hosts at the start line, with groups of several owners, for the tests of prepare and reset."""

from collections.abc import Mapping, Sequence
from typing import Any

from looks import group, look
from pushgateway_lab.lab.look import Look
from snapshots import (
    BOTH,
    argv,
)

NO_JOB = "scrape_configs: []\n"
TRAINING = group({"job": "prometheus_training"})
FOREIGN = group({"job": "backup", "instance": "db1"})
OURS = (group({"job": "pushgateway_lab_smoke"}), group({"job": "pushgateway_lab_prune"}))
RESET, WIPE = {"lab_reset": True}, {"lab_wipe": True}
RESTARTED = (*BOTH, argv("prometheus-pushgateway", "--log.level=debug"))
"""Lines of a host whose Pushgateway must be restarted, because it runs with other flags."""
CLOSED = ("web_mode root:0:0:644 /etc/pushgateway-lab/web.yml",)
"""Lines of a host whose Pushgateway asks for a password, as an earlier run had it."""


def at_start(
    *groups: Mapping[str, object],
    lines: Sequence[str] = BOTH,
    answers: bool = True,
    config: str = NO_JOB,
    **fields: Any,
) -> Look:
    """Return a look at a host at the start line, except for groups in its Pushgateway."""
    said = {"groups": list(groups)} if answers else {}
    return look(*lines, said=said, config=config, **fields)
