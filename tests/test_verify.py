"""verify finds a trainee's stage and mistakes, on real hosts."""

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from expectations import (
    CONFIG,
    DEFAULTS,
    INSTALLED,
    PREPARE,
    VERIFY,
    prometheus_runs,
    rows,
    untouched,
)
from fixes import Shown, type_fixes, unsolved
from labhost import Host, HostSpec, PyinfraResult
from pushgateway_lab.lab import servers
from trainee import Check, Trainee
from trainee_commands import (
    CONFIGURED,
    JOB,
    LABS,
    PUSH_INSTANCE,
    PUSH_TRAINING,
    PUSHED,
    READY,
    RELOAD,
    UP,
    edit,
    until,
)
from trainee_histories import HISTORIES
from trainee_obstacles import HOSTS, TARGETS
from trainees import FIRST, SECOND, THIRD

Run = Callable[..., PyinfraResult]
Boot = Callable[..., list[Host]]


def prepared(boot_hosts: Boot, run_pyinfra: Run, specs: Sequence[HostSpec]) -> list[Host]:
    """Hosts at the start line; their Prometheus scrapes every two seconds."""
    hosts = boot_hosts(*specs)
    for host in hosts:
        prometheus_runs(host)
        host.run(f"sed -i 's/scrape_interval: *15s/scrape_interval: 2s/' {CONFIG}; {RELOAD}")
    result = run_pyinfra(hosts, "-y", PREPARE)
    assert result.returncode == 0, result.output
    return hosts


def type_in(hosts: Sequence[Host], typed: Sequence[str]) -> None:
    """Run the trainees' commands on all hosts at the same time, each with the host's time limit."""
    with ThreadPoolExecutor(len(hosts)) as pool:
        list(pool.map(lambda host, text: host.run(text), hosts, typed))


def all_untouched(hosts: Sequence[Host]) -> list[dict[str, str]]:
    with ThreadPoolExecutor(len(hosts)) as pool:
        return list(pool.map(untouched, hosts))


def not_found(row: dict[str, Any], wanted: Check) -> str | None:
    """Return the result of a check in the report if it is not the expected one; else None."""
    check = next(
        each for task in row["tasks"] for each in task["checks"] if each["name"] == wanted.name
    )
    if (
        check["state"] == wanted.state
        and wanted.says in check["says"]
        and (wanted.fix is None or wanted.fix in (check["fix"] or ""))
    ):
        return None
    return f"{wanted.name}: {check['state']}: {check['says']!r}, fix {check['fix']!r}"


ALL = FIRST | SECOND | THIRD | HISTORIES | TARGETS | HOSTS

TESTING = {
    name: ALL[name]
    for name in (
        "refused",
        "other value, no type",
        "push refused",
        "broken and restarted",
        "broken and reloaded",
        "flags misspelt, restarted",
        "killed",
        "taken out, not reloaded",
        "deleted before a scrape",
        "proxy",
        "another metrics_path",
        "default metrics dropped",
        "broken rules file",
        "Prometheus's flags misspelt",
    )
}
"""Those that depend on the releases of both servers and of promtool: on what they say, or show of themselves."""


