"""Both servers from upstream's releases: installed, upgraded, and put back if a new version does not come up."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from gevent.lock import RLock
from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import installations
from pushgateway_lab.facts.releases import note_of
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.host import service_control
from pushgateway_lab.host.looking import forget, snapshot_now, snapshot_of
from pushgateway_lab.host.server_start import wait_until_up
from pushgateway_lab.installations.release import PROMETHEUS, Product, Wish, due
from pushgateway_lab.pushgateway import running
from pushgateway_lab.releases.architecture import architecture_of
from pushgateway_lab.releases.download import curl_config
from pushgateway_lab.releases.release import LARGEST_ARCHIVE, UPSTREAM, Release
from pushgateway_lab.releases.release_error import ReleaseError
from pushgateway_lab.releases.unpack import LARGEST_PROGRAM
from pushgateway_lab.run.failure import cleanly, function, noop, say
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.host_files import host_file
from pushgateway_lab.run.run import Run
from pushgateway_lab.run.shell import ask
from pushgateway_lab.services import FUNCTIONS
from pushgateway_lab.settings import Settings

if TYPE_CHECKING:
    from pushgateway_lab.releases.web_server import Web

SEND_TIMEOUT = 1800
"""Seconds to send an archive to a host and to unpack it; Prometheus's has more than 100 MB."""

START_TIMEOUT = 60
"""Seconds within which a new version has to listen."""

_PAST = {"install": "installed", "restore": "put back", "settle": "noted", "remove": "removed"}


def are_installed(seen: Snapshot, settings: Settings) -> bool:
    """Return whether the host has the releases that the settings want.

    Raises:
        HostError: see `pushgateway_lab.installations.release.due`.
    """
    return not due(seen, settings)


