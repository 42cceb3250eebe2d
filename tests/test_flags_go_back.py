"""Flags with which a server does not come up: the old flags are back, and a killed run is repaired, on real hosts."""

from collections.abc import Callable
from pathlib import Path

import pytest

import shapes
from expectations import (
    BOOTSTRAP,
    DEFAULTS,
    FAST,
    INSTALLED,
    assert_bootstrapped,
    assert_refused,
    assert_unchanged_run,
    groups,
)
from host_comparison import UNINSTALL, Run, assert_as_before, differences, listing
from labhost import Host, PyinfraCommand
from trainee_commands import PUSH_TRAINING
from upstream_archives import packaged, write_archive
from waiting import wait_on_host

PROMETHEUS_DEFAULTS = "/etc/default/prometheus"
NOTES = "/var/lib/pushgateway-lab"

UNKNOWN = {"pushgateway_extra_flags": {"log.levl": "debug"}}
SAYS_UNKNOWN = "unknown long flag '--log.levl'"
ELSEWHERE = {
    "pushgateway_listen_address": "203.0.113.9:9091",
    "pushgateway_allow_open_admin_api": True,
}
PROMETHEUS_ELSEWHERE = {"prometheus_listen_address": "203.0.113.9:9090"}
SAYS_ELSEWHERE = "cannot assign requested address"


def listens(host: Host, port: int) -> list[str]:
    """Return the addresses on which a host listens at a port."""
    return host.run(f"ss -Htln 'sport = {port}' | awk '{{ print $4 }}'").stdout.split()


def assert_converged(host: Host, run_pyinfra: Run, **data: object) -> None:
    """Fail unless a run changes nothing, after one that waits until Prometheus has scraped the restarted Pushgateway."""
    result = run_pyinfra(host, "-y", BOOTSTRAP, data=FAST | data)
    assert result.returncode == 0, result.output
    assert_unchanged_run(run_pyinfra(host, "-y", BOOTSTRAP, data=FAST | data))


def noted(host: Host) -> str:
    """Return the notes of a host about flags."""
    return host.run(f"grep -rH ^ {NOTES}/*flags* 2>/dev/null | sort", check=False).stdout


def kill_after(
    host: Host, pyinfra_command: PyinfraCommand, path: str, words: str, **data: object
) -> None:
    """Kill a run when a file of the host has these words, and the service when it has failed."""
    process = pyinfra_command.start(host, "-y", BOOTSTRAP, data=FAST | data)
    wait_on_host(host, f"grep -qF -e {words} {path}", 120)
    process.kill()
    pyinfra_command.finish(process)
    # As if the host had lost its power: what still runs for the run ends.
    host.run("pkill -KILL -f 'timeout -k'", check=False)


