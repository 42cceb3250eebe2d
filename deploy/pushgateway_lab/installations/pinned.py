"""The versions of packages that the settings pin, and what of that a host lacks. Pure.

A pinned package is installed in exactly this version, and held: apt does not change it any more.
"""

from typing import NamedTuple

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import debian, release
from pushgateway_lab.installations.elsewhere import (
    prometheus_is_elsewhere,
    pushgateway_is_elsewhere,
)
from pushgateway_lab.installations.release import AUTO, PACKAGE, PRODUCTS, PROMETHEUS, Product
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings


class Pin(NamedTuple):
    """A pinned package that a host lacks, has in another version, or does not hold.

    + setting: the key of the setting that pins it
    + package: its name
    + version: the version that it has to have, as dpkg writes it
    + installed: the version that is installed; None if none is
    """

    setting: str
    package: str
    version: str
    installed: str | None

    @property
    def is_installed(self) -> bool:
        """Return whether the package is installed in this version."""
        return self.installed == self.version

    @property
    def argument(self) -> str:
        """The argument of ``apt-get install``, such as ``prometheus=2.42.0+ds-5``."""
        return f"{self.package}={self.version}"


def due(seen: Snapshot, settings: Settings) -> list[Pin]:
    """Return the pinned packages that a host lacks, has in another version, or does not hold.

    Raises:
        HostError: the server is there and is not the package's, another setting installs it in another way, or the
            host has no apt.
    """
    return [
        pin
        for product, package in zip(PRODUCTS, debian.PACKAGES, strict=True)
        if (pin := _pin(seen, settings, product, package))
        and not (pin.is_installed and package in seen.held)
    ]


def _pin(seen: Snapshot, settings: Settings, product: Product, package: str) -> Pin | None:
    is_prometheus = product is PROMETHEUS
    is_elsewhere = prometheus_is_elsewhere if is_prometheus else pushgateway_is_elsewhere
    version = (
        settings.prometheus_package_version
        if is_prometheus
        else settings.pushgateway_package_version
    )
    if version is None or is_elsewhere(seen, settings):
        return None
    pin = Pin(f"{product.name}_package_version", package, version, seen.packages.get(package))
    method = release.wish(settings, product).method
    if method not in (AUTO, PACKAGE):
        raise HostError(
            f"{pin.setting} is set, and {product.name}_install_method={method} installs no package. Nothing was "
            "changed. Leave one of both out."
        )
    state = seen.prometheus if is_prometheus else seen.pushgateway
    if pin.installed is None and (state.exists or product.name in seen.lone):
        raise HostError(
            f"{pin.setting} is set, and {state.name} on this host is not from the package {package}. Nothing was "
            f"changed. Leave {pin.setting} out, then it is used as it is; or remove it first."
        )
    if debian.INSTALLER not in seen.tools:
        raise HostError(
            f"{pin.setting} is set, and this host has no {debian.INSTALLER}. Nothing was changed. For a version of "
            f"upstream's releases, set {product.name}_release_version instead."
        )
    return pin
