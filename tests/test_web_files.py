"""The files for TLS and passwords: what a host should have, decided from a look and the settings, without a host."""

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import yaml
from cryptography import x509

from looks import encoded, look, unit
from pushgateway_lab import installations
from pushgateway_lab.credentials import hashes, lab_authority
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.install import preflight
from pushgateway_lab.installations import address, flags, web_files
from pushgateway_lab.installations.flags import Flag
from pushgateway_lab.lab import certificate
from pushgateway_lab.pushgateway import closing
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings, SettingsError, parse_settings
from pushgateway_lab.web import web_config
from pushgateway_lab.web.wanted_files import (
    Materials,
    WantedWebFile,
    fitting_users,
    is_certified,
    names_of,
    obsolete,
    secrets_of,
    wanted,
)
from snapshots import BOTH, DEBIAN, GATEWAY, PROMETHEUS, argv, config, loaded, seen
from snapshots import flags as flags_line

PASSWORD = "s3cret"  # noqa: S105 - a test's
NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Keep the state of a test out of the home directory, and forget the checks of other tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for remembering in (hashes.new, hashes.fits, hashes._remembered, lab_authority._is_good):
        remembering.cache_clear()
    return tmp_path / "state/pushgateway-lab"


@pytest.fixture
def users(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    return {"trainer": str(tmp_path / "password")}


def settings(**data: Any) -> Settings:
    return parse_settings(data, host="vm01")


def lines_of(files: Sequence[WantedWebFile]) -> list[str]:
    """Return the lines of a look at a host that has the files."""
    lines = []
    for file in files:
        digest = "same" if file.path in web_files.SECRETS else sha256(file.data).hexdigest()
        lines += [
            f"web_mode {file.owner}:77:0:{file.mode:o} {file.path}",
            f"web_content {digest} {file.path}",
        ]
        if file.path in web_files.WEB_CONFIGS:
            text = file.data.decode()
            lines.append(f"web_text {file.path} {encoded(text)}")
            lines += [f"web_user {user}" for user in web_config.hashes_in(text)]
    return lines


def files_of(shown: Snapshot, given: Settings) -> list[WantedWebFile]:
    found = wanted(shown, given, Materials.of(given))
    assert found is not None
    return found


def test_a_host_without_these_settings_needs_no_file() -> None:
    assert wanted(seen(*BOTH), settings()) == []
    assert closing.is_done(seen(*BOTH), settings())
    assert closing.is_tidy(seen(*BOTH), settings())
    assert secrets_of(settings()) == []


def test_a_second_look_finds_all_files_as_they_should_be(users: dict[str, str]) -> None:
    given = settings(pushgateway_basic_auth_users=users)
    first = files_of(seen(*BOTH), given)
    assert {each.path for each in first} == {web_files.WEB_CONFIG, web_files.SCRAPE_PASSWORD}
    assert not closing.is_done(seen(*BOTH), given)
    there = seen(*BOTH, *lines_of(first))
    assert closing.is_done(there, given)
    assert files_of(there, given) == first
    assert all(PASSWORD not in repr(each) for each in first)
    assert (web_files.SCRAPE_PASSWORD, PASSWORD.encode()) in secrets_of(given)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("root:77:0:400", "ada:77:0:400"),
        (":0:400", ":0:444"),
        (":0:400", ":99:400"),
        ("web_content same", "web_content differs"),
    ],
)
def test_another_owner_mode_or_content_is_corrected(
    users: dict[str, str], old: str, new: str
) -> None:
    given = settings(pushgateway_basic_auth_users=users)
    lines = lines_of(files_of(seen(*BOTH), given))
    changed = [each.replace(old, new) for each in lines]
    assert changed != lines
    assert not closing.is_done(seen(*BOTH, *changed), given)


