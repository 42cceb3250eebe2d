"""Secrets of settings: where they come from, that each is fetched once for a run, and what is refused. Without hosts."""

import ast
import multiprocessing
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyinfra.context import ctx_state

from local_hosts import state_of
from pushgateway_lab.credentials import command, kept_passwords
from pushgateway_lab.credentials.command import LARGEST
from pushgateway_lab.credentials.resolve import secret_of
from pushgateway_lab.credentials.secret_error import SecretError
from pushgateway_lab.http import access
from pushgateway_lab.pruning import files
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings, SettingsError, parse_settings
from pushgateway_lab.settings.secret_source import (
    Kind,
    Source,
    path_component,
    source,
    sources_of_users,
)

SECRET = "s3cret: ü"  # noqa: S105 - a test's
KEY = "pushgateway_password_file"


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of generated passwords, of this test alone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/pushgateway-lab/passwords"


def fetched(place: object, *names: str) -> list[str]:
    """Return the secret of each host of one run."""
    names = names or ("vm01",)
    with ctx_state.use(state_of({name: {} for name in names})):
        return [secret_of(name, KEY, source(place)) for name in names]


def refused(place: object, *names: str) -> str:
    """Return the error about a secret that cannot be fetched; it has no secret."""
    with pytest.raises(HostError) as error:
        fetched(place, *names)
    told = str(error.value)
    assert told.startswith(f"{KEY}: ")
    assert "s3cret" not in told
    assert told.isprintable()
    return told


def shell(script: str) -> dict[str, list[str]]:
    return {"command": ["sh", "-c", script]}


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
    assert "no-such-program cannot be started here: No such file" in refused(
        {"command": ["no-such-program"]}
    )


def test_a_command_that_fails_is_quoted_without_the_secret() -> None:
    told = refused(
        shell("printf 's3cret\\n'; printf 'a warning\\nis s3cret \\033[2J\\n' >&2; exit 3")
    )
    assert "sh ended with exit code 3: is *** \\x1b[2J. Run it by hand" in told
    assert "ended with exit code 1. Run" in refused(shell("exit 1"))
    assert "ended by signal 15" in refused(shell("kill $$"))
    assert len(refused(shell("yes complaint | head -c 900000 >&2; exit 1"))) < 600


@pytest.mark.parametrize(
    "script",
    [
        "echo s3cret; echo 'user: trainer'; echo 'no key for s3cret' >&2; exit 1",
        "echo s3cret; echo s3cret-old; echo 'old: s3cret-old' >&2; exit 1",
        'set -x; password=s3cret; echo "$password" | false',
        "echo 's3cret in a trace of bash' >&2; echo '++ pass s3cret' >&2; echo failed >&2; exit 1",
        "{ yes s3cret | head -c 5000 | tr -d '\\n'; } >&2; exit 1",
    ],
)
def test_the_standard_error_of_a_command_does_not_tell_the_secret(script: str) -> None:
    assert "sh ended with exit code 1" in refused(shell(script))


def test_a_secret_in_the_place_of_its_place_is_not_shown() -> None:
    for value in ("hunter2", {"password": "hunter2"}, {"command": "hunter2 'x"}, ["hunter2"]):
        with pytest.raises(SettingsError) as error:
            parse_settings({"pushgateway_basic_auth_users": {"trainer": value}})
        assert "hunter2" not in str(error.value)
        assert str(error.value).startswith(
            "pushgateway_basic_auth_users = ***: user 'trainer': the place must "
        )
    with pytest.raises(ValueError, match=r"must be a path with a slash, such as \./secret"):
        source("hunter2")
    assert source("./secret") == source({"file": "secret"})
    for key in ("pushgateway_password_command", "pushgateway_generate_password"):
        with pytest.raises(SettingsError, match=rf"^{key} = \*\*\*: must ") as error:
            parse_settings({key: "hunter2 '"})
        assert "hunter2" not in str(error.value)


def test_a_command_has_limits() -> None:
    started = time.monotonic()
    assert f"printed more than {LARGEST} bytes" in refused({"command": ["yes"]})
    for waits in (
        "sleep 60 & sleep 60",
        "sleep 60 &",
    ):  # the second one ends, but its child holds the pipe
        with pytest.raises(SecretError, match=r"sh did not end within 0.3 s\. Run it by hand"):
            command.output_of(["sh", "-c", waits], timeout=0.3)
    assert time.monotonic() - started < 20


