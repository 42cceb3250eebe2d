"""The wanted files of the prune on a host, and the form in which a look reports them.

`Credentials.of` fetches the secrets on this machine; all else is pure. `pushgateway_lab.prune` installs the files.
"""

import hashlib
import io
from base64 import b64encode
from collections.abc import Sequence
from typing import NamedTuple

from pyinfra.api.host import Host
from typing_extensions import override

from pushgateway_lab.pruning import layout
from pushgateway_lab.pruning.bundle import program
from pushgateway_lab.pruning.layout import InstalledFile
from pushgateway_lab.run.host_files import host_file
from pushgateway_lab.settings import Settings, values

REMOVED = (*layout.FILES, layout.NOTED)
"""All files that the removal of the prune deletes; file names from a host are never used."""


class WantedFile(NamedTuple):
    """A wanted file of the prune. Its owner is root."""

    path: str
    data: bytes
    mode: int

    @override
    def __repr__(self) -> str:
        """Omit the data, which may be a secret: pyinfra prints arguments."""
        return f"WantedFile({self.path!r}, mode={self.mode:o})"

    @property
    def installed(self) -> InstalledFile:
        """The form in which a snapshot shows this file after its installation."""
        if self.path in layout.SECRETS:
            content = "same" if self.data else "empty"
        else:
            content = hashlib.sha256(self.data).hexdigest()
        return InstalledFile(f"0:0:{self.mode:o}", content)


class Credentials(NamedTuple):
    """The texts with which the prune logs in; empty if there is none.

    + password: of the user ``pushgateway_username``
    + authorities: trusted certificates in PEM
    + client: the client's certificate and its key in PEM
    """

    password: str = ""
    authorities: str = ""
    client: str = ""

    @override
    def __repr__(self) -> str:
        return "Credentials(...)"

    @classmethod
    def of(cls, host: Host, settings: Settings) -> "Credentials":
        """Return the credentials of a host's prune.

        Raises:
            HostError: the password cannot be had, or a file on this machine that the settings name cannot be read.
        """
        if not _has_credentials(settings):
            return cls()
        from pushgateway_lab.http import access  # here: it imports requests, which takes 0.1 s

        allowed = access.to_pushgateway(host, settings)
        own = [allowed.cert_file, allowed.key_file]
        return cls(
            allowed.password,
            access.file_text(allowed.ca_file),
            "\n".join(filter(None, map(access.file_text, own))),
        )

    @classmethod
    def in_shape(cls, settings: Settings) -> "Credentials":
        """Return credentials with some text for each secret that the settings have, to compare with a look.

        A look says of a secret whether it is the wanted one, so the secret itself is not needed here.

        Raises:
            HostError: the file with the trusted certificates cannot be read on this machine.
        """
        authorities = ""
        if path := settings.pushgateway_ca_file:
            from pushgateway_lab.http import access  # here: it imports requests, which takes 0.1 s

            authorities = access.read_file("pushgateway_ca_file", path)
        return cls(
            _SOME if settings.password_sources("pushgateway") else "",
            authorities,
            _SOME if settings.pushgateway_cert_file else "",
        )


_SOME = "*"


def wanted_files(
    settings: Settings, url: str, unit: str, credentials: Credentials
) -> list[WantedFile]:
    """Return the wanted files of the prune.

    + url: the Pushgateway's URL, as seen from the host
    + unit: the Pushgateway's systemd unit
    + credentials: `Credentials.of` to install the files, `Credentials.in_shape` to compare them with a look
    """
    texts = {
        f"/etc/systemd/system/{layout.SERVICE}": _service(unit),
        f"/etc/systemd/system/{layout.TIMER}": host_file(layout.TIMER),
        layout.ARGUMENTS: "".join(f"{word}\n" for word in arguments(settings, url, unit)),
    }
    return [
        WantedFile(layout.PROGRAM, program(), 0o644),
        *(WantedFile(path, text.encode(), 0o644) for path, text in texts.items()),
        *(
            WantedFile(path, text.encode(), 0o600)
            for path, text in _credentials(credentials).items()
        ),
    ]


def _service(unit: str) -> str:
    """Return the unit file of the prune's service, which starts after the Pushgateway's `unit`."""
    return host_file(layout.SERVICE).replace("@PUSHGATEWAY_UNIT@", values.unit(unit))


def arguments(settings: Settings, url: str, unit: str) -> list[str]:
    """Return the program's arguments, which its argument file has one a line; see `wanted_files`."""
    words = [f"--url={url}", f"--unit={values.unit(unit)}"]
    words.append(f"--older-than={settings.pushgateway_prune_after}")
    words += [f"--keep={each}" for each in settings.pushgateway_prune_keep]
    if settings.pushgateway_username:
        words.append(f"--username={settings.pushgateway_username}")
    if settings.pushgateway_prune_report:
        words.append("--report")
    return words


def compared_on_host(settings: Settings, credentials: Credentials) -> bytes | None:
    """Return the standard input of a look that compares secrets; None if there are none.

    Each line has a path and the content as base64, see `look_at_prune` in ``files/snapshot.sh``. The host reports
    only whether they are equal: a digest would allow to guess a secret.

    Example: ``compared_on_host(settings, Credentials.of(host, settings))``.
    """
    if settings.pushgateway_prune_after is None:
        return None
    texts = _credentials(credentials)
    lines = [
        f"{path} {b64encode(texts[path].encode()).decode()}\n"
        for path in layout.SECRETS
        if texts[path]
    ]
    return "".join(lines).encode() or None


def _has_credentials(settings: Settings) -> bool:
    return settings.pushgateway_prune_after is not None and bool(
        settings.pushgateway_username
        or settings.password_sources("pushgateway")
        or settings.pushgateway_ca_file
        or settings.pushgateway_cert_file
    )


def _credentials(credentials: Credentials) -> dict[str, str]:
    """Return the files that systemd passes to the service as credentials: path -> text, empty if there is none."""
    return {
        layout.PASSWORD: credentials.password,
        layout.AUTHORITIES: credentials.authorities,
        layout.CLIENT: credentials.client,
    }


def archive(files: Sequence[WantedFile]) -> bytes:
    """Return a tar archive of files under their base names, which are unique; root owns them."""
    import tarfile  # here: a converged host does not need it

    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for file in files:
            entry = tarfile.TarInfo(file.path.rpartition("/")[2])
            entry.size, entry.mode = len(file.data), file.mode
            tar.addfile(entry, io.BytesIO(file.data))
    return stream.getvalue()
