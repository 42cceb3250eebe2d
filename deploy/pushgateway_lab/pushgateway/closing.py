"""The wanted files of a host for TLS and passwords: written, and removed when they are not wanted any more.

They are written before the Pushgateway runs with them and before Prometheus's configuration names them; files that are
not wanted any more are removed after both. `pushgateway_lab.web.wanted_files` has what they should be.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import installations
from pushgateway_lab.credentials import kept_passwords
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.archive import archive
from pushgateway_lab.host.looking import forget, snapshot_now, snapshot_of
from pushgateway_lab.installations import exposure, web_files
from pushgateway_lab.lab.excerpts import excerpt
from pushgateway_lab.lab.written_job import files_of_other_jobs
from pushgateway_lab.run.failure import cleanly, function, noop, tell
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.shell import ask
from pushgateway_lab.settings import Settings
from pushgateway_lab.settings.secret_source import Kind
from pushgateway_lab.web.wanted_files import Materials, WantedWebFile, obsolete, wanted


def is_done(seen: Snapshot, settings: Settings) -> bool:
    """Return whether a host has all files for TLS and passwords that the settings want.

    Raises:
        HostError: a file on this machine that the settings name cannot be used.
    """
    files = wanted(seen, settings)
    return files is not None and all(each.is_installed(seen) for each in files)


def check(seen: Snapshot, settings: Settings) -> None:
    """Check that Prometheus gets no generated password for a Pushgateway of another host, which has another one.

    Raises:
        HostError: it would.
    """
    source = settings.pushgateway_basic_auth_users.get(settings.pushgateway_user or "")
    if source is None or source.kind is not Kind.GENERATED:
        return
    if installations.pushgateway_is_elsewhere(seen, settings):
        name = urlsplit(settings.pushgateway_url or "").hostname or ""
        file = kept_passwords.path_of(source.for_host(name).words[0])
        raise HostError(
            f"The Pushgateway is on another host ({settings.pushgateway_url}), and a password is generated for each host. "
            "Nothing was changed. For this host, set pushgateway_username and pushgateway_password_file to those of the "
            f"Pushgateway's host instead; a password that was generated for {name} is in {file}."
        )


def is_tidy(seen: Snapshot, settings: Settings) -> bool:
    """Return whether a host has none of these files that the settings do not want any more. Raises as `is_done`."""
    return not seen.web_files or not obsolete(seen, settings)


def notes(seen: Snapshot, settings: Settings) -> Iterator[str]:
    """Yield a sentence about passwords that others on the network can read."""
    if not settings.pushgateway_basic_auth_users or settings.pushgateway_speaks_tls:
        return
    if installations.pushgateway_is_elsewhere(seen, settings) or not seen.pushgateway.exists:
        return
    for each in exposure.reached_addresses(installations.plan(seen, settings).flags):
        yield (
            f"The Pushgateway listens on {excerpt(each)} without TLS, so others on the network can read the passwords that are "
            "sent to it. Set pushgateway_tls_lab_ca=True, or pushgateway_tls_cert_file and pushgateway_tls_key_file."
        )


def notes_on_kept(seen: Snapshot, settings: Settings) -> Iterator[str]:
    """Yield a sentence for each file that the settings do not want, and that stays because another job names it."""
    if installations.prometheus_is_elsewhere(seen, settings):
        return
    kept = {each.path for each in wanted(seen, settings) or ()}
    for path, job in files_of_other_jobs(seen, settings).items():
        if path in seen.web_files and path not in kept:
            yield (
                f"The job {excerpt(job.name)} (line {job.line}) names {path}, a file of this toolkit, so this file stays. Remove "
                "the job, or give it a file of its own."
            )


@operation()
@cleanly
def files_written(settings: Settings) -> Iterator[PyinfraCommand]:
    """Write the files for TLS and passwords: those of the Pushgateway, and those with which Prometheus scrapes it.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        closing.files_written(
            name="Write the files for TLS and passwords",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    if is_done(snapshot_of(host, settings), settings):
        noop(host, "the files for TLS and passwords are as the settings want them")
        return
    # The files are no arguments here: pyinfra prints arguments, and some files are secrets.
    yield from function(_write, settings)
    forget(host)


@operation()
@cleanly
def files_tidied(settings: Settings) -> Iterator[PyinfraCommand]:
    """Remove the files for TLS and passwords that the settings do not want any more.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        closing.files_tidied(
            name="Remove old files for TLS and passwords",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    seen = snapshot_of(host, settings)
    tell(host, notes_on_kept(seen, settings))
    if is_tidy(seen, settings):
        noop(host, "there are no old files for TLS and passwords")
        return
    yield from function(_tidy, settings)
    forget(host)


def _write(host: Host, settings: Settings) -> None:
    seen = snapshot_of(host, settings)
    files = wanted(seen, settings, Materials.of(settings)) or []
    missing = [each for each in files if not each.is_installed(seen)]
    if any(each.path == web_files.CERTIFICATE for each in missing):
        # If it was issued just now, the look has compared the key of the one before.
        missing += [each for each in files if each.path == web_files.KEY and each not in missing]
    change(host, missing, needed=_needed(seen, settings))
    after = snapshot_now(host, settings)
    left = [each.path for each in files if not each.is_installed(after)]
    if left:
        raise HostError(
            f"{', '.join(left)} still differs from what was written: another program changes it. Find that program, then "
            "run this again."
        )


def _needed(seen: Snapshot, settings: Settings) -> str:
    """Return the lines about files of somebody else that the Pushgateway has to read."""
    if installations.pushgateway_is_elsewhere(seen, settings):
        return ""
    paths = web_files.files_of_host(settings)
    return "".join(f"{seen.user_of('pushgateway')} {path}\n" for path in paths)


def _tidy(host: Host, settings: Settings) -> None:
    change(host, [], obsolete=obsolete(snapshot_of(host, settings), settings))


def change(
    host: Host, files: list[WantedWebFile], *, obsolete: list[str] | None = None, needed: str = ""
) -> None:
    """Write files for TLS and passwords on a host, and delete others.

    + obsolete: paths among `pushgateway_lab.installations.web_files.FILES`
    + needed: lines of a user and the path of a file that this user has to read

    Raises:
        HostError: it failed; the message says why.
    """
    variables = {
        "directory": web_files.DIRECTORY,
        "files": "\n".join(f"{_name(each.path)} {each.owner}" for each in files),
        "obsolete": "\n".join(map(_name, obsolete or [])),
        "needed": needed,
    }
    try:
        ask(host, "change-web-files.sh", variables, archive(files), functions=("own-files.sh",))
    except HostError as error:
        raise HostError(
            f"The files for TLS and passwords in {web_files.DIRECTORY} were not changed: {error}. "
            "Correct that on the host, then run this again."
        ) from error


def _name(path: str) -> str:
    return path.rpartition("/")[2]
