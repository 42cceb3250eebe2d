"""The places of secrets in settings: what is accepted, and what contradicts another setting. Without hosts."""

import os
import re
from pathlib import Path

import pytest

from pushgateway_lab.credentials import kept_passwords
from pushgateway_lab.settings import SettingsError, parse_settings
from pushgateway_lab.settings.secret_source import (
    Kind,
    Source,
    path_component,
    source,
    sources_of_users,
)
from secret_places import OWN

pytestmark = pytest.mark.usefixtures("state")


@pytest.mark.parametrize(
    ("name", "component"),
    [
        ("vm01.example.org", "vm01.example.org"),
        ("web_1-a~b", "web_1-a~b"),
        ("@local", "%40local"),
        ("..", "%2E."),
        (".", "%2E"),
        ("../../etc/shadow", "%2E.%2F..%2Fetc%2Fshadow"),
        ("/etc/shadow", "%2Fetc%2Fshadow"),
        ("-x", "%2Dx"),
        ("~root", "%7Eroot"),
        ("a\0b\n", "a%00b%0A"),
        ("%2E.", "%252E."),
        ("{host}", "%7Bhost%7D"),
        ("ü\ud800", "%C3%BC%ED%A0%80"),
    ],
)
def test_a_hosts_name_is_one_component_of_a_path(tmp_path: Path, name: str, component: str) -> None:
    assert path_component(name) == component
    place = Source(Kind.FILE, (f"{tmp_path}/{{host}}",)).for_host(name)
    assert Path(os.path.normpath(place.words[0])).parent == tmp_path
    assert "/" not in kept_passwords.path_of(component).name


def test_a_secret_in_the_place_of_its_place_is_not_shown() -> None:
    for value in ("hunter2", {"password": "hunter2"}, {"command": "hunter2 'x"}, ["hunter2"]):
        with pytest.raises(SettingsError) as error:
            parse_settings({"pushgateway_basic_auth_users": {"trainer": value}})
        assert "hunter2" not in str(error.value)
        assert str(error.value).startswith(
            "pushgateway_basic_auth_users = ***: user 'trainer': the place must "
        )
    for key in ("pushgateway_password_file", "prometheus_password_file"):
        with pytest.raises(SettingsError) as error:
            parse_settings({key: "hunter2"})
        assert str(error.value) == f"{key} = ***: must be a path with a slash, such as ./secret"
    for value in ("hunter2", {"file": "hunter2"}):
        with pytest.raises(ValueError, match=r"must be a path with a slash, such as \./secret"):
            source(value)
    assert source("./secret") == source({"file": "./secret"})
    for key in ("pushgateway_password_command", "pushgateway_generate_password"):
        with pytest.raises(SettingsError, match=rf"^{key} = \*\*\*: must ") as error:
            parse_settings({key: "hunter2 '"})
        assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("", "not empty"),
        ({}, "one of"),
        ({"generate": False}, "one of"),
        ({"generate": True, "file": "x"}, "one of"),
        ({"generator": True}, "one of"),
        (7, "one of"),
        ({"command": []}, "must be a text or a list of words"),
        ({"command": ""}, "must be a text or a list of words"),
        ({"command": [""]}, "must be a text or a list of words"),
        ({"command": ["a", 7]}, "must be a text or a list of words"),
        ({"command": "pass 'show"}, "complete quotes"),
        ({"command": ["a\0"]}, "U\\+0000"),
        ({"command": ["a"] * 101}, "at most 100"),
        ({"environment": "A B"}, "environment variable"),
        ({"environment": "A=B"}, "environment variable"),
        ({"environment": "{vm}"}, "environment variable"),
    ],
)
def test_what_is_no_place_is_refused(place: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        source(place)


def test_users_have_passwords_of_their_own() -> None:
    found = sources_of_users({"trainer": {"generate": True}, "a/": {"generate": True}})
    kept = [each.for_host("vm:1").words[0] for each in found.values()]
    assert kept == ["vm%3A1:trainer", "vm%3A1:a%2F"]
    with pytest.raises(ValueError, match="colon"):
        sources_of_users({"a:b": "/x"})
    with pytest.raises(ValueError, match="must map user names"):
        sources_of_users(["trainer"])


@pytest.mark.parametrize("key", OWN)
def test_a_password_comes_from_one_place(key: str) -> None:
    user = {"pushgateway_username": "trainer"}
    found = parse_settings(user | {key: OWN[key]}).password_sources("pushgateway")
    assert list(found) == [key]
    for other in OWN.keys() - {key}:
        with pytest.raises(SettingsError, match=f"{key}.*a password comes from one of them"):
            parse_settings(user | {each: OWN[each] for each in OWN if each in (key, other)})
    group_and_host = user | OWN | dict.fromkeys(OWN.keys() - {key})
    assert list(parse_settings(group_and_host).password_sources("pushgateway")) == [key]
    assert not parse_settings({}).password_sources("pushgateway")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        *(
            ({key: OWN[key]}, f"{key}: needs pushgateway_username, the name of the user")
            for key in OWN
        ),
        (
            {"prometheus_password_file": "/x"},
            "prometheus_password_file: needs prometheus_username, the name of the user",
        ),
        (
            {"pushgateway_username": "trainer"},
            "pushgateway_username: needs a password; set pushgateway_password_file, or pushgateway_gen",
        ),
        (
            {"prometheus_username": "trainer"},
            "prometheus_username: needs a password; set prometheus_password_file (docs/secrets.md)",
        ),
    ],
)
def test_a_user_and_a_password_go_together(data: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError) as error:
        parse_settings(data)
    assert str(error.value).startswith(says)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("further", "says"),
    [
        ({"pushgateway_username": None}, "needs pushgateway_username"),
        ({"pushgateway_password_file": "/x"}, "comes from pushgateway_password_file already"),
        (
            {"pushgateway_basic_auth_users": {"trainer": "/x"}},
            'write {"generate": True} for users of',
        ),
    ],
)
def test_a_generated_password_contradicts_another(further: dict[str, object], says: str) -> None:
    data = {"pushgateway_generate_password": True, "pushgateway_username": "trainer"}
    with pytest.raises(SettingsError, match=re.escape(says)):
        parse_settings(data | further)
