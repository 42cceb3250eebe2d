"""The certificate that a server shows, as the control machine gets it from itself. Without hosts."""

import socket
from pathlib import Path

from local_hosts import local_host
from pushgateway_lab.http.peer_certificate import peer_certificate
from release_server import serving


def test_a_certificate_that_nobody_trusts_is_returned_and_nothing_is_asked(tmp_path: Path) -> None:
    with serving() as server, local_host() as host:
        certificate = server.secure(tmp_path).read_text()
        found = peer_certificate(host, server.url)
    assert found.split() == certificate.split()
    assert server.asked == []


def test_without_a_server_and_without_tls_there_is_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with serving() as server, local_host() as host:
        assert not peer_certificate(host, f"https://127.0.0.1:{server.server_port}")
        assert not peer_certificate(host, f"https://127.0.0.1:{port}")
