"""The decision which connection may carry the password, without a host."""

from collections.abc import Callable

import pytest
import requests

from pushgateway_lab.formats.sockets import loopback_of
from pushgateway_lab.http.access import (
    Access,
    PasswordWithheldError,
    addressed,
    why_not_plain,
)

PASSWORD = "s3cret"  # noqa: S105 - a test's


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.8.9.10", "127.8.9.10"),
        ("[::1]", "::1"),
        ("[0:0:0:0:0:0:0:1]", "::1"),
        ("localhost", "127.0.0.1"),
        ("LOCALHOST", "127.0.0.1"),
        ("[::ffff:127.0.0.1]", "127.0.0.1"),
    ],
)
def test_loopback(host: str, address: str) -> None:
    url = f"http://{host}:9091/x"
    assert why_not_plain(url) is None
    assert str(loopback_of(url)) == address
    written = f"[{address}]" if ":" in address else address
    assert addressed(url) == f"http://{written}:9091/x"


@pytest.mark.parametrize(
    "host",
    [
        *("10.0.0.1", "vm01", "localhost.example.org", "localhost.", "localhost.localdomain"),
        *("127.1", "127.0.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.1.example.org"),
        *("0.0.0.0", "[::]", "[::ffff:10.0.0.1]", "[::ffff:0.0.0.0]", "[::1%lo]", "[fe80::1]", ""),
        *("128.0.0.1", "126.255.255.255", "127.0.0.1.", "\uff1127.0.0.1", "[::127.0.0.1]"),
    ],
)
def test_what_only_looks_like_loopback(host: str) -> None:
    url = f"http://{host}:9091"
    assert loopback_of(url) is None
    assert why_not_plain(url)
    assert addressed(url) == url


@pytest.mark.parametrize(
    "authority",
    [
        *("127.0.0.1@vm01:9091", "vm01\\@127.0.0.1:9091", "me:s3cret@127.0.0.1:9091"),
        *("127.0.0.1:99999", "127.0.0.1:", "127.0.0.1:9091\\x", "127.0.0.1:x"),
    ],
)
def test_what_parsers_may_read_differently_gets_no_password(authority: str) -> None:
    problem = why_not_plain(f"http://{authority}/")
    assert problem
    assert PASSWORD not in problem


class Recording(requests.adapters.BaseAdapter):
    """An adapter that keeps its requests and sends none."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:  # type: ignore[override]
        """Keep a request."""
        self.sent.append(request)
        response = requests.Response()
        response.status_code, response._content, response.request = 200, b"", request
        return response

    def close(self) -> None:
        """Do nothing."""


def session(check: Callable[[str], None] | None = None) -> tuple[requests.Session, Recording]:
    made, adapter = Access("me", PASSWORD).apply(requests.Session(), check), Recording()
    made.mount("http://", adapter)
    made.mount("https://", adapter)
    return made, adapter


def test_a_session_sends_a_password_where_it_may() -> None:
    made, adapter = session()
    for url in ("https://vm01:9091/x", "http://127.0.0.1:9091/x", "http://localhost:9091/x"):
        made.get(url, timeout=1)
        assert adapter.sent.pop().headers["Authorization"].startswith("Basic ")


def test_a_session_sends_nothing_where_a_password_may_not_go() -> None:
    made, adapter = session()
    for url in ("http://vm01:9091/x", "HTTP://0.0.0.0:9091", "http://localhost.example.org/"):
        with pytest.raises(PasswordWithheldError, match="is not sent"):
            made.get(url, timeout=1)
    assert adapter.sent == []


def test_a_session_asks_before_each_plain_request() -> None:
    asked = []

    def check(url: str) -> None:
        asked.append(url)
        if len(asked) > 1:
            raise PasswordWithheldError("not any more")

    made, adapter = session(check)
    made.get("https://vm01/", timeout=1)
    made.get("http://127.0.0.1:9091/x", timeout=1)
    with pytest.raises(PasswordWithheldError, match="not any more"):
        made.get("http://127.0.0.1:9091/y", timeout=1)
    assert asked == ["http://127.0.0.1:9091/x", "http://127.0.0.1:9091/y"]
    assert len(adapter.sent) == 2


def test_no_password_is_shown() -> None:
    access = Access("me", PASSWORD, "ca.pem")
    made, _ = session()
    for shown in (repr(access), str(access), f"{access!r}", repr(made.auth), repr((access,))):
        assert PASSWORD not in shown
    assert "'me'" in repr(access)
    assert "ca.pem" in repr(access)
    assert repr(Access()).count("None") == 5
