"""Archives into the cache, from a server on this machine and from local files. Without hosts."""

import errno
import hashlib
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import release_server
from pushgateway_lab.releases import fetch as fetching
from pushgateway_lab.releases.fetch import Archive, Web, cache_directory, fetch
from pushgateway_lab.releases.release import UPSTREAM
from pushgateway_lab.releases.release_error import ReleaseError
from pushgateway_lab.releases.unpack import program_digests
from release_archives import PROMETHEUS, PUSHGATEWAY, elf, sums, upstream
from release_server import Server, chunked, content, drip, drip_head, endless, redirect, status

ARCHIVE = upstream(PUSHGATEWAY)
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()
FILE = PUSHGATEWAY.file
SUMS = sums({"other.tar.gz": b"", FILE: ARCHIVE})
PATH, SUMS_PATH = f"/v1.11.2/{FILE}", "/v1.11.2/sha256sums.txt"
WRONG = hashlib.sha256(b"another archive").hexdigest()


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
        server.answers = {PATH: content(ARCHIVE), SUMS_PATH: content(SUMS)}
        yield server


def web(server: Server, **fields: float) -> Web:
    """Return the server as a source."""
    return Web(
        f"{server.url}/v{{version}}/{{file}}",
        connect_timeout=fields.get("connect_timeout", 5.0),
        timeout=fields.get("timeout", 20.0),
    )


def kept(cache: Path) -> list[str]:
    """Return the names in the cache, without lock files."""
    names = [path.name for path in cache.iterdir()] if cache.exists() else []
    return sorted(name for name in names if not name.endswith(".lock"))


def refused(source: Web | Path, cache: Path, sha256: str | None = SHA256) -> str:
    """Return the error of a fetch, after which the cache is as it was."""
    before = kept(cache)
    with pytest.raises(ReleaseError) as error:
        fetch(PUSHGATEWAY, source, sha256=sha256)
    message = str(error.value)
    assert message.isprintable()
    assert message.endswith(".")
    assert ": " in message
    assert len(message) < 800
    assert kept(cache) == before
    return message


def check(archive: Archive, cache: Path, *, was_cached: bool) -> None:
    """Check an archive that was fetched."""
    assert archive.path == cache / f"{SHA256[:16]}-{FILE}"
    assert archive.sha256 == SHA256
    assert archive.was_cached is was_cached
    with archive.path.open("rb") as file:
        assert program_digests(file, PUSHGATEWAY) == {
            "pushgateway": hashlib.sha256(elf()).hexdigest()
        }
    assert kept(cache) == [archive.path.name]
    assert cache.stat().st_mode & 0o777 == 0o700
    assert archive.path.stat().st_mode & 0o777 == 0o600


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


def test_a_tampered_file_in_the_cache_is_fetched_anew(server: Server, cache: Path) -> None:
    path = fetch(PUSHGATEWAY, web(server), sha256=SHA256).path
    for tampered in (ARCHIVE[:-1] + b"x", ARCHIVE[:50], b"", ARCHIVE + b"x"):
        path.write_bytes(tampered)
        check(fetch(PUSHGATEWAY, web(server), sha256=SHA256), cache, was_cached=False)


def test_a_cache_that_others_may_read_is_closed(server: Server, cache: Path) -> None:
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    check(fetch(PUSHGATEWAY, web(server), sha256=SHA256), cache, was_cached=False)


def test_what_a_killed_run_left_is_removed(server: Server, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / f".{SHA256[:16]}-{FILE}.new-killed").write_bytes(b"part")
    check(fetch(PUSHGATEWAY, web(server), sha256=SHA256), cache, was_cached=False)


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
    monkeypatch.setattr(fetching, "LARGEST_ARCHIVE", 1 << 20)
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
        "from pushgateway_lab.releases.fetch import Web, fetch\n"
        "from pushgateway_lab.releases.release import Release\n"
        "fetch(Release('pushgateway', '1.11.2', 'amd64'), Web(sys.argv[1], timeout=1.0))\n"
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
        assert fetching._redirected(at, target, at, "next") == to
        return
    with pytest.raises(ReleaseError, match=r"must be https://, as before"):
        fetching._redirected(at, target, at, "next")


