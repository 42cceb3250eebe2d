"""Archives from a server on this machine, with faults. Without hosts."""

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import release_server
from pushgateway_lab.formats.release_names import parse_sha256
from pushgateway_lab.releases import web_server
from pushgateway_lab.releases.fetch import fetch
from pushgateway_lab.releases.known_digests import TABLE, known_digest
from pushgateway_lab.releases.release import UPSTREAM, Release
from pushgateway_lab.releases.release_error import ReleaseError
from pushgateway_lab.releases.web_server import Web
from pushgateway_lab.run.host_files import host_file
from release_archives import PROMETHEUS, PUSHGATEWAY, sums
from release_fetching import (
    ANSWERS,
    ARCHIVE,
    FILE,
    PATH,
    SHA256,
    SUMS_PATH,
    WRONG,
    check,
    kept,
    refused,
    web,
)
from release_server import Server, chunked, content, drip, drip_head, endless, redirect, status


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of this test, and no proxy."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "cache/pushgateway-lab/releases"


@pytest.fixture
def server() -> Iterator[Server]:
    """A server with the archive and its sha256sums.txt."""
    with release_server.serving() as server:
        server.answers = dict(ANSWERS)
        yield server


def test_from_a_server_and_then_from_the_cache(server: Server, cache: Path) -> None:
    check(fetch(PUSHGATEWAY, web(server), sha256=SHA256), cache, was_cached=False)
    assert server.asked == [PATH]
    check(fetch(PUSHGATEWAY, web(server), sha256=SHA256.upper()), cache, was_cached=True)
    assert server.asked == [PATH]


def test_with_the_list_of_digests_beside_it(server: Server, cache: Path) -> None:
    archive = fetch(PUSHGATEWAY, web(server))
    check(archive, cache, was_cached=False)
    assert server.asked == [SUMS_PATH, PATH]
    assert archive.digest_from == (
        f"{server.url}{SUMS_PATH}, which protects against damage, but not against a malicious server "
        "(for that, set pushgateway_release_sha256)"
    )
    check(fetch(PUSHGATEWAY, web(server)), cache, was_cached=True)
    assert server.asked == [SUMS_PATH, PATH, SUMS_PATH]


def test_in_chunks_and_with_a_wrong_encoding(server: Server, cache: Path) -> None:
    server.answers[PATH] = chunked(ARCHIVE)
    check(fetch(PUSHGATEWAY, web(server), sha256=SHA256), cache, was_cached=False)
    next(path for path in cache.iterdir() if path.name in kept(cache)).unlink()
    # Some servers say this about each file that ends with .gz.
    server.answers[PATH] = content(ARCHIVE, Content_Encoding="gzip")
    check(fetch(PUSHGATEWAY, web(server), sha256=SHA256), cache, was_cached=False)


def test_a_wrong_digest_shows_both(server: Server, cache: Path) -> None:
    message = refused(web(server), cache, WRONG)
    assert message == (
        f"{server.url}{PATH} has the SHA-256 digest {SHA256}, not {WRONG} from pushgateway_release_sha256; "
        "it was not kept: compare the digest with upstream's, and check pushgateway_release_source."
    )
    server.answers[SUMS_PATH] = content(f"{WRONG}  {FILE}\n".encode())
    message = refused(web(server), cache, None)
    assert SHA256 in message
    assert f"{WRONG} from {server.url}{SUMS_PATH}, which protects against damage" in message


def test_a_web_page_instead_of_the_archive(server: Server, cache: Path) -> None:
    server.answers[PATH] = server.answers[SUMS_PATH] = content(b"\n<!DOCTYPE html><title>Log in")
    assert "it is a web page, such as a proxy or a login sends" in refused(web(server), cache)
    message = refused(web(server), cache, None)
    assert "is not a list of SHA-256 digests (line 1 is ''): check the place" in message


def test_an_archive_that_is_not_there(server: Server, cache: Path) -> None:
    server.answers = {}
    assert refused(web(server), cache) == (
        f"{server.url}{PATH} is not there (status 404): check pushgateway_release_version and "
        "pushgateway_release_source."
    )
    assert refused(web(server), cache, None) == (
        f"{server.url}{SUMS_PATH} is not there (status 404): check pushgateway_release_source, or set "
        "pushgateway_release_sha256."
    )
    with pytest.raises(ReleaseError, match="prometheus_release_version"):
        fetch(PROMETHEUS, web(server), sha256=SHA256)


@pytest.mark.parametrize("code", [204, 206, 304, 403, 500, 503])
def test_another_status(server: Server, cache: Path, code: int) -> None:
    server.answers[PATH] = status(code) if code not in (204, 304) else content(b"", code=code)
    assert f"(status {code})" in refused(web(server), cache)


