"""The conditions for changes on a host: each refusal, and hosts that pass."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

import pytest
from pyinfra.api.host import Host

from looks import CONFIG, encoded, unit
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.sockets import Listener
from pushgateway_lab.install import port_checks, preflight
from pushgateway_lab.install.port_checks import PortTakenError
from pushgateway_lab.run.failure import reason_of
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings
from snapshots import (
    BOTH,
    DEBIAN,
    GATEWAY,
    PROMETHEUS,
    carry_out,
    config,
    flags,
    host_in_run,
    listen,
    loaded,
    seen,
    settings,
)

FILE = config(CONFIG)
PROMETHEUS_ANSWERS = listen("127.0.0.1", 9090)
NO_RELOAD = [line.replace("CanReload=yes", "CanReload=no") for line in unit(PROMETHEUS)]


@pytest.mark.parametrize(
    ("lines", "data"),
    [
        (DEBIAN, {}),
        ((*BOTH, *FILE), {}),
        # A unit that starts or reloads counts as running.
        ((*DEBIAN, *unit(PROMETHEUS, active="activating"), *FILE), {}),
        ((*DEBIAN, *unit(PROMETHEUS, active="reloading"), *FILE), {}),
        # Whether Prometheus starts with its host is the administrator's decision.
        ((*DEBIAN, *unit(PROMETHEUS, enabled="disabled"), *FILE), {}),
        # A Pushgateway that does not run will be started.
        ((*DEBIAN, *unit(GATEWAY, active="inactive")), {}),
        ((*DEBIAN, *unit(GATEWAY, active="failed")), {}),
        # Prometheus's own socket; it answers, or starts.
        (
            (*BOTH, *FILE, PROMETHEUS_ANSWERS, "prometheus_socket socket:[5]"),
            {},
        ),
        ((*BOTH, *FILE, PROMETHEUS_ANSWERS, *loaded(CONFIG)), {}),
        ((*BOTH, *FILE, PROMETHEUS_ANSWERS, "prometheus_answered 503"), {}),
        # A unit without ExecReload gets a signal.
        ((*BOTH, *NO_RELOAD, *FILE), {}),
        # Nothing is missing, so nothing needs apt.
        ((*BOTH[:1], *BOTH[2:], *FILE), {}),
        # A program on another port than Prometheus's.
        ((*DEBIAN, PROMETHEUS_ANSWERS), {"prometheus_url": "http://127.0.0.1:9099"}),
        # A file that must not be written, but needs no change.
        ((*BOTH, *FILE, f"config_obstacle {encoded('/etc belongs to eve')}"), {}),
    ],
)
def test_a_host_on_which_nothing_stands_in_the_way(
    lines: Sequence[str], data: Mapping[str, Any]
) -> None:
    assert preflight.is_free(seen(*lines), settings(**data))


@pytest.mark.parametrize(
    ("lines", "data", "says"),
    [
        (
            (),
            {},
            r"This host has no apt-get to install what is missing: prometheus, prometheus-pushgateway, curl\.",
        ),
        (
            ("os Alpine", "service_manager systemd", "tool apk"),
            {},
            # Both servers come from releases there.
            r"Alpine has no apt-get to install what is missing: curl\. Install that there, .*; or use a host with Debian or Ubuntu",
        ),
        (("tool apt-get",), {}, "This host has neither systemd nor init scripts"),
        (
            (*DEBIAN, PROMETHEUS_ANSWERS, *loaded(CONFIG)),
            {},
            (
                r"port of http://127\.0\.0\.1:9090 is in use by another program\. That is a Prometheus, but the host "
                r"has no prometheus\.service to reload\. Set prometheus_unit"
            ),
        ),
        # Another program, such as Cockpit, listens on Prometheus's port.
        (
            (*DEBIAN, PROMETHEUS_ANSWERS),
            {},
            (
                r"in use by another program, and does not answer as Prometheus.*: stop that program, or give "
                r"Prometheus another port: write ARGS=.*and set prometheus_url="
            ),
        ),
        (
            (*DEBIAN, PROMETHEUS_ANSWERS, *unit(PROMETHEUS, active="failed"), *FILE),
            {},
            (
                r"prometheus\.service has failed, and the port of http://127\.0\.0\.1:9090 is in use by another "
                r"program\. Either stop that program, then start Prometheus \(sudo systemctl restart prometheus\)"
            ),
        ),
        ((*DEBIAN, PROMETHEUS_ANSWERS, *unit(PROMETHEUS), *FILE), {}, "is active, and the port of"),
        (
            (*DEBIAN, PROMETHEUS_ANSWERS, *unit(PROMETHEUS, active="inactive"), *loaded(CONFIG)),
            {},
            "installed but inactive, and the port of .* That is a Prometheus: set prometheus_unit",
        ),
        (
            (
                *DEBIAN,
                *unit(PROMETHEUS),
                *FILE,
                PROMETHEUS_ANSWERS,
                listen("127.0.0.1", 9095, "6"),
                "prometheus_socket socket:[6]",
            ),
            {},
            r"does not listen at http://127\.0\.0\.1:9090, but on 127\.0\.0\.1:9095\. Leave prometheus_url out",
        ),
        (
            (*DEBIAN, *unit(PROMETHEUS, active="failed"), *FILE),
            {},
            r"prometheus\.service has failed\. Find the reason \(sudo journalctl -u prometheus\.service",
        ),
        (
            (*DEBIAN, *unit(PROMETHEUS, active="failed"), *config("scrape_configs: {\n")),
            {},
            r"has failed\. /etc/prometheus/prometheus\.yml: line 1: .*\. Find the reason",
        ),
        (
            (*DEBIAN, *unit(PROMETHEUS, active="inactive"), *FILE),
            {},
            r"installed but inactive.*Start it \(sudo systemctl start prometheus\)",
        ),
        ((*DEBIAN, *unit(PROMETHEUS, active="deactivating"), *FILE), {}, "but deactivating"),
        ((*DEBIAN, *unit(PROMETHEUS)), {}, r"/etc/prometheus/prometheus\.yml does not exist"),
        (
            (*DEBIAN, *unit(PROMETHEUS), *config("scrape_configs: {")),
            {},
            r"/etc/prometheus/prometheus\.yml: .*\nNothing was written",
        ),
        (
            (
                *DEBIAN,
                *unit(PROMETHEUS),
                *config(""),
                f"config_obstacle {encoded('/etc belongs to eve')}",
            ),
            {},
            "was not changed: /etc belongs to eve",
        ),
        (
            (*DEBIAN, *unit(GATEWAY, load="masked", active="inactive")),
            {},
            r"masked: somebody has forbidden it to start\..*sudo systemctl unmask prometheus-pushgateway &&",
        ),
        (
            (*DEBIAN, listen("127.0.0.1")),
            {},
            r"on 127\.0\.0\.1:9091: that port is in use by another program\..*_listen_address",
        ),
    ],
)
def test_a_host_that_is_refused(lines: Sequence[str], data: Mapping[str, Any], says: str) -> None:
    with pytest.raises(HostError, match=f"(?s){says}"):
        preflight.is_free(seen(*lines), settings(**data))


@pytest.mark.parametrize(
    ("server", "candidates", "says", "advice"),
    [
        (
            "prometheus",
            "a.service:5 b:c.service:0",
            "more than one Prometheus: a.service (process 5) and b:c.service (does not run).",
            "set prometheus_unit to one of them, as prometheus_unit=a.service.",
        ),
        (
            "pushgateway",
            "-:5 b.service:6",
            "more than one Pushgateway: process 5 and b.service (process 6).",
            "set pushgateway_unit to one of them, as pushgateway_unit=b.service.",
        ),
        (
            "pushgateway",
            "-:5 -:6",
            "more than one Pushgateway: process 5 and process 6.",
            "end all but one.",
        ),
    ],
)
def test_several_servers_that_are_equally_good_are_refused(
    server: str, candidates: str, says: str, advice: str
) -> None:
    found = seen(*BOTH, *FILE, f"rivals {server} {encoded(candidates)}")
    with pytest.raises(HostError) as error:
        preflight.is_free(found, settings())
    assert str(error.value) == f"This host has {says} Nothing was changed. To choose, {advice}"


def test_a_prometheus_that_must_be_reloaded_as_another_service_is_named_so() -> None:
    named = settings(prometheus_unit="prom.service")
    with pytest.raises(HostError, match=r"the host has no prom\.service to reload"):
        preflight.check_prometheus(seen(*DEBIAN, PROMETHEUS_ANSWERS, *loaded(CONFIG)), named)


def test_only_root_may() -> None:
    root = seen(*BOTH, *FILE)
    student = root._replace(is_root=False, user="student")
    refused = student._replace(sudo_refused="sudo: a password is required")
    with pytest.raises(HostError, match=r"as student, which is not root\. .* or add --sudo"):
        preflight.is_free(student, settings())
    with pytest.raises(HostError) as error:
        preflight.is_free(refused, settings())
    for words in ("student may not use sudo", "sudo: a password is required", "/etc/sudoers.d"):
        assert words in str(error.value)
    without = student._replace(sudo_refused="sh: 12: sudo: not found")
    with pytest.raises(HostError, match="This host has no sudo"):
        preflight.is_free(without, settings())
    preflight.check_rights(root)
    # sudo failed, but the user is root.
    preflight.check_rights(refused._replace(is_root=True))


CLASHES = (
    ("127.0.0.1:9091", "127.0.0.1", True),
    ("127.0.0.1:9091", "0.0.0.0", True),
    ("127.0.0.1:9091", "::", True),
    ("127.0.0.1:9091", "::ffff:127.0.0.1", True),
    ("127.0.0.1:9091", "::ffff:127.0.0.2", False),
    ("[::ffff:127.0.0.1]:9091", "127.0.0.1", True),
    ("127.0.0.1:9091", "127.0.0.2", False),
    ("127.0.0.1:9091", "::1", False),
    ("127.0.0.1:9091", "10.0.0.7", False),
    (":9091", "127.0.0.1", True),
    (":9091", "::1", True),
    ("0.0.0.0:9091", "10.0.0.7", True),
    ("[::]:9091", "127.0.0.1", True),
    ("[::1]:9091", "::1", True),
    ("[::1]:9091", "::", True),
    ("[::1]:9091", "127.0.0.1", False),
    ("localhost:9091", "127.0.0.1", True),
    ("localhost:9091", "127.0.0.2", False),
    ("vm:9091", "10.0.0.7", True),  # the address of a name is unknown
)


@pytest.mark.parametrize(("wanted", "taken", "clash"), CLASHES)
def test_two_programs_that_would_listen_at_the_same_place(
    wanted: str, taken: str, *, clash: bool
) -> None:
    given = settings(pushgateway_listen_address=wanted)
    # No conflict on another port, or with a socket of the Pushgateway itself.
    preflight.check_pushgateway(seen(listen(taken, 9092)), given)
    preflight.check_pushgateway(seen(listen(taken), "pushgateway_socket socket:[5]"), given)
    other = seen(listen(taken), "pushgateway_socket socket:[6]", "hosts 127.0.0.1 localhost")
    if not clash:
        preflight.check_pushgateway(other, given)
        return
    with pytest.raises(PortTakenError) as error:
        preflight.check_pushgateway(other, given)
    assert f"cannot listen on {wanted}: that port is in use by another program" in str(error.value)
    assert error.value.listener == Listener(str(ip_address(taken)), 9091, "5")


def test_the_flags_of_a_host_say_where_the_pushgateway_listens() -> None:
    written = flags('ARGS="--web.listen-address=127.0.0.1:9095"\n')
    preflight.check_pushgateway(seen(written, listen("127.0.0.1", 9091)), settings())
    with pytest.raises(PortTakenError):
        preflight.check_pushgateway(seen(written, listen("127.0.0.1", 9095)), settings())


@pytest.mark.parametrize(
    ("found", "program"),
    [
        (
            [f"program 77 12 - {encoded('java' + chr(0) + '-jar' + chr(0) + 'x' + chr(0))}"],
            "process 12 (java -jar x). Stop that program",
        ),
        (
            [f"program 77 1 cockpit.socket {encoded('/sbin/init' + chr(0))}"],
            "process 1 (/sbin/init) of cockpit.socket. Stop it (sudo systemctl disable --now cockpit.socket)",
        ),
        (
            [f"program 77 12 ssh.service {encoded('sshd' + chr(0))}"],
            "process 12 (sshd) of ssh.service. Have it listen elsewhere",
        ),
        ([], "another program. Stop that program"),
    ],
)
def test_the_program_that_took_the_port_is_named(
    monkeypatch: pytest.MonkeyPatch, found: list[str], program: str
) -> None:
    asked: list[tuple[str, Mapping[str, str]]] = []

    def look(host: Host, given: Settings) -> Snapshot:
        del host, given
        return seen(*DEBIAN, listen("127.0.0.1", inode="77"))

    def ask(
        host: Host, name: str, variables: Mapping[str, str], functions: Sequence[str]
    ) -> list[str]:
        del host
        assert functions == ["systemd.sh", "init-scripts.sh", "programs.sh"]
        asked.append((name, variables))
        return found

    monkeypatch.setattr(preflight, "snapshot_of", look)
    monkeypatch.setattr(port_checks, "ask", ask)
    with host_in_run() as host:
        assert not carry_out(host, preflight.check_host._inner(settings=settings()))
        assert f"127.0.0.1:9091: that port is in use by {program}" in reason_of(host)
    assert asked == [("who-listens.sh", {"inode": "77"})]


def test_a_program_that_gets_what_is_sent_to_localhost_is_refused() -> None:
    other = (
        *BOTH,
        listen("::1", inode="77"),
        listen("127.0.0.1", inode="5"),
        "pushgateway_socket socket:[5]",
    )
    with pytest.raises(
        HostError, match=r"\[::1\]:9091 is in use by another program\. localhost stands for"
    ):
        preflight.check_pushgateway(seen(*other), settings())
    harmless: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
        ((*other, "hosts 127.0.0.1 localhost"), {}),
        (other, {"pushgateway_targets": ["127.0.0.1:9091"]}),
        ((*other, "pushgateway_socket socket:[77]"), {}),
    )
    for lines, data in harmless:
        preflight.check_pushgateway(seen(*lines), settings(**data))


def test_a_host_that_is_free_is_asked_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "snapshot_of", lambda *_: seen(*DEBIAN))
    monkeypatch.setattr(port_checks, "ask", None)
    with host_in_run() as host:
        assert list(preflight.check_host._inner(settings=settings())) == []
        assert reason_of(host) == ""


def test_a_unit_of_the_settings_that_is_not_there_is_told_apart_from_a_taken_port() -> None:
    found = seen(*DEBIAN, listen("127.0.0.1", 9091), "pushgateway_service push.service")
    with pytest.raises(PortTakenError) as refusal:
        preflight.check_pushgateway(found, settings(pushgateway_unit="push.service"))
    assert "There is no push.service on this host (pushgateway_unit)" in str(refusal.value)
    assert "leave pushgateway_unit out: it is found" in str(refusal.value)
