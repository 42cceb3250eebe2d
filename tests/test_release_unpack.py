"""Programs out of release archives, also hostile ones. Without hosts."""

import gzip
import hashlib
import io
import platform
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushgateway_lab.releases import unpack
from pushgateway_lab.releases.architecture import MACHINES, architecture_of
from pushgateway_lab.releases.release import Release
from pushgateway_lab.releases.release_error import ReleaseError
from pushgateway_lab.releases.unpack import program_digests
from release_archives import PROMETHEUS, PUSHGATEWAY, elf, layout, member, tarball, upstream

TOP = PUSHGATEWAY.directory
NAME = f"{TOP}/pushgateway"


def refused(archive: bytes, release: Release = PUSHGATEWAY) -> str:
    """Return the error about an archive."""
    with pytest.raises(ReleaseError) as error:
        program_digests(io.BytesIO(archive), release)
    message = str(error.value)
    assert message.startswith(f"{release.file} ")
    assert message.isprintable()
    assert message.endswith("so it is not upstream's archive: get it from another place.")
    return message


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("release", [PUSHGATEWAY, PROMETHEUS], ids=lambda each: each.project)
def test_the_programs_of_an_archive(release: Release) -> None:
    content = elf(release.architecture)
    found = program_digests(io.BytesIO(upstream(release)), release)
    assert found == dict.fromkeys(release.programs, digest(content))


@pytest.mark.parametrize("architecture", MACHINES)
@pytest.mark.parametrize("kind", [2, 3])
def test_programs_of_each_architecture(architecture: str, kind: int) -> None:
    release = Release("pushgateway", "1.11.1", architecture)
    content = elf(architecture, kind=kind)
    archive = tarball(layout(release, {"pushgateway": content}))
    assert program_digests(io.BytesIO(archive), release) == {"pushgateway": digest(content)}
    for other in MACHINES.keys() - {architecture}:
        wrong = tarball(layout(release, {"pushgateway": elf(other)}))
        assert f"is a program for {other}, not for {architecture}" in refused(wrong, release)


def test_a_real_program_of_this_machine() -> None:
    program = Path(shutil.which("true") or "/bin/true").read_bytes()
    release = Release("pushgateway", "1.11.1", architecture_of(platform.machine()))
    archive = tarball(layout(release, {"pushgateway": program}))
    found = program_digests(io.BytesIO(archive), release)
    assert found == {"pushgateway": digest(program)}


def test_an_archive_that_tar_made(tmp_path: Path) -> None:
    (tmp_path / TOP).mkdir()
    (tmp_path / NAME).write_bytes(elf())
    for kind in ("gnu", "pax", "ustar"):
        command = [
            "tar",
            "-C",
            str(tmp_path),
            f"--format={kind}",
            "-czf",
            f"{tmp_path}/x.tar.gz",
            TOP,
        ]
        subprocess.run(command, check=True)
        with (tmp_path / "x.tar.gz").open("rb") as archive:
            assert program_digests(archive, PUSHGATEWAY) == {"pushgateway": digest(elf())}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"#!/bin/sh\nid\n", "is not a program: it begins with b'#!/bin/sh"),
        (b"\x7fELF", "is not a program: it begins with"),
        (b"\x1b[31m" * 100, r"is not a program: it begins with b'\x1b[31m"),
        (elf(data=2), "is a program for another machine"),
        (elf(kind=1), "is an ELF file, but not a program"),
        (elf(kind=4), "is an ELF file, but not a program"),
    ],
)
def test_a_file_that_is_not_a_program(content: bytes, says: str) -> None:
    assert f"holds {NAME}, which {says}" in refused(
        tarball(layout(PUSHGATEWAY, {"pushgateway": content}))
    )


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.FIFOTYPE,
        tarfile.DIRTYPE,
        tarfile.CONTTYPE,
        b"Z",
    ],
)
def test_a_program_that_is_not_a_regular_file(kind: bytes) -> None:
    target = f"{TOP}/real"
    archive = tarball([member(target, elf()), member(NAME, type=kind, linkname=target)])
    assert f"holds {NAME}, which is not a regular file" in refused(archive)


def test_hostile_members_beside_the_program_are_passed_over(tmp_path: Path) -> None:
    outside = ["../victim", "../../victim", f"{tmp_path}/victim", f"{TOP}/../../victim"]
    links = (tarfile.SYMTYPE, tarfile.LNKTYPE)
    entries = [member(name, b"new") for name in (*outside, "pushgateway", "", ".")]
    entries += [member(f"{TOP}/link", type=kind, linkname=f"{tmp_path}/victim") for kind in links]
    entries.append(member(f"{TOP}/null", type=tarfile.CHRTYPE, devmajor=1, devminor=3))
    archive = tarball([*entries, *layout(PUSHGATEWAY)])
    assert program_digests(io.BytesIO(archive), PUSHGATEWAY) == {"pushgateway": digest(elf())}


