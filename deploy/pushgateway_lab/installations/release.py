"""Both servers from upstream's releases: where their files are, and which version a host should have. Pure.

The places are those that the Ansible collection and Puppet's module use: ``/usr/local/bin``, a user of its own, and
``/var/lib/NAME``. The flags are in a variable of ``/etc/default/NAME``, so `pushgateway_lab.installations.variable` changes
them. ``files/install-release.sh`` is the counterpart on the host.
"""

from typing import NamedTuple

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.release_names import PROGRAMS
from pushgateway_lab.installations import debian
from pushgateway_lab.installations.elsewhere import (
    prometheus_is_elsewhere,
    pushgateway_is_elsewhere,
)
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.services import SYSTEMD, ServiceState
from pushgateway_lab.settings import Settings

PACKAGE, RELEASE, EXISTING, AUTO = "package", "release", "existing", "auto"
HOST = "host"

UNFINISHED = "unfinished"
"""The noted version, while a release is installed: a run that was killed leaves it to the next one."""


class Product(NamedTuple):
    """A server of a release.

    + name: of the project, the service and the main program
    + programs: all programs, the main one first
    + title: its name for people
    + default_version: the newest version that this toolkit was tested with
    + default_flags: the text of a new file with flags
    + config_path: the configuration file that it needs; empty if it needs none
    """

    name: str
    programs: tuple[str, ...]
    title: str
    default_version: str
    default_flags: str
    config_path: str

    @property
    def unit(self) -> str:
        """The name of its unit."""
        return f"{self.name}.service"

    @property
    def flags_file(self) -> str:
        """The file with the variable that has its flags."""
        return f"/etc/default/{self.name}"


GROUPS_FILE = "/var/lib/pushgateway/metrics"
"""The file in which the Pushgateway of a release keeps its groups."""

PROMETHEUS = Product(
    name="prometheus",
    programs=PROGRAMS["prometheus"],
    title="Prometheus",
    default_version="3.5.3",
    default_flags='ARGS=""\n',
    config_path="/etc/prometheus/prometheus.yml",
)
PUSHGATEWAY = Product(
    name="pushgateway",
    programs=PROGRAMS["pushgateway"],
    title="the Pushgateway",
    default_version="1.11.2",
    default_flags=f'ARGS="--persistence.file={GROUPS_FILE}"\n',
    config_path="",
)
PRODUCTS = (PROMETHEUS, PUSHGATEWAY)


class Wish(NamedTuple):
    """The installation of a server that the settings ask for.

    + version, source, digests, proxy, timeout: of the release, see `Settings`
    + is_downloaded_by_host: False: the control machine sends the archive to the host
    """

    product: Product
    method: str
    version: str
    source: str | None
    digests: dict[str, str]
    proxy: str | None
    timeout: float
    is_downloaded_by_host: bool


def wish(settings: Settings, product: Product) -> Wish:
    """Return the installation of a server that the settings ask for."""
    if product is PROMETHEUS:
        return Wish(
            product,
            settings.prometheus_install_method,
            settings.prometheus_release_version or product.default_version,
            settings.prometheus_release_source,
            settings.prometheus_release_sha256,
            settings.prometheus_release_proxy,
            settings.prometheus_release_timeout,
            settings.prometheus_download == HOST,
        )
    return Wish(
        product,
        settings.pushgateway_install_method,
        settings.pushgateway_release_version or product.default_version,
        settings.pushgateway_release_source,
        settings.pushgateway_release_sha256,
        settings.pushgateway_release_proxy,
        settings.pushgateway_release_timeout,
        settings.pushgateway_download == HOST,
    )


def method(seen: Snapshot, settings: Settings, product: Product) -> str:
    """Return the method by which a server is installed on a host: package, release or existing.

    auto means: what is there, and else packages where the host has apt. A server of another host is not installed.
    """
    wanted = wish(settings, product).method
    if _is_elsewhere(seen, settings, product):
        return EXISTING
    if wanted != AUTO:
        return wanted
    if product.name in seen.releases:
        return RELEASE
    if _state(seen, product).exists or product.name in seen.lone or _has_package(seen, product):
        return EXISTING
    return PACKAGE if debian.INSTALLER in seen.tools else RELEASE


def due(seen: Snapshot, settings: Settings) -> list[Wish]:
    """Return the releases that a host lacks, or has in another version.

    Raises:
        HostError: a server is there that was installed in another way, or is missing and must not be installed.
    """
    return [wish(settings, each) for each in PRODUCTS if _is_due(seen, settings, each)]


def _is_due(seen: Snapshot, settings: Settings, product: Product) -> bool:
    wanted = wish(settings, product)
    state = _state(seen, product)
    is_there = state.exists or product.name in seen.lone
    if wanted.method == EXISTING and not is_there and not _is_elsewhere(seen, settings, product):
        raise HostError(
            f"There is no {product.title.removeprefix('the ')} on this host, and {product.name}_install_method=existing "
            "forbids to install it. Nothing was changed. Install it, or set another method."
        )
    if method(seen, settings, product) != RELEASE:
        return False
    if is_there and product.name not in seen.releases:
        raise HostError(
            f"{state.name} is on this host, and was not installed from a release by this toolkit. Nothing was changed. "
            f"Remove it first, or leave {product.name}_install_method out: then it is used as it is."
        )
    if seen.manager is not SYSTEMD or not seen.has_service_manager:
        raise HostError(
            f"A release of {product.title} is run by a unit of systemd, which does not run on this host. Use "
            f"{product.name}_install_method=package."
        )
    # Without a setting, a newer toolkit changes no version by itself.
    noted = seen.releases.get(product.name)
    is_pinned = f"{product.name}_release_version" in settings.given
    return noted in (None, UNFINISHED) or (is_pinned and noted != wanted.version) or not is_there


def _is_elsewhere(seen: Snapshot, settings: Settings, product: Product) -> bool:
    is_elsewhere = prometheus_is_elsewhere if product is PROMETHEUS else pushgateway_is_elsewhere
    return is_elsewhere(seen, settings)


def _state(seen: Snapshot, product: Product) -> ServiceState:
    return seen.prometheus if product is PROMETHEUS else seen.pushgateway


def _has_package(seen: Snapshot, product: Product) -> bool:
    return debian.PACKAGES[PRODUCTS.index(product)] in seen.packages
