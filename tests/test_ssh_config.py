"""OpenSSH's client configuration, as pyinfra is told it: what OpenSSH understands, it understands."""

import os
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from paramiko import ConfigParseError
from pyinfra.connectors.sshuserclient import client

from pushgateway_lab.run import ssh_config
from pushgateway_lab.run.ssh_config import Config, Jump

BASTION = (Jump("bastion", None, None),)


@pytest.fixture(autouse=True)
def _installed() -> None:
    ssh_config.bound()
    ssh_config.bound()


def config(text: str) -> Config:
    read = Config()
    read.parse(StringIO(text))  # type: ignore[no-untyped-call]
    return read


@pytest.mark.parametrize(
    ("written", "jumps"),
    [
        ("ProxyJump none", ()),
        ("ProxyJump None", ()),
        ('ProxyJump "none"', ()),
        ("ProxyJump bastion", BASTION),
        ("ProxyJump=bastion", BASTION),
        ("ProxyJump me@bastion:2222", (Jump("bastion", "me", 2222),)),
        ("ProxyJump me@here@bastion", (Jump("bastion", "me@here", None),)),
        ("ProxyJump ssh://me@bastion:2222/", (Jump("bastion", "me", 2222),)),
        ("ProxyJump [fe80::1]:2222", (Jump("fe80::1", None, 2222),)),
        ("ProxyJump fe80::1", (Jump("fe80::1", None, None),)),
        ("ProxyJump a, b@b", (Jump("a", None, None), Jump("b", "b", None))),
        ("ProxyJump %h-jump", (Jump("vm-jump", None, None),)),
        # The first of the two prevents the other, also as none.
        ("ProxyJump bastion\nProxyCommand nc %h %p", BASTION),
        ("ProxyCommand nc %h %p\nProxyJump bastion", ()),
        ("ProxyCommand none\nProxyJump bastion", ()),
        ("ProxyJump none\nProxyJump bastion", ()),
    ],
)
def test_the_jump_hosts_of_a_host(written: str, jumps: tuple[Jump, ...]) -> None:
    read = config(f"Host vm\n{written}")
    assert read.jumps("vm") == jumps
    # pyinfra is told of none of them.
    assert "proxyjump" not in read.lookup("vm")
    assert ("proxycommand" in read.lookup("vm")) == written.startswith("ProxyCommand nc")


def test_who_is_not_behind_the_jump_host_of_all_others() -> None:
    read = config("Host bastion\n  ProxyJump none\nHost *\n  ProxyJump bastion")
    assert read.jumps("vm") == BASTION
    assert read.jumps("bastion") == ()


@pytest.mark.parametrize(
    "written",
    [
        "Host *\n  ProxyJump bastion",
        "Host vm\n  ProxyJump bastion\nHost bastion\n  ProxyJump other\nHost other\n  ProxyJump Bastion",
    ],
)
def test_a_jump_host_behind_itself(written: str) -> None:
    with pytest.raises(ConfigParseError, match='through itself; write "ProxyJump none" for Host'):
        config(written).jumps("vm")


@pytest.mark.parametrize(
    "written", ["ProxyJump bastion:ssh", "ProxyJump bastion:0", "ProxyJump me@"]
)
def test_a_jump_host_that_openssh_would_not_take_either(written: str) -> None:
    with pytest.raises(ConfigParseError):
        config(f"Host vm\n{written}").jumps("vm")


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("ConnectTimeout none", {}),
        ("ConnectTimeout 1m30s", {"connecttimeout": "90"}),
        ("ServerAliveInterval 1m", {"serveraliveinterval": "60"}),
        ("ServerAliveInterval 0", {}),
        ("Port 22", {"port": "22"}),
        ("ProxyCommand none", {}),
        ("IdentityAgent SSH_AUTH_SOCK", {}),
        ("IdentityAgent none", {"identityagent": "none"}),
        ("IdentityAgent ${PLACE}/agent", {"identityagent": "/place/agent"}),
        ("UserKnownHostsFile none", {"userknownhostsfile": os.devnull}),
        ("UserKnownHostsFile ${PLACE}/known", {"userknownhostsfile": "/place/known"}),
        ("UserKnownHostsFile ${NO_PLACE}/known", {"userknownhostsfile": "${NO_PLACE}/known"}),
        ("IdentityFile /no/key", {}),
        ("IdentityFile none", {}),
    ],
)
def test_what_pyinfra_is_told(
    monkeypatch: pytest.MonkeyPatch, written: str, found: dict[str, Any]
) -> None:
    monkeypatch.setenv("PLACE", "/place")
    options = config(f"Host vm\n{written}").lookup("vm")
    assert dict(options) == {"hostname": "vm"} | found


@pytest.mark.parametrize(
    "written", ["ConnectTimeout soon", "ConnectTimeout -1", "Port http", "Port 0"]
)
def test_a_value_that_openssh_would_not_take_either(written: str) -> None:
    with pytest.raises(ConfigParseError):
        config(f"Host vm\n{written}").lookup("vm")


def test_key_files_that_do_not_exist_are_skipped_and_remembered(tmp_path: Path) -> None:
    (tmp_path / "key").touch()
    read = config(f"Host vm\nIdentityFile /no/key\nIdentityFile {tmp_path}/key\nIdentityFile none")
    assert read.lookup("vm")["identityfile"] == [f"{tmp_path}/key"]
    assert read.missing_keys("vm") == ["/no/key"]


def test_all_key_files_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    cfg: dict[str, Any] = {"key_filename": ["a", "b", "c"]}
    client._attach_identity_with_certificate(cfg, {"identityfile": ["a", "b", "c"]})
    assert cfg == {"key_filename": ["a", "b", "c"]}  # none could be read
    monkeypatch.setattr(client, "load_key_with_certificate", lambda **_: "the key")
    monkeypatch.setattr(Path, "is_file", lambda _: True)
    client._attach_identity_with_certificate(cfg, {"identityfile": ["a", "b", "c"]})
    assert cfg == {"key_filename": ["b", "c"], "pkey": "the key"}


@pytest.mark.parametrize(
    ("match", "matches"),
    [
        ("host vm", True),
        ("HOST vm", True),
        ("exec true", True),
        ('exec "test 1 = 1 && true"', True),
        ("exec false", False),
        ('!exec "test -e /no/file"', True),
        ("localnetwork 10.0.0.0/8", False),
        ("!tagged lab", False),
        ("final all", None),  # paramiko refuses it
    ],
)
def test_which_match_blocks_count(match: str, matches: bool | None) -> None:
    if matches is None:
        with pytest.raises(ConfigParseError):
            config(f"Match {match}\n  User me")
        return
    assert (config(f"Match {match}\n  User me").lookup("vm").get("user") == "me") is matches


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"Host vm\n  nonsense\n", "Unparsable line nonsense"),
        (b"Include config\n", "Include loop"),
        (b"User \xff\n", "utf-8"),
        (None, "does not exist"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "config"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigParseError, match=f"config.*{says}"):
        ssh_config.of(str(path))


def test_no_file_of_the_user_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    client.get_ssh_config.cache.clear()
    assert ssh_config.of(None) is None


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[str], Config | None]:
    def load(text: str) -> Config | None:
        path = tmp_path / "config"
        path.write_text(text)
        return ssh_config.of(str(path))

    return load


def test_pyinfra_reads_it_with_the_patch(loaded: Callable[[str], Config | None]) -> None:
    read = loaded("Host vm\n  ProxyJump bastion\n")
    assert read is not None
    assert read.jumps("vm") == BASTION