@pytest.mark.parametrize(
    ("trainees", "suite"),
    [
        # One worker for all: two cores are too few for two classes of ten hosts at once.
        pytest.param(trainees, suite, id=name, marks=pytest.mark.xdist_group("ten hosts"))
        for name, trainees, suite in (
            ("targets", TARGETS, "bookworm"),
            ("hosts", HOSTS, "bookworm"),
            ("testing", TESTING, "forky"),
            ("histories", HISTORIES, "bookworm"),
            ("first", FIRST, "bookworm"),
            ("second", SECOND, "bookworm"),
            ("third", THIRD, "bookworm"),
        )
    ],
)
def test_each_mistake_is_named_and_the_fixes_that_are_shown_mend_it(
    boot_hosts: Boot,
    run_pyinfra: Run,
    tmp_path: Path,
    suite: str,
    trainees: dict[str, Trainee],
) -> None:
    specs = [HostSpec(suite=suite, packages=INSTALLED)] * len(trainees)
    hosts = prepared(boot_hosts, run_pyinfra, specs)
    type_in(hosts, [trainee.typed for trainee in trainees.values()])
    still = [host for host, trainee in zip(hosts, trainees.values(), strict=True) if trainee.rests]
    before = all_untouched(still)

    result = run_pyinfra(hosts, "-y", VERIFY, "--data", f"report={tmp_path}")

    assert "Traceback" not in result.output
    assert all_untouched(still) == before
    found = rows(tmp_path)
    mistakes = {}
    for host, (name, trainee) in zip(hosts, trainees.items(), strict=True):
        row = found[host.name]
        wrong = [said for each in trainee.finds if (said := not_found(row, each))]
        if row["stage"] != trainee.stage:
            wrong.append(f"stage: {row['stage']}")
        if wrong:
            mistakes[name] = wrong
    assert not mistakes, json.dumps(mistakes, indent=1)
    # Without an expected stage, only a wrong check of Host is an error.
    broken = [
        host.name
        for host, trainee in zip(hosts, trainees.values(), strict=True)
        if any(each.name in OF_HOST and each.state == "wrong" for each in trainee.finds)
    ]
    assert result.returncode == bool(broken)
    assert [name for name in found if not found[name]["expected"]] == broken

    by_name = {
        name: host
        for host, (name, trainee) in zip(hosts, trainees.items(), strict=True)
        if trainee.ends
    }
    unsolved_of = {name: unsolved(found[host.name]) for name, host in by_name.items()}
    deadline = time.monotonic() + LONGEST_WAY
    while any(unsolved_of.values()) and time.monotonic() < deadline:
        unsolved_of = follow(run_pyinfra, tmp_path, by_name, trainees, unsolved_of)
    assert not any(unsolved_of.values()), json.dumps(unsolved_of, indent=1)


OF_HOST = {check.name for check in servers.CHECKS}

LONGEST_WAY = 200
"""Seconds from a mistake to the end of the lab; a scrape interval of a minute is on the way."""


def follow(
    run_pyinfra: Run,
    reports: Path,
    hosts: dict[str, Host],
    trainees: dict[str, Trainee],
    found: dict[str, list[Shown]],
) -> dict[str, list[Shown]]:
    """Type all fixes that are shown on hosts that are not done, and return what verify finds after some scrapes.

    Fails if a finding is wrong for the same reason as before its fix.
    """
    ways = {name: each for name, each in found.items() if each}

    def one(name: str) -> list[Shown]:
        return type_fixes(hosts[name], ways[name], trainees[name].by_hand)

    with ThreadPoolExecutor(len(ways)) as pool:
        typed = dict(zip(ways, pool.map(one, ways), strict=True))
    time.sleep(5)
    result = run_pyinfra(
        [hosts[name] for name in ways], "-y", VERIFY, "--data", f"report={reports}"
    )
    assert "Traceback" not in result.output
    after = {name: unsolved(rows(reports)[hosts[name].name]) for name in ways}
    in_vain = {
        name: [each for each in after[name] if each.state == "wrong" and each in typed[name]]
        for name in ways
    }
    assert not any(in_vain.values()), json.dumps(in_vain, indent=1)
    return after


def test_the_neighbours_pushgateway_is_not_that_of_this_host(
    boot_hosts: Boot, run_pyinfra: Run, tmp_path: Path
) -> None:
    specs = [HostSpec(packages=INSTALLED)] * 3
    neighbour, by_address, by_name = hosts = prepared(boot_hosts, run_pyinfra, specs)
    neighbour.run(
        f"sed -i 's/127.0.0.1:9091/:9091/' {DEFAULTS}\nsystemctl restart prometheus-pushgateway\n"
        + READY
        + CONFIGURED
        + PUSHED
    )
    by_name.run(f"echo '{neighbour.address} gateway' >>/etc/hosts")
    for host, target in ((by_address, neighbour.address), (by_name, "gateway")):
        host.run(
            edit(JOB.replace("localhost", target))
            + RELOAD
            + UP
            + until(f'{LABS}{{job="prometheus_training"}}')
        )
    ways = {host.name: host for host in (by_address, by_name)}
    trainee = {name: Trainee("", "prepared", ()) for name in ways}

    assert run_pyinfra(hosts, "-y", VERIFY, "--data", f"report={tmp_path}").returncode == 0

    found = rows(tmp_path)
    for name in ways:
        assert found[name]["stage"] == "prepared"
        for wanted in (
            Check("target_up", "wrong", "that is another Pushgateway", "sudoedit"),
            Check("labs_completed_pushed", "open", "was never pushed"),
        ):
            assert not not_found(found[name], wanted)
    unsolved_of = {name: unsolved(found[name]) for name in ways}
    deadline = time.monotonic() + LONGEST_WAY
    while any(unsolved_of.values()) and time.monotonic() < deadline:
        unsolved_of = follow(run_pyinfra, tmp_path, ways, trainee, unsolved_of)
    assert not any(unsolved_of.values()), json.dumps(unsolved_of, indent=1)


