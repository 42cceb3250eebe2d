"""Each error message names the host, the place and the next step, and nothing is lost."""

from collections.abc import Callable

import pytest

from expectations import (
    BOOTSTRAP,
    CONFIG,
    FAST,
    HAND_EDITED,
    INSTALLED,
    assert_bootstrapped,
    assert_refused,
    assert_unchanged_run,
    fingerprint,
    prometheus_runs,
)
from labhost import Host, HostSpec, PyinfraResult
from waiting import wait_on_host

Run = Callable[..., PyinfraResult]


def assert_left_alone(host: Host, run_pyinfra: Run, *says: str, **kwargs: object) -> None:
    """Fail unless a dry run and a real run are refused with these words and leave the host unchanged."""
    before = fingerprint(host)
    for arguments in (["--dry"], ["-y"]):
        assert_refused(host, run_pyinfra(host, *arguments, BOOTSTRAP, **kwargs), *says)
        assert fingerprint(host) == before


@pytest.mark.lab_host(user="student")
def test_a_user_without_sudo_rights(lab_host: Host, run_pyinfra: Run) -> None:
    assert_left_alone(
        lab_host,
        run_pyinfra,
        "student may not use sudo without a password here",
        "--same-sudo-password",
        sudo=True,
    )


@pytest.mark.lab_host(user="student")
def test_a_user_who_is_not_root_and_asks_for_no_sudo(lab_host: Host, run_pyinfra: Run) -> None:
    assert_left_alone(
        lab_host, run_pyinfra, "Logged in as student, which is not root", "add --sudo"
    )


@pytest.mark.lab_host(packages=INSTALLED)
def test_broken_yaml(lab_host: Host, run_pyinfra: Run) -> None:
    broken = HAND_EDITED.replace(b'"localhost:9090"]', b'"localhost:9090"')
    prometheus_runs(lab_host)
    lab_host.write(CONFIG, broken)
    assert_left_alone(
        lab_host, run_pyinfra, f"{CONFIG}: line ", "Nothing was written and nothing reloaded"
    )
    assert lab_host.read(CONFIG) == broken


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_configuration_that_prometheus_would_refuse(lab_host: Host, run_pyinfra: Run) -> None:
    rejected = HAND_EDITED.replace(b"evaluation_interval: 30s", b"evaluation_intervall: 30s")
    prometheus_runs(lab_host)
    lab_host.write(CONFIG, rejected)
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP)
    assert_refused(lab_host, result, "promtool rejects", "evaluation_intervall")
    assert f".{CONFIG.rpartition('/')[2]}.pushgateway-lab" not in result.stderr
    assert lab_host.read(CONFIG) == rejected
    listing = lab_host.run("ls -A /etc/prometheus").stdout
    assert "pushgateway-lab" not in listing


@pytest.mark.lab_host(packages=INSTALLED)
def test_the_port_is_taken(lab_host: Host, run_pyinfra: Run) -> None:
    lab_host.run("systemctl disable --now prometheus-pushgateway")
    lab_host.run("systemd-run --quiet --unit=squatter python3 -m http.server --bind 127.0.0.1 9091")
    wait_on_host(lab_host, "curl -so /dev/null 127.0.0.1:9091")
    assert_left_alone(
        lab_host,
        run_pyinfra,
        "that port is in use by process",
        "python3 -m http.server",
        "pushgateway_listen_address",
    )


@pytest.mark.lab_host(packages=INSTALLED)
def test_prometheus_is_stopped(lab_host: Host, run_pyinfra: Run) -> None:
    lab_host.run("systemctl stop prometheus")
    assert_left_alone(
        lab_host,
        run_pyinfra,
        "prometheus.service is installed but inactive",
        "systemctl start prometheus",
    )


@pytest.mark.lab_host(packages=INSTALLED)
def test_the_pushgateway_is_masked(lab_host: Host, run_pyinfra: Run) -> None:
    lab_host.run("systemctl mask --now prometheus-pushgateway")
    assert_left_alone(
        lab_host, run_pyinfra, "prometheus-pushgateway.service is masked", "systemctl unmask"
    )


def test_apt_fails(lab_host: Host, run_pyinfra: Run) -> None:
    lab_host.run("mv /srv/apt/prometheus-pushgateway_* /root")
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    could_not = "apt could not install prometheus, prometheus-pushgateway"
    assert_refused(lab_host, result, could_not, "E: ", "then run this again")
    # The cause is removed; the next run converges the host.
    lab_host.run("mv /root/prometheus-pushgateway_* /srv/apt")
    healed = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert healed.returncode == 0, healed.output
    assert_bootstrapped(lab_host)
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST))


