"""Settings that contradict each other. Without hosts."""

import pytest

from pushgateway_lab.settings import SettingsError, parse_settings
from web_looks import settings

pytestmark = pytest.mark.usefixtures("state")


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
            {"pushgateway_basic_auth_users": {"a": "/x"}, "pushgateway_password_file": "/x"},
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
