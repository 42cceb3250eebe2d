"""A host whose Pushgateway asks for passwords: what anybody gets from it, and what only those who have the password."""

import json

from labhost import Host

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
    """Fail unless nothing is done without the password, and all of it with it.

    + host: where curl runs
    + user: the name and the password, as curl's ``--user``
    """
    group = f"{url}/metrics/job/x"
    push = f"{options} --data-binary 'x 1\n' {group}"
    put = f"{options} -X PUT --data-binary 'x 1\n' {group}"
    delete = f"{options} -X DELETE {group}"
    wipe = f"{options} -X PUT {url}/api/v1/admin/wipe"
    metrics, page = f"{options} {url}/metrics", f"{options} {url}/"
    name = user.partition(":")[0]
    for request in (push, put, delete, wipe, metrics, page):
        assert code(host, request) == "401", request
        assert code(host, f"-u '{name}:wrong' {request}") == "401", request
    given = f"-u '{user}'"
    assert code(host, f"{given} {push}") == "200"
    assert code(host, f"{given} {put}") == "200"
    assert code(host, f"{given} {delete}") == "202"
    assert code(host, f"{given} {metrics}") == "200"
    assert code(host, f"{given} {page}") == "200"


def main_pid(host: Host) -> str:
    return host.run("systemctl show -p MainPID --value prometheus-pushgateway").stdout