def test_apt_is_busy_for_a_while(lab_host: Host, run_pyinfra: Run) -> None:
    hold = (
        "import fcntl, time\n"
        "lock = open('/var/lib/dpkg/lock-frontend', 'a')\n"
        "fcntl.lockf(lock, fcntl.LOCK_EX)\n"
        "open('/run/held', 'w').close()\n"
        "time.sleep({})\n"
    )
    lab_host.write("/root/hold.py", hold.format(600).encode())
    lab_host.run("systemd-run --quiet --unit=updates python3 /root/hold.py")
    wait_on_host(lab_host, "[ -e /run/held ]")
    given_up = run_pyinfra(lab_host, "-y", BOOTSTRAP, data={"pushgateway_apt_timeout": 2})
    waits = "holds the lock of apt; waiting for it, 2 s at most"
    assert_refused(lab_host, given_up, waits, "pushgateway_apt_timeout")
    lab_host.run("systemctl stop updates; rm /run/held")
    lab_host.write("/root/hold.py", hold.format(20).encode())
    lab_host.run("systemd-run --quiet --unit=updates2 python3 /root/hold.py")
    wait_on_host(lab_host, "[ -e /run/held ]")
    waited = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert waited.returncode == 0, waited.output
    assert "(python3) holds the lock of apt; waiting for it, 300 s at most" in waited.stderr


def test_a_misspelt_setting_touches_no_host(
    boot_hosts: Callable[..., list[Host]], run_pyinfra: Run
) -> None:
    hosts = boot_hosts(*[HostSpec(packages=INSTALLED)] * 2)
    before = [fingerprint(host) for host in hosts]
    result = run_pyinfra(hosts, "-y", BOOTSTRAP, data={"pushgateway_smok": "never"})
    assert result.returncode == 1
    names = ", ".join(sorted(host.name for host in hosts))
    assert (
        f"{names}: pushgateway_smok: no such setting; did you mean pushgateway_smoke?"
        in result.stderr
    )
    assert "Traceback" not in result.output
    assert [fingerprint(host) for host in hosts] == before


def test_a_failing_host_does_not_hold_up_the_others(
    boot_hosts: Callable[..., list[Host]], run_pyinfra: Run
) -> None:
    good, broken = boot_hosts(*[HostSpec(packages=INSTALLED)] * 2)
    prometheus_runs(broken)
    broken.write(CONFIG, b"scrape_configs: [\n")
    result = run_pyinfra([good, broken], "-y", BOOTSTRAP, data=FAST)
    assert result.returncode == 1
    assert f"[{broken.name}] {CONFIG}: line " in result.stderr
    assert broken.read(CONFIG) == b"scrape_configs: [\n"
    assert_bootstrapped(good)
    summary = result.stderr.partition("--> Hosts that are not done:")[2].strip().splitlines()
    assert len(summary) == 1
    assert f"[{broken.name}] failed at: Bootstrap | Check the host: {CONFIG}: line " in summary[0]


@pytest.mark.lab_host(packages=INSTALLED)
def test_honor_labels_not_in_effect_is_said(lab_host: Host, run_pyinfra: Run) -> None:
    other = HAND_EDITED.replace(
        b"\n# end",
        b"\n-   job_name: first\n    scrape_interval: 1s\n    static_configs:\n"
        b"    - targets: ['127.0.0.1:9091']\n\n# end",
    )
    lab_host.write(CONFIG, other)
    lab_host.run("systemctl restart prometheus")
    prometheus_runs(lab_host)
    data = {"pushgateway_scrape_interval": "10m", "pushgateway_job_name": "pushgateway"}
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data)
    not_in_effect = "honor_labels is not in effect in the scrape job first"
    assert_refused(lab_host, result, "exported_job", not_in_effect)
    assert "pushgateway_lab" not in lab_host.run("curl -s localhost:9091/metrics").stdout


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_push_that_does_not_arrive_says_why(lab_host: Host, run_pyinfra: Run) -> None:
    data = FAST | {"pushgateway_targets": ["localhost:9"], "pushgateway_smoke_timeout": 2}
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data)
    late = "did not arrive in Prometheus within 2 s"
    assert_refused(lab_host, result, late, "http://localhost:9/metrics")
    assert "pushgateway_lab" not in lab_host.run("curl -s localhost:9091/metrics").stdout


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_target_that_is_scraped_twice_is_said(lab_host: Host, run_pyinfra: Run) -> None:
    prometheus_runs(lab_host)
    job = b"\n-   job_name: first\n    static_configs:\n    - targets: ['127.0.0.1:9091']\n\n# end"
    lab_host.write(CONFIG, HAND_EDITED.replace(b"\n# end", job))
    asked = FAST | {"pushgateway_smoke": "never", "pushgateway_job_name": "pushgateway"}
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=asked)
    assert result.returncode == 0, result.output
    assert "The job first (line 18) also scrapes 127.0.0.1:9091" in result.stderr
    assert "set pushgateway_job_name=first" in result.stderr


@pytest.mark.lab_host(suite="trixie", packages=INSTALLED)
def test_a_job_in_an_included_file_is_said(lab_host: Host, run_pyinfra: Run) -> None:
    prometheus_runs(lab_host)
    there = b"scrape_configs:\n- job_name: pushgateway\n"
    lab_host.run("mkdir '/etc/prometheus/more jobs'")
    lab_host.write("/etc/prometheus/more jobs/one.yml", there)
    text = b"scrape_config_files: ['more jobs/*.yml']\n" + HAND_EDITED
    lab_host.write(CONFIG, text)
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP)
    included = "The job pushgateway is in more jobs/one.yml (line 2)"
    assert_refused(lab_host, result, included, "set another name with pushgateway_job_name")
    assert lab_host.read(CONFIG) == text
