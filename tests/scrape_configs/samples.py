"""The jobs that the tests merge, and the tables of sample configurations in this folder."""

import re
from pathlib import Path
from typing import NamedTuple

JOB = {
    "job_name": "pushgateway",
    "honor_labels": True,
    "static_configs": [{"targets": ["localhost:9091"]}],
}

CLOSED = {
    "job_name": "pushgateway",
    "honor_labels": True,
    "scheme": "https",
    "basic_auth": {"username": "trainer", "password_file": "/etc/scrape"},
    "tls_config": {"ca_file": "/etc/ca.pem", "min_version": "TLS12"},
    "static_configs": [{"targets": ["localhost:9091"]}],
}
"""The job of a Pushgateway that asks for a password and speaks TLS."""

_ROW = re.compile(r"^#### (.*)\n((?s:.*?))^#### =>\n((?s:.*?))(?=^#### |\Z)", re.MULTILINE)


class Row(NamedTuple):
    """A configuration and its expected result."""

    name: str
    before: str
    expected: str


def rows(table: str) -> list[Row]:
    """Return the rows of a table; the README describes its format."""
    text = Path(__file__).with_name(f"{table}.txt").read_text("utf-8")
    return [Row(*found) for found in _ROW.findall(text)]
