"""A fetch of the Pushgateway's release from a server on this machine, and what it leaves in the cache."""

import hashlib
from pathlib import Path

import pytest

from pushgateway_lab.releases.fetch import Archive, fetch
from pushgateway_lab.releases.release_error import ReleaseError
from pushgateway_lab.releases.unpack import program_digests
from pushgateway_lab.releases.web_server import Web
from release_archives import PUSHGATEWAY, elf, sums, upstream
from release_server import Server, content

ARCHIVE = upstream(PUSHGATEWAY)
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()
FILE = PUSHGATEWAY.file
SUMS = sums({"other.tar.gz": b"", FILE: ARCHIVE})
PATH, SUMS_PATH = f"/v1.11.1/{FILE}", "/v1.11.1/sha256sums.txt"
WRONG = hashlib.sha256(b"another archive").hexdigest()
ANSWERS = {PATH: content(ARCHIVE), SUMS_PATH: content(SUMS)}
"""Those of a server with the archive and its sha256sums.txt."""


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
