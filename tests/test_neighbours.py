"""bootstrap on a host whose configuration file others write, and whose Pushgateway others scrape."""

from collections.abc import Callable

import pytest

from expectations import (
    BOOTSTRAP,
    CONFIG,
    DEFAULTS,
    FAST,
    HAND_EDITED,
    INSTALLED,
    assert_refused,
    assert_unchanged_run,
    prometheus_runs,
)
from labhost import Host, PyinfraResult
from waiting import wait_on_host

pytestmark = pytest.mark.lab_host(packages=INSTALLED)

Run = Callable[..., PyinfraResult]

THEIRS = """\
# Ansible managed
scrape_configs:
  - job_name: push_gateway
    scrape_interval: 1s
    static_configs:
      - targets: ['{}:9091']
"""
DISCOVERED = b"""\
scrape_configs:
  - job_name: discovered
    file_sd_configs:
      - files: [/etc/prometheus/targets.json]
"""


def begin(host: Host, text: bytes) -> None:
    """Give a host both servers as Debian starts them, with this configuration file."""
    host.write(CONFIG, text)
    host.write(DEFAULTS, b'ARGS=""\n')
    host.run("systemctl restart prometheus prometheus-pushgateway")
    prometheus_runs(host)


def test_a_job_of_another_name_scrapes_the_host_by_its_name(
    lab_host: Host, run_pyinfra: Run
) -> None:
    name = lab_host.run("cat /proc/sys/kernel/hostname").stdout.strip()
    text = THEIRS.format(name).encode()
    begin(lab_host, text)
    assert_refused(
        lab_host,
        run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST),
        f"The job push_gateway (line 3) already scrapes {name}:9091, which is this Pushgateway",
        "set pushgateway_job_name=push_gateway",
    )
    used = FAST | {"pushgateway_job_name": "push_gateway"}
    assert_refused(
        lab_host,
        run_pyinfra(lab_host, "-y", BOOTSTRAP, data=used),
        f"The job push_gateway (line 3) scrapes {name}:9091, which is this host, but the Pushgateway should listen "
        "on 127.0.0.1:9091 only",
    )
    assert lab_host.read(CONFIG) == text
    assert lab_host.read(DEFAULTS) == b'ARGS=""\n'
    used |= {"pushgateway_listen_address": "0.0.0.0:9091", "pushgateway_admin_api": False}
    result = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=used)
    assert result.returncode == 0, result.output
    assert "Proven" in result.stderr
    assert f"{CONFIG} (line 1) says that Ansible writes this file" in result.stderr
    honors = b"push_gateway\n    honor_labels: true\n    scrape_interval: 1s\n"
    assert lab_host.read(CONFIG) == text.replace(b"push_gateway\n    scrape_interval: 1s\n", honors)
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=used))

    # A target that Prometheus has discovered counts, too.
    lab_host.write("/etc/prometheus/targets.json", b'[{"targets": ["127.0.0.1:9091"]}]')
    begin(lab_host, DISCOVERED)
    wait_on_host(lab_host, "curl -s 'localhost:9090/api/v1/targets' | grep -q 127.0.0.1:9091")
    assert_refused(
        lab_host,
        run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST),
        "The job discovered (line 2) already scrapes 127.0.0.1:9091",
    )


def test_a_port_that_is_changed_and_changed_back_leaves_no_target(
    lab_host: Host, run_pyinfra: Run
) -> None:
    begin(lab_host, HAND_EDITED)
    quick = FAST | {"pushgateway_smoke": "never"}
    first = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=quick)
    assert first.returncode == 0, first.output
    assert "writes this file" not in first.stderr
    text = lab_host.read(CONFIG)
    moved = quick | {"pushgateway_listen_address": "127.0.0.1:9095"}
    second = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=moved)
    assert second.returncode == 0, second.output
    assert lab_host.read(CONFIG) == text.replace(b"localhost:9091", b"localhost:9095")
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=moved))
    back = quick | {"pushgateway_listen_address": "127.0.0.1:9091"}
    third = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=back)
    assert third.returncode == 0, third.output
    assert lab_host.read(CONFIG) == text
    # The owner's own target stays.
    theirs = text.replace(b"- localhost:9091\n", b"- localhost:9091\n              - pg:9091\n")
    assert theirs != text
    lab_host.write(CONFIG, theirs)
    lab_host.run("systemctl reload prometheus")
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=moved).returncode == 0
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=back).returncode == 0
    assert b"pg:9091" in lab_host.read(CONFIG)
    assert b"localhost:9095" not in lab_host.read(CONFIG)