def test_a_bare_host(lab_host: Host, run_pyinfra: Run, pyinfra_command: PyinfraCommand) -> None:
    before = listing(lab_host)
    # There are no old flags: the file of the package is back, and nothing starts it on all interfaces; also after a run
    # that was killed.
    kill_after(lab_host, pyinfra_command, DEFAULTS, "log.levl", **UNKNOWN)
    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | UNKNOWN)
    assert_refused(
        lab_host, refused, "pushgateway_extra_flags", DEFAULTS, SAYS_UNKNOWN, "then run this again"
    )
    assert "Scheduled restart job" not in refused.stderr
    assert "Correct pushgateway_extra_flags, then run this again" in refused.stderr
    assert lab_host.run("dpkg --verify prometheus-pushgateway").stdout == ""
    assert noted(lab_host) == ""
    lab_host.run("systemctl start prometheus-pushgateway", check=False)
    assert lab_host.run("pgrep -x prometheus-push", check=False).stdout == ""
    enabled = lab_host.run("systemctl is-enabled prometheus-pushgateway", check=False)
    assert enabled.stdout == "disabled\n"
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST).returncode == 0
    assert_bootstrapped(lab_host)

    # It runs again as before, with its groups.
    lab_host.run(PUSH_TRAINING)
    flags, note = lab_host.read(DEFAULTS), noted(lab_host)
    for data, says in ((UNKNOWN, SAYS_UNKNOWN), (ELSEWHERE, SAYS_ELSEWHERE)):
        refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | data)
        assert_refused(lab_host, refused, next(iter(data)), DEFAULTS, says, "then run this again")
        assert lab_host.read(DEFAULTS) == flags
        assert noted(lab_host) == note
        assert listens(lab_host, 9091) == ["127.0.0.1:9091"]
        assert [each["job"] for each in groups(lab_host)] == ["prometheus_training"]
        assert lab_host.run(f"ls {DEFAULTS}.*", check=False).stdout == ""
        assert_converged(lab_host, run_pyinfra)

    flags = lab_host.read(PROMETHEUS_DEFAULTS)
    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | PROMETHEUS_ELSEWHERE)
    assert_refused(
        lab_host, refused, "prometheus_listen_address", PROMETHEUS_DEFAULTS, SAYS_ELSEWHERE,
        "then run this again",
    )  # fmt: skip
    assert lab_host.read(PROMETHEUS_DEFAULTS) == flags
    assert noted(lab_host) == note
    assert listens(lab_host, 9090) == ["*:9090"]
    assert_converged(lab_host, run_pyinfra)

    killed_runs(lab_host, run_pyinfra, pyinfra_command)
    removed = run_pyinfra(lab_host, "-y", UNINSTALL, data=FAST | {"lab_wipe": True})
    assert removed.returncode == 0, removed.output
    assert_as_before(lab_host, run_pyinfra, before)


def killed_runs(host: Host, run_pyinfra: Run, pyinfra_command: PyinfraCommand) -> None:
    # A run that was killed before it could go back: the next one does, with and without a right setting.
    closed = {"prometheus_listen_address": "127.0.0.1:9090"}
    for given, address in (({}, "*:9090"), (closed, "127.0.0.1:9090")):
        kill_after(
            host, pyinfra_command, PROMETHEUS_DEFAULTS, "203.0.113.9", **PROMETHEUS_ELSEWHERE
        )
        host.run("systemctl restart prometheus", check=False)
        wait_on_host(host, "systemctl is-failed prometheus")
        repaired = run_pyinfra(host, "-y", BOOTSTRAP, data=FAST | given)
        assert repaired.returncode == 0, repaired.output
        assert listens(host, 9090) == [address]
        assert_converged(host, run_pyinfra, **given)
    note = noted(host)
    for restarts in (True, False):
        kill_after(host, pyinfra_command, DEFAULTS, "log.levl", **UNKNOWN)
        if restarts:
            host.run("systemctl restart prometheus-pushgateway", check=False)
            wait_on_host(host, "systemctl is-failed prometheus-pushgateway")
        repaired = run_pyinfra(host, "-y", BOOTSTRAP, data=FAST)
        assert repaired.returncode == 0, repaired.output
        assert noted(host) == note
        assert_bootstrapped(host)
        assert [each["job"] for each in groups(host)] == ["prometheus_training"]
        assert_converged(host, run_pyinfra)


@pytest.mark.lab_host(packages=INSTALLED)
@pytest.mark.parametrize("shape", [shapes.collection, shapes.with_variable])
def test_servers_of_somebody_else(
    shape: Callable[[Host], None], lab_host: Host, run_pyinfra: Run
) -> None:
    shape(lab_host)
    allowed = FAST | {"pushgateway_allow_open_admin_api": True, "pushgateway_allow_data_loss": True}
    before = listing(lab_host, "/var/lib/prometheus", "/var/lib/pushgateway")
    command = "ps -o args= -C pushgateway"
    words = lab_host.run(command).stdout
    # There is no file, or no drop-in, to which it goes back.
    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=allowed | UNKNOWN)
    assert_refused(
        lab_host, refused, "pushgateway_extra_flags", SAYS_UNKNOWN, "then run this again"
    )
    assert lab_host.run(command).stdout == words
    assert (
        differences(before, listing(lab_host, "/var/lib/prometheus", "/var/lib/pushgateway")) == []
    )

    done = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=allowed)
    assert done.returncode == 0, done.output
    words = lab_host.run(command).stdout
    # The file has the text of its backup again, so that goes.
    data = ("/var/lib/prometheus", "/var/lib/pushgateway", "/etc/default/*.before-pushgateway-lab")
    before = listing(lab_host, *data)
    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=allowed | UNKNOWN)
    assert_refused(
        lab_host, refused, "pushgateway_extra_flags", SAYS_UNKNOWN, "then run this again"
    )
    assert lab_host.run(command).stdout == words
    assert differences(before, listing(lab_host, *data)) == []
    assert_converged(lab_host, run_pyinfra, **allowed)


