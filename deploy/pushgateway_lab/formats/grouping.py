"""Grouping keys: the labels that name a group of the Pushgateway, and their path in its URLs.

Pure functions. The rules are those of the Pushgateway's README, "URL", and of its code where the
README leaves something open.

Python 3.9 and its standard library: the prune's program uses the same paths.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import quote

from pushgateway_lab.formats.characters import SHOWN, shown

# Prometheus, "Data model"; names that start with two underscores are its own.
_LABEL_NAME = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")


class GroupingError(ValueError):
    """Labels that cannot name a group."""


def group_path(labels: Mapping[str, str]) -> str:
    """The path of a group: ``/job/<job>{/<label>/<value>}``, job first, the others sorted.

    Raises:
        GroupingError: there is no job, or a name or a value that the Pushgateway would not take.
    """
    check_labels(labels)
    return "".join(_segment(name, labels[name]) for name in _job_first(labels))


def base64_path(labels: Mapping[str, str]) -> str:
    """The path of a group that a Pushgateway has, with each value as base64: the labels are not checked."""
    return "".join(
        _base64_segment(quote(name, safe=""), labels[name]) for name in _job_first(labels)
    )


def _job_first(labels: Mapping[str, str]) -> list[str]:
    return sorted(labels, key=lambda name: (name != "job", name))


def _segment(name: str, value: str) -> str:
    """One label. What a URL path cannot carry goes as base64: a slash, nothing, and dots alone.

    A segment of dots is a step in the tree of paths, also percent-encoded (RFC 3986, 6.2.2): clients
    and the Pushgateway itself resolve it.
    """
    if value in ("", ".", "..") or "/" in value:
        return _base64_segment(name, value)
    return f"/{name}/{quote(value, safe='')}"


def _base64_segment(name: str, value: str) -> str:
    # Of an empty value no character would be left; any padding stands for one.
    return f"/{name}@base64/{urlsafe_b64encode(value.encode()).decode() or '='}"


def check_labels(labels: Mapping[str, str]) -> None:
    """Check that labels can name a group.

    Raises:
        GroupingError: with what is wrong, and where.
    """
    if not labels.get("job"):
        raise GroupingError('a group needs a job that is not empty, as in {"job": "backup"}')
    for name, value in labels.items():
        if not isinstance(name, str) or not _LABEL_NAME.fullmatch(name):
            raise GroupingError(
                f"{shown(name)} is no label name: letters, digits and _, not a digit first, not __"
            )
        if not isinstance(value, str):
            raise GroupingError(
                f"label {name[:SHOWN]} is {shown(value)}, not a text: write it in quotes"
            )
        if not value.isascii() and not _is_unicode(value):
            raise GroupingError(
                f"label {name[:SHOWN]} is {shown(value)}, which is no valid Unicode"
            )


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def parse_labels(labels: object) -> dict[str, str]:
    """Labels as people give them: a mapping, or the text of one in JSON.

    pyinfra's command line makes a mapping of such a text by itself.

    Raises:
        GroupingError: they are neither, or cannot name a group.
    """
    if isinstance(labels, str):
        try:
            labels = json.loads(labels)
        except (ValueError, RecursionError) as error:
            raise GroupingError(f"the labels are no JSON: {error}") from error
    if not isinstance(labels, Mapping):
        raise GroupingError(f'the labels are {shown(labels)}, not a mapping as {{"job": "backup"}}')
    check_labels(labels)
    return dict(labels)


def written(labels: Mapping[str, str]) -> str:
    """Labels in Prometheus's notation: ``{job="backup", instance="db1"}``, job first."""
    pairs = (f'{name}="{escaped(labels[name])}"' for name in _job_first(labels))
    return "{" + ", ".join(pairs) + "}"


def escaped(value: str) -> str:
    """A label value as it stands between quotes."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