def test_two_members_of_one_name() -> None:
    archive = tarball([*layout(PUSHGATEWAY), member(NAME, elf())])
    assert f"holds {NAME} twice" in refused(archive)


@pytest.mark.parametrize(
    "name",
    [
        f"./{NAME}",
        f"{TOP}//pushgateway",
        "pushgateway",
        f"{TOP}/PushGateway",
        f"x/{NAME}",
        f"/{NAME}",
    ],
)
def test_a_missing_program(name: str) -> None:
    assert f"does not hold {NAME}" in refused(tarball([member(name, elf())]))


def test_the_other_program_of_an_archive_is_missing() -> None:
    archive = tarball(layout(PROMETHEUS, {"prometheus": elf("arm64")}))
    assert f"does not hold {PROMETHEUS.directory}/promtool" in refused(archive, PROMETHEUS)
    both = refused(tarball([]), PROMETHEUS)
    assert f"{PROMETHEUS.directory}/prometheus and {PROMETHEUS.directory}/promtool" in both


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        b"\x1f\x8b",
        b"<html>",
        gzip.compress(b"", mtime=0),
        gzip.compress(b"no tar" * 1000, mtime=0),
        upstream(PUSHGATEWAY)[:-200],
        upstream(PUSHGATEWAY)[:100],
    ],
)
def test_an_archive_that_cannot_be_read(archive: bytes) -> None:
    assert "cannot be read" in refused(archive)


def test_a_bomb_beside_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "LARGEST_CONTENT", 1 << 20)
    bomb = tarball([member(f"{TOP}/bomb", bytes(8 << 20)), *layout(PUSHGATEWAY)])
    assert len(bomb) < 1 << 20
    assert "has more than 1 MB of content" in refused(bomb)


def test_a_program_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "LARGEST_PROGRAM", 1 << 20)
    archive = tarball(layout(PUSHGATEWAY, {"pushgateway": elf(size=(1 << 20) + 1)}))
    assert "which is larger than 1 MB" in refused(archive)


def test_too_many_members() -> None:
    many = [member(f"{TOP}/{number}") for number in range(unpack.MOST_MEMBERS)]
    assert "has more than 1000 members" in refused(tarball([*many, *layout(PUSHGATEWAY)]))


def headers(*infos: tarfile.TarInfo, content: bytes = b"") -> bytes:
    """Return an archive of these headers and then `content`, whatever the headers say about it."""
    raw = b"".join(info.tobuf(tarfile.GNU_FORMAT) for info in infos)
    return gzip.compress(raw + content + bytes(10240))


@pytest.mark.parametrize(
    "kind", [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE]
)
def test_a_long_name_is_not_read_into_memory(kind: bytes) -> None:
    info = member("x", type=kind)[0]
    info.size = 1 << 30
    assert "a header with 1073741824 bytes" in refused(headers(info, content=bytes(1 << 20)))


@pytest.mark.parametrize("size", [-1, -512, -(1 << 40)])
def test_a_negative_size(size: int) -> None:
    info = member(NAME)[0]
    info.size = size
    assert "cannot be read" in refused(headers(info, content=elf()))
    pax = f"16 size={size}\n".encode()
    pax = f"{len(pax):02d}{pax[2:].decode()}".encode()
    long = member("x", pax, type=tarfile.XHDTYPE)[0]
    refused(headers(long, content=pax.ljust(512, b"\0") + member(NAME)[0].tobuf() + elf()))


def test_a_size_that_the_archive_does_not_have() -> None:
    info = member(NAME)[0]
    info.size = 100 << 20
    assert "cannot be read" in refused(headers(info, content=elf()))


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_archive_is_read_or_refused(changes: list[tuple[int, int]]) -> None:
    raw = bytearray(gzip.decompress(upstream(PUSHGATEWAY)))
    for at, byte in changes:
        raw[at % len(raw)] = byte
    try:
        found = program_digests(io.BytesIO(gzip.compress(raw, 1, mtime=0)), PUSHGATEWAY)
    except ReleaseError as error:
        assert str(error).isprintable()  # noqa: PT017 - most examples are refused
        return
    assert set(found) == {"pushgateway"}
