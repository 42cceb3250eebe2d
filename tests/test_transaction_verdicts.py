"""Transactions that promtool or Prometheus rejects, and a Prometheus that does not answer; on real hosts."""

from collections.abc import Callable

import pytest

from expectations import (
    CONFIG,
    assert_refused,
    assert_unchanged_run,
    loaded_jobs,
    prometheus_runs,
)
from labhost import Host
from transactions import (
    BACKUP,
    NEW,
    OLD,
    PACKAGES,
    Run,
    assert_nothing_left,
    assert_serving,
    begin,
    bootstrap,
    converges,
    digests,
    interpose,
    mend,
    merged,
    watched,
)

pytestmark = pytest.mark.lab_host(packages=PACKAGES)


def test_promtool_refuses_the_job(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    interpose(lab_host, "promtool", "echo 'line 7: made up' >&2; exit 1")
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host),
        f"promtool rejects the new {CONFIG}",
        "line 7: made up",
        "Correct the file",
    )
    assert_serving(lab_host, OLD)
    assert_nothing_left(lab_host)
    converges(run_pyinfra, lab_host)


@pytest.mark.parametrize("suite", ["bullseye", "bookworm", "trixie", "forky"])
def test_prometheus_refuses_what_promtool_accepted(
    suite: str, boot_host: Callable[..., Host], run_pyinfra: Run
) -> None:
    host = boot_host(suite=suite, packages=PACKAGES)
    begin(host)
    host.write(BACKUP, b"an earlier one")
    # The job is valid, but the rules are not readable: Prometheus's unit hides them.
    host.write("/etc/prometheus/lab.rules", b"groups: []\n")
    host.run("mkdir /etc/systemd/system/prometheus.service.d")
    host.write(
        "/etc/systemd/system/prometheus.service.d/hidden.conf",
        b"[Service]\nInaccessiblePaths=/etc/prometheus/lab.rules\n",
    )
    host.run("systemctl daemon-reload; systemctl restart prometheus")
    prometheus_runs(host)
    text = OLD + b"rule_files: [lab.rules]\n"
    host.write(CONFIG, text)
    with watched(host) as watch:
        assert_refused(
            host,
            bootstrap(run_pyinfra, host),
            f"Prometheus rejected the new {CONFIG}; the old file was restored",
            "Error reloading config",
            "lab.rules: permission denied",
            "journalctl -u prometheus.service",
        )
    assert_serving(host, text)
    assert loaded_jobs(host) == ["prometheus", "node"]
    assert_nothing_left(host)
    assert host.read(BACKUP) == b"an earlier one"
    assert watch.texts() <= digests(text, merged(text))
    host.run("rm -r /etc/systemd/system/prometheus.service.d; systemctl daemon-reload")
    host.run("systemctl restart prometheus")
    prometheus_runs(host)
    converges(run_pyinfra, host, merged(text))


def test_promtool_refuses_what_prometheus_may_not_read(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    lab_host.write("/etc/prometheus/lab.rules", b"groups: []\n")
    lab_host.run("chmod 0600 /etc/prometheus/lab.rules")
    text = OLD + b"rule_files: [lab.rules]\n"
    lab_host.write(CONFIG, text)
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host),
        f"promtool rejects the new {CONFIG}",
        "lab.rules: permission denied",
    )
    assert_serving(lab_host, text)
    assert_nothing_left(lab_host)


def test_prometheus_decides_if_promtool_rejects_the_file_as_it_is(
    lab_host: Host, run_pyinfra: Run
) -> None:
    text = OLD.replace(
        b"job_name: 'node'", b"job_name: 'node'\n    bearer_token_file: /etc/no-token"
    )
    begin(lab_host, text)
    lab_host.write(CONFIG, text)
    # Prometheus has not loaded this file, so nothing tells who is right.
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host),
        f"promtool rejects the new {CONFIG}, and rejects the file as it is for the same reason",
        '"/etc/no-token"',
        "have it loaded (sudo systemctl reload prometheus)",
    )
    assert lab_host.read(CONFIG) == text
    lab_host.run("systemctl reload prometheus; sleep 1")

    result = bootstrap(run_pyinfra, lab_host)

    assert result.returncode == 0, result.output
    assert "promtool rejects the file, but for the same reason as the file before" in result.stderr
    assert '"/etc/no-token"' in result.stderr
    assert lab_host.read(CONFIG) == merged(text)
    assert loaded_jobs(lab_host) == ["prometheus", "node", "pushgateway"]
    assert_nothing_left(lab_host)
    assert_unchanged_run(bootstrap(run_pyinfra, lab_host))
    # A verdict about our edit counts, and so does Prometheus's.
    interpose(lab_host, "promtool", "echo 'line 7: made up' >&2; exit 1")
    other = {"pushgateway_job_name": "other"}
    assert_refused(
        lab_host, bootstrap(run_pyinfra, lab_host, **other), "promtool rejects the new", "made up"
    )
    mend(lab_host)
    interpose(lab_host, "systemctl", "exit 1")
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host, **other),
        f"Prometheus rejected the new {CONFIG}; the old file was restored",
    )
    assert lab_host.read(CONFIG) == merged(text)


