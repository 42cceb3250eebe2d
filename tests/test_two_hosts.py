"""Hosts whose Prometheus or Pushgateway is on another host: decisions, and both on real hosts."""

from collections.abc import Callable

import pytest

import shapes
from expectations import BOOTSTRAP, FAST, INSTALLED, PREPARE, RESET, VERIFY, assert_unchanged_run
from labhost import Host, HostSpec, PyinfraResult
from looks import CONFIG, look, unit
from pushgateway_lab import installations
from pushgateway_lab.install import preflight
from pushgateway_lab.installations import missing_packages
from pushgateway_lab.lab import scrape_job, servers
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.results import State
from pushgateway_lab.pushgateway import closing
from pushgateway_lab.run.host_error import HostError
from snapshots import DEBIAN, loaded, seen, settings
from trainee_commands import PUSH_TRAINING
from waiting import wait_on_host

Run = Callable[..., PyinfraResult]

THERE = {
    "prometheus_url": "http://prom.example.org:9090",
    "pushgateway_targets": ["push.example.org:9091"],
}
GATEWAY = tuple(unit("prometheus-pushgateway.service"))


@pytest.mark.parametrize(
    ("lines", "data", "is_elsewhere"),
    [
        (DEBIAN, THERE, True),
        (DEBIAN, THERE | {"pushgateway_targets": None}, False),
        (DEBIAN, {"pushgateway_targets": ["push.example.org:9091"]}, False),
        ((*DEBIAN, *unit("prometheus.service")), THERE, False),
        # Names and addresses of the host itself.
        (DEBIAN, THERE | {"prometheus_url": "http://localhost:9090"}, False),
        ((*DEBIAN, "hostname prom", "address 10.0.0.7"), THERE, False),
        ((*DEBIAN, "address 10.0.0.7"), THERE | {"prometheus_url": "http://10.0.0.7:9090"}, False),
        ((*DEBIAN, "address 10.0.0.7"), THERE | {"prometheus_url": "http://10.0.0.8:9090"}, True),
    ],
)
def test_whether_prometheus_is_on_another_host(
    lines: tuple[str, ...], data: dict[str, object], is_elsewhere: bool
) -> None:
    assert installations.prometheus_is_elsewhere(seen(*lines), settings(**data)) is is_elsewhere


def test_nothing_is_installed_that_the_other_host_has() -> None:
    assert missing_packages(seen("promtool_package available"), settings(**THERE)) == [
        "prometheus-pushgateway",
        "curl",
    ]


@pytest.mark.parametrize(
    ("data", "file"),
    [
        (
            {"pushgateway_username": "trainer", "pushgateway_generate_password": True},
            "passwords/push.example.org",
        ),
        (
            {"pushgateway_basic_auth_users": {"trainer": {"generate": True}}},
            "passwords/push.example.org:trainer",
        ),
    ],
)
def test_a_password_that_was_generated_for_another_host_is_refused(
    data: dict[str, object], file: str
) -> None:
    there = {
        "pushgateway_url": "https://push.example.org:9091",
        "pushgateway_targets": ["push.example.org:9091"],
    }
    for check in (preflight.is_free, closing.check):
        with pytest.raises(HostError) as error:
            check(seen(*DEBIAN), settings(**there, **data))
        assert "a password is generated for each host. Nothing was changed." in str(error.value)
        assert str(error.value).endswith(f"/pushgateway-lab/{file}.")
    closing.check(seen(*DEBIAN, *GATEWAY), settings(**data))
    own = {"pushgateway_username": "trainer", "pushgateway_password_file": "/p"}
    closing.check(seen(*DEBIAN), settings(**there, **own))


def test_a_pushgateway_that_the_other_host_cannot_reach_is_refused() -> None:
    with pytest.raises(HostError, match=r"cannot reach the Pushgateway on 127\.0\.0\.1:9091"):
        preflight.is_free(seen(*DEBIAN), settings(**THERE))
    for address in ("0.0.0.0:9091", "10.0.0.7:9091", ":9091"):
        reached = settings(**THERE, pushgateway_listen_address=address, pushgateway_admin_api=False)
        assert preflight.is_free(seen(*DEBIAN), reached)


def remote(*lines: str) -> Look:
    """Return a look at a host whose Prometheus is elsewhere and answers with these lines."""
    return look(*GATEWAY, *lines, data=THERE)


def test_what_verify_says_of_a_prometheus_that_does_not_answer() -> None:
    states = [check.judge(remote()).state for check in scrape_job.CHECKS]
    assert states == [State.UNKNOWN] * 4
    runs = servers.CHECKS[0].judge(remote())
    assert runs.state is State.WRONG
    assert "http://prom.example.org:9090, on another host, does not answer" in runs.says


def test_what_verify_says_of_a_prometheus_that_wants_a_password() -> None:
    runs = servers.CHECKS[0].judge(remote("prometheus_answered 401"))
    assert runs.state is State.WRONG
    assert "It is on another host. Prometheus at http://prom.example.org:9090 wants" in runs.says


