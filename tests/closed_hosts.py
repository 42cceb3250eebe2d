"""A host whose Pushgateway asks for passwords: what anybody gets from it, and what only those who have the password."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from expectations import BOOTSTRAP, CONFIG
from labhost import Host, PyinfraResult

URL = "localhost:9091"
PASSWORDS = ("of the first day", "of the second day")
OWN_FILES = "/etc/pushgateway-lab"


def code(host: Host, options: str) -> str:
    """Return the HTTP status of a request with curl on the host."""
    return host.run(f"curl -s -o /dev/null -w '%{{http_code}}' {options}", check=False).stdout


def health(host: Host) -> list[str]:
    """Return the health of the targets of the job pushgateway."""
    answer = json.loads(host.run("curl -s localhost:9090/api/v1/targets?state=active").stdout)
    targets = answer["data"]["activeTargets"]
    return [each["health"] for each in targets if each["scrapePool"] == "pushgateway"]


def assert_closed(host: Host, url: str, user: str, options: str = "") -> None:
    """Fail unless nothing is done without the password or with a wrong one, and all of it with the right one.

    + host: where curl runs
    + user: the name and the password, as curl's ``--user``
    """
    group = f"{url}/metrics/job/x"
    push = f"{options} --data-binary 'x 1\n' {group}"
    requests = {
        push: "200",
        f"{options} -X PUT --data-binary 'x 2\n' {group}": "200",
        f"{options} {url}/metrics": "200",
        f"{options} -X DELETE {group}": "202",
        f"{options} -X PUT {url}/api/v1/admin/wipe": "202",
    }
    name = user.partition(":")[0]
    assert code(host, f"-u '{user}' {push}") == "200"
    page = f"{options} {url}/"
    for request in (*requests, page):
        assert code(host, request) == "401", request
        assert code(host, f"-u '{name}:wrong' {request}") == "401", request
    shown = host.run(f"curl -sf -u '{user}' {options} {url}/metrics").stdout
    assert 'x{instance="",job="x"} 1\n' in shown
    for request, done in requests.items():
        assert code(host, f"-u '{user}' {request}") == done, request
    # A Pushgateway that was copied without the files of its page answers with an error.
    assert code(host, f"-u '{user}' {page}") not in ("401", "000")


def main_pid(host: Host) -> str:
    return host.run("systemctl show -p MainPID --value prometheus-pushgateway").stdout


def bootstrapped(
    run_pyinfra: Callable[..., PyinfraResult], host: Host, data: Mapping[str, Any]
) -> PyinfraResult:
    """Run bootstrap, and fail unless it succeeds."""
    done = run_pyinfra(host, "-y", BOOTSTRAP, data=data)
    assert done.returncode == 0, done.output
    return done


def accepts(host: Host, password: str, options: str = URL) -> bool:
    """Return whether the Pushgateway accepts a password of the user trainer; otherwise it must refuse it."""
    status = code(host, f"-u 'trainer:{password}' {options}/metrics")
    assert status in ("200", "401"), status
    return status == "200"


def assert_one_password(
    host: Host, web_files: str = "web-tls.yml web.crt web.key scrape-ca.pem"
) -> None:
    """Fail unless the files are the wanted ones alone, and the job names the one with Prometheus's password."""
    files = set(host.run(f"ls -A {OWN_FILES}").stdout.split()) - set(web_files.split())
    assert files in ({"scrape-password"}, {"scrape-other-password"}), files
    assert f"password_file: {OWN_FILES}/{files.pop()}\n" in host.read(CONFIG).decode()
