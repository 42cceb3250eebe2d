"""Check a lock for known vulnerabilities: lock_audit.py REQUIREMENTS.

pip-audit asks PyPI, else OSV. If a source has no data about any package, pip-audit still prints "No known
vulnerabilities found" and ends with 0. So this check asks each source first about a version with known
vulnerabilities. If neither source knows it, the check reports that it was not done, and succeeds: many
networks do not reach these sources.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

SOURCES = {"PyPI": ("--vulnerability-service=pypi",), "OSV": ("--vulnerability-service=osv",)}

KNOWN = f"jinja2==2.4.1 --hash=sha256:{'0' * 64}\n"
"""A version with CVEs since 2014. It is not downloaded: pip-audit downloads no package with a hash."""

PATIENCE = 120
"""Seconds for all answers of one source; a lock of 100 packages takes some 6 s."""


class NoDataError(Exception):
    """A source cannot be used; the message has the reason."""


class Outcome(NamedTuple):
    """The result for a lock."""

    lines: list[str]
    vulnerable: bool


def audit(lock: Path, sources: Mapping[str, Sequence[str]] = SOURCES) -> Outcome:
    """Ask the first usable source about all packages of a lock.

    + lock: a requirements file with versions and hashes
    + sources: name of a source -> pip-audit's options for it
    """
    unusable = []
    with TemporaryDirectory() as directory:
        known = Path(directory, "known.txt")
        known.write_text(KNOWN, encoding="ascii")
        for name, options in sources.items():
            try:
                _require_data(_ask(known, options))
                return outcome(lock.name, name, _ask(lock, options))
            except NoDataError as error:
                unusable.append(f"{name}: {error}")
    return Outcome(
        [f"{lock.name}: not checked for known vulnerabilities: {'; '.join(unusable)}"], False
    )


def outcome(lock: str, source: str, packages: Sequence[Mapping[str, Any]]) -> Outcome:
    """Return the result for pip-audit's answer, with a line for each vulnerability.

    + packages: ``dependencies`` of pip-audit's JSON
    """
    lines = []
    for package in packages:
        if "skip_reason" in package:
            lines.append(f"{lock}: not checked: {_shown(package['skip_reason'])}")
        for found in package.get("vulns", ()):
            names = ", ".join([found["id"], *found["aliases"]])
            fixed = ", ".join(found["fix_versions"]) or "no version yet"
            lines.append(
                f"{lock}: {_shown(package['name'])} {_shown(package['version'])} is vulnerable: "
                f"{_shown(names)}; fixed in {_shown(fixed)}"
            )
    vulnerable = any(package.get("vulns") for package in packages)
    if not vulnerable:
        checked = sum("skip_reason" not in package for package in packages)
        lines.append(f"{lock}: no known vulnerability in {checked} packages (asked: {source})")
    return Outcome(lines, vulnerable)


def _require_data(packages: Sequence[Mapping[str, Any]]) -> None:
    """Raise NoDataError if the answer about `KNOWN` has no vulnerability."""
    for package in packages:
        if "skip_reason" in package:
            raise NoDataError(_shown(package["skip_reason"]))
        if not package["vulns"]:
            raise NoDataError("it knows no vulnerability of jinja2 2.4.1, which has some")


def _ask(requirements: Path, options: Sequence[str]) -> list[dict[str, Any]]:
    command = [
        *(sys.executable, "-m", "pip_audit", "--requirement", str(requirements)),
        *("--require-hashes", "--disable-pip", "--progress-spinner=off", "--timeout=5"),
        *("--format=json", "--desc=off", "--aliases=on", *options),
    ]
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise NoDataError(f"not all answers came within {PATIENCE} s") from None
    try:
        packages: list[dict[str, Any]] = json.loads(ended.stdout)["dependencies"]
    except ValueError:
        last = ended.stderr.strip().rpartition("\n")[2]
        raise NoDataError(_shown(last) or f"pip-audit ended with {ended.returncode}") from None
    return packages


def _shown(text: str, longest: int = 160) -> str:
    """Return a server's text escaped for a terminal and cut to one line."""
    escaped = text.encode("unicode_escape").decode("ascii")
    return escaped if len(escaped) <= longest else f"{escaped[:longest]}..."


if __name__ == "__main__":
    lines, vulnerable = audit(Path(sys.argv[1]))
    print("\n".join(lines))
    sys.exit(vulnerable)
