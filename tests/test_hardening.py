"""The drop-ins that restrict the services of both servers, and the decision whether they run with them."""

import pytest

from looks import encoded, unit
from pushgateway_lab import installations
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import hardening
from pushgateway_lab.installations.flags import FlagError, parse_flags
from pushgateway_lab.prometheus import restrictions
from pushgateway_lab.pushgateway import running
from pushgateway_lab.run.host_error import HostError
from snapshots import DEBIAN, GATEWAY, PROMETHEUS, argv, flags, host_in_run, seen, settings

WORDS = ("--web.listen-address=127.0.0.1:9091", "--web.enable-admin-api")
HARDENED = settings(pushgateway_harden=True)
DATA = "/var/lib/prometheus/pushgateway.data"


def values(*words: str, file: str = DATA) -> dict[str, str]:
    """Return the lines of the drop-in for a command line, as a mapping; a repeated name has its last value."""
    lines = hardening.text(parse_flags(words), file).splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


@pytest.mark.parametrize(
    ("words", "file", "wanted"),
    [
        ([], DATA, ("/var/lib/prometheus", "true", "true")),
        ([], "", ("", "true", "true")),
        (["--persistence.file="], DATA, ("", "true", "true")),
        (["--persistence.file=/srv/push/data"], DATA, ("/srv/push", "true", "true")),
        (["--persistence.file=/home/ann/data"], DATA, ("/home/ann", "read-only", "true")),
        (["--persistence.file=/tmp/a/data"], DATA, ("/tmp/a", "true", "false")),  # noqa: S108
        (
            ["--web.config.file=/root/web.yml"],
            DATA,
            ("/var/lib/prometheus", "read-only", "true"),
        ),
        (["--web.config.file=/homes/web.yml"], DATA, ("/var/lib/prometheus", "true", "true")),
    ],
)
def test_what_the_flags_name_stays_in_reach(
    words: list[str], file: str, wanted: tuple[str, str, str]
) -> None:
    found = values(*words, file=file)
    assert (found["ReadWritePaths"], found["ProtectHome"], found["PrivateTmp"]) == wanted
    assert found["ProtectSystem"] == "strict"


@pytest.mark.parametrize(
    ("path", "home", "tmp"),
    [
        ("/root/tls/web.pem", "read-only", "true"),
        ("/tmp/web.pem", "true", "false"),  # noqa: S108
        ("/etc/ssl/web.pem", "true", "true"),
    ],
)
def test_a_certificate_of_the_host_stays_in_reach(path: str, home: str, tmp: str) -> None:
    given = settings(
        pushgateway_harden=True,
        pushgateway_tls_host_cert_file=path,
        pushgateway_tls_host_key_file="/etc/ssl/web.key",
    )
    text = installations.plan(seen(*hardened("", "")), given).hardening
    assert f"\nProtectHome={home}\n" in text
    assert f"\nPrivateTmp={tmp}\n" in text


@pytest.mark.parametrize(
    "path", ["data", "/a b", "/%h/data", '/"', "/a\nCapabilityBoundingSet=CAP_SYS_ADMIN", "/a\\x20"]
)
def test_no_path_becomes_another_line_or_word(path: str) -> None:
    with pytest.raises(FlagError, match="absolute path"):
        hardening.text(parse_flags([f"--persistence.file={path}"]), DATA)


def test_each_text_has_a_digest_of_its_own() -> None:
    one, other = hardening.text((), DATA), hardening.text((), "/srv/data")
    assert hardening.digest(one) != hardening.digest(other)
    assert len(hardening.digest(one)) == 16
    assert hardening.digest("") == ""


def hardened(text: str, started_with: str) -> list[str]:
    lines = [*unit(GATEWAY), flags(f'ARGS="{" ".join(WORDS)}"\n')]
    lines.append(argv("prometheus-pushgateway", *WORDS))
    if text:
        lines.append(f"hardening_text pushgateway {encoded(text)}")
    if started_with:
        lines.append(f"hardened_as pushgateway {hardening.digest(started_with)}")
    return [*DEBIAN, *lines]


WANTED = hardening.text(parse_flags(WORDS), DATA)
OLDER = hardening.text((), "/srv/data")