@pytest.mark.parametrize(
    ("config", "successful", "expected"),
    [
        (CONFIG, True, [State.DONE] * 4),
        ("scrape_configs: []\n", True, [State.OPEN] * 4),
        (
            CONFIG.replace("honor_labels: true", "honor_labels: false"),
            True,
            [State.DONE, State.WRONG, State.DONE, State.DONE],
        ),
        (CONFIG, False, [State.DONE, State.DONE, State.WRONG, State.WRONG]),
    ],
)
def test_what_verify_says_of_a_prometheus_that_answers(
    config: str, successful: bool, expected: list[State]
) -> None:
    looked = remote(*loaded(config, successful=successful))
    assert [check.judge(looked).state for check in scrape_job.CHECKS] == expected
    assert servers.CHECKS[0].judge(looked).state is State.DONE
    disk = next(each for each in servers.CHECKS if each.name == "disk_space")
    assert disk.judge(looked).state is State.DONE


# On real hosts


def test_a_pushgateway_of_another_host_is_used_from_there(
    boot_hosts: Callable[..., list[Host]], run_pyinfra: Run
) -> None:
    near, far = boot_hosts(*[HostSpec(packages=INSTALLED)] * 2)
    shapes.without_pushgateway(near)
    flags = "--web.listen-address=0.0.0.0:9091 --web.enable-admin-api"
    far.write("/etc/default/prometheus-pushgateway", f"ARGS='{flags}'\n".encode())
    far.run("systemctl restart prometheus-pushgateway")
    shapes.both_answer(far)
    given = {
        "pushgateway_url": f"http://{far.address}:9091",
        "pushgateway_targets": [f"{far.address}:9091"],
    }
    before = near.read(shapes.CONFIG)
    processes = far.run("pgrep -x prometheus-push").stdout
    assert "Proven" in run_pyinfra(near, "-y", BOOTSTRAP, data=FAST | given).stderr
    assert_unchanged_run(run_pyinfra(near, "-y", BOOTSTRAP, data=FAST | given))
    assert f"{far.address}:9091" in near.read(shapes.CONFIG).decode()
    near.run(PUSH_TRAINING.replace("localhost", far.address))
    wait_on_host(near, f"{shapes.QUERY}prometheus_training_labs_completed_total | grep -q value")
    verified = run_pyinfra(near, "-y", VERIFY, data=FAST | given)
    assert f"{near.name}  configured  done" in verified.stdout
    run_pyinfra(near, "-y", RESET, data=FAST | given)
    assert near.read(shapes.CONFIG) == before
    assert "prometheus_training" not in far.run("curl -s localhost:9091/metrics").stdout
    assert near.run("ls /usr/bin | grep -c pushgateway", check=False).stdout == "0\n"
    assert far.run("pgrep -x prometheus-push").stdout == processes
    pruned = run_pyinfra(
        near, "-y", BOOTSTRAP, data=FAST | given | {"pushgateway_prune_after": "1h"}
    )
    assert "so its groups are not pruned from here" in pruned.stderr


def test_the_prometheus_of_another_host_scrapes_this_one(
    boot_hosts: Callable[..., list[Host]], run_pyinfra: Run
) -> None:
    near, far = boot_hosts(HostSpec(), HostSpec(packages=INSTALLED))
    shapes.both_answer(far)
    given: dict[str, object] = {
        "prometheus_url": f"http://{far.address}:9090",
        "pushgateway_targets": [f"{near.address}:9091"],
    }
    refused = run_pyinfra(near, "-y", BOOTSTRAP, data=FAST | given)
    assert refused.returncode == 1
    assert "Set pushgateway_listen_address to an address that it reaches" in refused.stderr
    assert near.run("ls /usr/bin | grep -c pushgateway", check=False).stdout == "0\n"
    given["pushgateway_listen_address"] = "0.0.0.0:9091"
    open_to_all = run_pyinfra(near, "--dry", BOOTSTRAP, data=FAST | given)
    assert open_to_all.returncode == 1
    assert "everybody who reaches it could push and wipe" in open_to_all.stderr
    given["pushgateway_admin_api"] = False
    # Its Prometheus has no job yet: that is said, with what to do there.
    first = run_pyinfra(near, "-y", BOOTSTRAP, data=FAST | given)
    assert first.returncode == 1
    assert f"The Prometheus at http://{far.address}:9090, on another host, has no" in first.stderr
    there = {
        "pushgateway_url": f"http://{near.address}:9091",
        "pushgateway_targets": given["pushgateway_targets"],
    }
    far.run(
        "systemctl disable --now prometheus-pushgateway; apt-get purge -qy prometheus-pushgateway"
    )
    assert "Proven" in run_pyinfra(far, "-y", BOOTSTRAP, data=FAST | there).stderr
    assert "Proven" in run_pyinfra(near, "-y", BOOTSTRAP, data=FAST | given).stderr
    assert_unchanged_run(run_pyinfra(near, "-y", BOOTSTRAP, data=FAST | given))
    assert near.run("ls /usr/bin | grep -cx prometheus", check=False).stdout == "0\n"
    near.run(PUSH_TRAINING)
    wait_on_host(far, f"{shapes.QUERY}prometheus_training_labs_completed_total | grep -q value")
    verified = run_pyinfra(near, "-y", VERIFY, data=FAST | given)
    assert f"{near.name}  configured  done" in verified.stdout, verified.output
    for deploy in (RESET, PREPARE):
        done = run_pyinfra(near, "-y", deploy, data=FAST | given)
        assert done.returncode == 0, done.output
    assert "prometheus_training" not in near.run("curl -s localhost:9091/metrics").stdout
    assert_unchanged_run(run_pyinfra(near, "-y", PREPARE, data=FAST | given))
