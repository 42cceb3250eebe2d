"""Hosts with passwords and TLS of this toolkit from which everything is removed, with and without their settings."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import shapes
from closed_hosts import bootstrapped
from expectations import (
    BOOTSTRAP,
    CONFIG,
    DEFAULTS,
    FAST,
    INSTALLED,
    assert_refused,
    groups,
    untouched,
)
from host_comparison import UNINSTALL, Run, assert_as_before, listing
from labhost import Host, HostSpec, PyinfraCommand
from trainee_commands import PUSH_TRAINING

_DATA = "/var/lib/prometheus"
"""The databases of servers that run. Left out where they run before and after."""

PASSWORD = "of the lab"  # noqa: S105 - of a test


@pytest.fixture
def users(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "ada").write_text(PASSWORD)
    return {"ada": str(tmp_path / "ada")}


@pytest.mark.lab_host
def test_a_bare_host_with_a_password_is_bare_again(
    lab_host: Host, run_pyinfra: Run, pyinfra_command: PyinfraCommand, users: dict[str, str]
) -> None:
    before = listing(lab_host)
    packages = lab_host.run("dpkg -l").stdout
    closed = FAST | {"pushgateway_basic_auth_users": users}
    bootstrapped(run_pyinfra, lab_host, closed)
    # Groups could be lost, and nobody can count them without the password.
    there = listing(lab_host, _DATA)
    for words in (("-y", "--dry"), ("-y",)):
        refused = run_pyinfra(lab_host, *words, UNINSTALL, data=FAST)
        assert refused.returncode == 1
        for told in ("pushgateway_basic_auth_users", "user ada", "lab_wipe=True"):
            assert told in refused.stderr, refused.output
        assert ".." not in refused.stderr.replace("...", ""), refused.output
    assert listing(lab_host, _DATA) == there
    # A run that is killed after the files are gone is finished by the next one.
    process = pyinfra_command.start(lab_host, "-y", UNINSTALL, data=closed)
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if lab_host.run("test -e /etc/pushgateway-lab/web.yml", check=False).returncode:
            lab_host.run("pkill -KILL dpkg; pkill -KILL -f 'packages|timeout -k'", check=False)
            process.kill()
            break
    pyinfra_command.finish(process)
    lab_host.run("dpkg --configure -a", check=False)
    gone = run_pyinfra(lab_host, "-y", UNINSTALL, data=FAST)
    assert gone.returncode == 0, gone.output
    assert "stay" not in gone.stderr
    assert lab_host.run("dpkg -l").stdout == packages
    assert_as_before(lab_host, run_pyinfra, before)


def test_what_goes_anyway_needs_no_password(
    boot_hosts: Callable[..., list[Host]], run_pyinfra: Run, users: dict[str, str]
) -> None:
    bare, adopted = boot_hosts(HostSpec(), HostSpec(packages=INSTALLED))
    shapes.both_answer(adopted)
    before = listing(bare), listing(adopted, _DATA)
    adopted.run(PUSH_TRAINING)
    closed = FAST | {"pushgateway_basic_auth_users": users, "pushgateway_tls_lab_ca": True}
    assert run_pyinfra([bare, adopted], "-y", BOOTSTRAP, data=closed).returncode == 0
    # The package goes with all groups; the other Pushgateway keeps its groups, and is open afterwards.
    wiped = run_pyinfra(bare, "-y", UNINSTALL, data=FAST | {"lab_wipe": True})
    assert wiped.returncode == 0, wiped.output
    assert "stay" not in wiped.stderr
    assert_as_before(bare, run_pyinfra, before[0])
    gone = run_pyinfra(adopted, "-y", UNINSTALL, data=FAST)
    assert gone.returncode == 0, gone.output
    assert [each["job"] for each in groups(adopted)] == ["prometheus_training"]
    assert_as_before(adopted, run_pyinfra, before[1], _DATA)


@pytest.mark.parametrize(
    "tls", [{}, {"pushgateway_tls_lab_ca": True}], ids=["password", "password and TLS"]
)
@pytest.mark.lab_host(packages=INSTALLED)
def test_a_host_is_refused_before_anything_is_changed(
    lab_host: Host, run_pyinfra: Run, users: dict[str, str], tls: dict[str, bool]
) -> None:
    shapes.both_answer(lab_host)
    lab_host.write(DEFAULTS, b"ARGS='--persistence.file='\n")
    lab_host.run("systemctl restart prometheus-pushgateway")
    shapes.both_answer(lab_host)
    before = listing(lab_host, _DATA)
    closed = FAST | tls | {"pushgateway_basic_auth_users": users}
    bootstrapped(run_pyinfra, lab_host, closed)
    # Without the password, nobody knows which groups a restart would lose.
    state = untouched(lab_host)
    told = "pushgateway_tls_lab_ca=True" if tls else "pushgateway_basic_auth_users"
    for words in (("-y", "--dry"), ("-y",)):
        refused = run_pyinfra(lab_host, *words, UNINSTALL, data=FAST)
        assert refused.returncode == 1, refused.output
        assert told in refused.stderr, refused.output
    assert_refused(lab_host, refused, told, "A restart might lose its groups")
    assert untouched(lab_host) == state
    assert run_pyinfra(lab_host, "-y", UNINSTALL, data=closed).returncode == 0
    assert_as_before(lab_host, run_pyinfra, before, _DATA)


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_host_without_the_note_of_the_flags_loses_the_flag_for_a_file_that_goes(
    lab_host: Host, run_pyinfra: Run, users: dict[str, str]
) -> None:
    shapes.both_answer(lab_host)
    closed = FAST | {"pushgateway_basic_auth_users": users}
    bootstrapped(run_pyinfra, lab_host, closed)
    lab_host.run("rm -r /var/lib/pushgateway-lab")
    gone = run_pyinfra(lab_host, "-y", UNINSTALL, data=FAST)
    assert gone.returncode == 0, gone.output
    lab_host.run("test ! -e /etc/pushgateway-lab")
    assert "web.config.file" not in lab_host.read(DEFAULTS).decode()
    assert "scrape-password" not in lab_host.read(CONFIG).decode()
    assert groups(lab_host) == []


@pytest.mark.lab_host(packages=INSTALLED)
def test_another_job_name_leaves_nothing_of_the_old_job(
    lab_host: Host, run_pyinfra: Run, users: dict[str, str]
) -> None:
    shapes.both_answer(lab_host)
    before = listing(lab_host, _DATA)
    original = lab_host.read(CONFIG).decode()
    closed = FAST | {"pushgateway_basic_auth_users": users}
    bootstrapped(run_pyinfra, lab_host, closed)
    # Debian's own job, with its own interval.
    renamed = {"pushgateway_job_name": "prometheus", "pushgateway_smoke_timeout": 60}
    moved = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=renamed)
    assert moved.returncode == 0, moved.output
    text = lab_host.read(CONFIG).decode()
    assert "scrape-password" not in text
    assert "job_name: pushgateway" not in text.replace("'", "")
    lab_host.run("test ! -e /etc/pushgateway-lab")
    assert all(each["health"] == "up" for each in targets(lab_host) if each["job"] != "node")

    refused = run_pyinfra(lab_host, "-y", UNINSTALL, data=FAST)
    assert_refused(lab_host, refused, "is prometheus, and not pushgateway")
    shown = run_pyinfra(lab_host, "-y", "--dry", UNINSTALL, data=renamed)
    assert (
        "the target localhost:9091, the field honor_labels of the job prometheus in" in shown.stderr
    )
    assert "  the job prometheus in" not in shown.stderr
    gone = run_pyinfra(lab_host, "-y", UNINSTALL, data=renamed)
    assert gone.returncode == 0, gone.output
    assert lab_host.read(CONFIG).decode() == original
    assert_as_before(lab_host, run_pyinfra, before, _DATA)


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_file_that_another_job_names_is_kept_until_the_job_is_gone(
    lab_host: Host, run_pyinfra: Run, users: dict[str, str]
) -> None:
    shapes.both_answer(lab_host)
    closed = FAST | {"pushgateway_basic_auth_users": users}
    bootstrapped(run_pyinfra, lab_host, closed)
    text = lab_host.read(CONFIG).decode()
    line = text.rindex("\n", 0, text.index("pushgateway")) + 1
    copy = text[line:].replace("pushgateway", "copy", 1).replace(":9091", ":9999")
    lab_host.write(CONFIG, f"{text}\n{copy}".encode())
    lab_host.run("systemctl reload prometheus")
    opened = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert opened.returncode == 0, opened.output
    assert "The job copy (line" in opened.stderr, opened.output
    lab_host.run("test -e /etc/pushgateway-lab/scrape-password")
    state = untouched(lab_host)
    refused = run_pyinfra(lab_host, "-y", UNINSTALL, data=FAST)
    assert_refused(lab_host, refused, "The job copy in", "give it files of its own")
    assert untouched(lab_host) == state
    now = lab_host.read(CONFIG).decode()
    lab_host.write(CONFIG, now.replace(copy, "").encode())
    lab_host.run("systemctl reload prometheus")
    gone = run_pyinfra(lab_host, "-y", UNINSTALL, data=FAST)
    assert gone.returncode == 0, gone.output
    assert "pushgateway" not in lab_host.read(CONFIG).decode()


def targets(host: Host) -> list[dict[str, str]]:
    """Return the job, the address and the health of each target of Prometheus."""
    answer = json.loads(host.run("curl -s localhost:9090/api/v1/targets?state=active").stdout)
    found = answer["data"]["activeTargets"]
    return [
        {"job": each["scrapePool"], "url": each["scrapeUrl"], "health": each["health"]}
        for each in found
    ]
