"""Check the programs in a release archive. Pure.

Nothing in the archive is trusted: a wanted program is found by its exact name, and all other members are passed over.
The host that unpacks the archive gets the digest of each program.
"""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Self

from pushgateway_lab.formats.characters import shown
from pushgateway_lab.releases.architecture import MACHINES
from pushgateway_lab.releases.release import Release
from pushgateway_lab.releases.release_error import ReleaseError

LARGEST_PROGRAM = 512 << 20
"""Bytes of the largest program; those of Prometheus 3 have about 150 MB."""

LARGEST_CONTENT = 1 << 30
"""Bytes of the largest archive after decompression, with all members that are passed over."""

MOST_MEMBERS = 1000
"""The most members of an archive; Prometheus 2 with its consoles has about thirty."""

_LARGEST_EXTENSION = 64 << 10  # bytes of a long name, which tarfile reads into memory
_EXTENSIONS = (
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)
_BLOCK = 1 << 20

# elf(5): e_ident (magic, class, data, version), e_type and e_machine are at the same places for 32 and 64 bits.
_ELF, _CLASS, _DATA, _TYPE, _MACHINE, _HEADER = b"\x7fELF", 4, 5, 16, 18, 20
_LITTLE_ENDIAN = 1  # ELFDATA2LSB
_EXECUTABLE = (2, 3)  # ET_EXEC, ET_DYN


def program_digests(archive: IO[bytes], release: Release) -> dict[str, str]:
    """Return the programs of an archive, each with its SHA-256: name -> digest.

    + archive: a binary file at its beginning, whose digest was checked; it is read once and not closed
    + release: what the archive is of

    Raises:
        ReleaseError: the archive cannot be read, a program is missing, there twice, not a regular file or not a
            program for this architecture, or a limit is exceeded.

    Example: ``program_digests(archive, Release("pushgateway", "1.11.2", "amd64"))["pushgateway"]``.
    """
    made = {name: hashlib.sha256() for name in release.programs}
    _read_programs(archive, release, lambda name, block: made[name].update(block))
    return {name: each.hexdigest() for name, each in made.items()}


def _read_programs(
    archive: IO[bytes], release: Release, take: Callable[[str, bytes], object]
) -> None:
    """Call `take` with the name of each program and each block of its content."""
    wanted = {f"{release.directory}/{name}": name for name in release.programs}
    found: set[str] = set()
    with _reading(release):
        contents = tarfile.open(  # noqa: SIM115 - it holds nothing that must be closed
            fileobj=_Content(archive, release), mode="r|", tarinfo=_Header
        )
    for number, member in enumerate(_members(contents, release), 1):
        if number > MOST_MEMBERS:
            raise _error(release, f"has more than {MOST_MEMBERS} members")
        if member.name not in wanted:
            continue
        if member.name in found:
            raise _error(release, f"holds {member.name} twice")
        found.add(member.name)
        for block in _blocks(contents, member, release):
            take(wanted[member.name], block)
    if missing := wanted.keys() - found:
        raise _error(release, f"does not hold {' and '.join(sorted(missing))}")


def _members(contents: tarfile.TarFile, release: Release) -> Iterator[tarfile.TarInfo]:
    while True:
        with _reading(release):
            member = contents.next()
        if member is None:
            return
        yield member


def _blocks(
    contents: tarfile.TarFile, member: tarfile.TarInfo, release: Release
) -> Iterator[bytes]:
    """Yield the content of a program, after a check of its kind, its size and its header."""
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse():
        raise _error(release, f"holds {member.name}, which is not a regular file")
    if not 0 <= member.size <= LARGEST_PROGRAM:
        raise _error(
            release, f"holds {member.name}, which is larger than {LARGEST_PROGRAM >> 20} MB"
        )
    with _reading(release):
        file = contents.extractfile(member)
        block = file.read(_BLOCK) if file else b""
    if why := _why_not_program(block, release.architecture):
        raise _error(release, f"holds {member.name}, which {why}")
    while block and file:
        yield block
        with _reading(release):
            block = file.read(_BLOCK)


def _why_not_program(content: bytes, architecture: str) -> str | None:
    """Return why the beginning of a file is not that of a program for an architecture; None if it is."""
    if not content:
        return "is empty"
    if len(content) < _HEADER or content[: len(_ELF)] != _ELF:
        return f"is not a program: it begins with {shown(content[:16])}"
    kind, machine = (int.from_bytes(content[at : at + 2], "little") for at in (_TYPE, _MACHINE))
    found = (content[_CLASS], machine)
    if found != MACHINES[architecture] or content[_DATA] != _LITTLE_ENDIAN:
        other = next((name for name, each in MACHINES.items() if each == found), None)
        is_for = (
            f"for {other}" if other and content[_DATA] == _LITTLE_ENDIAN else "for another machine"
        )
        return f"is a program {is_for}, not for {architecture}"
    return None if kind in _EXECUTABLE else "is an ELF file, but not a program"


@contextmanager
def _reading(release: Release) -> Iterator[None]:
    """Turn the errors of the libraries that read the archive into a `ReleaseError`."""
    try:
        yield
    # ValueError and OverflowError: numbers in headers that tarfile does not check.
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, OverflowError) as error:
        raise _error(release, f"cannot be read ({shown(str(error))})") from error


def _error(release: Release, what: str) -> ReleaseError:
    return ReleaseError(
        f"{release.file} {what}, so it is not upstream's archive: get it from another place."
    )


class _Content(io.RawIOBase):
    """The decompressed content of an archive as a file; reading fails at the size limit."""

    def __init__(self, archive: IO[bytes], release: Release) -> None:
        self._file, self._release = gzip.GzipFile(fileobj=archive), release
        self._left = LARGEST_CONTENT

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._file.read1(len(buffer))
        self._left -= len(block)
        if self._left < 0:
            raise _error(self._release, f"has more than {LARGEST_CONTENT >> 20} MB of content")
        buffer[: len(block)] = block
        return len(block)


class _Header(tarfile.TarInfo):
    """A header of an archive, refused before tarfile acts on it if its size is absurd."""

    @classmethod
    def frombuf(cls, buf: Any, encoding: str, errors: str) -> Self:
        made = super().frombuf(buf, encoding, errors)
        if made.size < 0 or (made.type in _EXTENSIONS and made.size > _LARGEST_EXTENSION):
            raise tarfile.ReadError(f"a header with {made.size} bytes")
        return made
