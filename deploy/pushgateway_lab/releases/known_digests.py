"""The digests of releases that this toolkit knows, from ``files/release-digests.txt``, which names their sources."""

from functools import cache
from pathlib import Path

from pushgateway_lab.run.host_files import host_file

TABLE = "release-digests.txt"
"""The file of ``files/`` with the digests."""


def known_digest(file: str) -> str | None:
    """Return the SHA-256 digest of an archive, in small letters; None if this toolkit does not know it.

    + file: the name of the archive

    Example:
        >>> known_digest("pushgateway-1.11.2.linux-amd64.tar.gz")[:8]
        '2ec72315'
    """
    return _digests().get(Path(file).name)


@cache
def _digests() -> dict[str, str]:
    lines = [line.split("  ", 1) for line in host_file(TABLE).splitlines() if line[:1] != "#"]
    return {name: digest for digest, name in lines}