def test_prometheus_takes_the_old_text_again(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    # Like a promtool of another version, it accepts a field that this Prometheus does not know.
    interpose(lab_host, "promtool", f"echo 'unknown: 1' >>{CONFIG}.extra; exit 0", once=False)
    reject = f"grep -q pushgateway {CONFIG} && exit 1; exec /bin/kill -HUP $1"
    lab_host.write("/usr/local/sbin/reload", f"#!/bin/sh\n{reject}\n".encode())
    lab_host.run(
        "chmod 0755 /usr/local/sbin/reload; mkdir /etc/systemd/system/prometheus.service.d"
    )
    lab_host.write(
        "/etc/systemd/system/prometheus.service.d/reload.conf",
        b"[Service]\nExecReload=\nExecReload=/usr/local/sbin/reload $MAINPID\n",
    )
    lab_host.run("systemctl daemon-reload")
    taken = "curl -s localhost:9090/metrics | grep ^prometheus_config_last_reload_success_timestamp"
    before = lab_host.run(taken).stdout

    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host),
        f"Prometheus rejected the new {CONFIG}; the old file was restored",
        "Job for prometheus.service failed",
    )

    assert_serving(lab_host, OLD)
    assert_nothing_left(lab_host)
    assert lab_host.run(taken).stdout != before
    lab_host.run("rm -r /etc/systemd/system/prometheus.service.d; systemctl daemon-reload")
    converges(run_pyinfra, lab_host)


def test_somebody_mends_the_file_while_prometheus_refuses_it(
    lab_host: Host, run_pyinfra: Run
) -> None:
    begin(lab_host)
    interpose(lab_host, "systemctl", f"echo '# theirs' >>{CONFIG}; exit 1")
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host),
        f"Prometheus rejected {CONFIG}, and somebody else changed the file meanwhile",
        "so their version was kept",
    )
    assert_serving(lab_host, NEW + b"# theirs\n")
    assert lab_host.read(BACKUP) == OLD
    assert_nothing_left(lab_host)
    converges(run_pyinfra, lab_host, NEW + b"# theirs\n")


def test_prometheus_is_stopped_under_way(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    interpose(lab_host, "promtool", "systemctl stop prometheus")
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host),
        "the old file was restored",
        "not active",
        "journalctl",
    )
    assert lab_host.read(CONFIG) == OLD
    assert_nothing_left(lab_host)
    assert_refused(
        lab_host, bootstrap(run_pyinfra, lab_host), "prometheus.service is installed but inactive"
    )
    lab_host.run("systemctl start prometheus")
    converges(run_pyinfra, lab_host)


def test_prometheus_hangs(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    interpose(lab_host, "systemctl", "pkill -STOP -x prometheus")
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host, prometheus_reload_timeout=2),
        "the old file was restored",
        "It neither loaded nor rejected the configuration within 2 s",
    )
    lab_host.run("pkill -CONT -x prometheus")
    assert_serving(lab_host, OLD)
    converges(run_pyinfra, lab_host)


def test_a_reload_that_hangs_holds_no_lock(lab_host: Host, run_pyinfra: Run) -> None:
    begin(lab_host)
    interpose(lab_host, "systemctl", "exec sleep 300", once=False)
    assert_refused(
        lab_host,
        bootstrap(run_pyinfra, lab_host),
        f"Prometheus rejected the new {CONFIG}; the old file was restored",
        "did not finish within 30 s",
    )
    assert lab_host.run("flock -n /run/pushgateway-lab.lock true", check=False).returncode == 0
    assert lab_host.run("pgrep -fc 'slee[p] 300'", check=False).stdout == "0\n"
    assert_serving(lab_host, OLD)
    assert_nothing_left(lab_host)
    converges(run_pyinfra, lab_host)