@pytest.mark.parametrize(
    ("text", "started_with", "is_restarted"),
    [
        (WANTED, WANTED, False),
        (WANTED, "", True),  # written, and not restarted since
        (WANTED, OLDER, True),
        (OLDER, WANTED, False),
        ("", "", True),
    ],
)
def test_the_process_is_compared_not_only_the_file(
    text: str, started_with: str, *, is_restarted: bool
) -> None:
    found = seen(*hardened(text, started_with))
    assert running.is_done(found, HARDENED) == (text == started_with == WANTED)
    assert running.is_restart_due(found, HARDENED) == is_restarted


def test_without_the_setting_it_goes() -> None:
    assert running.is_done(seen(*hardened("", "")), settings())
    assert not running.is_done(seen(*hardened(WANTED, WANTED)), settings())
    assert running.is_restart_due(seen(*hardened(WANTED, WANTED)), settings())


@pytest.mark.parametrize(
    "lines",
    [
        ["service_manager init", *unit(GATEWAY)],
        [*DEBIAN, *unit(GATEWAY), f"process pushgateway 7 {encoded('0::/x')}"],
    ],
)
def test_only_the_service_of_the_package_is_restricted(lines: list[str]) -> None:
    found = seen(*lines, argv("pushgateway", *WORDS))
    assert installations.plan(found, settings()).hardening == ""
    with pytest.raises(HostError, match="restricts only the systemd service of the package"):
        installations.plan(found, HARDENED)


STORED = hardening.prometheus_text("/var/lib/prometheus")


def restricted(text: str = "", started_with: str = "", *lines: str) -> Snapshot:
    """Return the snapshot of a host on which Prometheus runs, with or without a drop-in."""
    found = [f"hardening_text prometheus {encoded(text)}"] if text else []
    if started_with:
        found.append(f"hardened_as prometheus {hardening.digest(started_with)}")
    return seen(*DEBIAN, *unit(PROMETHEUS), "prometheus_pid 7", *found, *lines)


@pytest.mark.parametrize(
    ("found", "is_wanted", "is_done"),
    [
        (restricted(), True, False),
        (restricted(), False, True),
        (restricted(STORED, STORED), True, True),
        (restricted(STORED, STORED), False, False),
        (restricted(STORED), True, False),  # written, and not restarted since
        (restricted("", STORED), False, False),  # removed, and not restarted since
        (restricted("", STORED), True, False),
        (restricted(STORED, "Environment=PUSHGATEWAY_LAB_HARDENING=0"), True, False),
        (restricted(STORED, STORED, f"prometheus_storage {encoded('/srv/tsdb')}"), True, False),
    ],
)
def test_prometheus_runs_with_the_restrictions_that_are_wanted(
    found: Snapshot, *, is_wanted: bool, is_done: bool
) -> None:
    assert restrictions.is_done(found, settings(prometheus_harden=is_wanted)) == is_done


def test_the_directory_of_the_samples_is_the_one_that_is_written() -> None:
    elsewhere = restricted("", "", f"prometheus_storage {encoded('/srv/tsdb')}")
    text = restrictions.wanted_text(elsewhere, settings(prometheus_harden=True))
    assert "ReadWritePaths=/srv/tsdb\n" in text
    relative = restricted("", "", f"prometheus_storage {encoded('data')}")
    with pytest.raises(HostError, match="prometheus_harden needs that"):
        restrictions.wanted_text(relative, settings(prometheus_harden=True))


@pytest.mark.parametrize(
    "lines",
    [
        ["service_manager init", *unit(PROMETHEUS)],
        [*DEBIAN, *unit(PROMETHEUS), f"process prometheus 7 {encoded('0::/x')}"],
    ],
)
def test_only_the_prometheus_of_the_package_is_restricted(lines: list[str]) -> None:
    with pytest.raises(HostError, match="prometheus_harden restricts only"):
        restrictions.wanted_text(seen(*lines), settings(prometheus_harden=True))


def test_a_prometheus_of_another_host_is_that_hosts_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    there = settings(
        prometheus_harden=True,
        prometheus_url="http://prom.example.org:9090",
        pushgateway_targets=["push.example.org:9091"],
    )
    monkeypatch.setattr(restrictions, "snapshot_of", lambda *_: seen(*DEBIAN))
    with host_in_run(executing=False):
        assert not list(restrictions.restricted._inner(settings=there))
        # A dry run on a bare host shows a change.
        assert list(restrictions.restricted._inner(settings=settings(prometheus_harden=True)))
