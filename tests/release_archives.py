"""Release archives in upstream's layout, from small fake programs."""

import gzip
import hashlib
import io
import struct
import tarfile
from collections.abc import Iterable, Mapping

from pushgateway_lab.releases.architecture import MACHINES
from pushgateway_lab.releases.release import Release

PUSHGATEWAY = Release("pushgateway", "1.11.1", "amd64")
PROMETHEUS = Release("prometheus", "3.5.0", "arm64")


def elf(architecture: str = "amd64", *, data: int = 1, kind: int = 2, size: int = 4096) -> bytes:
    """Return a file with the header of a program.

    + data: ``EI_DATA``: 1 for little endian, 2 for big endian
    + kind: ``e_type``: 2 for a program, 3 for one that may be loaded anywhere
    """
    elf_class, machine = MACHINES[architecture]
    order = "<" if data == 1 else ">"
    head = b"\x7fELF" + bytes([elf_class, data, 1]) + bytes(9)
    return (head + struct.pack(f"{order}HHI", kind, machine, 1)).ljust(size, b"\x55")


def member(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    """Return one entry of an archive; `fields` are attributes of its `TarInfo`."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o755
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def tarball(entries: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """Return a tar.gz with these entries, in this order."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for info, content in entries:
            archive.addfile(info, io.BytesIO(content))
    return gzip.compress(raw.getvalue(), 1, mtime=0)


def layout(
    release: Release, programs: Mapping[str, bytes] | None = None
) -> list[tuple[tarfile.TarInfo, bytes]]:
    """Return the entries of upstream's archive: a directory with the licence, the programs and other files.

    + programs: the content of each program; None: fake ones for the architecture
    """
    made = {name: elf(release.architecture) for name in release.programs}
    top = release.directory
    return [
        member(f"{top}/", type=tarfile.DIRTYPE),
        member(f"{top}/LICENSE", b"Apache License\n"),
        member(f"{top}/NOTICE", b"Prometheus\n"),
        *(member(f"{top}/{name}", data) for name, data in (programs or made).items()),
        member(f"{top}/{release.project}.yml", b"global:\n"),
    ]


def upstream(release: Release) -> bytes:
    """Return an archive as upstream makes it."""
    return tarball(layout(release))


def sums(files: Mapping[str, bytes]) -> bytes:
    """Return the text of ``sha256sums.txt`` for these files."""
    return "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()
    ).encode()