def test_a_command_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPG_TTY", "/dev/tty")
    asks = 'read -r answer && echo "$answer"; (: </dev/tty) 2>/dev/null && echo terminal; echo "-$GPG_TTY-"'
    assert command.output_of(["sh", "-c", asks]) == b"--\n"


def test_each_command_runs_once(tmp_path: Path) -> None:
    names = ("vm01", "vm02", "vm03")
    log = tmp_path / "log"
    for words, runs in (("x", 1), ("{host}", len(names))):
        log.write_text("")
        script = f'echo ran >>{log}; echo "password of $0"'
        place = source({"command": ["sh", "-c", script, words]})
        with ctx_state.use(state_of({name: {} for name in names})):
            for name in names * 2:
                expected = words.replace("{host}", name)
                assert secret_of(name, KEY, place) == f"password of {expected}"
        assert log.read_text().count("ran") == runs


def test_a_failure_is_not_tried_again_for_each_host(tmp_path: Path) -> None:
    log = tmp_path / "log"
    place = source(shell(f"echo ran >>{log}; exit 1"))
    with ctx_state.use(state_of({"vm01": {}, "vm02": {}})):
        for name in ("vm01", "vm02"):
            with pytest.raises(HostError, match="exit code 1"):
                secret_of(name, KEY, place)
    assert log.read_text() == "ran\n"


# pyinfra's command line patches blocking calls, which a test may not do to all others.
_GREENLETS = """
import os, signal, sys, time
import pyinfra_cli, gevent
sys.path.insert(0, sys.argv[1])
from local_hosts import state_of
from pushgateway_lab.credentials.resolve import secret_of
from pushgateway_lab.settings.secret_source import source
from pyinfra.context import ctx_state

names = [f"vm{number}" for number in range(8)]
ctx_state.set(state_of({name: {} for name in names}))
turns = []
def count():
    while True:
        gevent.sleep(0.01)
        turns.append(None)
counting = gevent.spawn(count)
def ask(words):
    place = source({"command": ["sh", "-c", "sleep 0.5; echo $0", words]})
    started = time.monotonic()
    greenlets = [gevent.spawn(secret_of, name, "key", place) for name in names]
    gevent.joinall(greenlets, raise_error=True)
    return [each.value for each in greenlets], time.monotonic() - started
same, once = ask("x")
own, each = ask("{host}")
assert same == ["x"] * 8 and own == names, (same, own)
assert once < 2 and each < 3, (once, each)
assert len(turns) > 20, turns

# Ctrl-C ends the waits and the command, with its children.
ran = sys.argv[2]
signal.signal(signal.SIGINT, lambda *_: None)
place = source({"command": ["sh", "-c", f"sleep 60 & echo $! >{ran}; sleep 60"]})
waits = [gevent.spawn(secret_of, name, "key", place) for name in names]
while not (os.path.exists(ran) and (child := open(ran).read())):
    gevent.sleep(0.01)
os.kill(os.getpid(), signal.SIGINT)
gevent.joinall(waits, timeout=20)
assert [str(each.exception) for each in waits] == ["Interrupted."] * 8
deadline = time.monotonic() + 20
def state_of_child():
    try:
        return open(f"/proc/{int(child)}/stat").read().rpartition(") ")[2][0]
    except FileNotFoundError:
        return "Z"
while state_of_child() != "Z":
    assert time.monotonic() < deadline
    gevent.sleep(0.01)
"""