@operation()
@cleanly
def fetch(settings: Settings) -> Iterator[PyinfraCommand]:
    """Fetch the releases that the host lacks, before anything is changed on it.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        releases.fetch(
            name="Fetch the releases",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    wishes = due(snapshot_of(host, settings), settings)
    if not wishes:
        noop(host, "no release is missing")
        return
    for wish in wishes:
        yield from function(_fetch, wish)


@operation()
@cleanly
def install(settings: Settings) -> Iterator[PyinfraCommand]:
    """Install the releases that the settings want, or change their version.

    A version that does not come up is replaced by the one before, and the host fails.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        releases.install(
            name="Install the releases",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    wishes = due(snapshot_of(host, settings), settings)
    if not wishes:
        noop(host, "no release is missing")
        return
    for wish in wishes:
        yield from function(_install, settings, wish)
    forget(host)


class _Archive(NamedTuple):
    """The archive of a release, whose digest is known.

    + sha256, digest_from: its digest, and where that came from, for people
    + path: the checked file on the control machine; None: the host downloads it
    + digests: of its programs; empty if the host downloads it
    + url: from which the host downloads it; empty: the control machine sends it
    """

    sha256: str
    digest_from: str
    path: Path | None
    digests: tuple[str, ...] = ()
    url: str = ""


_Key = tuple[Release, str | None, str | None, bool]


class _Archives:
    """The archives of one run: each is fetched and checked once, also for a class."""

    def __init__(self, run: Run) -> None:
        del run
        self._lock = RLock()
        self._found: dict[_Key, _Archive | ReleaseError] = {}
        self.architectures: dict[Host, str] = {}

    def get(self, release: Release, wish: Wish) -> _Archive:
        """Return the archive of a release.

        Raises:
            ReleaseError: it cannot be had, or is not what it should be.
        """
        digest = wish.digests.get(release.architecture)
        key = (release, wish.source, digest, wish.is_downloaded_by_host)
        with self._lock:
            if key not in self._found:
                try:
                    self._found[key] = _archive(release, wish, digest)
                except ReleaseError as error:
                    self._found[key] = error
            found = self._found[key]
        if isinstance(found, ReleaseError):
            raise found
        return found


def _archive(release: Release, wish: Wish, digest: str | None) -> _Archive:
    # Here: it imports requests, which takes 0.1 s.
    from pushgateway_lab.releases import fetch as fetching
    from pushgateway_lab.releases import unpack

    source = _source(wish)
    if wish.is_downloaded_by_host:
        if isinstance(source, Path):
            raise ReleaseError(
                f"{wish.product.name}_download=host needs the URL of a web server, and {release.setting('source')} names "
                "a file or folder on this machine: leave one of both out."
            )
        remote = fetching.look_up(release, source, sha256=digest)
        return _Archive(remote.sha256, remote.digest_from, None, url=remote.url)
    found = fetching.fetch(release, source, sha256=digest)
    with found.path.open("rb") as file:
        digests = unpack.program_digests(file, release)
    in_order = tuple(digests[name] for name in release.programs)
    return _Archive(found.sha256, found.digest_from, found.path, in_order)


def _source(wish: Wish) -> "Web | Path":
    from pushgateway_lab.releases.web_server import Web

    template = wish.source or UPSTREAM
    if template.startswith(("http://", "https://")):
        return Web(template, proxy=wish.proxy, timeout=wish.timeout)
    return Path(template).expanduser()


def _fetch(host: Host, wish: Wish) -> None:
    _archive_for(host, wish)


def _archive_for(host: Host, wish: Wish) -> tuple[Release, _Archive]:
    """Return the release for a host, and its archive.

    Raises:
        HostError: the archive cannot be had, or there is none for this host.
    """
    archives = Run.of(host.state).part(_Archives)
    try:
        if host not in archives.architectures:
            (machine,) = ask(host, "architecture.sh", {})
            archives.architectures[host] = architecture_of(machine.strip())
        release = Release(wish.product.name, wish.version, archives.architectures[host])
        return release, archives.get(release, wish)
    except ReleaseError as error:
        raise HostError(f"{error} Nothing was changed on the host.") from error


def _install(host: Host, settings: Settings, wish: Wish) -> None:
    product = wish.product
    seen = snapshot_of(host, settings)
    is_upgrade = product.name in seen.releases
    if is_upgrade and product is not PROMETHEUS:
        running.refuse_loss_by_upgrade(host, settings, seen)
    release, archive = _archive_for(host, wish)
    variables = {
        "digest": archive.sha256,
        "digests": " ".join(archive.digests),
        "seconds": f"{math.ceil(wish.timeout)}" if archive.url else "",
        "largest": str(LARGEST_ARCHIVE),
        "largest_program": str(LARGEST_PROGRAM),
        "directory": release.directory,
        "unit_text": host_file(f"release-{product.unit}"),
        "flags_text": product.default_flags,
        "config": product.config_path,
        "config_text": host_file("release-prometheus.yml") if product.config_path else "",
    }
    stdin = archive.path or curl_config(archive.url, wish.proxy)
    deadline = SEND_TIMEOUT + (wish.timeout if archive.url else 0)
    try:
        _act(host, product, _Action("install", wish.version, variables, stdin, deadline))
    except HostError as error:
        if archive.url:
            raise HostError(
                f"{error}\nThe host downloads the archive itself ({product.name}_download=host), from {archive.url}"
            ) from error
        raise
    if product is PROMETHEUS or is_upgrade:
        _start(host, settings, wish, is_upgrade=is_upgrade)
    _act(host, product, _Action("settle", wish.version))
    say(host, f"Installed: {product.name} {release.version}. {archive.digest_from}")
    forget(host)


def remove(host: Host, product: Product) -> list[str]:
    """Remove a release that this toolkit installed, its data, and the user that was made for it.

    The configuration file stays if somebody has changed it since. Returns the users and groups that stay, and why: see
    ``files/remove-users.sh``.

    Raises:
        HostError: something could not be removed.
    """
    config = host_file("release-prometheus.yml") if product.config_path else ""
    variables = {"config": product.config_path, "config_text": config}
    return _act(host, product, _Action("remove", variables=variables))


class _Action(NamedTuple):
    """One action of ``files/install-release.sh``.

    + name: install, settle, restore or remove
    + version: of the release; only install and settle use it
    + variables: further variables of the script
    + stdin: what the script reads: the archive, or how the host downloads it; None: nothing
    + deadline: seconds for the script
    """

    name: str
    version: str = "any"
    variables: Mapping[str, str] = MappingProxyType({})
    stdin: bytes | Path | None = None
    deadline: float = SEND_TIMEOUT


def _act(host: Host, product: Product, action: _Action) -> list[str]:
    given = {
        "action": action.name,
        "name": product.name,
        "version": action.version,
        "programs": " ".join(product.programs),
        "note": note_of(product.name),
        **action.variables,
    }
    try:
        return ask(
            host,
            "install-release.sh",
            given,
            action.stdin,
            functions=(*FUNCTIONS, "remove-users.sh"),
            deadline=action.deadline,
        )
    except HostError as error:
        raise HostError(
            f"The release of {product.title} was not {_PAST[action.name]}: {error}"
        ) from error


def _start(host: Host, settings: Settings, wish: Wish, *, is_upgrade: bool) -> None:
    """Start the new version, and see it listen. Otherwise put the version before back."""
    product = wish.product
    seen = snapshot_now(host, settings)
    find = installations.prometheus if product is PROMETHEUS else installations.pushgateway
    service = find(seen, settings).service
    try:
        service_control.restart(host, service)
        wait_until_up(host, settings, product.name, START_TIMEOUT)
    except HostError as error:
        if not is_upgrade:
            raise
        words = service_control.log(host, service)
        _act(host, product, _Action("restore"))
        service_control.restart(host, service)
        wait_until_up(host, settings, product.name, START_TIMEOUT)
        raise HostError(
            f"The new version of {product.title} does not come up, so the one before runs again: {error}. Its log "
            f"ended with:\n{words}"
        ) from error
