"""A Pushgateway that asks for passwords and speaks TLS, and the Prometheus that gets in, on real hosts."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from expectations import (
    BOOTSTRAP,
    FAST,
    INSTALLED,
    PREPARE,
    VERIFY,
    assert_unchanged_run,
    rows,
)
from host_comparison import UNINSTALL, assert_as_before, listing
from labhost import Host, HostSpec, PyinfraResult

Boot = Callable[..., list[Host]]
Run = Callable[..., PyinfraResult]

URL = "localhost:9091"
PASSWORDS = ("of the first day", "of the second day")


def code(host: Host, options: str) -> str:
    """Return the HTTP status of a request with curl on the host."""
    return host.run(f"curl -s -o /dev/null -w '%{{http_code}}' {options}", check=False).stdout


def health(host: Host) -> list[str]:
    """Return the health of the targets of the job pushgateway."""
    answer = json.loads(host.run("curl -s localhost:9090/api/v1/targets?state=active").stdout)
    targets = answer["data"]["activeTargets"]
    return [each["health"] for each in targets if each["scrapePool"] == "pushgateway"]


@pytest.fixture
def users(tmp_path: Path) -> dict[str, str]:
    for name in ("ada", "grace"):
        (tmp_path / name).write_text(f"{PASSWORDS[0]} {name}\n")
    return {name: str(tmp_path / name) for name in ("ada", "grace")}
