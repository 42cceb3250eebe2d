"""Expectations of tests about a lab host, checked without the toolkit's own code."""

import json
import re
from pathlib import Path
from typing import Any

from labhost import Host, PyinfraResult
from waiting import wait_on_host

BOOTSTRAP = "deploy/bootstrap.py"
PREPARE, VERIFY, RESET = "deploy/prepare.py", "deploy/verify.py", "deploy/reset.py"
CONFIG = "/etc/prometheus/prometheus.yml"
DEFAULTS = "/etc/default/prometheus-pushgateway"
INSTALLED = ("prometheus", "prometheus-pushgateway", "curl")

FAST = {"pushgateway_scrape_interval": "1s", "pushgateway_smoke_timeout": 30}
"""Settings with which a smoke push takes a second instead of half a minute."""

HAND_EDITED = b"""\
# Owned by the platform team; ask before touching.
global:
    scrape_interval: 2s   # fast, for demos
    evaluation_interval: 30s

scrape_configs:
# --- ourselves -------------------------------------------------------
-   job_name: "prometheus"
    static_configs:
        -   targets: ["localhost:9090"]   # keep

-   job_name: 'node'          # somebody's odd indentation
    metrics_path:    /metrics
    static_configs:
        -   targets:
                - localhost:9100

# end of scrape_configs, alerting below
alerting: {}
"""


def assert_unchanged_run(result: PyinfraResult) -> None:
    """Fail unless a run on one converged host had one operation, which said "No changes", and the run says so."""
    assert result.returncode == 0, result.output
    assert "Traceback" not in result.output
    assert result.stderr.count("--> Starting operation:") == 1, result.stderr
    assert result.stderr.count("No changes") == 1, result.stderr
    assert "--> 1 host: as it should be; nothing was changed\n" in result.stderr, result.stderr


def assert_refused(host: Host, result: PyinfraResult, *says: str) -> None:
    """Fail unless a run failed on this host with all these words, without a traceback.

    The first of the words has to be on the line of the host.
    """
    assert result.returncode == 1, result.output
    assert "Traceback" not in result.output
    for words in says:
        assert words in result.stderr, result.stderr
    about = [line for line in result.stderr.splitlines() if says[0] in line]
    assert about, result.stderr
    assert all(f"[{host.name}] " in line for line in about), result.stderr


def fingerprint(host: Host) -> dict[str, str]:
    """Return all that a run may leave behind: files with owner, mode and digest, packages, processes.

    Of the many files in /usr, the ctime stands for the content: any change sets it.
    """
    listing = host.run(
        "for show in '-printf %p|%u|%g|%m\\n' '-exec sha256sum {} +'; do "
        "find /etc /opt /root /home /srv /run/systemd /run/lock /var/lib/dpkg /var/spool /tmp "
        "-xdev -type f $show; done"
        " | grep -v -e /run/systemd/journal -e /run/systemd/sessions -e /run/systemd/users\n"
        "find /usr -xdev -type f -not -path '/usr/share/*' -printf '%p|%u|%g|%m|%C@\\n'"
    ).stdout
    # sshd's own processes come and go with every connection.
    processes = host.run(
        "ps -eo pid,args --no-headers | grep -v -e sshd -e '\\[' -e 'ps -eo'"
    ).stdout
    return {
        "files": listing,
        "processes": "\n".join(sorted(re.findall(r"(?:prometheus|push)\S*.*", processes))),
        "packages": host.run("dpkg -l").stdout,
        "units": host.run("systemctl list-units --all --no-legend '*prometheus*'").stdout,
    }


def query(host: Host, expression: str) -> list[dict[str, Any]]:
    """Return Prometheus's samples for a query."""
    answer = host.run(
        f"curl -sG --data-urlencode 'query={expression}' localhost:9090/api/v1/query"
    ).stdout
    result: list[dict[str, Any]] = json.loads(answer)["data"]["result"]
    return result


def groups(host: Host) -> list[dict[str, str]]:
    """Return the labels of the Pushgateway's groups."""
    answer = json.loads(host.run("curl -s http://localhost:9091/api/v1/metrics").stdout)
    return [group["labels"] for group in answer["data"]]


def loaded_jobs(host: Host) -> list[str]:
    """Return the names of the jobs that Prometheus has loaded."""
    answer = json.loads(host.run("curl -sf localhost:9090/api/v1/status/config").stdout)
    lines = answer["data"]["yaml"].splitlines()
    return [line.removeprefix("- job_name: ") for line in lines if line.startswith("- job_name:")]


def untouched(host: Host) -> dict[str, str]:
    """Return all that a run may change on a host, with the groups and the recorded begin of the course."""
    answer = host.run("curl -sf localhost:9091/api/v1/metrics", check=False).stdout
    # The order of the Pushgateway's answer is random.
    data = sorted(map(json.dumps, json.loads(answer)["data"])) if answer else []
    course = host.run("grep -r ^ /var/lib/pushgateway-lab | sort", check=False).stdout
    return fingerprint(host) | {"groups": "\n".join(data), "course": course}


def rows(directory: Path) -> dict[str, dict[str, Any]]:
    """Return the hosts of a report, by name."""
    document = json.loads((directory / "report.json").read_text())
    return {host["name"]: host for host in document["hosts"]}


def assert_bootstrapped(host: Host) -> None:
    """Fail unless a host has the end state of bootstrap."""
    assert host.run("systemctl is-active prometheus prometheus-pushgateway").stdout.split() == [
        "active",
        "active",
    ]
    assert host.run("systemctl is-enabled prometheus-pushgateway").stdout.strip() == "enabled"
    flags = json.loads(host.run("curl -s localhost:9091/api/v1/status").stdout)["data"]["flags"]
    assert flags["web.enable-admin-api"] == "true"
    loaded = json.loads(host.run("curl -s localhost:9090/api/v1/status/config").stdout)
    assert re.search(r"job_name: pushgateway\n  honor_labels: true", loaded["data"]["yaml"])
    assert host.run(f"promtool check config {CONFIG}").returncode == 0
    assert host.run(
        "curl -s localhost:9091/metrics | grep -c pushgateway_lab", check=False
    ).stdout == ("0\n"), "the smoke push left its group behind"


def prometheus_runs(host: Host) -> None:
    """Wait until the Prometheus of a host that has just booted has read its configuration."""
    wait_on_host(host, "curl -sfo /dev/null localhost:9090/-/ready", 60)
