"""A hostile HTTP server: hostile_server.py ADDRESS PORT BEHAVIOUR ANSWERS.

It runs on a lab host as a user without rights, with the Python of the oldest release. BEHAVIOUR is one of:

+ say: the body in the file ANSWERS (JSON: path -> body) for the path, or for ``*``, else 404
+ hang: no answer
+ drip: a byte of the body every second, without end
+ endless: JSON without end; zeros: NULs without end
+ deep: JSON that is nested a hundred thousand times
+ truncated: a body shorter than its Content-Length
+ bomb: a gzip of 2 GB, announced as Content-Encoding
+ drip_head: a byte of the headers every second, without end
+ status_line: a status line of 1 MB
+ headers: a thousand headers; large_headers: one of 1 MB; nul: NUL and an escape sequence in one
+ interim: a hundred times ``100 Continue``, then an answer
+ chunks: a body whose chunks have no length; large: 9 MB that are announced as 9 MB
+ objects: 8 MB of JSON that take 200 MB of memory when they are read
+ redirect: to /elsewhere on the same port

It appends each request to /tmp/attacker-PORT.log, as a line of JSON.
"""

import json
import sys
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ADDRESS, PORT, BEHAVIOUR, ANSWERS = sys.argv[1:]
BODIES = json.loads(Path(ANSWERS).read_text(encoding="utf-8"))
LOG = Path(f"/tmp/attacker-{PORT}.log")  # noqa: S108 - on a host that lives for one test
BLOCK = 1 << 16


class Handler(BaseHTTPRequestHandler):
    """Gives the same answer for every method."""

    protocol_version = "HTTP/1.1"  # the answer has its length, or comes in chunks

    def do_GET(self) -> None:
        """Answer according to BEHAVIOUR."""
        asked = {name.lower(): value for name, value in self.headers.items()}
        with LOG.open("a", encoding="utf-8") as log:
            print(json.dumps({"line": self.requestline, **asked}), file=log, flush=True)
        length = int(asked.get("content-length", 0))
        self.rfile.read(length)
        getattr(self, f"_{BEHAVIOUR}")()

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def _begin(self, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _chunk(self, data: bytes) -> None:
        if data:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def _say(self) -> None:
        path = self.path.partition("?")[0]
        body = BODIES.get(self.path, BODIES.get(path, BODIES.get("*")))
        data = (body or "not here\n").encode("utf-8", "surrogatepass")
        self._begin(404 if body is None else 200, Content_Length=str(len(data)))
        self.wfile.write(data)

    def _hang(self) -> None:
        time.sleep(600)

    def _drip(self) -> None:
        self._begin(Content_Length="600")
        for _ in range(600):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(1)

    def _endless(self) -> None:
        self._begin(Transfer_Encoding="chunked")
        self._chunk(b'{"status":"success","data":[')
        while True:
            self._chunk(b'{"labels":{"job":"x"}},' * 3000)

    def _zeros(self) -> None:
        self._begin(Transfer_Encoding="chunked")
        while True:
            self._chunk(bytes(BLOCK))

    def _deep(self) -> None:
        data = b'{"status":"success","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
        self._begin(Content_Length=str(len(data)))
        self.wfile.write(data)

    def _truncated(self) -> None:
        self._begin(Content_Length="100000")
        self.wfile.write(b'{"status":"success","data":[')
        self.close_connection = True

    def _bomb(self) -> None:
        self._begin(Content_Encoding="gzip", Transfer_Encoding="chunked")
        squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
        for _ in range(2 << 14):
            self._chunk(squeeze.compress(bytes(BLOCK)))
        self._chunk(squeeze.flush())
        self.wfile.write(b"0\r\n\r\n")

    def _drip_head(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        for _ in range(600):
            self.wfile.write(b"x")
            time.sleep(1)

    def _status_line(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 " + b"x" * (1 << 20) + b"\r\n\r\n")

    def _headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X-Many: x\r\n" * 1000 + b"\r\n")

    def _large_headers(self) -> None:
        self._begin(X_Large="x" * (1 << 20))

    def _nul(self) -> None:
        self._begin(X_Nul="a\0b\x1b]52;c;eA==\x07")

    def _interim(self) -> None:
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
        self._say()

    def _chunks(self) -> None:
        self._begin(Transfer_Encoding="chunked")
        self.wfile.write(b"\x1b]52;c;eA==\x07 no length\r\n" * 1000)
        self.close_connection = True

    def _large(self) -> None:
        self._begin(Content_Length=str(9 << 20))
        self.wfile.write(b" " * (9 << 20))

    def _objects(self) -> None:
        data = b'{"data":[' + b"{}," * (5 << 19) + b"{}]}"
        self._begin(Content_Length=str(len(data)))
        self.wfile.write(data)

    def _redirect(self) -> None:
        self._begin(302, Location="/elsewhere", Content_Length="0")


class Server(ThreadingHTTPServer):
    """Can use a port that another server has just left."""

    daemon_threads = True
    allow_reuse_address = True


if __name__ == "__main__":
    LOG.touch()
    Server((ADDRESS, int(PORT)), Handler).serve_forever()
