"""The scrape job of a Pushgateway with TLS or a password: its fields, and its targets."""

from typing import Any

import pytest

from closed_jobs import (
    AUTHORITIES,
    BY_NAME,
    CLOSED,
    HOSTS,
    LAB_CA,
    LOGIN,
    PASSWORD,
    TLS,
    USER,
    WITH_LOGIN,
)
from looks import CONFIG, RUNNING, look
from pushgateway_lab.facts.added import note_after
from pushgateway_lab.installations import web_files
from pushgateway_lab.lab import gateway, scrape_access
from pushgateway_lab.lab.config_edits import lines_to_write
from pushgateway_lab.lab.jobs import job_in_file, wanted_job
from pushgateway_lab.prometheus import job
from pushgateway_lab.scrape_config import merge_job
from pushgateway_lab.settings import parse_settings
from pushgateway_lab.web.server_certificate import names_of
from snapshots import config, seen, settings


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ({}, {}),
        (USER, {"basic_auth": LOGIN}),
        ({"pushgateway_basic_auth_users": {"trainer": "/p", "b": "/q"}}, {"basic_auth": LOGIN}),
        (TLS, {"scheme": "https", "tls_config": {"server_name": "127.0.0.1"}}),
        (BY_NAME, {"scheme": "https", "tls_config": {"server_name": "web"}}),
        (BY_NAME | {"pushgateway_targets": ["WEB:9091"]}, {"scheme": "https"}),
        (
            {"pushgateway_tls_lab_ca": True} | BY_NAME,
            {"scheme": "https", "tls_config": {"ca_file": AUTHORITIES}},
        ),
        (
            {"pushgateway_tls_host_cert_file": "/c", "pushgateway_tls_host_key_file": "/k"},
            {"scheme": "https"},
        ),
        (
            {**TLS, "pushgateway_cert_file": "/c"},
            {
                "scheme": "https",
                "tls_config": {
                    "cert_file": "/etc/pushgateway-lab/scrape.crt",
                    "key_file": "/etc/pushgateway-lab/scrape.key",
                    "server_name": "127.0.0.1",
                },
            },
        ),
        ({"pushgateway_ca_file": "/ca.pem"}, {}),
        ({"pushgateway_url": "http://127.0.0.1:9091"}, {}),
        (
            CLOSED,
            {
                "scheme": "https",
                "basic_auth": LOGIN,
                "tls_config": {"ca_file": AUTHORITIES, "server_name": "127.0.0.1"},
            },
        ),
    ],
)
def test_the_settings_decide_with_which_fields_prometheus_gets_in(
    data: dict[str, Any], fields: dict[str, Any]
) -> None:
    assert scrape_access.wanted_fields(seen(), settings(**data)) == fields


@pytest.mark.parametrize(
    ("host", "more", "name"),
    [
        ("vm01.example.org", {}, "vm01.example.org"),
        ("@local", {}, "local"),
        ("[fd00::7]", {}, "fd00::7"),
        ("@docker/debian:12", {}, None),
        ("vm01", BY_NAME, "vm01"),
        ("vm01", BY_NAME | {"pushgateway_targets": ["web:9091"]}, None),  # it is on another host
    ],
)
def test_prometheus_accepts_only_the_certificate_of_its_own_host(
    host: str, more: dict[str, Any], name: str | None
) -> None:
    given = parse_settings(LAB_CA | more, host=host)
    shown = seen("address 10.0.0.31", "hosts 10.0.0.32 web")
    tls = scrape_access.wanted_fields(shown, given)["tls_config"]
    assert tls == {"ca_file": AUTHORITIES} | ({"server_name": name} if name else {})
    assert name is None or name in names_of(given)


def test_fields_with_files_of_this_toolkit_go_with_their_settings() -> None:
    given = settings(pushgateway_tls_lab_ca=True, pushgateway_basic_auth_users={"trainer": "/p"})
    closed = job.merged(seen(*config(CONFIG)), given)[1]
    assert "https" in closed
    assert job.merged(seen(*config(closed)), settings())[1] == CONFIG
    in_braces = (
        "scrape_configs: [{job_name: pushgateway, honor_labels: true, scheme: https, basic_auth: {username: a, "
        f"password_file: {PASSWORD}}}, tls_config: {{ca_file: {AUTHORITIES}}}, "
        "static_configs: [{targets: ['localhost:9091']}]}]\n"
    )
    assert job.merged(seen(*config(in_braces)), settings())[1] == (
        "scrape_configs: [{job_name: pushgateway, honor_labels: true, "
        "static_configs: [{targets: ['localhost:9091']}]}]\n"
    )
    others = f"{CONFIG}    basic_auth: {{username: a, password_file: /own}}\n    scheme: https\n"
    assert job.merged(seen(*config(others)), settings())[1] == others


CERTIFICATE = {"pushgateway_cert_file": "/c"}
CERT, KEY = "/etc/pushgateway-lab/scrape.crt", "/etc/pushgateway-lab/scrape.key"


