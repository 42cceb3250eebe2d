"""The limits of an HTTP exchange, with real sockets and hostile servers on this machine."""

import json
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from attackers import WRONG, free_port, servers_here
from pushgateway_lab.http import exchange
from pushgateway_lab.http.api import ApiError, Pushgateway
from pushgateway_lab.http.exchange import BODY, SHOWN, BadAnswerError
from pushgateway_lab.run.visible import start_of

BAD = "The Pushgateway at {url} sent an invalid answer, an error of that server: "

Serve = Callable[[str], str]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Return `serve(behaviour)`, which starts a hostile server on this machine and returns its URL."""
    with servers_here(tmp_path) as start:
        yield lambda behaviour: f"http://127.0.0.1:{start(behaviour)}"


@pytest.mark.parametrize("behaviour", WRONG)
def test_a_bad_answer_is_the_servers_fault_in_one_sentence(serve: Serve, behaviour: str) -> None:
    url = serve(behaviour)
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with requests.Session() as session, pytest.raises(ApiError) as error:
        Pushgateway(session, url).groups()
    message = str(error.value)
    assert message.startswith(BAD.format(url=url) + WRONG[behaviour])
    assert message.isprintable()
    assert len(message) < len(BAD) + len(url) + 100 + SHOWN
    assert time.monotonic() - started < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KB


@pytest.mark.parametrize("behaviour", ["hang", "drip", "drip_head"])
def test_a_slow_answer_ends_at_the_deadline(serve: Serve, behaviour: str) -> None:
    url = serve(behaviour)
    started = time.monotonic()
    with requests.Session() as session, pytest.raises(ApiError) as error:
        Pushgateway(session, url)._request("GET", "/x", timeout=2.5)
    assert str(error.value) == (
        f"The Pushgateway does not answer at {url}: it timed out after 2.5 s"
    )
    assert 2.4 < time.monotonic() - started < 3.2


def test_redirects_are_not_followed(serve: Serve) -> None:
    with requests.Session() as session, pytest.raises(ApiError, match="answered 302: Found"):
        Pushgateway(session, serve("redirect")).groups()


def test_nobody_there() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with requests.Session() as session, pytest.raises(ApiError, match=r"answer at .*refused$"):
        Pushgateway(session, url).groups()


@pytest.mark.parametrize("location", [b"\xff\xfe", b"http://[", b"http://x:y/", b"//"])
def test_a_redirect_that_makes_no_sense(location: bytes) -> None:
    url = answering(
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
    )
    with (
        requests.Session() as session,
        pytest.raises(ApiError, match=r"302|error of that server: its headers"),
    ):
        Pushgateway(session, url).groups()


def test_a_push_is_not_held_up_by_the_question_whether_it_is_ready(serve: Serve) -> None:
    gateway = Pushgateway(requests.Session(), serve("drip"))
    started = time.monotonic()
    with pytest.raises(ApiError, match=r"it timed out after 10 s$"):
        gateway.push({"job": "x"}, "m 1\n")
    assert time.monotonic() - started < 11


def test_the_same_where_gevent_has_patched(serve: Serve) -> None:
    program = """
from gevent import monkey; monkey.patch_all()
import sys, time, requests
from pushgateway_lab.http.api import ApiError, Pushgateway
for url in sys.argv[1:]:
    started = time.monotonic()
    try:
        Pushgateway(requests.Session(), url)._request("GET", "/x", timeout=2)
    except ApiError as error:
        print(round(time.monotonic() - started), str(error).rpartition(": ")[2])
"""
    urls = [serve(behaviour) for behaviour in ("drip", "drip_head", "hang", "endless")]
    done = subprocess.run(
        [sys.executable, "-c", program, *urls], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        *["2 it timed out after 2 s"] * 3,
        "0 its body is larger than 8 MB",
    ]


def test_a_block_ends_at_its_deadline_also_where_nothing_else_has_one() -> None:
    program = """
from gevent import monkey; monkey.patch_all()
import time
from pushgateway_lab.http import exchange
try:
    with exchange.ended_by(exchange.Deadline(0.3)):
        time.sleep(5)
except TimeoutError:
    print("ended")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=4
    )
    assert done.stdout == "ended\n"


