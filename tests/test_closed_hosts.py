"""A Pushgateway that asks for passwords and speaks TLS, and the Prometheus that gets in, on real hosts."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import shapes
from closed_hosts import PASSWORDS, URL, assert_closed, code, health, main_pid
from expectations import (
    BOOTSTRAP,
    FAST,
    INSTALLED,
    PREPARE,
    VERIFY,
    assert_refused,
    assert_unchanged_run,
    rows,
)
from host_comparison import UNINSTALL, assert_as_before, listing
from labhost import Host, HostSpec, PyinfraResult

Boot = Callable[..., list[Host]]
Run = Callable[..., PyinfraResult]

DATA = "/var/lib/prometheus"
"""The samples and groups of both servers, which change while they run."""


@pytest.fixture
def users(tmp_path: Path) -> dict[str, str]:
    for name in ("ada", "grace"):
        (tmp_path / name).write_text(f"{PASSWORDS[0]} {name}\n")
    return {name: str(tmp_path / name) for name in ("ada", "grace")}


def assert_private(host: Host) -> None:
    """Fail unless the files are those of their readers alone, and no process has a password in its arguments."""
    modes = host.run("stat -c '%a %U:%G %n' /etc/pushgateway-lab/*").stdout.split("\n")[:-1]
    public = [each for each in modes if not each.startswith("400 ")]
    assert all(each == "444 root:root /etc/pushgateway-lab/scrape-ca.pem" for each in public), modes
    assert host.run(
        "setpriv --reuid=65534 --regid=65534 --clear-groups cat /etc/pushgateway-lab/web*.yml",
        check=False,
    ).returncode
    words = host.run("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'").stdout
    assert not any(password in words for password in PASSWORDS)
    log = host.run("journalctl --sync; journalctl -o cat; cat /var/lib/pushgateway-lab/*").stdout
    assert not any(password in log for password in PASSWORDS)


@pytest.mark.all_releases
def test_closed_rotated_with_tls_and_open_again(
    boot_hosts: Boot, run_pyinfra: Run, users: dict[str, str], tmp_path: Path
) -> None:
    hosts = boot_hosts(
        *(HostSpec(suite=each, packages=INSTALLED) for each in ("bookworm", "forky"))
    )
    before = [listing(host, DATA) for host in hosts]
    data = FAST | {"pushgateway_basic_auth_users": users}

    first = run_pyinfra(hosts, "-y", BOOTSTRAP, data=data)
    assert first.returncode == 0, first.output
    for host in hosts:
        for name in users:
            assert_closed(host, URL, f"{name}:{PASSWORDS[0]} {name}")
        assert_private(host)
        assert health(host) == ["up"]
        assert_unchanged_run(run_pyinfra(host, "-y", BOOTSTRAP, data=data))

    # Another password on both sides, without a restart; a run that was killed before it wrote Prometheus's is finished.
    pids = [main_pid(host) for host in hosts]
    Path(users["ada"]).write_text(PASSWORDS[1])
    rotated = run_pyinfra(hosts, "-y", BOOTSTRAP, data=data)
    assert rotated.returncode == 0, rotated.output
    assert [main_pid(host) for host in hosts] == pids
    for host in hosts:
        assert code(host, f"-u 'ada:{PASSWORDS[0]} ada' {URL}/metrics") == "401"
        assert_closed(host, URL, f"ada:{PASSWORDS[1]}")
        host.run("cd /etc/pushgateway-lab && printf old >$(ls scrape*password)")
    assert run_pyinfra(hosts, "-y", BOOTSTRAP, data=data).returncode == 0
    assert [health(host) for host in hosts] == [["up"], ["up"]]

    # TLS with the authority of the lab.
    data["pushgateway_tls_lab_ca"] = True
    closed = run_pyinfra(hosts, "-y", BOOTSTRAP, data=data)
    assert closed.returncode == 0, closed.output
    for host in hosts:
        ca = "--cacert /etc/pushgateway-lab/scrape-ca.pem"
        assert_closed(host, f"https://{URL}", f"ada:{PASSWORDS[1]}", ca)
        assert code(host, f"http://{URL}/metrics") == "400"
        assert_private(host)
        assert health(host) == ["up"]
        assert host.run("ls /etc/pushgateway-lab").stdout.split() == [
            *("scrape-ca.pem", "scrape-password", "web-tls.yml", "web.crt", "web.key")
        ]
        assert_unchanged_run(run_pyinfra(host, "-y", BOOTSTRAP, data=data))
    seen = run_pyinfra(hosts, "-y", VERIFY, data=data | {"report": str(tmp_path / "report")})
    assert seen.returncode == 0, seen.output
    assert {row["stage"] for row in rows(tmp_path / "report").values()} == {"configured"}, (
        seen.output
    )
    listed = run_pyinfra(hosts, "-y", "pushgateway_lab.groups.list", data=data)
    assert listed.returncode == 0, listed.output

    # Taken away again: without the passwords, which the settings have no longer.
    opened = run_pyinfra(hosts, "-y", BOOTSTRAP, data=FAST)
    assert opened.returncode == 0, opened.output
    for host in hosts:
        assert code(host, f"{URL}/metrics") == "200"
        host.run("test ! -e /etc/pushgateway-lab")

    assert run_pyinfra(hosts, "-y", BOOTSTRAP, data=data).returncode == 0
    gone = run_pyinfra(hosts, "-y", UNINSTALL, data=data)
    assert gone.returncode == 0, gone.output
    for host, files in zip(hosts, before, strict=True):
        assert_as_before(host, run_pyinfra, files, DATA)

    # prepare takes passwords and TLS away as well.
    assert run_pyinfra(hosts, "-y", BOOTSTRAP, data=data).returncode == 0
    prepared = run_pyinfra(hosts, "-y", PREPARE, data=FAST | {"lab_reset": True})
    assert prepared.returncode == 0, prepared.output
    for host in hosts:
        assert code(host, f"{URL}/metrics") == "200"
        host.run("test ! -e /etc/pushgateway-lab")


def test_an_adopted_unit_and_client_certificates(
    boot_hosts: Boot, run_pyinfra: Run, users: dict[str, str], tmp_path: Path
) -> None:
    adopted, packaged = boot_hosts(
        HostSpec(packages=INSTALLED), HostSpec(suite="trixie", packages=INSTALLED)
    )
    shapes.training_vm(adopted)
    before = adopted.run("cat /etc/prometheus/prometheus.yml; ls -A /etc/systemd/system").stdout
    data = FAST | {"pushgateway_basic_auth_users": users, "pushgateway_tls_lab_ca": True}
    first = run_pyinfra(adopted, "-y", BOOTSTRAP, data=data)
    assert first.returncode == 0, first.output
    ca = "--cacert /etc/pushgateway-lab/scrape-ca.pem"
    assert_closed(adopted, f"https://{URL}", f"ada:{PASSWORDS[0]} ada", ca)
    modes = adopted.run("stat -c %a:%U /etc/pushgateway-lab/web.key /etc/pushgateway-lab/scrape-p*")
    assert modes.stdout == "400:student\n400:student\n"
    assert_unchanged_run(run_pyinfra(adopted, "-y", BOOTSTRAP, data=data))
    gone = run_pyinfra(adopted, "-y", UNINSTALL, data=data | {"lab_wipe": True})
    assert gone.returncode == 0, gone.output
    after = adopted.run("cat /etc/prometheus/prometheus.yml; ls -A /etc/systemd/system").stdout
    assert after == before
    adopted.run("test ! -e /etc/pushgateway-lab")
    assert code(adopted, f"{URL}/metrics") == "200"

    # Both servers' certificates from this machine; the Pushgateway's has the address of loopback alone.
    for name in ("server", "client"):
        openssl(tmp_path, name)
    own = FAST | {
        "pushgateway_url": "https://127.0.0.1:9091",
        "pushgateway_ca_file": str(tmp_path / "ca.pem"),
        "pushgateway_tls_cert_file": str(tmp_path / "server.pem"),
        "pushgateway_tls_key_file": str(tmp_path / "server.key"),
        "pushgateway_tls_client_ca_file": str(tmp_path / "ca.pem"),
        "pushgateway_cert_file": str(tmp_path / "client.pem"),
        "pushgateway_key_file": str(tmp_path / "client.key"),
        "pushgateway_tls_min_version": "TLS13",
        "pushgateway_http2": False,
        "pushgateway_prune_after": "24h",
    }
    mutual = run_pyinfra(packaged, "-y", BOOTSTRAP, data=own)
    assert mutual.returncode == 0, mutual.output
    assert health(packaged) == ["up"]
    ca = "--cacert /etc/pushgateway-lab/scrape-ca.pem"
    to_it = f"{ca} https://127.0.0.1:9091/metrics"
    assert code(packaged, to_it) == "000"
    with_key = "--cert /etc/pushgateway-lab/scrape.crt --key /etc/pushgateway-lab/scrape.key"
    assert code(packaged, f"{with_key} {to_it}") == "200"
    assert code(packaged, f"{with_key} --tls-max 1.2 {to_it}") == "000"
    version = packaged.run(f"curl -s -o /dev/null -w '%{{http_version}}' {with_key} {to_it}").stdout
    assert version == "1.1"
    assert_unchanged_run(run_pyinfra(packaged, "-y", BOOTSTRAP, data=own))

    # A new certificate needs no restart.
    pid = main_pid(packaged)
    openssl(tmp_path, "server")
    renewed = run_pyinfra(packaged, "-y", BOOTSTRAP, data=own)
    assert renewed.returncode == 0, renewed.output
    assert main_pid(packaged) == pid
    ask = "import ssl; print(ssl.get_server_certificate(('127.0.0.1', 9091)))"
    shown = packaged.run("python3 -", input=ask).stdout
    assert shown.strip() == (tmp_path / "server.pem").read_text().strip()

    # The file of an administrator is not changed.
    packaged.run("cp /etc/pushgateway-lab/web-tls-http1.yml /etc/own.yml")
    packaged.run(
        "sed -i 's,/etc/pushgateway-lab/web-tls-http1.yml,/etc/own.yml,' /etc/default/prometheus-pushgateway"
    )
    files = packaged.run("ls -la /etc/pushgateway-lab").stdout
    refused = run_pyinfra(packaged, "-y", BOOTSTRAP, data=own)
    assert_refused(packaged, refused, "has a web configuration file already", "'/etc/own.yml'")
    assert packaged.run("ls -la /etc/pushgateway-lab").stdout == files


def openssl(directory: Path, name: str) -> None:
    """Make a certificate for 127.0.0.1 and its key, of an authority that is made first."""
    new = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    signed = "-CA ca.pem -CAkey ca.key -addext basicConstraints=CA:FALSE"
    commands = [
        f"req -x509 {new} -subj /CN=ca -keyout ca.key -out ca.pem",
        f"req -x509 {new} -subj /CN={name} -addext subjectAltName=IP:127.0.0.1 {signed} -keyout {name}.key -out {name}.pem",
    ]
    for command in commands[(directory / "ca.pem").exists() :]:
        subprocess.run(
            ["openssl", *command.split()], cwd=directory, check=True, capture_output=True
        )
