"""Commands that print a secret: limits, what is quoted of them, and that nobody waits for them. Without hosts."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from pyinfra.context import ctx_state

from local_hosts import state_of
from pushgateway_lab.credentials import command
from pushgateway_lab.credentials.command import LARGEST
from pushgateway_lab.credentials.resolve import secret_of
from pushgateway_lab.credentials.secret_error import SecretError
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings.secret_source import (
    source,
)
from secret_places import KEY, refused, shell


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
        "echo '+ + false' >&2; echo 'echo s3cret' >&2; exit 1",  # two commands wrote at the same time
        "echo 's3cret in a trace of bash' >&2; echo '++ pass s3cret' >&2; echo failed >&2; exit 1",
        "{ yes s3cret | head -c 5000 | tr -d '\\n'; } >&2; exit 1",
    ],
)
def test_the_standard_error_of_a_command_does_not_tell_the_secret(script: str) -> None:
    assert "sh ended with exit code 1" in refused(shell(script))


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
