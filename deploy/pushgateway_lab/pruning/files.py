"""The wanted files of the prune on a host, and the form in which a look reports them.

Pure, except that the secrets are read from files on this machine. `pushgateway_lab.prune` installs the files.
"""

import hashlib
from typing import NamedTuple

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


def wanted_files(settings: Settings, url: str, unit: str) -> list[WantedFile]:
    """Return the wanted files of the prune.

    + url: the Pushgateway's URL, as seen from the host
    + unit: the Pushgateway's systemd unit

    Raises:
        HostError: a file on this machine that the settings name cannot be read.
    """
    texts = {
        f"/etc/systemd/system/{layout.SERVICE}": _service(unit),
        f"/etc/systemd/system/{layout.TIMER}": host_file(layout.TIMER),
        layout.ARGUMENTS: "".join(f"{word}\n" for word in arguments(settings, url, unit)),
    }
    return [
        WantedFile(layout.PROGRAM, program(), 0o644),
        *(WantedFile(path, text.encode(), 0o644) for path, text in texts.items()),
        *(WantedFile(path, text.encode(), 0o600) for path, text in _credentials(settings).items()),
    ]


def _service(unit: str) -> str:
    """Return the unit file of the prune's service, which starts after the Pushgateway's `unit`."""
    return host_file(layout.SERVICE).replace("@PUSHGATEWAY_UNIT@", values.unit(unit))


def arguments(settings: Settings, url: str, unit: str) -> list[str]:
    """Return the program's arguments, which its argument file has one a line; see `wanted_files`."""
    words = [f"--url={url}", f"--unit={values.unit(unit)}"]
    words.append(f"--older-than={settings.pushgateway_prune_after}")
    words += [f"--keep={each}" for each in settings.pushgateway_prune_keep]
    if settings.pushgateway_user:
        words.append(f"--username={settings.pushgateway_user}")
    if settings.pushgateway_prune_report:
        words.append("--report")
    return words


def secrets_of(settings: Settings) -> list[tuple[str, bytes]]:
    """Return the wanted secrets of the prune as pairs of the path on the host and the content.

    Raises:
        HostError: a file on this machine that the settings name cannot be read.
    """
    if settings.pushgateway_prune_after is None:
        return []
    return [
        (path, text.encode())
        for path, text in _credentials(settings).items()
        if path in layout.SECRETS and text
    ]


def _credentials(settings: Settings) -> dict[str, str]:
    """Return the files that systemd passes to the service as credentials: path -> text, empty if there is none."""
    texts = {layout.PASSWORD: "", layout.AUTHORITIES: "", layout.CLIENT: ""}
    if (
        settings.pushgateway_user
        or settings.pushgateway_speaks_tls
        or settings.pushgateway_ca_file
        or settings.pushgateway_cert_file
    ):
        from pushgateway_lab.http import access  # here: it imports requests, which takes 0.1 s

        allowed = access.to_pushgateway(settings)
        own = [allowed.cert_file, allowed.key_file]
        texts[layout.PASSWORD] = allowed.password
        texts[layout.AUTHORITIES] = access.file_text(allowed.ca_file)
        texts[layout.CLIENT] = "\n".join(filter(None, map(access.file_text, own)))
    return texts
