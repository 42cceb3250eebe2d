"""An archive that a host downloads itself: the configuration of its curl, and the digest. Without hosts."""

import hashlib

import pytest

import release_server
from pushgateway_lab.releases.download import curl_config
from pushgateway_lab.releases.fetch import look_up
from pushgateway_lab.releases.release_error import ReleaseError
from pushgateway_lab.releases.web_server import Web
from release_archives import PUSHGATEWAY, sums
from release_server import content
from snapshots import settings

ARCHIVE = "https://mirror.example.org/v1.11.1/pushgateway.tar.gz"


@pytest.mark.parametrize(
    ("url", "proxy", "lines"),
    [
        (ARCHIVE, None, [f'url = "{ARCHIVE}"', 'proto-redir = "=https"']),
        (
            "http://10.0.0.1:8080/a.tar.gz?token=x&y=[1-9]",
            "http://proxy:3128",
            [
                'url = "http://10.0.0.1:8080/a.tar.gz?token=x&y=[1-9]"',
                'proto-redir = "=http,https"',
                'proxy = "http://proxy:3128"',
            ],
        ),
    ],
)
def test_the_configuration_of_curl(url: str, proxy: str | None, lines: list[str]) -> None:
    assert curl_config(url, proxy).decode().splitlines() == lines


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ('http://a/b"\noutput = "/etc/passwd', None),
        ("http://a/b\\", None),
        ("file:///etc/shadow", None),
        ("http://root:secret@a/b", None),
        ("http://a", None),
        (ARCHIVE, 'http://proxy"'),
        (ARCHIVE, "socks5://proxy:1"),
        (ARCHIVE, "http://user:secret@proxy"),
    ],
)
def test_what_would_be_more_than_a_url_is_refused(url: str, proxy: str | None) -> None:
    with pytest.raises(ValueError, match="must"):
        curl_config(url, proxy)


def test_only_the_list_of_digests_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    digest = hashlib.sha256(b"archive").hexdigest()
    with release_server.serving() as server:
        web = Web(f"{server.url}/{{version}}/{{file}}")
        server.answers = {"/1.11.1/sha256sums.txt": content(sums({PUSHGATEWAY.file: b"archive"}))}
        found = look_up(PUSHGATEWAY, web)
        assert found.url == f"{server.url}/1.11.1/{PUSHGATEWAY.file}"
        assert found.sha256 == digest
        assert "sha256sums.txt, which protects against damage" in found.digest_from
        assert server.asked == ["/1.11.1/sha256sums.txt"]
        given = look_up(PUSHGATEWAY, web, sha256="A" * 64)
        assert (given.sha256, given.digest_from) == ("a" * 64, "pushgateway_release_sha256")
        assert len(server.asked) == 1
        server.answers = {}
        with pytest.raises(ReleaseError, match="is not there"):
            look_up(PUSHGATEWAY, web)


@pytest.mark.parametrize("value", ["both", True, ""])
def test_settings_that_are_refused(value: object) -> None:
    with pytest.raises(Exception, match="pushgateway_download"):
        settings(pushgateway_download=value)
