"""The files for TLS and passwords that a host should have, decided from a look and the settings. Without hosts."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bcrypt
import pytest

from looks import encoded, unit
from pushgateway_lab.credentials import lab_authority
from pushgateway_lab.installations import web_files
from pushgateway_lab.pushgateway import closing
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.web import web_config
from pushgateway_lab.web.wanted_files import (
    Materials,
    fitting_users,
    obsolete,
    secrets_of,
    wanted,
)
from snapshots import BOTH, DEBIAN, GATEWAY, PROMETHEUS, config, loaded, seen
from web_looks import NOW, PASSWORD, files_of, lines_of, settings

pytestmark = pytest.mark.usefixtures("state")


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


def test_a_file_that_another_job_names_stays_and_the_job_is_named(users: dict[str, str]) -> None:
    given = settings(pushgateway_basic_auth_users=users)
    lines = lines_of(files_of(seen(*BOTH), given))
    text = "scrape_configs: [{{job_name: {}, basic_auth: {{username: a, password_file: {}}}}}]"
    for name, path in (("pushgateway", web_files.SCRAPE_PASSWORD), ("old", "/own")):
        there = seen(*BOTH, *lines, *config(text.format(name, path)))
        assert web_files.SCRAPE_PASSWORD in obsolete(there, settings())
        assert list(closing.notes_on_kept(there, settings())) == []
    there = seen(*BOTH, *lines, *config(text.format("old", web_files.SCRAPE_PASSWORD)))
    assert obsolete(there, settings()) == [web_files.WEB_CONFIG]
    (sentence,) = closing.notes_on_kept(there, settings())
    assert "The job old (line 1) names /etc/pushgateway-lab/scrape-password" in sentence
    assert list(closing.notes_on_kept(there, given)) == []


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


def test_all_passwords_are_read_at_the_first_look(users: dict[str, str], tmp_path: Path) -> None:
    given = settings(pushgateway_basic_auth_users=users | {"cron": str(tmp_path / "missing")})
    with pytest.raises(HostError, match=r"user cron: .*missing cannot be read here"):
        fitting_users({}, given)


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