@pytest.mark.parametrize(
    "answer",
    [content(ARCHIVE[:200], length=len(ARCHIVE)), chunked(ARCHIVE, is_complete=False)],
    ids=["length", "chunks"],
)
def test_a_truncated_body(server: Server, cache: Path, answer: release_server.Answer) -> None:
    server.answers[PATH] = answer
    message = refused(web(server), cache)
    assert message.startswith(f"{server.url}{PATH} arrived incomplete (")
    assert "try again" in message


def test_a_length_that_is_too_short(server: Server, cache: Path) -> None:
    server.answers[PATH] = content(ARCHIVE, length=200)
    assert hashlib.sha256(ARCHIVE[:200]).hexdigest() in refused(web(server), cache)


@pytest.mark.parametrize("length", ["-1", "x", "1" * 30, "²"])
def test_a_length_that_is_no_number(server: Server, cache: Path, length: str) -> None:
    server.answers[PATH] = lambda handler: handler.begin(Content_Length=length)
    refused(web(server), cache)


def test_a_body_that_is_too_large(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_server, "LARGEST_ARCHIVE", 1 << 20)
    server.answers[PATH] = endless
    assert f"{server.url}{PATH} is larger than 1024 KB" in refused(web(server), cache)
    server.answers[PATH] = content(b"", length=1 << 40)
    assert "is larger than 1024 KB" in refused(web(server), cache)
    server.answers[SUMS_PATH] = endless
    assert f"{server.url}{SUMS_PATH} is larger than 64 KB" in refused(web(server), cache, None)


@pytest.mark.parametrize("answer", [drip, drip_head], ids=["body", "head"])
@pytest.mark.parametrize("path", [PATH, SUMS_PATH])
def test_a_slow_answer(
    server: Server, cache: Path, answer: release_server.Answer, path: str
) -> None:
    server.answers[path] = answer
    with pytest.raises(ReleaseError) as error:
        fetch(PUSHGATEWAY, web(server, timeout=1.0))
    assert str(error.value) == (
        f"{server.url}{path} was not complete after 1 s: try again, set pushgateway_release_timeout, or use "
        "another server (pushgateway_release_source)."
    )
    assert not (cache / f"{SHA256[:16]}-{FILE}").exists()


def test_a_slow_answer_on_pyinfras_command_line(server: Server, cache: Path) -> None:
    server.answers[PATH] = drip_head
    program = (
        "from gevent import monkey; monkey.patch_all()\n"
        "import sys\n"
        "from pushgateway_lab.releases.fetch import fetch\nfrom pushgateway_lab.releases.web_server import Web\n"
        "from pushgateway_lab.releases.release import Release\n"
        "fetch(Release('pushgateway', '1.11.1', 'amd64'), Web(sys.argv[1], timeout=1.0))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, web(server).template],
        check=False,
        capture_output=True,
        text=True,
    )
    assert "was not complete after 1 s" in done.stderr
    assert kept(cache) == []


def test_a_server_that_does_not_answer(server: Server, cache: Path) -> None:
    server.answers[PATH] = release_server.hang
    message = refused(web(server, connect_timeout=0.5), cache)
    assert f"{server.url}{PATH}: the server did not answer for 0.5 s: try again" in message


def test_no_server(server: Server, cache: Path) -> None:
    source = web(server)
    server.shutdown()
    server.server_close()
    message = refused(source, cache)
    assert "cannot be fetched (" in message
    assert "onnection refused" in message
    assert "let pushgateway_release_source name a local directory" in message
    nowhere = Web("http://nowhere.invalid/{file}")
    assert "http://nowhere.invalid/" in refused(nowhere, cache)


def test_what_is_not_http(server: Server, cache: Path) -> None:
    server.answers[PATH] = release_server.garbage
    refused(web(server), cache)
    secure = Web(server.url.replace("http:", "https:") + "/{file}")
    assert "cannot be fetched (" in refused(secure, cache)


def test_redirects_are_followed(server: Server, cache: Path) -> None:
    server.answers[PATH] = redirect("/elsewhere?token=" + "x" * 3000)
    server.answers["/elsewhere?token=" + "x" * 3000] = redirect("last#fragment", 308)
    server.answers["/last"] = content(ARCHIVE)
    check(fetch(PUSHGATEWAY, web(server), sha256=SHA256), cache, was_cached=False)


