"""Looks at hosts with files for TLS and passwords, without hosts."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from looks import encoded
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import web_files
from pushgateway_lab.settings import Settings, parse_settings
from pushgateway_lab.web import web_config
from pushgateway_lab.web.wanted_files import (
    Materials,
    WantedWebFile,
    wanted,
)

PASSWORD = "s3cret"  # noqa: S105 - a test's
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def settings(**data: Any) -> Settings:
    return parse_settings(data, host="vm01")


def lines_of(files: Sequence[WantedWebFile]) -> list[str]:
    """Return the lines of a look at a host that has the files."""
    lines = []
    for file in files:
        digest = "same" if file.path in web_files.SECRETS else sha256(file.data).hexdigest()
        lines += [
            f"web_mode {file.owner}:77:0:{file.mode:o} {file.path}",
            f"web_content {digest} {file.path}",
        ]
        if file.path in web_files.WEB_CONFIGS:
            text = file.data.decode()
            lines.append(f"web_text {file.path} {encoded(text)}")
            lines += [f"web_user {user}" for user in web_config.hashes_in(text)]
    return lines


def files_of(shown: Snapshot, given: Settings) -> list[WantedWebFile]:
    found = wanted(shown, given, Materials.of(given))
    assert found is not None
    return found
