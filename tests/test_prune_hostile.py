"""The prune's program with hostile servers on this machine."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from attackers import BEHAVIOURS, servers_here
from pushgateway_lab.pruning import bundle

MEMORY = 384 << 20  # LimitAS of the service
GROUP = {"labels": {"job": "a"}, "push_time_seconds": {"metrics": [{"labels": {}, "value": "5"}]}}

# As in the service, except for the seconds of a request.
PROGRAM = f"""
import resource, sys
sys.path.insert(0, sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
from pushgateway_lab.pruning.program import client, command
client.REQUEST_TIMEOUT = int(sys.argv.pop(1))
sys.exit(command.main())
"""

Serve = Callable[..., int]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Return `serve(behaviour, answers)`, which starts a server on a free port of loopback and returns it."""
    with servers_here(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the program on a host."""
    path = tmp_path_factory.mktemp("program") / "prune.pyz"
    path.write_bytes(bundle.program())
    return path


def words_of(program: Path, port: int, seconds: int) -> list[str]:
    # -S: without packages that are installed on this machine.
    words = [sys.executable, "-I", "-S", "-c", PROGRAM, str(program), str(seconds)]
    return [*words, f"--url=http://127.0.0.1:{port}", "--older-than=1s"]


def run(program: Path, port: int, seconds: int = 3) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words_of(program, port, seconds),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip


def assert_servers_fault(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert len(done.stderr) < 1100
    assert "127.0.0.1" in done.stderr


@pytest.mark.parametrize("behaviour", [each for each in BEHAVIOURS if each != "say"])
def test_its_fault_is_said_in_one_line_and_soon(
    behaviour: str, program: Path, serve: Serve
) -> None:
    port = serve(behaviour)
    started = time.monotonic()
    assert_servers_fault(run(program, port))
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("body", ["[" + "[]," * 9_000_000 + "0]", "[" + "{}," * 9_000_000 + "0]"])
def test_an_answer_that_becomes_large_in_memory_does_not(
    body: str, program: Path, serve: Serve
) -> None:
    done = run(program, serve("say", {"*": body}), seconds=30)
    assert_servers_fault(done)
    assert "does not fit into memory" in done.stderr


def test_an_answer_that_is_too_long_is_not_read(program: Path, serve: Serve) -> None:
    done = run(program, serve("say", {"*": " " * (33 << 20)}))
    assert_servers_fault(done)
    assert "longer than" in done.stderr


def test_a_deletion_that_is_refused_is_told(program: Path, serve: Serve) -> None:
    answers = {"/api/v1/metrics": json.dumps({"data": [GROUP]})}
    # This server has no DELETE: it answers 404, with a text of its own.
    done = run(program, serve("say", answers))
    assert done.returncode == 1
    assert "cannot delete" in done.stdout
    assert "answered 404: not here" in done.stdout


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 70_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: a\r\n" * 1_000_000,
        b"HTTP/1.1 500 \x1b]52;c;aGk=\x07" + b"e" * 5000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"\x00" * 100_000,
        b"",
    ],
    ids=lambda head: repr(head[:50]),
)  # fmt: skip
def test_heads_and_trailers_that_do_not_end_well(program: Path, head: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        words = words_of(program, port, 3)
        with subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                try:
                    connection.sendall(head)
                except OSError:
                    pass  # the program stops reading
                else:
                    if not head:
                        connection.shutdown(socket.SHUT_RDWR)
                out, err = process.communicate(timeout=20)
    done = subprocess.CompletedProcess(words, process.returncode, out, err)
    if b" 500 " in head:
        assert (done.returncode, err.count("\n")) == (1, 1)
        assert r"answered 500: \x1b]52;c;aGk=\x07eee" in err
        assert len(err) < 1100
    else:
        assert_servers_fault(done)
