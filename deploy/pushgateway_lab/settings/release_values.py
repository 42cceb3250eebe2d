"""The values of settings about versions: those of packages, and of upstream's releases. As `settings.values`."""

import re
from collections.abc import Mapping
from typing import Any

from pushgateway_lab.formats.release_names import (
    ARCHITECTURES,
    parse_sha256,
    parse_template,
    parse_version,
)
from pushgateway_lab.settings.values import name

_PACKAGE_VERSION = re.compile(r"[0-9][A-Za-z0-9.+~:-]{0,199}")


def version(value: Any) -> str:
    """Accept the version of a release, as 1.11.2 or v1.11.2; return it without the v."""
    try:
        return parse_version(value if isinstance(value, str) else "")
    except ValueError as error:
        raise ValueError(
            "must be a version such as 1.11.2; on pyinfra's command line, two numbers alone need two pairs of quotes"
        ) from error


def package_version(value: Any) -> str:
    """Accept the version of a Debian package, as 1.5.1-1+b4; it begins with a digit, so it is no option and no glob.

    Source: Debian Policy 5.6.12.
    """
    if not isinstance(value, str) or not _PACKAGE_VERSION.fullmatch(value):
        raise ValueError(
            "must be a version as dpkg writes it, such as 1.5.1-1+b4; on pyinfra's command line, a number needs two "
            "pairs of quotes"
        )
    return value


def release_source(value: Any) -> str:
    """Accept the URL of a release with its fields in braces, or a path on this machine."""
    text = name(value)
    if not text.startswith(("http://", "https://")):
        return text
    if "{file}" not in text and "{version}" not in text:
        raise ValueError(
            "must be a URL with {version} or {file}, as https://mirror.example.org/{version}/{file}"
        )
    return parse_template(text)


def digests(value: Any) -> dict[str, str]:
    """Accept a mapping of architectures to SHA-256 digests in hexadecimal."""
    try:
        if isinstance(value, Mapping) and set(value) <= set(ARCHITECTURES):
            texts = {key: each if isinstance(each, str) else "" for key, each in value.items()}
            return {key: parse_sha256(each) for key, each in texts.items()}
    except ValueError:
        pass
    known = ", ".join(ARCHITECTURES)
    raise ValueError(
        f"must map architectures ({known}) to SHA-256 digests of 64 hexadecimal digits"
    )
