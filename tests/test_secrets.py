"""Secrets of settings: fetched once for a run, one for each host, and never shown. Without hosts."""

import os
from pathlib import Path

import pytest

from pushgateway_lab.credentials import kept_passwords
from pushgateway_lab.credentials.command import LARGEST
from pushgateway_lab.http import access
from pushgateway_lab.pruning import files
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings, parse_settings
from pushgateway_lab.settings.secret_source import (
    path_component,
    source,
)
from secret_places import OWN, SECRET, fetched, refused


def test_each_host_has_the_secret_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("vm-01.example.org", "@local")
    for name in names:
        (tmp_path / path_component(name)).write_text(f"{name}'s\n")
    monkeypatch.setenv("LAB_vm_01_example_org", "vm-01.example.org's")
    monkeypatch.setenv("LAB__local", "@local's")
    expected = [f"{name}'s" for name in names]
    assert fetched(f"{tmp_path}/{{host}}", *names) == expected
    assert fetched({"file": f"{tmp_path}/{{host}}"}, *names) == expected
    assert fetched({"environment": "LAB_{host}"}, *names) == expected
    assert fetched({"command": ["cat", f"{tmp_path}/{{host}}"]}, *names) == expected
    assert fetched({"command": f"cat '{tmp_path}/{{host}}'"}, *names) == expected
    (tmp_path / "dollar").write_text("$(id) {host}")
    assert fetched({"command": ["cat", f"{tmp_path}/dollar"]}) == ["$(id) {host}"]


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_line_end_is_no_part_of_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    text = f" {SECRET} "
    (tmp_path / "password").write_text(f"{text}{end}", newline="")
    monkeypatch.setenv("LAB", f"{text}{end}")
    for place in (
        str(tmp_path / "password"),
        {"environment": "LAB"},
        {"command": ["cat", str(tmp_path / "password")]},
    ):
        assert fetched(place) == [text]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"s3cret\nuser: trainer\n", "has several lines"),
        (b"s3cret\n\n", "has several lines"),
        (b"s3cret\rx", "has several lines"),
        (b"s3cret\t", "control character"),
        (b"s3cret\x1b[2J", "control character"),
        (b"s3cret\xff", "not text in UTF-8"),
        (b"s3cret" * 1000, f"more than {LARGEST} bytes"),
    ],
)
def test_what_is_no_secret_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, says: str
) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    monkeypatch.setenv("LAB", os.fsdecode(content))
    assert f"{path} " in refused(str(path))
    assert says in refused(str(path))
    assert says in refused({"environment": "LAB"})
    assert says in refused({"command": ["cat", str(path)]})


def test_a_place_without_a_secret_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "/nowhere/vm01 cannot be read here: No such file" in refused("/nowhere/{host}")
    assert "is not a regular file" in refused(str(tmp_path / "pipe"))
    assert "is not a regular file" in refused(str(tmp_path))
    assert "variable LAB_vm01 is not set: export it" in refused({"environment": "LAB_{host}"})
    # Somebody may have written the secret itself.
    assert "hunter2" not in refused({"environment": "hunter2"})
    assert "hunter2" not in refused({"command": "hunter2"})
    assert "nosuch cannot be started here" in refused({"command": "nosuch show lab"})
    assert "The program that it names cannot be started here: No such file" in refused(
        {"command": ["no-such-program"]}
    )


@pytest.mark.usefixtures("state")
def test_the_user_of_a_generated_password_is_one_whom_the_pushgateway_asks() -> None:
    data = {"pushgateway_generate_password": True, "pushgateway_username": "trainer"}
    settings = parse_settings(data, host="vm01")
    assert settings.pushgateway_basic_auth_users == {"trainer": source({"generate": True})}
    found = access.to_pushgateway(settings)
    kept = kept_passwords.keep("vm01").read_text().strip()
    assert (found.username, found.password) == ("trainer", kept)
    assert kept not in repr((settings, found))


@pytest.mark.parametrize("key", OWN)
def test_the_credentials_have_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    (tmp_path / "vm01").write_text(SECRET)
    monkeypatch.setenv("LAB_vm01", SECRET)
    value = {
        "pushgateway_password_file": f"{tmp_path}/{{host}}",
        "pushgateway_password_command": ["cat", f"{tmp_path}/{{host}}"],
    }.get(key, OWN[key])
    settings = parse_settings({key: value, "pushgateway_username": "trainer"}, host="vm01")
    found = access.to_pushgateway(settings)
    assert (found.username, found.password) == ("trainer", SECRET)
    assert SECRET not in repr((settings, found))
    assert access.to_prometheus(settings).username is None


def prune(**data: object) -> Settings:
    given = {"pushgateway_prune_after": "24h", "pushgateway_username": "trainer"}
    return parse_settings(given | data, host="vm01")


def test_a_look_compares_the_secrets_of_the_prune_alone(tmp_path: Path) -> None:
    (tmp_path / "vm01").write_text(f"{SECRET}\n")
    path = f"{tmp_path}/{{host}}"
    found = files.secrets_of(prune(pushgateway_password_file=path))
    assert [data for _, data in found] == [SECRET.encode()]
    nowhere = {"pushgateway_password_file": "/nowhere"}
    assert files.secrets_of(prune(**nowhere, pushgateway_prune_after=None)) == []
    with pytest.raises(HostError, match="/nowhere cannot be read here"):
        files.secrets_of(prune(**nowhere))
