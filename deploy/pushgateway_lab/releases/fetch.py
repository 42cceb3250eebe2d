"""Get a release archive into the cache of the control machine, from a web server or from a local file.

Nothing reads an archive before its SHA-256 digest was checked, also if it was in the cache already. A digest from
the ``sha256sums.txt`` beside the archive protects against damage, but not against a malicious server, which writes
both. A digest in a setting, or one that this toolkit knows, protects against both.
"""

from pathlib import Path
from typing import NamedTuple

from pushgateway_lab.formats.characters import shown
from pushgateway_lab.formats.release_names import parse_sha256
from pushgateway_lab.releases.cache import cache_directory, ensure
from pushgateway_lab.releases.known_digests import TABLE, known_digest
from pushgateway_lab.releases.local_folder import Folder
from pushgateway_lab.releases.origin import Expected, Origin
from pushgateway_lab.releases.release import Release, digest_in_sums
from pushgateway_lab.releases.release_error import ReleaseError
from pushgateway_lab.releases.web_server import UPSTREAM_SERVER, Server, Web


class Archive(NamedTuple):
    """A checked archive in the cache.

    + path: the file; its name begins with a part of the digest
    + sha256: its digest
    + digest_from: where the expected digest came from, and what it protects against, for people
    + was_cached: whether it was in the cache already
    """

    path: Path
    sha256: str
    digest_from: str
    was_cached: bool


def fetch(
    release: Release,
    source: Web | Path = UPSTREAM_SERVER,
    *,
    sha256: str | None = None,
    cache: Path | None = None,
) -> Archive:
    """Return a release's archive, checked, from the cache or else from a source.

    Several runs may call this at once: one fetches, the others wait for it, as long as the timeout of the source.
    A greenlet that waits lets the others run.

    + source: a web server; or an archive; or a directory with archives, each under its own name
    + sha256: the expected digest; None: the one that this toolkit knows, else that of ``sha256sums.txt`` in the same
      place, which is read each time
    + cache: the directory to keep it in; None: `cache_directory`

    Raises:
        ReleaseError: the archive cannot be had, or has another digest. Nothing of it is kept.

    Example: ``fetch(Release("pushgateway", "1.11.2", "amd64")).path``; without a network,
    ``fetch(release, Path("/media/usb"), sha256="...")``.
    """
    origin: Origin = (
        Folder(source, release) if isinstance(source, Path) else Server(source, release)
    )
    expected = _expected_digest(release, origin, sha256)
    directory = cache_directory() if cache is None else cache
    # With the digest in its name, no other run replaces the file between this check and its use.
    path = directory / f"{expected.sha256[:16]}-{release.file}"
    is_cached = ensure(path, origin, expected)
    return Archive(path, expected.sha256, expected.source, is_cached)


class Remote(NamedTuple):
    """An archive that a host downloads itself.

    + url: of the archive
    + sha256, digest_from: as of an `Archive`; nobody has checked the archive yet
    """

    url: str
    sha256: str
    digest_from: str


def look_up(
    release: Release, source: Web = UPSTREAM_SERVER, *, sha256: str | None = None
) -> Remote:
    """Return where a release's archive is, and the digest that it must have; the archive itself is not fetched.

    + sha256: the expected digest; None: as for `fetch`

    Raises:
        ReleaseError: the digest cannot be had.

    Example: ``look_up(Release("pushgateway", "1.11.2", "amd64")).sha256``.
    """
    origin = Server(source, release)
    return Remote(origin.place, *_expected_digest(release, origin, sha256))


def _expected_digest(release: Release, origin: Origin, given: str | None) -> Expected:
    """Return the digest that the archive must have."""
    if given is None and (known := known_digest(release.file)):
        return Expected(
            known,
            f"files/{TABLE} of this toolkit (for an archive of your own, set {release.setting('sha256')})",
        )
    if given is None:
        found = digest_in_sums(origin.in_time(origin.sums), release.file, origin.sums_place)
        return Expected(
            found,
            f"{origin.sums_place}, which protects against damage, but not against a malicious server"
            f" (for that, set {release.setting('sha256')})",
        )
    try:
        return Expected(parse_sha256(given), release.setting("sha256"))
    except ValueError as error:
        raise ReleaseError(
            f"The digest of {release.file} {error}, not {shown(given)}: set {release.setting('sha256')}."
        ) from None
