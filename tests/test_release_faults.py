"""A web server with faults, on a real host: the version that runs stays, whoever downloads the archive."""

import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

import release_server
from expectations import BOOTSTRAP, FAST, assert_refused, assert_unchanged_run
from host_comparison import Run
from labhost import Host, Lab, PyinfraResult, network
from pushgateway_lab.releases.release import Release
from release_archives import elf, layout, member, sums, tarball
from release_server import Answer, Server, content, drip, redirect, status
from upstream_archives import packaged

OLD, NEW, NEXT = "1.5.1", "1.11.1", "1.12.0"
HOME, NOTE = "/usr/local/lib/pushgateway-lab", "/var/lib/pushgateway-lab/release-pushgateway"
EVIL = "/etc/cron.d/evil"

_PROGRAM = f"{Release('pushgateway', NEW, 'amd64').directory}/pushgateway"
LINK = member(_PROGRAM, type=tarfile.SYMTYPE, linkname="/etc/shadow")
SCRIPT = member(_PROGRAM, b"#!/bin/sh\n")


class Mirror:
    """A web server with one version, for this machine and the hosts; and a host that uses it."""

    def __init__(self, server: Server, host: Host, run_pyinfra: Run) -> None:
        self.server, self.host, self._run = server, host, run_pyinfra

    def serve(self, version: str, archive: bytes, answer: Answer | None = None) -> str:
        """Serve an archive and its digest; another answer takes the place of the archive. Return its path."""
        release = Release("pushgateway", version, "amd64")
        path = f"/v{version}/{release.file}"
        self.server.answers = {
            path: answer or content(archive),
            f"/v{version}/sha256sums.txt": content(sums({release.file: archive})),
        }
        self.server.asked.clear()
        return path

    def install(self, version: str, download: str, **further: object) -> PyinfraResult:
        """Run bootstrap for this version."""
        given = {
            "pushgateway_install_method": "release",
            "pushgateway_release_version": version,
            "pushgateway_release_source": f"{self.server.url}/v{{version}}/{{file}}",
            "pushgateway_download": download,
        }
        return self._run(self.host, "-y", BOOTSTRAP, data=FAST | given | further)

    def state(self) -> str:
        """Return the process, the programs, the version that is noted, and what an installation has left."""
        return self.host.run(
            f"pgrep -x pushgateway; sha256sum /usr/local/bin/*; cat {NOTE}; ls -A {HOME}"
        ).stdout


@pytest.fixture
def mirror(
    lab: Lab,
    lab_host: Host,
    run_pyinfra: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Mirror]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with release_server.serving(network.machine_address(lab.number)) as server:
        yield Mirror(server, lab_host, run_pyinfra)