@pytest.mark.lab_host(systemd=False)
def test_a_host_without_systemd(lab_host: Host, run_pyinfra: Run) -> None:
    for data, says in ((UNKNOWN, SAYS_UNKNOWN), ({}, ""), (ELSEWHERE, SAYS_ELSEWHERE)):
        result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | data)
        if not data:
            assert result.returncode == 0, result.output
            continue
        assert_refused(lab_host, result, next(iter(data)), DEFAULTS, says, "then run this again")
    assert listens(lab_host, 9091) == ["127.0.0.1:9091"]
    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST | PROMETHEUS_ELSEWHERE)
    assert_refused(
        lab_host, refused, "prometheus_listen_address", PROMETHEUS_DEFAULTS, SAYS_ELSEWHERE
    )
    assert listens(lab_host, 9090) == ["*:9090"]
    assert_converged(lab_host, run_pyinfra)


@pytest.mark.lab_host(packages=INSTALLED)
def test_flags_of_an_administrator_that_were_never_in_use(lab_host: Host, run_pyinfra: Run) -> None:
    shapes.both_answer(lab_host)
    text = b"# ours\nARGS='--log.levl=debug'\n"
    lab_host.write(DEFAULTS, text)
    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert_refused(
        lab_host,
        refused,
        SAYS_UNKNOWN,
        "the Pushgateway does not run with its old flags either",
        f"Correct ARGS in {DEFAULTS}, then run this again",
    )
    assert lab_host.read(DEFAULTS) == text
    lab_host.write(DEFAULTS, text.replace(b"levl", b"level"))
    done = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert done.returncode == 0, done.output
    assert_bootstrapped(lab_host)


@pytest.mark.lab_host(packages=("curl",))
def test_servers_of_releases(
    lab_host: Host, run_pyinfra: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for product, version, programs in (
        ("pushgateway", "1.5.1", ("pushgateway",)),
        ("prometheus", "2.42.0", ("prometheus", "promtool")),
    ):
        write_archive(tmp_path, product, version, {name: packaged(name) for name in programs})
    data = FAST | {
        f"{server}_{key}": value
        for server, version in (("prometheus", "2.42.0"), ("pushgateway", "1.5.1"))
        for key, value in (
            ("install_method", "release"),
            ("release_source", str(tmp_path)),
            ("release_version", version),
        )
    }
    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data | UNKNOWN)
    assert_refused(lab_host, refused, "pushgateway_extra_flags", SAYS_UNKNOWN)
    defaults = lab_host.read("/etc/default/pushgateway")
    assert defaults == b'ARGS="--persistence.file=/var/lib/pushgateway/metrics"\n'
    shown = lab_host.run(
        "systemctl is-active pushgateway; systemctl is-enabled pushgateway", check=False
    )
    assert shown.stdout.split()[1] == "disabled"
    assert listens(lab_host, 9091) == []
    done = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data)
    assert done.returncode == 0, done.output
    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data | PROMETHEUS_ELSEWHERE)
    assert_refused(lab_host, refused, "prometheus_listen_address", SAYS_ELSEWHERE)
    assert lab_host.read(PROMETHEUS_DEFAULTS) == b'ARGS=""\n'
    assert listens(lab_host, 9090) == ["*:9090"]
    assert_converged(lab_host, run_pyinfra, **data)
