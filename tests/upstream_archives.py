"""Release archives in upstream's layout, made from the programs in Debian's packages."""

import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from labhost.image import ensure_image

_PACKAGED = {
    "pushgateway": "usr/bin/prometheus-pushgateway",
    "prometheus": "usr/bin/prometheus",
    "promtool": "usr/bin/promtool",
}
"""Program of a release -> the file of a package with the same program."""


def packaged(name: str, suite: str = "bookworm") -> bytes:
    """Return a program of a release, as Debian has it."""
    image = ensure_image(suite, ("prometheus", "prometheus-pushgateway", "curl"))
    for directory in image.lower_directories:
        path = directory / _PACKAGED[name]
        if path.exists():
            return path.read_bytes()
    raise FileNotFoundError(name)


def write_archive(folder: Path, project: str, version: str, programs: Mapping[str, bytes]) -> Path:
    """Write an archive for amd64 into a folder, and add its digest to ``sha256sums.txt`` there."""
    directory = f"{project}-{version}.linux-amd64"
    path = folder / f"{directory}.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, content in {"LICENSE": b"Apache\n", **programs}.items():
            member = tarfile.TarInfo(f"{directory}/{name}")
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    sums = folder / "sha256sums.txt"
    old = sums.read_text() if sums.exists() else ""
    kept = [line for line in old.splitlines() if not line.endswith(path.name)]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    sums.write_text("".join(f"{line}\n" for line in [*kept, f"{digest}  {path.name}"]))
    return path
