"""The cache of archives, and archives from local files. Without hosts."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import release_server
from pushgateway_lab.releases import cache as caching
from pushgateway_lab.releases import local_folder
from pushgateway_lab.releases.cache import cache_directory
from pushgateway_lab.releases.fetch import fetch
from pushgateway_lab.releases.release_error import ReleaseError
from release_archives import PUSHGATEWAY
from release_fetching import (
    ANSWERS,
    ARCHIVE,
    FILE,
    PATH,
    SHA256,
    SUMS,
    WRONG,
    check,
    kept,
    refused,
    web,
)
from release_server import Server


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
    monkeypatch.setattr(local_folder, "LARGEST_ARCHIVE", 1000)
    (tmp_path / FILE).write_bytes(bytes(1001))
    assert "is larger than 0 KB" in refused(tmp_path, cache)


FETCH = (
    "import resource, sys\n"
    "from pathlib import Path\n"
    "from pushgateway_lab.releases.fetch import fetch\nfrom pushgateway_lab.releases.web_server import Web\n"
    "from pushgateway_lab.releases.release import Release\n"
    "template, sha256, most = sys.argv[1:]\n"
    "if int(most):\n"
    "    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))\n"
    "archive = fetch(Release('pushgateway', '1.11.1', 'amd64'), Web(template), sha256=sha256)\n"
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
    with caching._locked(lock, 1.0):
        message = refused(web(server, timeout=0.3), cache)
    assert f"for 0.3 s (it holds {lock})" in message
    check(fetch(PUSHGATEWAY, web(server), sha256=SHA256), cache, was_cached=False)


def test_two_greenlets_at_once(server: Server, cache: Path) -> None:
    program = (
        "from gevent import monkey, spawn; monkey.patch_all()\n"
        "import sys\n"
        "from pushgateway_lab.releases.fetch import fetch\nfrom pushgateway_lab.releases.web_server import Web\n"
        "from pushgateway_lab.releases.release import Release\n"
        "release, web = Release('pushgateway', '1.11.1', 'amd64'), Web(sys.argv[1])\n"
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


def test_a_link_at_the_cache_is_not_followed(server: Server, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir(mode=0o755)
    cache.parent.mkdir(parents=True)
    cache.symlink_to(tmp_path / "own")
    assert "is a symbolic link" in refused(web(server), tmp_path / "own")
    assert (tmp_path / "own").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    ("mode", "is_safe"), [(0o755, True), (0o777, False), (0o1777, True), (0o775, True)]
)
def test_nobody_else_can_replace_the_cache(
    server: Server, cache: Path, tmp_path: Path, mode: int, *, is_safe: bool
) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(mode)
    if is_safe:
        check(fetch(PUSHGATEWAY, web(server), sha256=SHA256), cache, was_cached=False)
    else:
        assert "others can replace it" in refused(web(server), cache)