def answering(data: bytes) -> str:
    """Yield the URL of a server that sends these bytes to each connection and closes it."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listening:
            for _ in range(3):
                connection = listening.accept()[0]
                with connection:
                    connection.recv(65536)
                    connection.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "its answer is not HTTP: 'SSH-2.0-OpenSSH_9.2\\r\\n'"),
        (b"HTTP/2.0 200 OK\r\n\r\n", "its answer is not HTTP"),
        (b"HTTP/1.1 20 OK\r\n\r\n", "its answer is not HTTP"),
        (b"HTTP/1.1 200 a\x1b[2J\r\n\r\n", "its answer is not HTTP: 'HTTP/1.1 200 a\\x1b[2J'"),
        (b"HTTP/1.1 200 OK\r\nA: b", "its answer ends within the headers"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "its headers are malformed: 'no colon'"),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", "its headers are malformed: ' folded'"),
        (b"HTTP/1.1 200 OK\r\nA: b\x0bC: d\r\n\r\n", "its headers are malformed"),
        (b"HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n", "its headers are malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: identity, br\r\n\r\n", "its body is compressed"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: x-gzip\r\n\r\n", "its body is compressed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999\r\n\r\n", "its body is larger"),
    ],
)
def test_heads_that_are_not_read(head: bytes, says: str) -> None:
    with requests.Session() as session, pytest.raises(ApiError) as error:
        Pushgateway(session, answering(head)).groups()
    assert f"an error of that server: {says}" in str(error.value)


@pytest.mark.parametrize(
    "data",
    [
        b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"data": []}',
        b'HTTP/1.0 200\r\n\r\n{"data": []}',
        b'HTTP/1.1 200 OK\n\n{"data": []}',
        b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{"data": []}',
        b'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{"data": []}',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n{"data": []}\r\n0\r\n\r\n',
        b'HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nX: \xfc\t\r\n\r\n{"data": []}',
    ],
)
def test_heads_that_are_read(data: bytes) -> None:
    with requests.Session() as session:
        assert Pushgateway(session, answering(data)).groups() == []
    request = requests.Request("GET", "http://x/").prepare()
    assert exchange.answer_of(data, request).json() == {"data": []}


def test_an_answer_of_the_largest_size_is_read() -> None:
    body = json.dumps({"data": "x" * (BODY - 100)}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with requests.Session() as session:
        assert (
            len(
                Pushgateway(session, answering(head + body))._get(
                    "/api/v1/metrics", lambda data: data
                )
            )
            == BODY - 100
        )


@pytest.mark.parametrize(
    "body", [b"[]", b"7", b"{}", b"\xff\xfe", b'{"data"', b"<html>", b'{"data": ' + b"9" * 5000]
)
def test_other_bodies(body: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with requests.Session() as session, pytest.raises(ApiError, match="an error of that server"):
        Pushgateway(session, answering(head + body)).groups()


def test_an_errors_words_are_escaped_and_cut() -> None:
    data = b"HTTP/1.1 500 No\r\n\r\n\x1b]52;c;eA==\x07" + b"x" * 100_000
    with requests.Session() as session, pytest.raises(ApiError) as error:
        Pushgateway(session, answering(data)).groups()
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 500


def test_a_password_in_a_url_is_refused_and_not_shown() -> None:
    with requests.Session() as session, pytest.raises(ValueError, match="in the URL") as error:
        Pushgateway(session, "http://me:s3cret@127.0.0.1:9091")
    assert "s3cret" not in str(error.value)


@given(st.binary() | st.text())
def test_what_is_shown_is_short_and_printable(sent: bytes | str) -> None:
    assert start_of(sent, SHOWN).isprintable()
    assert len(start_of(sent * 50, SHOWN)) <= SHOWN


@given(st.binary(max_size=300))
def test_whatever_is_sent_is_an_answer_or_a_bad_one(sent: bytes) -> None:
    request = requests.Request("GET", "http://x/").prepare()
    for data in (sent, b"HTTP/1.1 200 OK\r\n" + sent):
        try:
            answer = exchange.answer_of(data, request)
            assert len(answer.content) <= len(data)
        except (BadAnswerError, requests.RequestException):
            pass