def test_a_redirect_loop(server: Server, cache: Path) -> None:
    server.answers[PATH] = redirect(PATH)
    assert "redirects more than 5 times" in refused(web(server), cache)
    assert server.asked == [PATH] * 6


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/shadow",
        "ftp://127.0.0.1/x",
        "gopher://127.0.0.1/x",
        "http://user:word@127.0.0.1/x",
        "http://127.0.0.1:99999/x",
        "http://127.0.0.1/\x1b[31m",
        "/" + "x" * 9000,
        "javascript:alert(1)",
    ],
)
def test_a_redirect_that_is_refused(server: Server, cache: Path, target: str) -> None:
    server.answers[PATH] = redirect(target)
    assert " which is refused (a URL " in refused(web(server), cache)
    assert server.asked == [PATH]


@pytest.mark.parametrize(
    ("at", "target", "to"),
    [
        ("https://a/x", "https://b/y?z", "https://b/y?z"),
        ("https://a/x", "//b/y", "https://b/y"),
        ("https://a/x", "/y", "https://a/y"),
        ("http://a/x", "https://b/y", "https://b/y"),
        ("http://a/x", "http://b/y", "http://b/y"),
        ("https://a/x", "HTTPS://a/y", "https://a/y"),
        ("https://a/x", "http://a/x", None),
        ("https://a/x", "HTTP://a/x", None),
    ],
)
def test_https_stays_https(at: str, target: str, to: str | None) -> None:
    if to is not None:
        assert web_server.redirected(at, target, at, "next") == to
        return
    with pytest.raises(ReleaseError, match=r"must be https://, as before"):
        web_server.redirected(at, target, at, "next")


def test_over_tls(server: Server, tmp_path: Path, cache: Path) -> None:
    server.answers["/downgrade"] = redirect(f"{server.url}{PATH}")
    certificate = str(server.secure(tmp_path))
    trusted = Web(f"{server.url}/v{{version}}/{{file}}", ca_file=certificate)
    downgraded = Web(f"{server.url}/downgrade", ca_file=certificate)
    assert "must be https://, as before" in refused(downgraded, cache)
    assert server.asked == ["/downgrade"]
    message = refused(Web(trusted.template), cache)
    assert "certificate" in message
    check(fetch(PUSHGATEWAY, trusted, sha256=SHA256), cache, was_cached=False)


def test_through_a_proxy(server: Server, cache: Path) -> None:
    url = f"http://releases.invalid{PATH}"
    server.answers[url] = content(ARCHIVE)
    source = Web("http://releases.invalid/v{version}/{file}", proxy=server.url)
    check(fetch(PUSHGATEWAY, source, sha256=SHA256), cache, was_cached=False)
    assert server.asked == [url]


def test_through_the_proxy_of_the_environment(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    url = f"http://releases.invalid{PATH}"
    server.answers[url] = content(ARCHIVE)
    source = Web("http://releases.invalid/v{version}/{file}")
    check(fetch(PUSHGATEWAY, source, sha256=SHA256), cache, was_cached=False)


def test_a_proxy_that_is_no_url(server: Server, cache: Path) -> None:
    source = Web(web(server).template, proxy="socks9://:x")
    assert "pushgateway_release_proxy" in refused(source, cache)


@pytest.mark.parametrize("sha256", ["", "x" * 64, SHA256[:-1], f"{SHA256}\n"])
def test_a_digest_that_is_none(cache: Path, sha256: str) -> None:
    message = refused(Web(UPSTREAM), cache, sha256)
    assert "must be 64 hexadecimal digits" in message
    assert "set pushgateway_release_sha256" in message


def test_a_known_release_has_its_known_digest_wherever_it_comes_from(
    server: Server, cache: Path
) -> None:
    release = Release("pushgateway", "1.11.2", "amd64")
    path = f"/v1.11.2/{release.file}"
    server.answers = {
        path: content(ARCHIVE),
        "/v1.11.2/sha256sums.txt": content(sums({release.file: ARCHIVE})),
    }
    with pytest.raises(ReleaseError, match=r"files/release-digests\.txt") as error:
        fetch(release, web(server))
    assert "2ec72315e150" in str(error.value)
    assert "set pushgateway_release_sha256" in str(error.value)
    assert server.asked == [path]
    assert kept(cache) == []
    assert fetch(release, web(server), sha256=SHA256).sha256 == SHA256


def test_each_known_digest_is_of_one_release() -> None:
    lines = [line.split() for line in host_file(TABLE).splitlines() if not line.startswith("#")]
    assert lines
    for digest, name in lines:
        parts = re.fullmatch(r"(\w+)-([0-9.]+)\.linux-(\w+)\.tar\.gz", name)
        assert parts
        assert Release(*parts.groups()).file == name
        assert parse_sha256(digest) == digest == known_digest(name)
    assert len({name for _, name in lines}) == len({digest for digest, _ in lines}) == len(lines)
    assert known_digest("pushgateway-1.0.0.linux-amd64.tar.gz") is None
