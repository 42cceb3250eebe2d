"""The Pushgateway's web configuration file: its text, the flag that names it, and the URL. Without hosts."""

import pytest
import yaml

from pushgateway_lab import installations
from pushgateway_lab.installations import address, flags, web_files
from pushgateway_lab.installations.flags import Flag
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import parse_settings
from pushgateway_lab.web import web_config
from snapshots import BOTH, argv, seen
from snapshots import flags as flags_line
from web_looks import settings

pytestmark = pytest.mark.usefixtures("state")


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