@pytest.mark.lab_host(packages=INSTALLED)
def test_what_is_pushed_but_not_scraped_yet_has_seconds_to_go(
    lab_host: Host, run_pyinfra: Run, tmp_path: Path
) -> None:
    prometheus_runs(lab_host)
    assert run_pyinfra(lab_host, "-y", PREPARE).returncode == 0
    slow = JOB.replace("honor_labels: true", "honor_labels: true\n    scrape_interval: 30s")
    lab_host.run(f"{edit(slow)}{RELOAD}{UP}{PUSH_TRAINING}\n{PUSH_INSTANCE}")
    assert run_pyinfra(lab_host, "-y", VERIFY, "--data", f"report={tmp_path}").returncode == 0
    row = rows(tmp_path)[lab_host.name]
    assert row["stage"] == "configured"
    for metric in ("labs_completed", "some_metric"):
        assert not not_found(row, Check(f"{metric}_pushed", "done"))
        assert not not_found(
            row, Check(f"{metric}_seen", "open", "not scraped yet: the next scrape is in 2")
        )
        assert not not_found(row, Check(f"{metric}_seen", "open", " s."))


def test_the_exit_code_is_what_is_expected_of_all(
    boot_hosts: Boot, run_pyinfra: Run, tmp_path: Path
) -> None:
    hosts = prepared(boot_hosts, run_pyinfra, [HostSpec(packages=INSTALLED)] * 2)
    behind, ahead = hosts
    type_in([ahead], [CONFIGURED + PUSHED])

    nothing_expected = run_pyinfra(hosts, "-y", VERIFY)
    assert nothing_expected.returncode == 0, nothing_expected.output

    pushed = ["--data", "lab_expect=pushed", "--data", f"report={tmp_path}"]
    one_behind = run_pyinfra(hosts, "-y", VERIFY, *pushed)
    assert one_behind.returncode == 1
    assert f"[{behind.name}] expected stage: pushed, but the host is prepared" in one_behind.stderr
    assert f"[{ahead.name}] expected stage" not in one_behind.stderr
    assert {name: row["expected"] for name, row in rows(tmp_path).items()} == {
        behind.name: False,
        ahead.name: True,
    }

    assert run_pyinfra(ahead, "-y", VERIFY, *pushed).returncode == 0
    reached = run_pyinfra(hosts, "-y", VERIFY, "--data", "lab_expect=prepared")
    assert reached.returncode == 0, reached.output


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_look_is_one_session(
    lab_host: Host, run_pyinfra: Run, sessions: Callable[[], int]
) -> None:
    assert run_pyinfra(lab_host, "-y", PREPARE).returncode == 0
    sessions()
    assert run_pyinfra(lab_host, "-y", VERIFY).returncode == 0
    assert sessions() == 1


@pytest.mark.lab_host(packages=INSTALLED, user="student")
def test_a_user_without_sudo_rights_is_a_row_with_the_reason(
    lab_host: Host, run_pyinfra: Run, tmp_path: Path
) -> None:
    result = run_pyinfra(lab_host, "-y", VERIFY, "--data", f"report={tmp_path}", sudo=True)
    assert result.returncode == 1
    assert "Traceback" not in result.output
    row = rows(tmp_path)[lab_host.name]
    assert not row["reached"]
    assert "student may not use sudo without a password here" in row["problem"]
    assert f"[{lab_host.name}] student may not use sudo" in result.stderr


class Unreachable(Host):
    """A host that does not answer."""

    def pyinfra_data(self, user: str | None = None) -> dict[str, Any]:
        """Return host data with which pyinfra cannot connect."""
        return super().pyinfra_data(user) | {"ssh_hostname": "127.0.0.1", "ssh_port": 1}


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_host_that_cannot_be_reached_is_a_row(
    lab_host: Host, run_pyinfra: Run, tmp_path: Path
) -> None:
    prometheus_runs(lab_host)
    lost = Unreachable(**{**vars(lab_host), "name": "lost"})
    result = run_pyinfra([lab_host, lost], "-y", VERIFY, "--data", f"report={tmp_path}")
    assert result.returncode != 0
    assert "Traceback" not in result.output
    found = rows(tmp_path)
    assert found[lab_host.name]["reached"]
    assert not found["lost"]["reached"]
    assert "Not reached: " in found["lost"]["problem"]
    assert {task["state"] for task in found["lost"]["tasks"]} == {"unknown"}
