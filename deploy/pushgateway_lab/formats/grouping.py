"""Grouping keys: the labels that name a group of the Pushgateway, and their path in its URLs.

Pure functions. The rules are those of the Pushgateway's README, "URL", and, where it is silent, of the
Pushgateway's code.

Python 3.9 and its standard library, because the prune's program on the hosts uses this module.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import quote

from pushgateway_lab.formats.characters import SHOWN, shown

# Prometheus, "Data model"; names that start with two underscores are reserved.
_LABEL_NAME = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")


class GroupingError(ValueError):
    """Labels that cannot name a group."""


def group_path(labels: Mapping[str, str]) -> str:
    """Return the path of a group: ``/job/<job>{/<label>/<value>}``, job first, the others sorted.

    Raises:
        GroupingError: the job is missing, or the Pushgateway would refuse a name or a value.
    """
    check_labels(labels)
    return "".join(_segment(name, labels[name]) for name in _job_first(labels))


def base64_path(labels: Mapping[str, str]) -> str:
    """Return the path of a group with each value as base64, without a check of the labels.

    It is for groups that a Pushgateway holds already.
    """
    return "".join(
        _base64_segment(quote(name, safe=""), labels[name]) for name in _job_first(labels)
    )


def _job_first(labels: Mapping[str, str]) -> list[str]:
    return sorted(labels, key=lambda name: (name != "job", name))


def _segment(name: str, value: str) -> str:
    """Return the segment of a label, with base64 for values that a URL path cannot hold.

    These are values with a slash, the empty value, and ``.`` and ``..``: clients and the Pushgateway
    resolve a segment of dots as a relative path, even if percent-encoded (RFC 3986, 6.2.2).
    """
    if value in ("", ".", "..") or "/" in value:
        return _base64_segment(name, value)
    return f"/{name}/{quote(value, safe='')}"


def _base64_segment(name: str, value: str) -> str:
    # The base64 of an empty value is empty, so a padding character stands for it (README, "URL").
    return f"/{name}@base64/{urlsafe_b64encode(value.encode()).decode() or '='}"


def check_labels(labels: Mapping[str, str]) -> None:
    """Check that labels can name a group.

    Raises:
        GroupingError: they cannot; the message names the label.
    """
    if not labels.get("job"):
        raise GroupingError('a group needs a job that is not empty, as in {"job": "backup"}')
    for name, value in labels.items():
        if not isinstance(name, str) or not _LABEL_NAME.fullmatch(name):
            raise GroupingError(
                f"{shown(name)} is not a label name: letters, digits and _, no digit and no __ first"
            )
        if not isinstance(value, str):
            raise GroupingError(
                f"label {name[:SHOWN]} is {shown(value)}, not a text: write it in quotes"
            )
        if not value.isascii() and not _is_unicode(value):
            raise GroupingError(
                f"label {name[:SHOWN]} is {shown(value)}, which is not valid Unicode"
            )


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def parse_labels(labels: object) -> dict[str, str]:
    """Return labels that are given as a mapping, or as a JSON text of one.

    pyinfra's command line parses JSON itself and passes a mapping.

    Raises:
        GroupingError: they have another form, or cannot name a group.
    """
    if isinstance(labels, str):
        try:
            labels = json.loads(labels)
        except (ValueError, RecursionError) as error:
            raise GroupingError(f"the labels are not JSON: {error}") from error
    if not isinstance(labels, Mapping):
        raise GroupingError(
            f'the labels are {shown(labels)}, not a mapping such as {{"job": "backup"}}'
        )
    check_labels(labels)
    return dict(labels)


def written(labels: Mapping[str, str]) -> str:
    """Return labels in Prometheus's notation: ``{job="backup", instance="db1"}``, job first."""
    pairs = (f'{name}="{escaped(labels[name])}"' for name in _job_first(labels))
    return "{" + ", ".join(pairs) + "}"


def escaped(value: str) -> str:
    """Return a label value with the escapes of Prometheus's notation, without quotes."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