def test_another_password_gets_another_hash(users: dict[str, str]) -> None:
    given = settings(pushgateway_basic_auth_users=users)
    lines = lines_of(files_of(seen(*BOTH), given))
    there = seen(*BOTH, *lines)
    assert fitting_users(there.web_texts, given) == ["trainer"]
    Path(users["trainer"]).write_text("another")
    assert fitting_users(there.web_texts, given) == []
    there = seen(*BOTH, *(each for each in lines if each != "web_user trainer"))
    assert not closing.is_done(there, given)
    text = files_of(there, given)[0].data.decode()
    assert bcrypt.checkpw(b"another", web_config.hashes_in(text)["trainer"].encode())


@pytest.mark.parametrize(
    ("there", "named", "expected"),
    [
        ({}, "", web_files.SCRAPE_PASSWORD),
        ({web_files.SCRAPE_PASSWORD: "same"}, web_files.SCRAPE_PASSWORD, web_files.SCRAPE_PASSWORD),
        (
            {web_files.SCRAPE_PASSWORD: "differs"},
            web_files.SCRAPE_PASSWORD,
            web_files.SCRAPE_OTHER_PASSWORD,
        ),
        (
            {web_files.SCRAPE_PASSWORD: "differs", web_files.SCRAPE_OTHER_PASSWORD: "same"},
            web_files.SCRAPE_PASSWORD,
            web_files.SCRAPE_OTHER_PASSWORD,
        ),
        (
            {web_files.SCRAPE_PASSWORD: "differs", web_files.SCRAPE_OTHER_PASSWORD: "differs"},
            web_files.SCRAPE_OTHER_PASSWORD,
            web_files.SCRAPE_PASSWORD,
        ),
        (
            {web_files.SCRAPE_OTHER_PASSWORD: "differs"},
            web_files.SCRAPE_OTHER_PASSWORD,
            web_files.SCRAPE_PASSWORD,
        ),
    ],
)
def test_a_new_password_comes_into_the_file_that_prometheus_has_not_read(
    there: dict[str, str], named: str, expected: str
) -> None:
    config = (
        f"scrape_configs:\n- job_name: pushgateway\n  basic_auth:\n    password_file: {named}\n"
    )
    lines = [
        line
        for path, content in there.items()
        for line in (f"web_mode prometheus:77:0:400 {path}", f"web_content {content} {path}")
    ]
    shown = seen(*BOTH, *lines, *(loaded(config) if named else ()))
    assert web_files.scrape_password_of(shown) == expected


def test_what_the_settings_do_not_want_any_more_is_obsolete(users: dict[str, str]) -> None:
    given = settings(pushgateway_basic_auth_users=users)
    there = seen(*BOTH, *lines_of(files_of(seen(*BOTH), given)))
    assert obsolete(there, given) == []
    assert set(obsolete(there, settings())) == {web_files.WEB_CONFIG, web_files.SCRAPE_PASSWORD}
    assert not closing.is_tidy(there, settings())


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "is empty"), ("a\nb", "several lines"), ("x" * 73, "longer than 72")],
)
def test_a_password_that_cannot_be_one_is_refused(
    users: dict[str, str], text: str, says: str
) -> None:
    Path(users["trainer"]).write_text(text)
    with pytest.raises(HostError, match=says) as refused:
        Materials.of(settings(pushgateway_basic_auth_users=users))
    assert not text or text not in str(refused.value)


def test_a_password_for_each_host(tmp_path: Path) -> None:
    (tmp_path / "vm01").write_text("of vm01")
    given = settings(pushgateway_basic_auth_users={"ada": str(tmp_path / "{host}")})
    text = files_of(seen(*BOTH), given)[0].data.decode()
    assert bcrypt.checkpw(b"of vm01", web_config.hashes_in(text)["ada"].encode())


@pytest.mark.parametrize(
    "found",
    [
        f"$2b$31${'a' * 53}",
        f"$2b$11${'a' * 53}",
        f"$2b$03${'a' * 53}",
        f"$2x$10${'a' * 53}",
        "",
        PASSWORD,
        f"$2b$10${'a' * 53}\n",
        f"$2b$04${'é' * 53}",
    ],
)
def test_a_hash_of_a_host_that_is_none_or_too_expensive_is_not_computed(
    found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bcrypt, "checkpw", lambda *_: pytest.fail("computed"))
    assert not hashes.fits(found, PASSWORD)


