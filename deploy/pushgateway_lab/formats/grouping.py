"""Grouping keys: the labels that name a group of the Pushgateway, and their path in its URLs.

Pure functions. The rules are those of the Pushgateway's README, "URL", and, where it is silent, of the
Pushgateway's code.

Python 3.9 and its standard library, because the prune's program on the hosts uses this module.
"""

from __future__ import annotations

import json
import re
import sys
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import quote

from pushgateway_lab.formats.characters import SHOWN, shown

# Prometheus, "Data model"; names that start with two underscores are reserved.
_LABEL_NAME = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
_PLAIN_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")

UTF8_NAMES = "push.enable-utf8-names"
"""The flag with which a Pushgateway (1.11 and later) decodes label names in URLs, as ``U__foo_2e_bar``."""

_PREFIX = "U__"
_LONGEST_CODE = 6
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]+")


class GroupingError(ValueError):
    """Labels that cannot name a group."""


def group_path(labels: Mapping[str, str]) -> str:
    """Return the path of a group: ``/job/<job>{/<label>/<value>}``, job first, the others sorted.

    Raises:
        GroupingError: the job is missing, or the Pushgateway would refuse a name or a value.
    """
    check_labels(labels)
    return "".join(_segment(name, labels[name]) for name in _job_first(labels))


def held_path(labels: Mapping[str, str], *, decodes_names: bool) -> str:
    """Return the path of a group that a Pushgateway holds: a label may have any name.

    + decodes_names: whether the Pushgateway has the flag `UTF8_NAMES`; it matters only if `is_ambiguous`

    Raises:
        GroupingError: the job is missing, or a name or a value is not valid Unicode.
    """
    _check_job(labels)
    for name, value in labels.items():
        _check_value(name, value)
        if not name or not _is_unicode(name):
            raise GroupingError(
                f"{shown(name)} is not a label name: it is empty, or not valid Unicode"
            )
    return "".join(
        _segment(_name_in_path(name, decodes_names), labels[name]) for name in _job_first(labels)
    )


def base64_path(labels: Mapping[str, str], *, decodes_names: bool) -> str:
    """Return the path of a group with each value as base64, without a check of the labels.

    It is for groups that a Pushgateway holds already.

    + decodes_names: as for `held_path`
    """
    return "".join(
        _base64_segment(_name_in_path(name, decodes_names), labels[name])
        for name in _job_first(labels)
    )


def is_ambiguous(labels: Mapping[str, str]) -> bool:
    """Return whether a name of a held group means another label in a URL, if the Pushgateway decodes names."""
    return any(decoded_name(name) != name for name in labels)


def decoded_name(name: str) -> str:
    """Return the label name that a Pushgateway with the flag `UTF8_NAMES` reads in a URL.

    Example:
        >>> decoded_name("U__foo_2e_bar"), decoded_name("U__not_valid"), decoded_name("a_b")
        ('foo.bar', 'U__not_valid', 'a_b')
    """
    if not name.startswith(_PREFIX):
        return name
    # Prometheus, "UTF-8 escaping schemes", values: an underscore is doubled, another character is _HEX_.
    parts, at = [], len(_PREFIX)
    while (start := name.find("_", at)) >= 0:
        end = name.find("_", start + 1, start + _LONGEST_CODE + 2)
        character = _character(name[start + 1 : end]) if end >= 0 else None
        if character is None:
            return name
        parts += [name[at:start], character]
        at = end + 1
    return "".join([*parts, name[at:]])


def _character(code: str) -> str | None:
    """Return the character of a code in hexadecimal, and an underscore for an empty one; None if it is no code."""
    if not code:
        return "_"
    if not _HEXADECIMAL.fullmatch(code):
        return None
    number = int(code, 16)
    return chr(number) if number <= sys.maxunicode and _is_unicode(chr(number)) else None


def _name_in_path(name: str, decodes_names: bool) -> str:
    if _LABEL_NAME.fullmatch(name) and not (decodes_names and decoded_name(name) != name):
        return name
    codes = (
        "__" if each == "_" else each if each.isascii() and each.isalnum() else f"_{ord(each):x}_"
        for each in name
    )
    return f"{_PREFIX}{''.join(codes)}"


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
    _check_job(labels)
    for name, value in labels.items():
        if not isinstance(name, str) or not _LABEL_NAME.fullmatch(name):
            raise GroupingError(
                f"{shown(name)} is not a label name: letters, digits and _, no digit and no __ first"
            )
        _check_value(name, value)


def _check_job(labels: Mapping[str, str]) -> None:
    if not labels.get("job"):
        raise GroupingError('a group needs a job that is not empty, as in {"job": "backup"}')


def _check_value(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise GroupingError(
            f"label {shown_name(name)[:SHOWN]} is {shown(value)}, not a text: write it in quotes"
        )
    if not value.isascii() and not _is_unicode(value):
        raise GroupingError(
            f"label {shown_name(name)[:SHOWN]} is {shown(value)}, which is not valid Unicode"
        )


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def parse_labels(labels: object, *, any_name: bool = False) -> dict[str, str]:
    """Return labels that are given as a mapping, or as a JSON text of one.

    pyinfra's command line parses JSON itself and passes a mapping.

    + any_name: for a group that a Pushgateway holds, whose names may be any text, see `held_path`

    Raises:
        GroupingError: they have another form, or cannot name a group.
    """
    if isinstance(labels, str):
        try:
            labels = json.loads(labels)
        except (ValueError, RecursionError) as error:
            raise GroupingError(
                f'the labels are {shown(labels)}, not JSON such as {{"job": "backup"}}: {error}'
            ) from error
    if not isinstance(labels, Mapping):
        raise GroupingError(
            f'the labels are {shown(labels)}, not a mapping such as {{"job": "backup"}}'
        )
    if any_name:
        held_path(labels, decodes_names=False)
    else:
        check_labels(labels)
    return dict(labels)


def written(labels: Mapping[str, str]) -> str:
    """Return labels in Prometheus's notation: ``{job="backup", instance="db1"}``, job first."""
    pairs = (f'{shown_name(name)}="{escaped(labels[name])}"' for name in _job_first(labels))
    return "{" + ", ".join(pairs) + "}"


def shown_name(name: str) -> str:
    """Return a label name in Prometheus's notation: in quotes, if it has other characters than older names."""
    return name if _PLAIN_NAME.fullmatch(name) else f'"{escaped(name)}"'


def escaped(value: str) -> str:
    """Return a label value with the escapes of Prometheus's notation, without quotes."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
