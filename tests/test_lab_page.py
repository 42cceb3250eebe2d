"""The commands on the page of lab 4.2, on a bootstrapped host."""

from collections.abc import Callable

import pytest

from expectations import BOOTSTRAP, FAST, INSTALLED, groups, query
from labhost import Host, PyinfraResult
from trainee_commands import DELETE_TRAINING, PUSH_INSTANCE, PUSH_TRAINING, WIPE
from waiting import wait_for, wait_for_port, wait_for_value

pytestmark = pytest.mark.lab_host(packages=INSTALLED)


def labels(host: Host, metric: str) -> list[dict[str, str]]:
    return [sample["metric"] for sample in query(host, metric)]


def test_the_page_from_its_first_command_to_its_last(
    lab_host: Host, run_pyinfra: Callable[..., PyinfraResult]
) -> None:
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST).returncode == 0

    # 4.2.1: the default metrics exist.
    wait_for(lambda: query(lab_host, '{job="pushgateway"}'), "Prometheus scrapes the Pushgateway")
    names = {each["__name__"] for each in labels(lab_host, '{job="pushgateway"}')}
    assert {"up", "go_info", "pushgateway_build_info"} <= names

    # 4.2.2: both pushes arrive with the pushed labels.
    lab_host.run(PUSH_TRAINING)
    wait_for_value(
        lambda: [
            (each["metric"]["job"], each["metric"].get("instance", ""), each["value"][1])
            for each in query(lab_host, "prometheus_training_labs_completed_total")
        ],
        [("prometheus_training", "", "4")],
    )
    lab_host.run(PUSH_INSTANCE)
    wait_for_value(
        lambda: [
            (each["metric"]["job"], each["metric"]["instance"], each["value"][1])
            for each in query(lab_host, "some_metric_total")
        ],
        [("prometheus_training", "myinstance", "42")],
    )

    # 4.2.3: deleting is exact, wiping is not.
    lab_host.run(DELETE_TRAINING)
    wait_for_value(
        lambda: groups(lab_host), [{"job": "prometheus_training", "instance": "myinstance"}]
    )
    lab_host.run(WIPE)
    wait_for_value(lambda: groups(lab_host), [])


def test_where_the_page_and_the_software_disagree(
    lab_host: Host, run_pyinfra: Callable[..., PyinfraResult]
) -> None:
    """As docs/lab.md says, the deletion of a group needs no admin API; only a wipe does."""
    data = FAST | {"pushgateway_admin_api": False}
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data).returncode == 0
    lab_host.run(PUSH_TRAINING)
    lab_host.run(PUSH_INSTANCE)
    lab_host.run(DELETE_TRAINING)
    wait_for_value(
        lambda: groups(lab_host), [{"job": "prometheus_training", "instance": "myinstance"}]
    )
    refused = lab_host.run(f"{WIPE} -s -o /dev/null -w '%{{http_code}}'").stdout
    assert refused == "404"
    assert len(groups(lab_host)) == 1
    # A restart keeps pushed groups: Debian's package persists them.
    lab_host.run("systemctl restart prometheus-pushgateway")
    wait_for_port(lab_host, 9091)
    wait_for_value(lambda: len(groups(lab_host)), 1)
