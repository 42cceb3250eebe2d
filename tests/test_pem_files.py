"""Certificate files on this machine: the certificates that a host gets, the files that are refused, the trial handshake."""

from pathlib import Path

import pytest

from certificates import make_authority, make_certificate
from pushgateway_lab.credentials import pem_files
from pushgateway_lab.install import preflight
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.web import wanted_files
from snapshots import BOTH, seen, settings

MARK = "-----BEGIN"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A directory with an authority, a server's certificate for 127.0.0.1, and a client's."""
    make_authority(tmp_path)
    make_certificate(tmp_path, "server", "IP:127.0.0.1")
    make_certificate(tmp_path, "client")
    return tmp_path


def test_a_file_of_authorities_has_certificates_alone(files: Path) -> None:
    one, other = ((files / f"{name}.pem").read_text() for name in ("ca", "server"))
    key = (files / "ca.key").read_text()
    path = files / "given.pem"
    path.write_text(f"# two\n{one}text between\n{other}")
    assert pem_files.certificates("pushgateway_ca_file", str(path)) == one + other
    for text, says in (
        (one + key, "has a private key"),
        (key, "has a private key"),
        ("root:x:0:0::/root:/bin/sh\n", "has no certificates in PEM"),
        ("", "has no certificates in PEM"),
        (one.replace("M", "N", 3), "has no certificates in PEM that can be read"),
        (one.partition("-----END")[0], "has no certificates in PEM"),
    ):
        path.write_text(text)
        with pytest.raises(HostError, match=says) as error:
            pem_files.certificates("pushgateway_ca_file", str(path))
        assert f"pushgateway_ca_file: {path}" in str(error.value)


def test_no_file_that_everybody_can_read_gets_a_key(files: Path) -> None:
    both = files / "both.pem"
    both.write_text((files / "client.key").read_text() + (files / "client.pem").read_text())
    given = settings(
        pushgateway_url="https://127.0.0.1:9091",
        pushgateway_ca_file=str(files / "ca.pem"),
        pushgateway_cert_file=str(both),
    )
    found = wanted_files.wanted(seen(*BOTH), given)
    assert found is not None
    public = [each for each in found if each.mode & 0o077]
    assert len(public) == 2
    assert all(each.data.count(MARK.encode()) == 1 for each in public)
    assert not any(b"KEY" in each.data for each in public)
    assert [each.mode for each in found if b"KEY" in each.data] == [0o400]
    certified = {
        "pushgateway_ca_file": str(files / "ca.pem"),
        "pushgateway_cert_file": str(both),
        "pushgateway_tls_cert_file": str(files / "server.pem"),
        "pushgateway_tls_key_file": str(files / "server.key"),
        "pushgateway_tls_client_ca_file": str(files / "ca.pem"),
    }
    for key in ("pushgateway_ca_file", "pushgateway_tls_client_ca_file"):
        with pytest.raises(HostError, match=f"{key}: .*both.pem has a private key"):
            wanted_files.wanted(seen(*BOTH), settings(**(certified | {key: str(both)})))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, None),
        (
            {"pushgateway_url": "https://web:9091"},
            "is not for web, at which the Pushgateway is asked",
        ),
        ({"pushgateway_ca_file": None}, "is of no authority that is trusted here: "),
        ({"pushgateway_ca_file": None, "pushgateway_smoke": "never"}, None),
        (
            {"pushgateway_ca_file": "client.pem"},
            "no authority in .*client.pem issued the certificate",
        ),
        (
            {"pushgateway_tls_client_ca_file": "ca.pem", "pushgateway_cert_file": "client.pem"}
            | {"pushgateway_key_file": "client.key"},
            None,
        ),
        (
            {"pushgateway_tls_client_ca_file": "server.pem", "pushgateway_cert_file": "client.pem"}
            | {"pushgateway_key_file": "client.key"},
            "will not let in this toolkit and Prometheus: .* an authority in .*server.pem",
        ),
    ],
)
def test_certificates_that_do_not_trust_each_other_are_refused_first(
    files: Path, more: dict[str, str | None], says: str | None
) -> None:
    data: dict[str, str | None] = {
        "pushgateway_tls_cert_file": "server.pem",
        "pushgateway_tls_key_file": "server.key",
        "pushgateway_ca_file": "ca.pem",
        **more,
    }
    found = {
        key: str(files / value) if value and key.endswith("_file") else value
        for key, value in data.items()
    }
    given = settings(**found)
    if says is None:
        preflight.check_web_files(seen(*BOTH), given)
        return
    with pytest.raises(HostError, match=says) as error:
        preflight.check_web_files(seen(*BOTH), given)
    assert "Nothing was changed." in str(error.value)
