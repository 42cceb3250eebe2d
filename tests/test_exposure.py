"""A Pushgateway that everybody could wipe: how it is seen, refused, allowed, and shown by verify; without a host."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from looks import CONFIG, encoded, look, unit
from pushgateway_lab.course import start_line
from pushgateway_lab.install import preflight
from pushgateway_lab.installations import exposure
from pushgateway_lab.installations.flags import parse_flags
from pushgateway_lab.installations.web_files import WEB_CONFIG
from pushgateway_lab.lab import running_flags
from pushgateway_lab.lab.results import State
from pushgateway_lab.pushgateway import open_admin_api
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.host_files import host_file
from snapshots import BOTH, DEBIAN, GATEWAY, argv, config, flags, listen, seen, settings

HASH = "$2y$05$abcdefghijklmnopqrstuv"
USERS = f"basic_auth_users:\n  trainer: {HASH}\n"
MUTUAL = """\
tls_server_config:
  cert_file: web.crt
  key_file: web.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.pem
"""
FILE = "--web.config.file=/etc/web.yml"
OPEN = {"pushgateway_listen_address": "0.0.0.0:9091"}
OWN = ["--web.enable-admin-api", f"--web.config.file={WEB_CONFIG}"]
CLOSED = {"pushgateway_basic_auth_users": {"trainer": "/x"}}


def web_config(word: str, path: str = "/etc/web.yml") -> str:
    """Return the line of a web configuration file."""
    return f"web_config {word} {encoded(path)}"


# What a web configuration file asks for


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (USERS, "users"),
        (f"# ours\r\n---\r\n{USERS}".replace("\n", "\r\n"), "users"),
        (f"'basic_auth_users' : # trainers\n\n  # one\n  'a': '{HASH}'\n", "users"),
        (f"basic_auth_users: {{a: {HASH}}}\n", "users"),
        (f"{MUTUAL}{USERS}", "users"),
        ("basic_auth_users:\n", "none"),
        ("basic_auth_users: {}\n", "none"),
        ("basic_auth_users: { }\n", "none"),
        ("basic_auth_users:\n  # trainer: x\n", "none"),
        ("basic_auth_users:\nhttp_server_config:\n  http2: true\n", "none"),
        (f"#{USERS}", "none"),
        ("http_server_config:\n  headers:\n    basic_auth_users: x\n", "none"),
        # In a second document, which is not read.
        (f"http_server_config:\n  http2: true\n---\n{USERS}", "none"),
        (MUTUAL, "certificates"),
        (MUTUAL.replace("RequireAndVerifyClientCert", '"RequireAndVerifyClientCert" # all'), "certificates"),
        (MUTUAL.replace("client_ca_file: ca.pem", "client_ca: |\n    -----BEGIN"), "certificates"),
        # Without authorities of its own, those of the host count, and so the certificates of many people.
        (MUTUAL.replace("  client_ca_file: ca.pem\n", ""), "none"),
        (MUTUAL.replace("ca.pem", '""'), "none"),
        *(
            (MUTUAL.replace("RequireAndVerifyClientCert", policy), "none")
            for policy in (
                "NoClientCert",
                "RequestClientCert",
                "RequireClientCert",
                "RequireAnyClientCert",
                "VerifyClientCertIfGiven",
            )
        ),
        (MUTUAL.replace("tls_server_config", "http_server_config"), "none"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_a_web_configuration_file_asks_for(text: str, word: str) -> None:
    shell = ["/bin/sh", "-c", host_file("web-config.sh") + "asked_for"]
    done = subprocess.run(shell, input=text, capture_output=True, text=True, check=True, cwd="/")
    assert (done.stdout.strip(), done.stderr) == (word, "")


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("/bin/pushgateway --a", []),
        (f"/bin/pushgateway {FILE} --b", ["/etc/web.yml"]),
        ("/bin/pushgateway\n--web.config.file\n/etc/web.yml\n--b", ["/etc/web.yml"]),
        ("ARGS='--web.config.file=\"/etc/web.yml\" --b'", ["/etc/web.yml"]),
        (f'ARGS="--b {FILE}"', ["/etc/web.yml"]),
        (f"{FILE} {FILE} --web.config.file=b", ["/etc/web.yml", "b"]),
        ("--web.config.file= --web.config.file", []),
        ("--web.config.filed=/a --web.config.file", []),
        # Each file takes programs, so there is a limit.
        (" ".join(f"--web.config.file=/{n}" for n in range(9)), ["/0", "/1", "/2", "/3"]),
        ("--web.config.file=$(touch$IFS/run/x)*", ["$(touch$IFS/run/x)*"]),
    ],
)
def test_the_web_configuration_files_that_flags_name(text: str, files: Sequence[str]) -> None:
    names = 'web_configs="" web_configs_left=4; note_web_configs "$1"; printf %s "$web_configs"'
    shell = ["/bin/sh", "-c", host_file("whose.sh") + host_file("web-config.sh") + names, "sh", text]  # fmt: skip
    done = subprocess.run(shell, capture_output=True, text=True, check=True, cwd="/")
    assert (done.stdout.splitlines(), done.stderr) == (list(files), "")


ROOTS = "1 1 0 0 640 /etc/web.yml\n1 1 0 0 755 /\n1 1 0 0 755 /etc\n"


@pytest.mark.parametrize(
    ("text", "stats", "word"),
    [
        (USERS, ROOTS, "users"),
        (MUTUAL, ROOTS, "certificates"),
        (USERS, ROOTS.replace("755 /etc", "1777 /etc"), "replaceable"),
        (USERS, ROOTS.replace("755 /etc", "775 /etc"), "replaceable"),
        (USERS, ROOTS.replace("0 0 755 /etc", "1000 0 755 /etc"), "replaceable"),
        (USERS, ROOTS.replace("0 0 640", "1000 0 640"), "replaceable"),
        (USERS, ROOTS.replace("640", "660"), "replaceable"),
        (MUTUAL, ROOTS.replace("640", "646"), "replaceable"),
        (USERS, f"{ROOTS}? ? ? ? ? ?\n", "replaceable"),
        ("basic_auth_users:\n", ROOTS.replace("640", "666"), "none"),
        ("", ROOTS.replace("640", "666"), ""),
    ],
)
def test_only_a_file_that_root_alone_can_change_counts(
    tmp_path: Path, text: str, stats: str, word: str
) -> None:
    (tmp_path / "web.yml").write_text(text)
    stubs = 'stat_all() { printf %s "$stats"; }; find_reader() { :; }; as_reader() { "$@"; }; '
    program = f'{stubs}user= group= exists=no; judge_web_config "$file" 0'
    done = subprocess.run(
        ["/bin/sh", "-c", host_file("whose.sh") + host_file("web-config.sh") + program],
        env={"PATH": "/usr/bin:/bin", "stats": stats, "file": str(tmp_path / "web.yml")},
        capture_output=True,
        text=True,
        check=True,
    )
    said, _, path = done.stdout.strip().removeprefix("web_config ").partition(" ")
    assert (said, done.stderr) == (word, "")
    assert path == (encoded(str(tmp_path / "web.yml")) if word else "")


# What is refused


@pytest.mark.parametrize(
    ("words", "lines", "reached"),
    [
        ("", (), [":9091"]),
        ("--web.listen-address=127.0.0.1:9091", (), []),
        ("--web.listen-address=localhost:9091 --web.listen-address=[::1]:9091", (), []),
        ("--web.listen-address=127.0.0.1:1 --web.listen-address=10.0.0.7:2", (), ["10.0.0.7:2"]),
        (f"--web.listen-address=:1 {FILE}", (), [":1"]),
        (f"--web.listen-address=:1 {FILE}", (web_config("none"),), [":1"]),
        (f"--web.listen-address=:1 {FILE}", (web_config("users", "/etc/other.yml"),), [":1"]),
        (f"--web.listen-address=:1 {FILE}", (web_config("users"),), []),
        (f"--web.listen-address=:1 {FILE}", (web_config("certificates"),), []),
        (f"--web.listen-address=:1 {FILE}", (web_config("replaceable"),), [":1"]),
        # A word that this toolkit does not know, of a host that says anything.
        (f"--web.listen-address=:1 {FILE}", (web_config("x"),), [":1"]),
        ("--web.listen-address=:1", (web_config("users", ""),), [":1"]),
    ],
)
def test_the_addresses_that_are_open(
    words: str, lines: Sequence[str], reached: Sequence[str]
) -> None:
    found = seen(*BOTH, *lines)
    assert exposure.open_addresses(found, settings(), parse_flags(words.split())) == reached


@pytest.mark.parametrize(
    ("text", "lines", "data", "is_refused"),
    [
        # On a bare host, the planned flags count.
        ("", (), {}, False),
        ("", (), OPEN, True),
        ("", (), OPEN | {"pushgateway_admin_api": False}, False),
        ("", (), OPEN | {"pushgateway_allow_open_admin_api": True}, False),
        ("", (), OPEN | {"pushgateway_extra_flags": {"web.config.file": "/etc/web.yml"}}, True),
        (
            "",
            (web_config("users"),),
            OPEN | {"pushgateway_extra_flags": {"web.config.file": "/etc/web.yml"}},
            False,
        ),
        # An administrator's flags, which stay.
        ("--web.listen-address=:9091", (), {}, True),
        ("--web.listen-address=:9091 --no-web.enable-admin-api", (), {}, False),
        ("--web.listen-address=:9091 --web.enable-admin-api", (), {}, True),
        (f"--web.listen-address=:9091 {FILE}", (), {}, True),
        (f"--web.listen-address=:9091 {FILE}", (web_config("none"),), {}, True),
        (f"--web.listen-address=:9091 {FILE}", (web_config("users"),), {}, False),
        # This run closes it.
        (
            "--web.listen-address=:9091 --web.enable-admin-api",
            (),
            {"pushgateway_listen_address": "127.0.0.1:9091"},
            False,
        ),
        (
            "--web.listen-address=:9091 --web.enable-admin-api",
            (),
            {"pushgateway_admin_api": False},
            False,
        ),
    ],
)
def test_whom_bootstrap_and_prepare_refuse(
    text: str, lines: Sequence[str], data: dict[str, Any], *, is_refused: bool
) -> None:
    has_text = [flags(f'ARGS="{text}"\n'), *unit(GATEWAY)] if text else []
    found = seen(*DEBIAN, *has_text, *lines)
    looked = replace(look(data=data, said={"groups": []}), snapshot=found)
    if not is_refused:
        assert preflight.is_free(found, settings(**data))
        assert start_line.is_free(looked, looked.settings)
        return
    says = r"would listen on (:|0\.0\.0\.0:)9091 with --web\.enable-admin-api and without authentication"
    refusing: tuple[Callable[[], bool], ...] = (
        partial(preflight.is_free, found, settings(**data)),
        partial(start_line.is_free, looked, looked.settings),
    )
    for refuse in refusing:
        with pytest.raises(HostError, match=says) as refusal:
            refuse()
        # All ways out are named.
        for way in (
            "pushgateway_listen_address=127.0.0.1:9091",
            "pushgateway_admin_api=False",
            "or authentication (docs/hosts.md): ",
            "pushgateway_allow_open_admin_api=True",
        ):
            assert way in str(refusal.value)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ((), "/etc/web.yml could not be read as the user of the Pushgateway"),
        ((web_config("none"),), "/etc/web.yml has neither users (basic_auth_users) nor client"),
        (
            (web_config("replaceable"),),
            "/etc/web.yml does not count as authentication, because another user",
        ),
    ],
)
def test_a_web_configuration_file_that_does_not_help_is_named(
    lines: Sequence[str], says: str
) -> None:
    found = seen(*BOTH, flags(f'ARGS="--web.listen-address=:9095 {FILE}"\n'), *lines)
    with pytest.raises(HostError) as refusal:
        open_admin_api.check(found, settings())
    assert says in str(refusal.value)
    assert "pushgateway_listen_address=127.0.0.1:9095" in str(refusal.value)
    assert "basic_auth_users in /etc/web.yml, and pushgateway_username" in str(refusal.value)
    assert "pushgateway_generate_password" not in str(refusal.value)


def test_a_pushgateway_of_another_host_is_that_hosts_matter() -> None:
    there = {
        "pushgateway_url": "http://push.example.org:9091",
        "pushgateway_targets": ["push.example.org:9091"],
    }
    open_admin_api.check(seen(*DEBIAN), settings(**there, **OPEN))
    assert not list(open_admin_api.notes(seen(*DEBIAN), settings(**there, **OPEN)))


def test_a_process_of_no_service_is_refused_whatever_the_settings_want() -> None:
    process = f"process pushgateway 7 {encoded('0::/user.slice/x.scope')}"
    command = argv("./pushgateway", "--web.enable-admin-api")
    found = seen(*DEBIAN, *unit("prometheus.service"), *config(CONFIG), process, command)
    for data in ({}, {"pushgateway_listen_address": "127.0.0.1:9091"}):
        with pytest.raises(
            HostError, match=r"process 7\) listens on :9091 .*Start it anew with --web"
        ):
            preflight.is_free(found, settings(**data))
    allowed = settings(pushgateway_allow_open_admin_api=True)
    assert preflight.is_free(found, allowed)
    assert ["push and wipe (pushgateway_allow" in each for each in open_admin_api.notes(found, allowed)] == [True]  # fmt: skip
    assert preflight.is_free(
        seen(*DEBIAN, *unit("prometheus.service"), *config(CONFIG), process, argv("./pushgateway")),
        settings(),
    )


@pytest.mark.parametrize(
    ("data", "lines", "says"),
    [
        ({"pushgateway_admin_api": False}, (), ["everybody who can reach that port can push. To"]),
        (
            {"pushgateway_allow_open_admin_api": True},
            (),
            ["can push and wipe (pushgateway_allow_open_admin_api). To change the address"],
        ),
        ({}, (web_config("users"),), []),
        ({"pushgateway_listen_address": "127.0.0.1:9091"}, (), []),
    ],
)
def test_what_a_trainer_reads_of_an_open_address(
    data: dict[str, Any], lines: Sequence[str], says: Sequence[str]
) -> None:
    found = seen(*BOTH, flags(f'ARGS="--web.listen-address=:9091 {FILE}"\n'), *lines)
    told = list(open_admin_api.notes(found, settings(**data)))
    assert len(told) == len(says)
    assert all(words in note for words, note in zip(says, told, strict=True))


# What verify says


@pytest.mark.parametrize(
    ("words", "data", "lines", "says", "fix"),
    [
        (
            ["--web.enable-admin-api"],
            {},
            (),
            "Everybody who reaches it can push and wipe. To close it, write --web.listen-address=127.0.0.1:9091 to ARGS in",
            '   # ARGS="... --web.listen-address=127.0.0.1:9091"\nsudo systemctl restart',
        ),
        (
            ["--web.enable-admin-api"],
            {"pushgateway_allow_open_admin_api": True},
            (),
            "can push and wipe. pushgateway_allow_open_admin_api allows that.",
            None,
        ),
        ([], {}, (), "Everybody who reaches it can push.", None),
        (["--web.enable-admin-api", FILE], {}, (web_config("users"),), "It asks for a password", None),
        (["--web.enable-admin-api", FILE], {}, (web_config("none"),), "can push and wipe. To close", "sudoedit"),
        # Somebody took the users out of the file that the settings want.
        (OWN, CLOSED, (web_config("none", WEB_CONFIG),), "can push and wipe. To close", "sudoedit"),
        (OWN, CLOSED, (), "can push and wipe. To close", "sudoedit"),
        (OWN, CLOSED, (web_config("users", WEB_CONFIG),), "It asks for a password", None),
        (OWN, {}, (web_config("users", WEB_CONFIG),), "It asks for a password", None),
    ],
)  # fmt: skip
def test_verify_names_what_everybody_can_wipe_and_no_stage_stops(
    words: Sequence[str], data: dict[str, Any], lines: Sequence[str], says: str, fix: str | None
) -> None:
    looked = look(
        *unit(GATEWAY),
        listen("::", inode="77"),
        "pushgateway_socket socket:[77]",
        argv("prometheus-pushgateway", *words),
        *lines,
        data=data | {"pushgateway_listen_address": ":9091"},
    )
    finding = running_flags.listens(looked)
    assert finding.state is State.DONE
    assert says in finding.says
    assert (fix is None and finding.fix is None) or (fix or "") in (finding.fix or "")


@pytest.mark.parametrize(
    ("address", "is_on_loopback"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("0.0.0.0", False),
     ("::", False), ("10.0.0.7", False), ("::ffff:10.0.0.7", False)],
)  # fmt: skip
def test_whether_others_reach_a_socket(address: str, *, is_on_loopback: bool) -> None:
    [listener] = seen(listen(address)).listeners
    assert listener.is_on_loopback is is_on_loopback