def test_other_hosts_go_on_while_a_command_runs_and_nobody_waits_after_ctrl_c(
    tmp_path: Path,
) -> None:
    words = [sys.executable, "-c", _GREENLETS, str(Path(__file__).parent), str(tmp_path / "ran")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


def generated(name: str = "vm01") -> str:
    return fetched({"generate": True}, name)[0]


def test_a_generated_password_is_kept(state_home: Path) -> None:
    password = generated()
    assert generated() == password
    assert generated("vm02") != password
    path = state_home / "vm01"
    assert path.read_text() == f"{password}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(state_home.stat().st_mode) == 0o700
    assert sorted(each.name for each in state_home.iterdir()) == ["vm01", "vm02"]
    path.unlink()
    assert generated() != password


def test_a_generated_password_needs_no_quotes() -> None:
    made = [kept_passwords.generated() for _ in range(200)]
    assert len(set(made)) == 200
    for each in made:
        assert len(each) == 28
        assert each.isascii()
        assert each.isalnum()
        assert each[0].isalpha()
        assert not set(each) & set("lo01")
    assert len(set("".join(made))) ** 28 > 2**128


def _keep_in_process(start: Any, name: str, into: Any) -> None:
    start.wait()
    kept_passwords.keep(name)
    into.put(kept_passwords.path_of(name).read_text())


def test_two_runs_at_once_get_one_password() -> None:
    context = multiprocessing.get_context("fork")
    for number in range(5):
        start, into = context.Event(), context.SimpleQueue()
        runs = [
            context.Process(target=_keep_in_process, args=(start, f"vm{number}", into))
            for _ in range(4)
        ]
        for run in runs:
            run.start()
        start.set()
        for run in runs:
            run.join()
        assert len({into.get() for _ in runs}) == 1


def _open_directory(path: Path) -> None:
    path.chmod(0o750)


def _move_directory(path: Path) -> None:
    path.rename(path.with_name("other"))
    path.symlink_to("other")


def _open_parent(path: Path) -> None:
    path.parent.chmod(0o777)


def _open_file(path: Path) -> None:
    (path / "vm01").chmod(0o640)


def _link_file(path: Path) -> None:
    (path / "vm01").rename(path / "other")
    (path / "vm01").symlink_to("other")


def _give_file(path: Path) -> None:
    os.chown(path / "vm01", 12345, -1)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_open_directory, "Others than you can use {directory}, so"),
        (_move_directory, "{directory} is a symbolic link, or in"),
        (_open_parent, "in a directory in which others can replace it"),
        (_open_file, "{directory}/vm01 belongs to another user, or others can read it"),
        (_link_file, "{directory}/vm01 is not a regular file"),
        (_give_file, "{directory}/vm01 belongs to another user, or"),
    ],
)
def test_a_password_that_others_may_know_is_not_used(
    state_home: Path, change: Callable[[Path], None], says: str
) -> None:
    if change is _give_file and os.geteuid() != 0:
        pytest.skip("only root gives a file away")
    password = generated()
    change(state_home)
    told = refused({"generate": True})
    assert says.format(directory=state_home) in told
    assert password not in told


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


OWN: dict[str, object] = {
    "pushgateway_password_file": "/x/{host}",
    "pushgateway_password_command": "pass show lab/{host}",
    "pushgateway_password_environment": "LAB_{host}",
}


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


@pytest.mark.usefixtures("state_home")
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


# --- The examples of docs/secrets.md

DOCS = Path(__file__).parent.parent / "docs/secrets.md"


def examples() -> list[object]:
    """Return the values of all examples of commands on the page."""
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    start = "pushgateway_password_command = "
    return [ast.literal_eval(line.removeprefix(start)) for line in lines if line.startswith(start)]


@pytest.mark.parametrize("program", ["pass", "sops", "ansible-vault", "systemd-creds", "sh"])
def test_the_examples_give_each_program_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    """A program in the place of the real one prints its arguments: it is not known which ones are installed."""
    stand_in = tmp_path / ("pass" if program == "sh" else program)
    further = '; echo "user: trainer"' if program == "sh" else ""
    stand_in.write_text(f'#!/bin/sh\nprintf "%s|" "$@"; echo{further}\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (place,) = [
        each
        for each in (source({"command": words}) for words in examples())
        if each.words[0] == program
    ]
    expected = {
        "pass": "show|lab/a%2Fb|",
        "sops": '-d|--extract|["password"]|secrets/a%2Fb.yaml|',
        "ansible-vault": "view|--vault-password-file|~/.vault|secrets/a%2Fb|",
        "systemd-creds": "decrypt|--name=a%2Fb|secrets/a%2Fb.cred|-|",
        "sh": "show|lab/a%2Fb|",
    }
    assert secret_of("a/b", KEY, place) == expected[program]


@pytest.mark.skipif(not shutil.which("systemd-creds"), reason="needs systemd 250")
def test_systemd_creds_decrypts_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYSTEMD_CREDENTIAL_SECRET", str(tmp_path / "key"))  # not this machine's
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secrets").mkdir()
    for name in ("vm01", "vm02"):
        encrypt = f"systemd-creds encrypt --with-key=host --name={name} - secrets/{name}.cred"
        subprocess.run(encrypt.split(), input=f"{name}'s".encode(), check=True, capture_output=True)
    (words,) = [each for each in examples() if str(each).startswith("systemd-creds")]
    assert fetched({"command": words}, "vm01", "vm02") == ["vm01's", "vm02's"]
    (tmp_path / "secrets/vm01.cred").rename(tmp_path / "secrets/vm02.cred")
    told = refused({"command": words}, "vm02")
    assert "systemd-creds ended with exit code 1: " in told