def test_a_check_is_computed_once_and_kept_for_its_user_alone(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_host = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    assert hashes.fits(of_host, PASSWORD)
    assert not hashes.fits(of_host, "another")
    hashes.fits.cache_clear()
    hashes._remembered.cache_clear()
    monkeypatch.setattr(bcrypt, "checkpw", lambda *_: pytest.fail("computed again"))
    assert hashes.fits(of_host, PASSWORD)
    kept = state / "passwords-checked/checked-passwords"
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.parent.stat().st_mode & 0o077 == 0
    assert PASSWORD not in kept.read_text()


def test_a_new_hash_has_a_salt_of_its_own() -> None:
    one = hashes.new(PASSWORD)
    assert hashes.new(PASSWORD) == one
    hashes.new.cache_clear()
    assert hashes.new(PASSWORD) != one
    assert one.startswith(f"$2b${hashes.COST}$")


def test_others_cannot_give_this_machine_its_state(state: Path) -> None:
    (state / "lab-ca").mkdir(parents=True, mode=0o755)
    with pytest.raises(HostError, match="Others than you can use"):
        lab_authority.stored("vm01")


@pytest.mark.parametrize("user", ["trainer", "a b", 'x"y', "x\\", "# x", "é", "on {}", "- x"])
def test_a_user_name_stays_a_name_in_the_file(user: str) -> None:
    given = parse_settings({"pushgateway_basic_auth_users": {user: "./p"}})
    text = web_config.text(given, {user: "$2b$10$x"})
    assert yaml.safe_load(text) == {"basic_auth_users": {user: "$2b$10$x"}}
    assert web_config.hashes_in(text) == {user: "$2b$10$x"}


def test_the_file_with_all_settings_of_tls() -> None:
    given = settings(
        pushgateway_tls_lab_ca=True,
        pushgateway_tls_min_version="TLS13",
        pushgateway_tls_client_ca_file="clients.pem",
        pushgateway_cert_file="client.pem",
        pushgateway_http2=False,
    )
    assert web_files.web_config_of(given) == web_files.WEB_CONFIG_TLS_HTTP1
    assert yaml.safe_load(web_config.text(given, {})) == {
        "tls_server_config": {
            "cert_file": web_files.CERTIFICATE,
            "key_file": web_files.KEY,
            "client_auth_type": "RequireAndVerifyClientCert",
            "client_ca_file": web_files.CLIENT_AUTHORITIES,
            "min_version": "TLS13",
        },
        "http_server_config": {"http2": False},
    }
    of_host = settings(
        pushgateway_tls_host_cert_file="/etc/ssl/x.pem",
        pushgateway_tls_host_key_file="/etc/ssl/x.key",
    )
    assert yaml.safe_load(web_config.text(of_host, {})) == {
        "tls_server_config": {"cert_file": "/etc/ssl/x.pem", "key_file": "/etc/ssl/x.key"}
    }


def test_the_certificate_of_a_lab_is_issued_once_and_renewed_in_time(state: Path) -> None:
    given = settings(pushgateway_tls_lab_ca=True)
    host = seen(*BOTH, "hostname VM01")
    assert wanted(host, given) is None, "a decision does not issue one"
    assert not closing.is_done(host, given)
    issued = lab_authority.issue("vm01", ["vm01", "10.0.0.1"], NOW)
    assert lab_authority.stored("vm01") == issued
    names = ["vm01", "10.0.0.1", "::1", "localhost"]
    assert lab_authority.is_good(issued, names, NOW)
    assert not lab_authority.is_good(issued, [*names, "vm02"], NOW)
    assert not lab_authority.is_good(issued, ["vm01"], NOW), "a name that it has no longer"
    third = lab_authority.LIFE * 2 / 3
    assert lab_authority.is_good(issued, names, NOW + third - timedelta(days=1))
    assert not lab_authority.is_good(issued, names, NOW + third + timedelta(days=1))
    assert issued.key not in repr(issued)
    for path in (state / "lab-ca").iterdir():
        assert path.stat().st_mode & 0o077 == 0
    found = x509.load_pem_x509_certificate(issued.certificate.encode())
    found.verify_directly_issued_by(
        x509.load_pem_x509_certificate(lab_authority.authorities().encode())
    )


def test_a_prometheus_on_another_host_gets_the_authority_and_the_password_alone(
    users: dict[str, str],
) -> None:
    given = settings(
        pushgateway_tls_lab_ca=True,
        pushgateway_basic_auth_users=users,
        pushgateway_url="https://push.example.org:9091",
        pushgateway_targets=["push.example.org:9091"],
    )
    alone = seen(*BOTH[: -len(unit(GATEWAY))], *unit(GATEWAY, load="not-found"))
    assert not closing.is_done(alone, given)
    assert [each.path for each in files_of(alone, given)] == [
        web_files.SCRAPE_PASSWORD,
        web_files.SCRAPE_AUTHORITIES,
    ]
    elsewhere = settings(
        pushgateway_basic_auth_users=users,
        prometheus_url="http://prom.example.org:9090",
        pushgateway_targets=["vm01:9091"],
    )
    alone = seen(*DEBIAN, *unit(PROMETHEUS, load="not-found"), *unit(GATEWAY))
    assert [each.path for each in files_of(alone, elsewhere)] == [web_files.WEB_CONFIG]


def test_a_certificate_of_another_authority_is_replaced(state: Path) -> None:
    issued = lab_authority.issue("vm01", ["vm01"], NOW)
    for path in (state / "lab-ca").iterdir():
        path.unlink()
    lab_authority.issue("vm02", ["vm02"], NOW)
    assert not lab_authority.is_good(issued, ["vm01"], NOW)


def test_an_authority_that_expires_within_the_life_of_a_certificate_is_replaced() -> None:
    lab_authority.issue("vm01", [], NOW)
    old = lab_authority.authorities()
    lab_authority.issue("vm01", [], NOW + lab_authority.LIFE_OF_AUTHORITY - timedelta(days=1))
    assert lab_authority.authorities() != old


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    one, other = (lab_authority.issue(name, [], now) for name in ("a", "b"))
    (tmp_path / "cert.pem").write_text(one.certificate)
    (tmp_path / "key.pem").write_text(other.key)
    given = settings(
        pushgateway_tls_cert_file=str(tmp_path / "cert.pem"),
        pushgateway_tls_key_file=str(tmp_path / "key.pem"),
    )
    with pytest.raises(HostError, match="is not the key of the certificate"):
        wanted(seen(*BOTH), given)
    (tmp_path / "key.pem").write_text(one.key)
    assert [each.path for each in files_of(seen(*BOTH), given)] == [
        web_files.CERTIFICATE,
        web_files.KEY,
        web_files.WEB_CONFIG_TLS,
    ]
    old = lab_authority.issue("a", [], NOW - timedelta(days=800))
    (tmp_path / "cert.pem").write_text(old.certificate)
    (tmp_path / "key.pem").write_text(old.key)
    with pytest.raises(HostError, match="expired on 2025-09-22 00:00 UTC"):
        wanted(seen(*BOTH), given)
    (tmp_path / "cert.pem").write_text("none")
    with pytest.raises(HostError, match="in PEM"):
        wanted(seen(*BOTH), given)


OWN = f"--web.config.file={web_files.WEB_CONFIG}"


@pytest.mark.parametrize(
    ("present", "data", "expected"),
    [
        ("", {"pushgateway_basic_auth_users": {"a": "/b"}}, web_files.WEB_CONFIG),
        (OWN, {"pushgateway_tls_lab_ca": True}, web_files.WEB_CONFIG_TLS),
        (OWN, {}, None),
        ("--web.config.file=/etc/x.yml", {}, "/etc/x.yml"),
    ],
)
def test_the_flag_is_there_if_the_settings_want_the_file(
    present: str, data: dict[str, object], expected: str | None
) -> None:
    found = flags.merge(
        flags.parse_flags(present.split()), parse_settings(data), keeps=lambda: False
    )
    assert {each.name: each.value for each in found}.get("web.config.file") == expected


def test_a_web_configuration_file_of_an_administrator_is_refused(users: dict[str, str]) -> None:
    host = seen(*BOTH, flags_line('ARGS="--web.config.file=/etc/x.yml"\n'))
    for data in (
        {"pushgateway_basic_auth_users": users},
        {"pushgateway_username": "a", "pushgateway_generate_password": True},
    ):
        with pytest.raises(
            HostError,
            match=r"'/etc/x\.yml'.*Take pushgateway_generate_password, .* pushgateway_username with",
        ):
            installations.plan(host, settings(**data))


def test_a_process_of_no_service_is_refused_with_what_to_type(users: dict[str, str]) -> None:
    host = seen(
        *BOTH,
        "process pushgateway 7 ",
        "pushgateway_pid 7",
        argv("/opt/pushgateway", "--log.level=debug"),
    )
    with pytest.raises(
        HostError, match=r"kill 7\n/opt/pushgateway --log.level=debug --web.config.file=FILE &"
    ):
        installations.plan(host, settings(pushgateway_basic_auth_users=users))


def test_the_url_has_the_scheme_that_the_process_speaks() -> None:
    given = settings(pushgateway_tls_lab_ca=True)
    assert address.url([Flag("web.config.file", web_files.WEB_CONFIG_TLS)]).startswith("https://")
    assert address.url([Flag("web.config.file", "/etc/x.yml")]).startswith("http://")
    plain = seen(*BOTH, argv("pushgateway", "--web.listen-address=127.0.0.1:9091"))
    assert installations.running_url(plain, given) == "http://127.0.0.1:9091"
    assert installations.planned_url(plain, given) == "https://127.0.0.1:9091"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"pushgateway_tls_cert_file": "x"}, "pushgateway_tls_key_file is not"),
        ({"pushgateway_tls_key_file": "x"}, "pushgateway_tls_cert_file is not"),
        ({"pushgateway_tls_host_key_file": "/x"}, "pushgateway_tls_host_cert_file is not"),
        (
            {
                "pushgateway_tls_lab_ca": True,
                "pushgateway_tls_cert_file": "x",
                "pushgateway_tls_key_file": "x",
            },
            "has one certificate",
        ),
        ({"pushgateway_tls_min_version": "TLS13"}, "needs TLS"),
        ({"pushgateway_tls_lab_ca": True, "pushgateway_ca_file": "x"}, "is not needed"),
        ({"pushgateway_tls_lab_ca": True, "pushgateway_url": "http://vm01:9091"}, "write https:"),
        (
            {"pushgateway_tls_lab_ca": True, "pushgateway_tls_client_ca_file": "x"},
            "needs pushgateway_cert_file",
        ),
        (
            {
                "pushgateway_basic_auth_users": {"a": "/x"},
                "pushgateway_extra_flags": {"web.config.file": "/x"},
            },
            "leave one of them out",
        ),
        (
            {
                "pushgateway_username": "a",
                "pushgateway_generate_password": True,
                "pushgateway_extra_flags": {"web.config.file": "/x"},
            },
            "pushgateway_extra_flags: has web.config.file, and pushgateway_generate_password",
        ),
        (
            {"pushgateway_basic_auth_users": {"a": "/x"}, "pushgateway_username": "b"},
            "'b' is not one of",
        ),
        (
            {"pushgateway_basic_auth_users": {"a": "/x"}, "pushgateway_password_file": "x"},
            "leave this out",
        ),
        ({"pushgateway_basic_auth_users": {"a:b": "/x"}}, "colon"),
        ({"pushgateway_basic_auth_users": ["a"]}, "must map user names"),
    ],
)
def test_settings_that_contradict_each_other(data: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        parse_settings(data)


def test_the_first_user_is_that_of_the_toolkit_unless_another_one_is_named() -> None:
    users = {"a": "./x", "b": "./y"}
    assert settings(pushgateway_basic_auth_users=users).pushgateway_user == "a"
    named = settings(pushgateway_basic_auth_users=users, pushgateway_username="b")
    assert named.pushgateway_user == "b"
    data = {"pushgateway_username": "c", "pushgateway_password_file": "/p"}
    other = settings(**data)
    assert other.pushgateway_user == "c"
    assert settings().pushgateway_user is None


@pytest.mark.parametrize(
    ("url", "later", "says"),
    [
        ("https://localhost:9091", timedelta(0), None),
        ("https://[::1]:9091", timedelta(0), None),
        (
            "https://LOCALHOST:9091",
            timedelta(days=366),
            r"\(for localhost, vm01, 127\.0\.0\.1, ::1\) expired on 2027-12-01 00:00 UTC\..* sends a new one",
        ),
        ("https://localhost:9091", -timedelta(days=1), "valid from 2026-11-30 23:00 UTC on, and"),
        ("https://web:9091", timedelta(0), "does not have the name web, at which"),
    ],
)
def test_verify_names_the_date_and_the_names_of_a_certificate(
    url: str, later: timedelta, says: str | None
) -> None:
    issued = lab_authority.issue("vm01", ["vm01"], NOW)
    looked = look(
        *BOTH,
        argv("pushgateway", f"--web.config.file={web_files.WEB_CONFIG_TLS}"),
        f"web_text {web_files.CERTIFICATE} {encoded(issued.certificate)}",
        now=(NOW + later).timestamp(),
    )
    found = certificate.problem(looked, url)
    assert found is None if says is None else found and re.search(says, found), found


def test_a_certificate_that_is_none_is_said_to_be_none() -> None:
    looked = look(
        *BOTH,
        argv("pushgateway", f"--web.config.file={web_files.WEB_CONFIG_TLS}"),
        f"web_text {web_files.CERTIFICATE} {encoded('none')}",
    )
    assert "cannot be read" in (certificate.problem(looked, "https://localhost:9091") or "")
    assert certificate.problem(look(*BOTH), "https://localhost:9091") is None


LOGIN = {"pushgateway_username": "a", "pushgateway_password_environment": "LAB_PASSWORD"}
LONE = {
    "pushgateway": ("process pushgateway 7 ", "pushgateway_pid 7"),
    "prometheus": ("process prometheus 8 ", "prometheus_pid 8"),
}
"""Programs that anybody may have started, with the names of the servers."""


@pytest.mark.parametrize(
    ("lone", "data", "says"),
    [
        ("pushgateway", {"pushgateway_basic_auth_users": {}}, "The Pushgateway gets no file"),
        ("pushgateway", {"pushgateway_tls_lab_ca": True}, "The Pushgateway gets no file"),
        ("prometheus", {"pushgateway_basic_auth_users": {}}, "Prometheus gets no file"),
        ("prometheus", LOGIN, "Prometheus gets no file"),
        ("prometheus", {"pushgateway_cert_file": "/x"}, "Prometheus gets no file"),
        ("pushgateway", LOGIN, "Prometheus gets no password"),
    ],
)
def test_a_process_of_no_service_gets_no_secret(
    users: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    lone: str,
    data: dict[str, Any],
    says: str,
) -> None:
    monkeypatch.setenv("LAB_PASSWORD", "a password")
    if "pushgateway_basic_auth_users" in data:
        data = {"pushgateway_basic_auth_users": users}
    given = settings(**data)
    command = argv("pushgateway", f"--web.config.file={web_files.web_config_of(given)}")
    host = seen(*BOTH, *config("scrape_configs: []\n"), *LONE[lone], command, "user_of pushgateway 1000", "user_of prometheus 1000")  # fmt: skip
    for refuse in (wanted, closing.is_done, preflight.is_free):
        with pytest.raises(HostError, match=f"{says}.*which no service started, so anybody may"):
            refuse(host, given)


def test_a_password_goes_to_a_process_of_no_service_over_https_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LAB_PASSWORD", "a password")
    given = settings(**LOGIN, pushgateway_url="https://vm01:9091")
    found = wanted(seen(*BOTH, *LONE["pushgateway"]), given)
    assert found is not None
    assert [each.path for each in found] == [web_files.SCRAPE_PASSWORD]


def test_a_prometheus_of_no_service_gets_what_everybody_may_read(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x")
    given = settings(pushgateway_ca_file=str(tmp_path / "ca.pem"))
    found = wanted(seen(*BOTH, *LONE["prometheus"]), given)
    assert found is not None
    assert [(each.path, each.owner) for each in found] == [(web_files.SCRAPE_AUTHORITIES, "root")]


def test_a_certificate_is_for_names_of_the_settings_alone() -> None:
    given = settings(
        pushgateway_listen_address="10.0.0.1:9091",
        pushgateway_targets=["Web.example.org:9091", "[fe80::1]:9091"],
        pushgateway_url="https://push.example.org:9091",
    )
    assert list(names_of(given)) == [
        *("vm01", "10.0.0.1", "Web.example.org", "fe80::1", "push.example.org")
    ]
    assert is_certified(given, "web.example.org")
    assert is_certified(given, "[::1]")
    assert not is_certified(given, "vm02")


LISTENS = 'ARGS="--web.listen-address=192.0.2.7:9091"\n'


@pytest.mark.parametrize(
    ("lines", "data", "to_set"),
    [
        (["hostname vm02"], {}, None),
        ([flags_line(LISTENS)], {}, "pushgateway_listen_address=192.0.2.7:9091"),
        ([flags_line(LISTENS)], {"pushgateway_listen_address": "192.0.2.7:9091"}, None),
        (
            [flags_line(LISTENS)],
            {"pushgateway_targets": ["vm01:9091"]},
            "pushgateway_url=https://192.0.2.7:9091",
        ),
        (
            [flags_line(LISTENS)],
            {"pushgateway_targets": ["vm01:9091"], "pushgateway_url": "https://vm01:9091"},
            None,
        ),
        (
            [*config("scrape_configs:\n- job_name: pushgateway\n  static_configs:\n  - targets: [vm02:9091]\n"),
             "hostname vm02", "address 192.0.2.7", flags_line('ARGS="--web.listen-address=:9091"\n')],
            {"pushgateway_allow_open_admin_api": True},
            "pushgateway_targets=vm02:9091",
        ),
    ],
)  # fmt: skip
def test_a_name_that_only_the_host_says_is_refused(
    lines: list[str], data: dict[str, Any], to_set: str | None
) -> None:
    text = (
        () if any(each.startswith("config ") for each in lines) else config("scrape_configs: []\n")
    )
    host = seen(*BOTH, *text, *lines)
    given = settings(pushgateway_tls_lab_ca=True, pushgateway_admin_api=False, **data)
    if to_set is None:
        assert preflight.is_free(host, given)
        return
    with pytest.raises(HostError, match=re.escape(f"set {to_set}")):
        preflight.is_free(host, given)


def test_a_host_that_lies_about_its_texts_takes_no_memory_and_no_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web_config, "hashes_in", lambda _: pytest.fail("parsed"))
    assert fitting_users({"": '  "a": "b"\n'}, settings()) == []
    assert fitting_users({"": '  "a": "b"\n'}, settings(pushgateway_tls_lab_ca=True)) == []
    monkeypatch.undo()
    long = f"web_text {web_files.WEB_CONFIG} {encoded('x' * 100_000)}"
    many = [f"web_text /{number} {encoded('x')}" for number in range(100)]
    assert not seen(*BOTH, long).web_texts
    assert len(seen(*BOTH, *many).web_texts) < 10
    began = time.monotonic()
    assert web_config.hashes_in('  "\n' * 20_000) == {}
    assert web_config.hashes_in('  "a": "b\n' * 9_000) == {}
    assert time.monotonic() - began < 1


def test_after_some_wrong_hashes_no_more_are_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text(PASSWORD)
    named = {f"user{number}": str(tmp_path / "password") for number in range(9)}
    given = settings(pushgateway_basic_auth_users=named)
    computed = []
    monkeypatch.setattr(bcrypt, "checkpw", lambda _, found: computed.append(found))
    wrong = {user: f"$2b$10${at}{'a' * 52}" for at, user in enumerate(named)}
    assert fitting_users({web_files.WEB_CONFIG: web_config.text(given, wrong)}, given) == []
    assert len(computed) == 3


def test_all_passwords_are_read_at_the_first_look(users: dict[str, str], tmp_path: Path) -> None:
    given = settings(pushgateway_basic_auth_users=users | {"cron": str(tmp_path / "missing")})
    with pytest.raises(HostError, match=r"user cron: .*missing cannot be read here"):
        fitting_users({}, given)


@pytest.mark.usefixtures("state")
def test_the_newest_checks_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashes, "_MOST_REMEMBERED", 500)
    digests = [sha256(bytes([each])).hexdigest() for each in range(20)]
    for each in digests:
        hashes._remember(each)
    assert hashes._file().read_text().split() == digests[-5:]


