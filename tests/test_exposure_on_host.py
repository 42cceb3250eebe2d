"""A Pushgateway that everybody could wipe, on a real host: refused, allowed, closed by its web configuration file, and named."""

from collections.abc import Callable

import pytest

import shapes
from expectations import (
    BOOTSTRAP,
    DEFAULTS,
    FAST,
    INSTALLED,
    PREPARE,
    VERIFY,
    assert_refused,
    assert_unchanged_run,
    fingerprint,
)
from labhost import Host, HostSpec, PyinfraResult
from waiting import wait_on_host

Run = Callable[..., PyinfraResult]

PROMETHEUS_DEFAULTS = "/etc/default/prometheus"

OPEN = {"pushgateway_listen_address": "0.0.0.0:9091", "pushgateway_smoke": "never"}
SAYS = "The Pushgateway would listen on 0.0.0.0:9091 with --web.enable-admin-api and without authentication"
NOTE = "everybody who can reach that port can push and wipe (pushgateway_allow_open_admin_api)"
WEB = "/srv/web/web.yml"
HASH = "$2y$05$0wSaRQBYLkZ26m7LUV6WmehxQrWUe8j3LVOOdqcaf3EL0uUpJ0a2G"
FLAG = f"--web.listen-address=0.0.0.0:9091 --web.enable-admin-api --web.config.file={WEB}"


def test_it_is_refused_until_it_is_allowed_or_asks_for_a_password(
    lab_host: Host, run_pyinfra: Run, sessions: Callable[[], int]
) -> None:
    before = fingerprint(lab_host)
    data: dict[str, object] = FAST | OPEN
    for options in (["-y"], ["--dry"]):
        for deploy in (BOOTSTRAP, PREPARE):
            assert_refused(lab_host, run_pyinfra(lab_host, *options, deploy, data=data), SAYS)
    assert fingerprint(lab_host) == before

    allowed = data | {"pushgateway_allow_open_admin_api": True}
    first = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=allowed)
    assert first.returncode == 0, first.output
    assert NOTE in first.stderr
    assert "Prometheus listens on [::]:9090: everybody" in first.stderr
    # Prometheus is closed, too: it is the package that this toolkit has installed.
    allowed["prometheus_listen_address"] = "127.0.0.1:9090"
    second = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=allowed)
    assert second.returncode == 0, second.output
    assert "Prometheus listens on" not in second.stderr
    assert lab_host.run("ss -lntH 'sport = :9090'").stdout.split()[3] == "127.0.0.1:9090"
    assert "9090" in lab_host.read(PROMETHEUS_DEFAULTS).decode()
    sessions()
    again = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=allowed)
    assert_unchanged_run(again)
    assert NOTE in again.stderr
    # It is in that state now, and the flags are there: without the setting, they are an administrator's.
    assert_refused(lab_host, run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST), SAYS)
    note = "Everybody who reaches it can push and wipe. To close it, write --web.listen-address=127.0.0.1:9091"
    assert note in run_pyinfra(lab_host, "-y", VERIFY, data=data).stdout

    # A file of root's, in a directory of root's; the flag is written, and not in use yet.
    lab_host.run("install -d -m 755 /srv/web")
    users = f"basic_auth_users:\n  trainer: {HASH}\n"
    lab_host.write(WEB, users.encode())
    lab_host.run(f"chown root:prometheus {WEB}; chmod 640 {WEB}")
    lab_host.write(DEFAULTS, f'ARGS="{FLAG}"\n'.encode())
    closed = run_pyinfra(lab_host, "--dry", BOOTSTRAP, data=FAST)
    assert closed.returncode == 0, closed.output
    lab_host.run("systemctl restart prometheus-pushgateway")
    wait_on_host(lab_host, "curl -s -o /dev/null -w '%{http_code}' localhost:9091 | grep -q 401")
    verified = run_pyinfra(lab_host, "-y", VERIFY, data=data)
    assert "can push and wipe" not in verified.output

    # Whoever owns the directory can empty the file at any time.
    lab_host.run("chown prometheus /srv/web")
    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert_refused(lab_host, refused, SAYS, f"{WEB} does not count as authentication")
    lab_host.run("chown root /srv/web")

    # Files that are no authentication: another policy, no file, a pipe, a link to a file of root's, a huge file.
    for command in (
        f"printf 'tls_server_config:\\n  client_auth_type: RequireAnyClientCert\\n' >{WEB}",
        f"rm {WEB}",
        f"mkfifo {WEB}; chown prometheus {WEB}",
        f"rm {WEB}; printf '{users}' >/root/web.yml; chmod 600 /root/web.yml; ln -s /root/web.yml {WEB}",
        f"rm {WEB}; {{ yes '#' | head -c 100000; printf '{users}'; }} >{WEB}",
    ):
        lab_host.run(command)
        refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
        assert_refused(lab_host, refused, SAYS, WEB)
        assert HASH not in refused.output

    gone = run_pyinfra(
        lab_host, "-y", "deploy/uninstall.py", data={"pushgateway_allow_data_loss": True}
    )
    assert gone.returncode == 0, gone.output
    assert lab_host.run(f"ls {PROMETHEUS_DEFAULTS}*", check=False).stdout == ""


@pytest.mark.all_releases
def test_it_is_refused_on_testing_and_on_the_labs_own_vm(
    boot_hosts: Callable[..., list[Host]], run_pyinfra: Run
) -> None:
    hosts = boot_hosts(
        *(HostSpec(suite=each, packages=INSTALLED) for each in ("forky", "bookworm"))
    )
    shapes.training_vm(hosts[1])
    before = [fingerprint(host) for host in hosts]
    for deploy in (BOOTSTRAP, PREPARE):
        refused = run_pyinfra(hosts, "-y", deploy, data=FAST | OPEN)
        for host in hosts:
            own = "\n".join(
                line for line in refused.stderr.splitlines() if f"[{host.name}] " in line
            )
            assert_refused(host, refused._replace(stderr=own), SAYS)
    assert [fingerprint(host) for host in hosts] == before
