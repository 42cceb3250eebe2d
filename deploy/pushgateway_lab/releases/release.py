"""The names of a release of the Pushgateway or of Prometheus, its URL, and its digest in ``sha256sums.txt``. Pure.

There is no table of known digests: each must come from a source that readers can check, and upstream publishes
them only in the ``sha256sums.txt`` beside the archives.
"""

import re
from dataclasses import dataclass
from string import Formatter
from urllib.parse import urljoin, urlsplit

from pushgateway_lab.formats.characters import LONGEST, shown
from pushgateway_lab.releases.architecture import MACHINES
from pushgateway_lab.releases.release_error import ReleaseError

PROGRAMS = {"prometheus": ("prometheus", "promtool"), "pushgateway": ("pushgateway",)}
"""The programs that are taken from the archive of each project."""

UPSTREAM = "https://github.com/prometheus/{project}/releases/download/v{version}/{file}"
"""The template of upstream's URLs. Source: the release pages of prometheus/pushgateway and prometheus/prometheus."""

SUMS = "sha256sums.txt"
"""The file beside the archives of a release with the digest of each, as sha256sum(1) writes it."""

LARGEST_ARCHIVE = 512 << 20
"""Bytes of the largest archive; those of Prometheus 3 have about 120 MB."""

LARGEST_SUMS = 64 * 1024
"""Bytes of the largest `SUMS` that is read; Prometheus has about forty archives of 120 bytes a line."""

_FIELDS = ("project", "version", "architecture", "file")
# Three numbers (semver.org), and the release candidates that upstream publishes.
_NUMBER = "(?:0|[1-9][0-9]{0,5})"
_VERSION = re.compile(rf"v?({_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-rc\.{_NUMBER})?)")
_SHA256 = re.compile("[0-9A-Fa-f]{64}")
# sha256sum(1): the digest, a blank, a blank or an asterisk, the name.
_SUM = re.compile(r"([0-9A-Fa-f]{64}) [ *]([\x21-\x7e]{1,255})")
# RFC 3986, 2: reserved, unreserved and percent-encoded characters, without #, which begins a fragment.
_URL = re.compile(r"https?://[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]+")


@dataclass(frozen=True)
class Release:
    """One archive of one version.

    + project: ``pushgateway`` or ``prometheus``
    + version: such as ``1.11.2``; a leading ``v`` is removed
    + architecture: one of `architecture.MACHINES`

    Raises:
        ReleaseError: one of them is invalid.

    Example: ``Release("pushgateway", "v1.11.2", "amd64").file`` is ``"pushgateway-1.11.2.linux-amd64.tar.gz"``.
    """

    project: str
    version: str
    architecture: str

    def __post_init__(self) -> None:
        for value, known in ((self.project, PROGRAMS), (self.architecture, MACHINES)):
            if value not in known:
                raise ReleaseError(
                    f"{shown(value)} names no release: use one of {', '.join(sorted(known))}."
                )
        try:
            object.__setattr__(self, "version", parse_version(self.version))
        except ValueError as error:
            raise ReleaseError(
                f"The version of {self.project} {error}, not {shown(self.version)}: set "
                f"{self.setting('version')}."
            ) from None

    @property
    def directory(self) -> str:
        """The directory that the archive holds, such as ``pushgateway-1.11.2.linux-amd64``."""
        return f"{self.project}-{self.version}.linux-{self.architecture}"

    @property
    def file(self) -> str:
        """The file name of the archive."""
        return f"{self.directory}.tar.gz"

    @property
    def programs(self) -> tuple[str, ...]:
        """The programs that are taken from the archive."""
        return PROGRAMS[self.project]

    def setting(self, name: str) -> str:
        """Return the key of a setting for this project, for messages.

        + name: ``version``, ``source``, ``sha256``, ``proxy`` or ``timeout``
        """
        return f"{self.project}_release_{name}"

    def url(self, template: str = UPSTREAM) -> str:
        """Return the URL of the archive.

        + template: see `parse_template`

        Raises:
            ReleaseError: the template is invalid.
        """
        try:
            parse_template(template)
        except ValueError as error:
            raise ReleaseError(
                f"The URL of {self.file} {error}, not {shown(_without_password(template))}: set "
                f"{self.setting('source')}."
            ) from None
        return _filled(template, self.project, self.version, self.architecture, self.file)


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
        url = _filled(text, "x", "0.0.0", "x", "x") if known else ""
    except ValueError:  # a lone brace
        url = ""
    if not url:
        raise ValueError(f"may hold {', '.join(f'{{{name}}}' for name in _FIELDS)}, no other brace")
    if why := why_not_url(url):
        raise ValueError(why)
    if len(text) > LONGEST:
        raise ValueError(f"must have at most {LONGEST} characters")
    return text


def _filled(template: str, *values: str) -> str:
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


def _without_password(url: str) -> str:
    return re.sub("//.*@", "//...@", url, flags=re.DOTALL)


def sums_url(url: str) -> str:
    """Return the URL of `SUMS` beside the archive at a URL."""
    return urljoin(url, SUMS)


def digest_in_sums(sums: bytes, file: str, where: str = SUMS) -> str:
    """Return the SHA-256 digest of a file in the text of upstream's ``sha256sums.txt``, in small letters.

    + sums: the text; hostile
    + file: the file name, which must be in exactly one line
    + where: the URL or path of the text, for the error

    Raises:
        ReleaseError: the text is too large, a line is not one of sha256sum(1), or the file is not in exactly one.

    Source: sha256sum(1): 64 hexadecimal digits, a blank, a blank or ``*``, and the name.
    """
    if len(sums) > LARGEST_SUMS:
        raise ReleaseError(
            f"{where} is larger than {LARGEST_SUMS >> 10} KB, so it is not a list of digests: "
            "check the place of the archive."
        )
    lines = sums.decode("latin-1").removesuffix("\n").split("\n")
    digests = []
    for number, line in enumerate(lines, 1):
        found = _SUM.fullmatch(line.removesuffix("\r"))
        if not found:
            raise ReleaseError(
                f"{where} is not a list of SHA-256 digests (line {number} is {shown(line)}): "
                "check the place of the archive."
            )
        if found[2] == file:
            digests.append(found[1].lower())
    if len(digests) != 1:
        raise ReleaseError(
            f"{where} has {len(digests)} lines for {file}, not one: check the version and the architecture, "
            "or give the digest in a setting."
        )
    return digests[0]