@pytest.mark.parametrize(
    ("before", "after", "gone", "kept"),
    [
        (
            LAB_CA,
            {"pushgateway_tls_cert_file": "/c", "pushgateway_tls_key_file": "/k", **TLS},
            [AUTHORITIES],
            ["server_name: 127.0.0.1"],
        ),
        (
            {"pushgateway_ca_file": "/ca", "pushgateway_url": "https://old:9091"},
            {"pushgateway_ca_file": "/ca", "pushgateway_tls_host_cert_file": "/c"}
            | {"pushgateway_tls_host_key_file": "/k"},
            ["server_name"],
            [AUTHORITIES],
        ),
        (CLOSED | CERTIFICATE, CLOSED, [CERT, KEY], [AUTHORITIES, "server_name", PASSWORD]),
        (TLS | CERTIFICATE, {}, ["tls_config", "https"], []),
        (TLS | CERTIFICATE, TLS, [CERT, KEY], ["server_name: 127.0.0.1", "https"]),
    ],
)
def test_parts_of_tls_config_with_files_of_this_toolkit_go_with_their_settings(
    before: dict[str, Any], after: dict[str, Any], gone: list[str], kept: list[str]
) -> None:
    for text in (CONFIG, f"{CONFIG}    tls_config: {{min_version: TLS12}}\n"):
        old = job.merged(seen(*config(text)), settings(**before))[1]
        assert all(each in old for each in gone)
        new = job.merged(seen(*config(old)), settings(**after))[1]
        own = "min_version: TLS12" in text
        assert not any(each in new for each in gone if not (own and each == "tls_config"))
        assert all(each in new for each in kept)
        assert ("min_version: TLS12" in new) is own
        assert job.merged(seen(*config(new)), settings(**after)) == (new, new)
        if not after:
            assert new == text


def test_the_scheme_is_this_toolkits_only_with_its_files_for_tls() -> None:
    https = f"{CONFIG}    scheme: https\n"
    password, tls = (
        f"web_mode prometheus:77:0:400 {path}" for path in (PASSWORD, web_files.WEB_CONFIG_TLS)
    )
    owned = f"{https}    tls_config: {{ca_file: /own}}\n"
    for text, line, goes in (
        (https, password, False),
        (owned, password, False),
        (https, tls, True),
        (owned, tls, False),
    ):
        after = job.merged(seen(*config(text), line), settings())[1]
        assert after == (CONFIG if goes else text)


def test_the_job_is_merged_with_the_fields() -> None:
    given = settings(**CLOSED)
    wanted = job.job(seen(), given)
    assert list(wanted) == [
        *("job_name", "honor_labels", "scheme", "basic_auth", "tls_config", "static_configs")
    ]
    assert wanted_job(look(data=CLOSED)) == wanted
    old, new = job.merged(seen(*config(CONFIG)), given)
    assert new == merge_job(old, wanted) != old
    assert job.merged(seen(*config(new)), given) == (new, new)
    assert job.merged(seen(*config(WITH_LOGIN)), settings()) == (WITH_LOGIN, CONFIG)


def test_the_lines_to_write_have_the_client_certificate() -> None:
    data = {**CLOSED, "pushgateway_cert_file": "/client.pem"}
    lines = lines_to_write(look(data=data), None) or ""
    assert "cert_file: /etc/pushgateway-lab/scrape.crt" in lines
    assert "key_file: /etc/pushgateway-lab/scrape.key" in lines


def with_target(target: str) -> str:
    return CONFIG.replace("localhost:9091", target)


AT_IPV6 = {"pushgateway_listen_address": "[::1]:9091"}


@pytest.mark.parametrize(
    ("given", "written", "scraped"),
    [
        (USER, "localhost:9091", "127.0.0.1:9091"),
        (USER, "[::]:9091", "127.0.0.1:9091"),
        (USER, "0.0.0.0:9091", "127.0.0.1:9091"),
        (USER, "localhost:9091 ", "127.0.0.1:9091"),
        (USER, "127.0.0.1:9091", "127.0.0.1:9091"),
        (USER | AT_IPV6, "localhost:9091", "[::1]:9091"),
        (USER | AT_IPV6, "[::1]:9091", "[::1]:9091"),
        # Nobody else can be there, or has the certificate; without a user there is no password.
        (USER, "one:9091", "one:9091"),
        (USER | TLS, "localhost:9091", "localhost:9091"),
        (USER | LAB_CA, "localhost:9091", "localhost:9091"),
        ({}, "localhost:9091", "localhost:9091"),
        ({}, "[::]:9091", "[::]:9091"),
        # Somebody wanted it.
        (USER | {"pushgateway_targets": ["localhost:9091"]}, "localhost:9091", "localhost:9091"),
    ],
)
def test_a_password_without_tls_goes_to_an_address_at_which_only_the_pushgateway_listens(
    given: dict[str, Any], written: str, scraped: str
) -> None:
    new = job.merged(seen(*config(with_target(written)), *HOSTS), settings(**given))[1]
    mine = job_in_file(look(config=new))
    assert mine is not None
    assert mine.targets == (scraped,)
    assert job.merged(seen(*config(new), *HOSTS), settings(**given)) == (new, new)


def test_without_a_job_the_target_is_the_address() -> None:
    for given, scraped in (
        (USER, "127.0.0.1:9091"),
        (USER | AT_IPV6, "[::1]:9091"),
        ({}, "localhost:9091"),
    ):
        wanted = job.job(seen(*HOSTS), settings(**given))
        assert wanted["static_configs"] == [{"targets": [scraped]}]


def test_a_corrected_target_of_the_owner_is_not_noted_as_added() -> None:
    old, new = job.merged(seen(*config(CONFIG), *HOSTS), settings(**USER))
    assert note_after(seen(), settings(**USER), old, new) == ""
    ours = note_after(seen(), settings(), "", CONFIG)
    noted = seen(*config(CONFIG), *HOSTS, f"added_targets {ours}")
    assert "=127.0.0.1:9091" in note_after(noted, settings(**USER), old, new)


def test_commands_with_a_password_have_the_address() -> None:
    assert gateway.url(look(*RUNNING, data=USER)) == "http://127.0.0.1:9091"
    assert gateway.url(look(*RUNNING)) == "http://localhost:9091"
