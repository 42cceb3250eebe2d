"""A web server for releases, which answers each path as a test says, also wrongly."""

import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

Answer = Callable[["Handler"], None]


class Server(ThreadingHTTPServer):
    """A server of some answers, path -> answer; it notes the paths that it was asked for."""

    daemon_threads = True
    block_on_close = False  # a slow answer may still run

    def __init__(self, address: str = "127.0.0.1") -> None:
        super().__init__((address, 0), Handler)
        self.address = address
        self.scheme = "http"
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """Its URL, without a slash at the end."""
        return f"{self.scheme}://{self.address}:{self.server_port}"

    def secure(self, directory: Path) -> Path:
        """Use TLS from now on, and return the file with the certificate, which is its own authority.

        + directory: for the certificate and its key
        """
        certificate, key = directory / "cert", directory / "key"
        new = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=releases"]
        name = ["-addext", f"subjectAltName=IP:{self.address}"]
        command = ["openssl", "req", *new, *name, "-keyout", str(key), "-out", str(certificate)]
        subprocess.run(command, check=True, capture_output=True)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.scheme = "https"
        return certificate

    def handle_error(self, *_: object) -> None:
        """Print nothing: clients end connections on purpose."""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Answer as the test says, or with 404."""
        self.server.asked.append(self.path)
        self.server.answers.get(self.path, status(404))(self)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def begin(self, status: int = 200, **headers: object) -> None:
        """Send the head of the answer; ``_`` in the name of a header is ``-``."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Connection", "close")
        self.end_headers()


@contextmanager
def serving(address: str = "127.0.0.1") -> Iterator[Server]:
    """Run a server on an address of this machine inside the block."""
    with Server(address) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        server.shutdown()


def content(body: bytes, *, length: int | None = None, code: int = 200, **headers: str) -> Answer:
    """Answer with a body; `length` is the Content-Length if it is wrong."""

    def answer(handler: Handler) -> None:
        handler.begin(code, Content_Length=len(body) if length is None else length, **headers)
        handler.wfile.write(body)

    return answer


def status(code: int) -> Answer:
    """Answer with a status and a short page."""
    return content(b"<html>no\n", code=code)


def redirect(target: str, code: int = 302) -> Answer:
    """Answer with a redirect."""
    return content(b"", code=code, Location=target)


def chunked(body: bytes, *, is_complete: bool = True) -> Answer:
    """Answer with a body in chunks, without its length."""

    def answer(handler: Handler) -> None:
        handler.begin(Transfer_Encoding="chunked")
        for at in range(0, len(body), 1000):
            block = body[at : at + 1000]
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(block), block))
        handler.wfile.write(b"0\r\n\r\n" if is_complete else b"")

    return answer


def endless(handler: Handler) -> None:
    """Send zeros in chunks until the client ends the connection."""
    handler.begin(Transfer_Encoding="chunked")
    with suppress(OSError):
        while True:
            handler.wfile.write(b"10000\r\n%b\r\n" % bytes(1 << 16))


def hang(handler: Handler) -> None:
    """Send nothing for a long time."""
    del handler
    time.sleep(20)


def drip(handler: Handler) -> None:
    """Send a byte of the body five times a second."""
    handler.begin(Content_Length=1000)
    with suppress(OSError):
        for _ in range(100):
            handler.wfile.write(b"x")
            time.sleep(0.2)


def drip_head(handler: Handler) -> None:
    """Send a byte of a header five times a second."""
    with suppress(OSError):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        for _ in range(100):
            handler.wfile.write(b"x")
            time.sleep(0.2)


def garbage(handler: Handler) -> None:
    """Send something that is not HTTP."""
    handler.wfile.write(b"\x1b]52;c;eA==\x07 220 ftp.example.org ready\r\n")