@pytest.mark.lab_host(packages=("prometheus", "curl"))
def test_the_version_that_runs_stays(mirror: Mirror, tmp_path: Path) -> None:
    # The host downloads the first version, by a redirect. This machine gets the digest only.
    old = built(OLD, packaged("pushgateway"))
    path = mirror.serve(OLD, old, redirect("/cdn/archive?token=x"))
    mirror.server.answers["/cdn/archive?token=x"] = content(old)
    result = mirror.install(OLD, "host")
    assert result.returncode == 0, result.output
    assert "Installed: pushgateway 1.5.1." in result.stderr
    assert mirror.server.asked == [f"/v{OLD}/sha256sums.txt", path, "/cdn/archive?token=x"]
    assert not (tmp_path / "cache").exists()
    assert_unchanged_run(mirror.install(OLD, "host"))
    before = mirror.state()

    def refused(download: str, words: str, **further: object) -> None:
        result = mirror.install(NEW, download, **further)
        assert_refused(mirror.host, result, words)
        assert mirror.state() == before

    new = built(NEW, packaged("pushgateway", "forky"))
    for answer, further, of_control, of_host in (
        (status(404), {}, "is not there (status 404)", "returned error: 404"),
        (content(new[:-1000], length=len(new)), {}, "arrived incomplete", "curl: (18)"),
        (content(new[:-1000]), {}, "has the SHA-256 digest", "has the SHA-256 digest"),
        (drip, {"pushgateway_release_timeout": 2}, "not complete after 2 s", "curl: (28)"),
        (redirect("file:///etc/passwd"), {}, "which is refused", "curl: (1)"),
    ):
        mirror.serve(NEW, new, answer)
        refused("control", of_control, **further)
        refused("host", of_host, **further)
    for archive, of_control, of_host in (
        (built(NEW, elf("arm64")), "is a program for arm64", "does not start on this host"),
        (tarball([LINK]), "is not a regular file", "is not a program"),
        (tarball([]), "does not hold", "Not found in archive"),
        (tarball([SCRIPT]), "is not a program", "is not a program"),
    ):
        mirror.serve(NEW, archive)
        refused("control", of_control)
        refused("host", of_host)
    mirror.serve(NEW, new)
    refused("host", "has the SHA-256 digest", pushgateway_release_sha256={"amd64": "0" * 64})
    refused("host", "needs the URL of a web server", pushgateway_release_source=str(tmp_path))
    mirror.host.run(f"mount -t tmpfs -o size=1M,mode=755 tmpfs {HOME}")
    refused("host", "could not be downloaded to")
    mirror.host.run(f"umount {HOME}")

    # Other names in an archive become no files.
    for version, download in ((NEW, "control"), (NEXT, "host")):
        outside = [member(f"../../../../../..{EVIL}", b"x"), member(EVIL, b"x")]
        mirror.serve(version, built(version, packaged("pushgateway", "forky"), *outside))
        result = mirror.install(version, download)
        assert result.returncode == 0, result.output
        assert f"Installed: pushgateway {version}." in result.stderr
        assert mirror.host.run(f"ls -A {EVIL} {HOME}", check=False).stdout == f"{HOME}:\n"
    assert mirror.host.run("stat -c '%a %U' /usr/local/bin/pushgateway").stdout == "755 root\n"


@pytest.mark.lab_host(packages=("prometheus", "curl"))
def test_a_host_downloads_through_a_proxy_and_over_tls(mirror: Mirror, tmp_path: Path) -> None:
    archive = built(OLD, packaged("pushgateway"))
    digest = {"pushgateway_release_sha256": {"amd64": sha256(archive).hexdigest()}}
    # The host cannot resolve this name: only the proxy knows the server.
    source = "http://releases.invalid/v{version}/{file}"
    path = mirror.serve(OLD, archive)
    at_proxy = f"http://releases.invalid{path}"
    mirror.server.answers = {at_proxy: content(archive)}
    result = mirror.install(
        OLD,
        "host",
        pushgateway_release_source=source,
        pushgateway_release_proxy=mirror.server.url,
        **digest,
    )
    assert result.returncode == 0, result.output
    assert mirror.server.asked == [at_proxy]

    certificate = mirror.server.secure(tmp_path)
    newer = built(NEW, packaged("pushgateway", "forky"))
    digest = {"pushgateway_release_sha256": {"amd64": sha256(newer).hexdigest()}}
    path = mirror.serve(NEW, newer)
    before = mirror.state()
    untrusted = mirror.install(NEW, "host", **digest)
    assert_refused(mirror.host, untrusted, "curl: (60)")
    assert mirror.server.asked == []
    assert mirror.state() == before
    authorities = "/usr/local/share/ca-certificates"
    mirror.host.write(f"{authorities}/releases.crt", certificate.read_bytes())
    mirror.host.run("update-ca-certificates")
    mirror.serve(NEW, newer, redirect(f"http://{mirror.server.address}:1{path}"))
    downgraded = mirror.install(NEW, "host", **digest)
    assert_refused(mirror.host, downgraded, "curl: (1)")
    assert mirror.state() == before
    mirror.serve(NEW, newer)
    result = mirror.install(NEW, "host", **digest)
    assert result.returncode == 0, result.output
    assert mirror.server.asked == [path]
    assert f"Installed: pushgateway {NEW}." in result.stderr


def built(version: str, program: bytes, *before: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """Return an archive with this program, and with other entries before it."""
    release = Release("pushgateway", version, "amd64")
    return tarball([*before, *layout(release, {"pushgateway": program})])