def test_a_state_directory_that_others_can_replace_is_refused(state: Path) -> None:
    hashes.new(PASSWORD)
    state.chmod(0o777)
    with pytest.raises(HostError, match=r"in a directory in which others can replace it.* set XDG"):
        lab_authority.stored("vm01")


@pytest.mark.parametrize(
    "error",
    [
        x509.InvalidVersion("x", 7),
        x509.DuplicateExtension("x", x509.ObjectIdentifier("1.2.3")),
        x509.UnsupportedGeneralNameType("x"),
    ],
)
def test_a_strange_certificate_is_one_that_cannot_be_read(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(_: bytes) -> None:
        raise error

    monkeypatch.setattr(x509, "load_pem_x509_certificate", load)
    looked = look(
        *BOTH,
        argv("pushgateway", f"--web.config.file={web_files.WEB_CONFIG_TLS}"),
        f"web_text {web_files.CERTIFICATE} {encoded('strange')}",
    )
    assert "cannot be read" in (certificate.problem(looked, "https://localhost:9091") or "")
    (tmp_path / "pem").write_text("strange")
    files = dict.fromkeys(
        ("pushgateway_tls_cert_file", "pushgateway_tls_key_file"), str(tmp_path / "pem")
    )
    if isinstance(error, x509.InvalidVersion):
        with pytest.raises(HostError, match="in PEM"):
            wanted(seen(*BOTH), settings(**files))


@pytest.mark.parametrize("lines", [["release pushgateway 1.11.2"], []])
@pytest.mark.parametrize("is_key", [False, True])
def test_a_certificate_that_the_unit_of_a_release_hides_is_refused(
    lines: list[str], *, is_key: bool
) -> None:
    there, hidden = "/etc/ssl/web.pem", "/root/web.pem"
    files = {
        "pushgateway_tls_host_cert_file": there if is_key else hidden,
        "pushgateway_tls_host_key_file": hidden if is_key else there,
    }
    by_release = settings(pushgateway_install_method="release", **files)
    host = seen(*DEBIAN, *unit(PROMETHEUS), *(unit(GATEWAY) if lines else ()), *lines)
    with pytest.raises(HostError, match=r"/root/web\.pem is in a directory that .* hides"):
        closing.is_done(host, by_release)
    assert wanted(seen(*BOTH), settings(**files))
