"""A new password of a Pushgateway, on a real host: without a gap, and by prepare."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from closed_hosts import OWN_FILES, URL, accepts, assert_one_password, bootstrapped, health
from expectations import (
    FAST,
    INSTALLED,
    PREPARE,
    VERIFY,
    assert_unchanged_run,
    loaded_jobs,
    rows,
)
from fixes import type_fixes, unsolved
from labhost import Host, PyinfraResult
from waiting import wait_for, wait_for_value
from web_looks import PASSWORD as OLD

Run = Callable[..., PyinfraResult]

NEW = "another one"

pytestmark = pytest.mark.lab_host(packages=INSTALLED)


def test_one_scrape_is_lost_at_most(
    lab_host: Host, run_pyinfra: Run, users: dict[str, str]
) -> None:
    host = lab_host
    more = {"pushgateway_basic_auth_users": users, "pushgateway_scrape_interval": "4s"}
    data = FAST | more
    bootstrapped(run_pyinfra, host, data)
    wait_for_value(lambda: health(host), ["up"])
    began = float(host.run("date +%s.%N").stdout)

    def rotated(new: str) -> None:
        Path(users["trainer"]).write_text(new)
        bootstrapped(run_pyinfra, host, data)
        assert accepts(host, new)
        count = len(scrapes(host, began))
        wait_for(lambda: scrapes(host, began)[count:], "another scrape")

    rotated(NEW)
    rotated(OLD)
    found = scrapes(host, began)
    assert found[-1] == "1", found
    assert "00" not in "".join(found), found


def scrapes(host: Host, since: float) -> list[str]:
    """Return the values of ``up`` of each scrape of the Pushgateway since a moment."""
    query = 'query=up{job="pushgateway"}[10m]'
    answer = host.run(f"curl -sG --data-urlencode '{query}' localhost:9090/api/v1/query").stdout
    found = json.loads(answer)["data"]["result"]
    samples = sorted((at, value) for series in found for at, value in series["values"])
    return [value for at, value in samples if at > since]


def test_prepare_gives_both_sides_a_new_password(
    lab_host: Host, run_pyinfra: Run, users: dict[str, str], tmp_path: Path
) -> None:
    host, reports = lab_host, tmp_path / "report"
    data = FAST | {"pushgateway_basic_auth_users": users, "pushgateway_tls_lab_ca": True}
    url = f"--cacert {OWN_FILES}/scrape-ca.pem https://{URL}"

    def prepared(**more: object) -> None:
        done = run_pyinfra(host, "-y", PREPARE, data=data | more)
        assert done.returncode == 0, done.output
        assert_unchanged_run(run_pyinfra(host, "-y", PREPARE, data=data))
        assert accepts(host, Path(users["trainer"]).read_text().strip(), url)

    def job_written() -> None:
        """Write the job that verify shows, as a trainee does."""
        run_pyinfra(host, "-y", VERIFY, data=data | {"report": str(reports)})
        found = [each for each in unsolved(rows(reports)[host.name]) if each.check == "job"]
        assert type_fixes(host, found, ""), found
        wait_for_value(lambda: health(host), ["up"])
        assert_one_password(host)

    # Before the trainee has written the job, and after that: then the job goes, as it does without a password.
    prepared()
    Path(users["trainer"]).write_text(NEW)
    prepared()
    assert not accepts(host, OLD, url)
    job_written()
    Path(users["trainer"]).write_text(OLD)
    prepared(lab_reset=True)
    assert "pushgateway" not in loaded_jobs(host)
    assert not accepts(host, NEW, url)
    job_written()
    host.run("systemctl restart prometheus-pushgateway")
    wait_for_value(lambda: health(host), ["up"])