def test_over_tls(server: Server, tmp_path: Path, cache: Path) -> None:
    new = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=releases -addext subjectAltName=IP:127.0.0.1"
    files = ["-keyout", f"{tmp_path}/key", "-out", f"{tmp_path}/cert"]
    subprocess.run(["openssl", *new.split(), *files], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    plain = server.url
    server.answers["/downgrade"] = redirect(f"{plain}{PATH}")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    secure = plain.replace("http:", "https:")
    trusted = Web(f"{secure}/v{{version}}/{{file}}", ca_file=str(tmp_path / "cert"))
    downgraded = Web(f"{secure}/downgrade", ca_file=str(tmp_path / "cert"))
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


def test_from_a_local_directory_and_a_local_file(tmp_path: Path, cache: Path) -> None:
    (tmp_path / FILE).write_bytes(ARCHIVE)
    check(fetch(PUSHGATEWAY, tmp_path, sha256=SHA256), cache, was_cached=False)
    (tmp_path / "sha256sums.txt").write_bytes(SUMS)
    archive = fetch(PUSHGATEWAY, tmp_path / FILE)
    check(archive, cache, was_cached=True)
    assert archive.digest_from.startswith(f"{tmp_path}/sha256sums.txt, which protects")


def test_a_local_file_that_cannot_be_used(tmp_path: Path, cache: Path) -> None:
    assert refused(tmp_path, cache) == (
        f"{tmp_path / FILE} cannot be read (No such file or directory): check pushgateway_release_source."
    )
    assert refused(tmp_path, cache, None) == (
        f"{tmp_path}/sha256sums.txt cannot be read (No such file or directory): put upstream's "
        "sha256sums.txt there, or set pushgateway_release_sha256."
    )
    (tmp_path / FILE).write_bytes(ARCHIVE)
    assert f"{tmp_path / FILE} has the SHA-256 digest {SHA256}, not {WRONG}" in refused(
        tmp_path, cache, WRONG
    )
    (tmp_path / FILE).unlink()
    os.mkfifo(tmp_path / FILE)
    assert "is not a regular file" in refused(tmp_path, cache)
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).mkdir()
    refused(tmp_path, cache)
    assert "cannot be read" in refused(Path("/dev/null/x"), cache)


def test_a_local_file_that_is_too_large(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "LARGEST_ARCHIVE", 1000)
    (tmp_path / FILE).write_bytes(bytes(1001))
    assert "is larger than 0 KB" in refused(tmp_path, cache)


FETCH = (
    "import resource, sys\n"
    "from pathlib import Path\n"
    "from pushgateway_lab.releases.fetch import Web, fetch\n"
    "from pushgateway_lab.releases.release import Release\n"
    "template, sha256, most = sys.argv[1:]\n"
    "if int(most):\n"
    "    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))\n"
    "archive = fetch(Release('pushgateway', '1.11.2', 'amd64'), Web(template), sha256=sha256)\n"
    "print(archive.was_cached, archive.path.read_bytes() != b'')\n"
)


def start(server: Server, *, most: int = 0) -> subprocess.Popen[str]:
    """Start a fetch in another process; `most` is the size in bytes of the largest file, 0 for no limit."""
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, web(server).template, SHA256, str(most)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_limit_of_the_file_size(server: Server, cache: Path) -> None:
    with start(server, most=100) as process:
        error = process.communicate()[1].splitlines()[-1]
    assert error.endswith(
        f"The cache of releases {cache} cannot be used (File too large): free some space, or set "
        "XDG_CACHE_HOME to another disk."
    )
    assert kept(cache) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    assert "free some space" in refused(web(server), cache)


def test_a_cache_that_cannot_be_written(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text("a file")
    with pytest.raises(ReleaseError, match=r"\(File exists\): check the owner and the permissions"):
        fetch(PUSHGATEWAY, web(server), sha256=SHA256)
    cache.unlink()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert "belongs to another user" in refused(web(server), cache)


def test_two_processes_at_once(server: Server, cache: Path) -> None:
    processes = [start(server) for _ in range(4)]
    said = [process.communicate(timeout=60) for process in processes]
    assert sorted(out for out, _ in said) == ["False True\n", *["True True\n"] * 3], said
    assert server.asked == [PATH]
    assert kept(cache) == [f"{SHA256[:16]}-{FILE}"]


def test_a_run_that_never_ends_is_named(server: Server, cache: Path) -> None:
    cache.mkdir(parents=True)
    lock = cache / f".{SHA256[:16]}-{FILE}.lock"
    with fetching._locked(lock, 1.0):
        message = refused(web(server, timeout=0.3), cache)
    assert f"for 0.3 s (it holds {lock})" in message
    check(fetch(PUSHGATEWAY, web(server), sha256=SHA256), cache, was_cached=False)


def test_two_greenlets_at_once(server: Server, cache: Path) -> None:
    program = (
        "from gevent import monkey, spawn; monkey.patch_all()\n"
        "import sys\n"
        "from pushgateway_lab.releases.fetch import Web, fetch\n"
        "from pushgateway_lab.releases.release import Release\n"
        "release, web = Release('pushgateway', '1.11.2', 'amd64'), Web(sys.argv[1])\n"
        "print(sorted(each.get().was_cached for each in [spawn(fetch, release, web) for _ in 'abc']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, web(server).template],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "[False, True, True]\n"
    assert kept(cache) == [f"{SHA256[:16]}-{FILE}"]


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/x")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_directory() == Path("/home/x/.cache/pushgateway-lab/releases")
    monkeypatch.setenv("XDG_CACHE_HOME", "/y")
    assert cache_directory() == Path("/y/pushgateway-lab/releases")
