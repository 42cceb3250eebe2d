"""The names of a release of the Pushgateway or of Prometheus, its URL, and its digest in ``sha256sums.txt``. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

from pushgateway_lab.formats.characters import shown
from pushgateway_lab.formats.release_names import PROGRAMS, filled, parse_template, parse_version
from pushgateway_lab.releases.architecture import MACHINES
from pushgateway_lab.releases.release_error import ReleaseError

UPSTREAM = "https://github.com/prometheus/{project}/releases/download/v{version}/{file}"
"""The template of upstream's URLs. Source: the release pages of prometheus/pushgateway and prometheus/prometheus."""

SUMS = "sha256sums.txt"
"""The file beside the archives of a release with the digest of each, as sha256sum(1) writes it."""

LARGEST_ARCHIVE = 512 << 20
"""Bytes of the largest archive; those of Prometheus 3 have about 120 MB."""

LARGEST_SUMS = 64 * 1024
"""Bytes of the largest `SUMS` that is read; Prometheus has about forty archives of 120 bytes a line."""

# sha256sum(1): the digest, a blank, a blank or an asterisk, the name.
_SUM = re.compile(r"([0-9A-Fa-f]{64}) [ *]([\x21-\x7e]{1,255})")


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

        + template: see `pushgateway_lab.formats.release_names.parse_template`

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
        return filled(template, self.project, self.version, self.architecture, self.file)


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
