"""The names of releases, their URLs, and digests in sha256sums.txt. Without hosts and without a network."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushgateway_lab.formats.release_names import (
    ARCHITECTURES,
    parse_sha256,
    parse_template,
    parse_version,
)
from pushgateway_lab.releases.architecture import MACHINES, architecture_of
from pushgateway_lab.releases.release import (
    LARGEST_SUMS,
    Release,
    digest_in_sums,
    sums_url,
)
from pushgateway_lab.releases.release_error import ReleaseError
from release_archives import PROMETHEUS, PUSHGATEWAY

DIGEST = hashlib.sha256(b"").hexdigest()
FILE = PUSHGATEWAY.file
HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
NAMES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("machine", "architecture"),
    [
        ("x86_64", "amd64"),
        ("aarch64", "arm64"),
        ("armv7l", "armv7"),
        ("i686", "386"),
        ("i386", "386"),
    ],
)
def test_the_architecture_of_a_host(machine: str, architecture: str) -> None:
    assert architecture_of(machine) == architecture
    assert architecture in MACHINES


@pytest.mark.parametrize(
    "machine", ["", "riscv64", "armv6l", "X86_64", "x86_64\n", "\x1b[31m", "9" * 999]
)
def test_another_machine_is_refused_in_one_sentence(machine: str) -> None:
    with pytest.raises(ReleaseError) as error:
        architecture_of(machine)
    message = str(error.value)
    assert message.startswith("uname -m says '")
    assert message.isprintable()
    assert len(message) < 300


@pytest.mark.parametrize("version", ["1.11.1", "v1.11.1"])
def test_names_of_a_release(version: str) -> None:
    release = Release("pushgateway", version, "amd64")
    assert release == PUSHGATEWAY
    assert release.file == "pushgateway-1.11.1.linux-amd64.tar.gz"
    assert release.programs == ("pushgateway",)
    assert release.url() == (
        "https://github.com/prometheus/pushgateway/releases/download/v1.11.1/"
        "pushgateway-1.11.1.linux-amd64.tar.gz"
    )
    assert sums_url(release.url()) == (
        "https://github.com/prometheus/pushgateway/releases/download/v1.11.1/sha256sums.txt"
    )


def test_names_of_a_release_of_prometheus() -> None:
    assert PROMETHEUS.file == "prometheus-3.5.0.linux-arm64.tar.gz"
    assert PROMETHEUS.programs == ("prometheus", "promtool")
    assert PROMETHEUS.url().startswith(
        "https://github.com/prometheus/prometheus/releases/download/v3.5.0/prometheus-3.5.0."
    )
    assert (
        Release("prometheus", "3.0.0-rc.1", "armv7").directory
        == "prometheus-3.0.0-rc.1.linux-armv7"
    )


@pytest.mark.parametrize(
    ("project", "version", "architecture", "names"),
    [
        ("alertmanager", "1.0.0", "amd64", "'alertmanager'"),
        ("pushgateway", "1.0.0", "mips", "'mips'"),
        ("pushgateway", "latest", "amd64", "pushgateway_release_version"),
        ("prometheus", "../../x", "amd64", "prometheus_release_version"),
    ],
)
def test_a_release_that_cannot_be(
    project: str, version: str, architecture: str, names: str
) -> None:
    with pytest.raises(ReleaseError, match=names):
        Release(project, version, architecture)


@given(st.tuples(*[st.integers(0, 99999)] * 3), st.none() | st.integers(0, 99), st.booleans())
def test_versions_are_accepted(
    numbers: tuple[int, ...], candidate: int | None, has_v: bool
) -> None:
    version = ".".join(map(str, numbers)) + ("" if candidate is None else f"-rc.{candidate}")
    assert parse_version("v" * has_v + version) == version


@given(st.text(max_size=20) | st.text("v0123456789.-rc \n", max_size=20))
def test_a_version_is_refused_or_safe_in_a_path(text: str) -> None:
    try:
        version = parse_version(text)
    except ValueError:
        return
    assert version == text.removeprefix("v")
    assert set(version) <= set("0123456789.-rc")
    assert "/" not in version
    assert ".." not in version
    assert parse_version(version) == version


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v",
        "1",
        "1.2",
        "1.2.3.4",
        "01.2.3",
        "1.2.3-rc1",
        "1.2.3-beta.1",
        "V1.2.3",
        "1.2.3\n",
        "१.2.3",
    ],
)
def test_versions_that_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be such as 1\.11\.2"):
        parse_version(text)


def test_digests() -> None:
    assert parse_sha256(DIGEST.upper()) == DIGEST
    for wrong in (
        "",
        DIGEST[1:],
        f"{DIGEST}0",
        f"{DIGEST}\n",
        f"g{DIGEST[1:]}",
        f"sha256:{DIGEST}",
    ):
        with pytest.raises(ValueError, match="64 hexadecimal digits"):
            parse_sha256(wrong)


def test_a_template_with_all_fields() -> None:
    template = "http://[::1]:8080/{project}/{version}/{architecture}/{file}?x={version}&y=%20"
    assert PUSHGATEWAY.url(parse_template(template)) == (
        f"http://[::1]:8080/pushgateway/1.11.1/amd64/{FILE}?x=1.11.1&y=%20"
    )
    assert sums_url(PUSHGATEWAY.url(template)) == (
        "http://[::1]:8080/pushgateway/1.11.1/amd64/sha256sums.txt"
    )


@pytest.mark.parametrize(
    "template",
    [
        "",
        "file:///etc/{file}",
        "ftp://example.org/{file}",
        "HTTPS://example.org/{file}",
        "https://example.org",
        "https:///{file}",
        "https://example.org:99999/{file}",
        "https://[::1/{file}",
        "https://user:secret@example.org/{file}",
        "https://example.org/{file}#x",
        "https://example.org/{file} ",
        "https://example.org/\n{file}",
        "https://example.org/\u202e{file}",
        "https://example.org/{name}",
        "https://example.org/{}",
        "https://example.org/{0}",
        "https://example.org/{file.__class__}",
        "https://example.org/{file[0]}",
        "https://example.org/{file!r}",
        "https://example.org/{file:>999999999}",
        "https://example.org/{file",
        "https://example.org/file}",
        "https://example.org/" + "x" * 1000,
    ],
)
def test_a_template_that_is_refused(template: str) -> None:
    with pytest.raises(ReleaseError, match="pushgateway_release_source") as error:
        PUSHGATEWAY.url(template)
    assert str(error.value).isprintable()
    assert "secret" not in str(error.value)


@given(
    st.dictionaries(NAMES, HEX, min_size=1, max_size=20), st.data(), st.sampled_from(["  ", " *"])
)
def test_the_digest_of_each_file(sums: dict[str, str], data: st.DataObject, between: str) -> None:
    ending = data.draw(st.sampled_from(["\n", "\r\n"]))
    text = "".join(f"{digest}{between}{name}{ending}" for name, digest in sums.items()).encode()
    name = data.draw(st.sampled_from(sorted(sums)))
    assert digest_in_sums(text, name) == sums[name]
    with pytest.raises(ReleaseError, match="not one"):
        digest_in_sums(text + f"{sums[name]}{between}{name}\n".encode(), name)
    with pytest.raises(ReleaseError, match="0 lines for"):
        digest_in_sums(text, "no file/has this name at all")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_list_or_an_error_in_one_line(sums: bytes) -> None:
    with pytest.raises(ReleaseError) as error:
        digest_in_sums(sums, FILE)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 300


@given(st.integers(0, 65 + len(FILE)), st.binary(min_size=1, max_size=1))
def test_a_changed_byte_is_not_overlooked(at: int, byte: bytes) -> None:
    line = f"{DIGEST}  {FILE}\n".encode()
    changed = line[:at] + byte + line[at + 1 :]
    try:
        found = digest_in_sums(changed, FILE)
    except ReleaseError:
        return
    # Only the digest, or the blank before the name, may have changed.
    assert at < 64 or changed == line or changed[65:66] == b"*"
    assert found == changed[:64].decode().lower()


@pytest.mark.parametrize(
    "line",
    [
        f"{DIGEST} {FILE}",
        f"{DIGEST}   {FILE}",
        f"{DIGEST}\t{FILE}",
        f" {DIGEST}  {FILE}",
        f"{DIGEST}  {FILE} ",
        f"{DIGEST}  ./{FILE}",
        f"{DIGEST}  {FILE.upper()}",
        f"{DIGEST}  {FILE}\0",
        f"{DIGEST[1:]}  {FILE}",
        f"{DIGEST}0  {FILE}",
        f"\\{DIGEST}  {FILE}",
        f"SHA256 ({FILE}) = {DIGEST}",
        f"{DIGEST}  {FILE}\x85",
        "<!DOCTYPE html>",
        "\x1b]52;c;eA==\x07",
    ],
)
def test_a_line_that_names_the_file_in_another_form(line: str) -> None:
    with pytest.raises(ReleaseError) as error:
        digest_in_sums(f"{DIGEST}  other\n{line}\n".encode("latin-1"), FILE, "http://x/sums")
    assert str(error.value).startswith("http://x/sums ")
    assert str(error.value).isprintable()


def test_a_list_that_is_too_large() -> None:
    lines = f"{DIGEST}  {FILE}\n".encode()
    with pytest.raises(ReleaseError, match="larger than 64 KB"):
        digest_in_sums(lines + b"x" * LARGEST_SUMS, FILE)


def test_the_settings_know_the_architectures_of_programs() -> None:
    assert set(MACHINES) == set(ARCHITECTURES)
