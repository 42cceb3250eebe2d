"""The prune: a service and a timer on a host that delete groups nobody pushes to any more.

Off by default; ``pushgateway_prune_after`` turns it on. What runs on the host is
``files/prune_groups.py``; this module puts it there, or takes it away.
"""

import hashlib
import io
from collections.abc import Iterator
from typing import NamedTuple

from pyinfra import context
from pyinfra.api.command import PyinfraCommand, StringCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation

from pushgateway_lab import preflight, pushgateway
from pushgateway_lab import settings as host_settings
from pushgateway_lab.failure import HostError, cleanly, function, noop
from pushgateway_lab.host_files import host_file, script
from pushgateway_lab.looking import forget, look, look_again
from pushgateway_lab.packages import PYTHON
from pushgateway_lab.settings import Settings, SettingsError
from pushgateway_lab.shell import run
from pushgateway_lab.snapshot import PRUNE_SERVICE, PRUNE_TIMER, InstalledFile, Snapshot

PROGRAM = "/usr/local/lib/pushgateway-lab/prune_groups.py"
CONFIG = "/etc/pushgateway-lab"
REPORT_JOB = "pushgateway_lab_prune"
"""The job label of the group that the program pushes with ``pushgateway_prune_report``."""


class WantedFile(NamedTuple):
    """A file of the prune as it is to be; all belong to root."""

    path: str
    data: bytes
    mode: int

    @property
    def installed(self) -> InstalledFile:
        """How a snapshot shows it."""
        return InstalledFile(f"0:0:{self.mode:o}", hashlib.sha256(self.data).hexdigest())


def wanted_files(settings: Settings, url: str) -> list[WantedFile]:
    """All files of the prune of a Pushgateway at `url`.

    Raises:
        HostError: a file on this machine that the settings name cannot be read.
    """
    texts = {
        PROGRAM: host_file("prune_groups.py"),
        f"/etc/systemd/system/{PRUNE_SERVICE}": host_file(PRUNE_SERVICE),
        f"/etc/systemd/system/{PRUNE_TIMER}": host_file(PRUNE_TIMER),
        f"{CONFIG}/prune.arguments": "".join(f"{word}\n" for word in arguments(settings, url)),
    }
    public = [WantedFile(path, text.encode(), 0o644) for path, text in texts.items()]
    secret = _credentials(settings)
    return [*public, *(WantedFile(path, text.encode(), 0o600) for path, text in secret.items())]


def arguments(settings: Settings, url: str) -> list[str]:
    """What the program is told, a word a line."""
    words = [f"--url={url}", f"--older-than={settings.pushgateway_prune_after}"]
    words += [f"--keep={matchers}" for matchers in settings.pushgateway_prune_keep]
    if settings.pushgateway_username:
        words.append(f"--username={settings.pushgateway_username}")
    if settings.pushgateway_prune_report:
        words.append("--report")
    return words


def _credentials(settings: Settings) -> dict[str, str]:
    """The files that systemd hands to the service as credentials; empty where there is none."""
    texts = {"prune.password": "", "prune.ca.pem": "", "prune.client.pem": ""}
    if (
        settings.pushgateway_username
        or settings.pushgateway_ca_file
        or settings.pushgateway_cert_file
    ):
        from pushgateway_lab import access  # only now: it imports requests, which costs 0.1 s

        allowed = access.to_pushgateway(settings)
        own = [allowed.cert_file, allowed.key_file]
        texts["prune.password"] = allowed.password
        texts["prune.ca.pem"] = access.text_of(allowed.ca_file)
        texts["prune.client.pem"] = "\n".join(filter(None, map(access.text_of, own)))
    return {f"{CONFIG}/{name}": text for name, text in texts.items()}


@operation()
@cleanly
def scheduled(settings: Settings | None = None) -> Iterator[PyinfraCommand]:
    """Have a host delete old groups regularly, or no longer, as ``pushgateway_prune_after`` says.

    + settings: of the host, see `pushgateway_lab.settings.for_host`; None: those in effect
    """
    host = context.host
    settings = settings or _settings_in_effect()
    seen = look(settings)
    preflight.check_rights(seen)
    if settings.pushgateway_prune_after is None:
        if seen.prune_files:
            yield StringCommand(script("remove-prune.sh", _removal(seen)))
            forget()
        else:
            noop(host, "old groups are not pruned")
        return
    url = settings.pushgateway_url or pushgateway.url(pushgateway.plan(seen, settings))
    files = wanted_files(settings, url)
    if _is_right(seen, files):
        noop(host, "old groups are pruned")
        return
    yield from function(_install, settings, files)
    forget()


def _settings_in_effect() -> Settings:
    try:
        return host_settings.for_host(context.state, context.host)
    except SettingsError as error:
        raise HostError(str(error)) from error


def _removal(seen: Snapshot) -> dict[str, str]:
    return {
        "service": PRUNE_SERVICE,
        "timer": PRUNE_TIMER,
        "files": "\n".join(seen.prune_files),
    }


def _is_right(seen: Snapshot, files: list[WantedFile]) -> bool:
    timer = seen.unit(PRUNE_TIMER)
    return (
        seen.prune_files == {file.path: file.installed for file in files}
        and timer.is_active
        and timer.unit_file_state == "enabled"
        # A run killed between writing and daemon-reload: what is written is not what runs.
        and not any(seen.unit(name).needs_daemon_reload for name in (PRUNE_SERVICE, PRUNE_TIMER))
    )


def _install(host: Host, settings: Settings, files: list[WantedFile]) -> None:
    seen = look(settings)
    if PYTHON not in seen.tools:
        raise HostError(f"The prune needs {PYTHON}: apt-get install python3, then run this again.")
    obsolete = set(seen.prune_files) - {file.path for file in files}
    command = script(
        "install-prune.sh", {"timer": PRUNE_TIMER, "obsolete": "\n".join(sorted(obsolete))}
    )
    succeeded, output = run(host, command, stdin=_archive(files))
    if not succeeded or not _is_right(look_again(settings), files):
        raise HostError(
            f"The prune could not be installed: {output.stderr or output.stdout or 'it differs'}\n"
            f"Look at: systemctl status {PRUNE_TIMER}"
        )


def _archive(files: list[WantedFile]) -> bytes:
    """A tar archive of files that belong to root, with the two directories that are ours."""
    import tarfile  # only now: a host that is right needs none

    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in (CONFIG, PROGRAM.rpartition("/")[0]):
            directory = tarfile.TarInfo(path.lstrip("/"))
            directory.type, directory.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(directory)
        for file in files:
            entry = tarfile.TarInfo(file.path.lstrip("/"))
            entry.size, entry.mode = len(file.data), file.mode
            archive.addfile(entry, io.BytesIO(file.data))
    return stream.getvalue()
