"""The check of the lock: the real pip-audit with a source of vulnerabilities on this machine."""

import json
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import lock_audit

LOCK = "".join(f"{name} --hash=sha256:{'1' * 64}\n" for name in ("six==1.17.0", "idna==3.7"))

_CANARY = {"id": "CVE-2014-1402", "affected": []}


def _fixed_in(name: str, version: str) -> list[Any]:
    package = {"name": name, "ecosystem": "PyPI"}
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": version}]}]
    return [{"package": package, "ranges": ranges}]


class _Source(BaseHTTPRequestHandler):
    """Answers as OSV does, from its own list."""

    knows: Mapping[str, object]

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = self.knows.get(asked["package"]["name"])
        body = json.dumps({"vulns": [known]} if known else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def source() -> Iterator[tuple[str, ...]]:
    """The options that make pip-audit ask `_Source`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Source) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/v1/query"
        yield ("--vulnerability-service=osv", f"--osv-url={url}")
        server.shutdown()
        thread.join()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text(LOCK)
    return path


def test_a_lock_without_known_vulnerabilities_passes(source: tuple[str, ...], lock: Path) -> None:
    _Source.knows = {"jinja2": _CANARY}
    assert lock_audit.audit(lock, {"OSV": source}) == (
        ["requirements.txt: no known vulnerability in 2 packages (asked: OSV)"],
        False,
    )


def test_a_known_vulnerability_fails_with_the_version_that_mends_it(
    source: tuple[str, ...], lock: Path
) -> None:
    found = {"id": "GHSA-1", "aliases": ["CVE-1\x1b[2J"], "affected": _fixed_in("idna", "3.15")}
    _Source.knows = {"jinja2": _CANARY, "idna": found}
    lines, vulnerable = lock_audit.audit(lock, {"OSV": source})
    assert vulnerable
    assert lines == [
        r"requirements.txt: idna 3.7 is vulnerable: CVE-1\x1b[2J, GHSA-1; fixed in 3.15"
    ]


def test_sources_that_do_not_answer_or_know_nothing_are_no_success_in_disguise(
    source: tuple[str, ...], lock: Path
) -> None:
    _Source.knows = {}
    nobody = ("--vulnerability-service=osv", "--osv-url=http://127.0.0.1:1/v1/query")
    (line,), vulnerable = lock_audit.audit(lock, {"nobody": nobody, "empty": source})
    assert not vulnerable
    assert line.startswith("requirements.txt: not checked for known vulnerabilities: nobody: ")
    assert "Connection" in line
    assert line.endswith("; empty: it knows no vulnerability of jinja2 2.4.1, which has some")


def test_packages_that_a_source_does_not_have_are_named() -> None:
    packages: list[dict[str, Any]] = [
        {"name": "six", "version": "1.17.0", "vulns": []},
        {"name": "idna", "version": "3.20", "vulns": []},
        {"name": "ours", "skip_reason": "not found"},
    ]
    assert lock_audit.outcome("lock", "PyPI", packages) == (
        [
            "lock: not checked: not found",
            "lock: no known vulnerability in 2 packages (asked: PyPI)",
        ],
        False,
    )
