"""Versions, digests and URL templates of upstream's releases, for the settings and for the downloads."""

import re
from string import Formatter
from urllib.parse import urlsplit

from pushgateway_lab.formats.characters import LONGEST

PROGRAMS = {"prometheus": ("prometheus", "promtool"), "pushgateway": ("pushgateway",)}
"""The programs that are taken from the archive of each project, the main one first."""

ARCHITECTURES = ("386", "amd64", "arm64", "armv7")
"""The architectures of releases that this package installs, as upstream names them."""

_FIELDS = ("project", "version", "architecture", "file")
# Three numbers (semver.org), and the release candidates that upstream publishes.
_NUMBER = "(?:0|[1-9][0-9]{0,5})"
_VERSION = re.compile(rf"v?({_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-rc\.{_NUMBER})?)")
_SHA256 = re.compile("[0-9A-Fa-f]{64}")
# RFC 3986, 2: reserved, unreserved and percent-encoded characters, without #, which begins a fragment.
_URL = re.compile(r"https?://[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]+")


def parse_version(text: str) -> str:
    """Return a version as it is in file names, without a leading ``v``.

    Raises:
        ValueError: it is not of the form ``1.11.2`` or ``3.0.0-rc.1``.

    Example: ``parse_version("v1.11.2")`` is ``"1.11.2"``.

    Source: semver.org, 2 and 9. Of the pre-releases, only release candidates are accepted.
    """
    found = _VERSION.fullmatch(text)
    if not found:
        raise ValueError("must be such as 1.11.2, v1.11.2 or 3.0.0-rc.1")
    return found[1]


def parse_sha256(text: str) -> str:
    """Return a SHA-256 digest in small letters.

    Raises:
        ValueError: the text is not 64 hexadecimal digits.
    """
    if not _SHA256.fullmatch(text):
        raise ValueError("must be 64 hexadecimal digits")
    return text.lower()


def parse_template(text: str) -> str:
    """Return a template of URLs unchanged, if it is valid.

    It may hold the fields ``{project}``, ``{version}`` (without ``v``), ``{architecture}`` and ``{file}``. The URL
    must be http or https, without a user, a password and a fragment: errors show it.

    Raises:
        ValueError: it is invalid; the message says what it must be.

    Example: ``https://mirror.example.org/{project}/{file}``.
    """
    try:
        fields = [each[1:] for each in Formatter().parse(text) if each[1] is not None]
        known = all(name in _FIELDS and not spec and not how for name, spec, how in fields)
        url = filled(text, "x", "0.0.0", "x", "x") if known else ""
    except ValueError:  # a lone brace
        url = ""
    if not url:
        raise ValueError(f"may hold {', '.join(f'{{{name}}}' for name in _FIELDS)}, no other brace")
    if why := why_not_url(url):
        raise ValueError(why)
    if len(text) > LONGEST:
        raise ValueError(f"must have at most {LONGEST} characters")
    return text


def filled(template: str, *values: str) -> str:
    """Return a valid template with its fields filled.

    + values: project, version, architecture and file
    """
    return template.format_map(dict(zip(_FIELDS, values, strict=True)))


def why_not_url(url: str) -> str | None:
    """Return what a URL must be, if nothing may be fetched from it; None if it is valid."""
    must = "must be http:// or https://, a host and a path"
    if not _URL.fullmatch(url):
        return must
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return must
    if "@" in parts.netloc:
        return "must not hold a user name or a password"
    return None if parts.hostname and len(parts.path) > 1 else must
