"""Which pinned packages a host lacks, has in another version or does not hold, from a look and the settings."""

import pytest

from looks import unit
from pushgateway_lab.facts.remains import parse_remains
from pushgateway_lab.install import packages
from pushgateway_lab.installations import look_variables, pinned
from pushgateway_lab.run.host_error import HostError
from snapshots import BOTH, DEBIAN, seen, settings

NAME = "prometheus-pushgateway"
PIN = {"pushgateway_package_version": "1.5.1-1+b4"}
INSTALLED = (*BOTH, f"package {NAME} installed 1.5.1-1+b4")
HELD = f"package_want {NAME} hold"


@pytest.mark.parametrize(
    ("lines", "data", "due"),
    [
        (DEBIAN, {}, []),
        (DEBIAN, PIN, [(NAME, None)]),
        (DEBIAN, PIN | {"pushgateway_install_method": "package"}, [(NAME, None)]),
        (INSTALLED, PIN, [(NAME, "1.5.1-1+b4")]),
        ((*INSTALLED, f"package_want {NAME} install"), PIN, [(NAME, "1.5.1-1+b4")]),
        ((*INSTALLED, HELD), PIN, []),
        ((*INSTALLED, HELD), {}, []),
        # dpkg's version counts in full.
        ((*INSTALLED, HELD), {"pushgateway_package_version": "1.5.1-1"}, [(NAME, "1.5.1-1+b4")]),
        ((*BOTH, f"package {NAME} installed 1.4.0-1", HELD), PIN, [(NAME, "1.4.0-1")]),
        (
            (*INSTALLED, "package prometheus installed 2.42.0+ds-5", HELD),
            PIN | {"prometheus_package_version": "2:2.53.0~rc1+ds-1"},
            [("prometheus", "2.42.0+ds-5")],
        ),
        (
            DEBIAN,
            PIN | {"pushgateway_url": "http://push:9091", "pushgateway_targets": ["push:9091"]},
            [],
        ),
    ],
)
def test_the_pinned_packages_that_are_due(
    lines: tuple[str, ...], data: dict[str, object], due: list[tuple[str, str | None]]
) -> None:
    found = pinned.due(seen(*lines), settings(**data))
    assert [(each.package, each.installed) for each in found] == due
    assert packages.are_installed(seen(*INSTALLED, HELD), settings(**PIN))


@pytest.mark.parametrize(
    ("lines", "data", "says"),
    [
        (
            DEBIAN,
            PIN | {"pushgateway_install_method": "release"},
            "pushgateway_package_version is set, and pushgateway_install_method=release installs no package",
        ),
        (
            (*DEBIAN, *unit("prometheus-pushgateway.service")),
            PIN,
            "is not from the package prometheus-pushgateway",
        ),
        (("service_manager systemd", "tool curl"), PIN, "this host has no apt-get"),
    ],
)
def test_what_cannot_be_pinned_is_refused(
    lines: tuple[str, ...], data: dict[str, object], says: str
) -> None:
    with pytest.raises(HostError, match=says):
        pinned.due(seen(*lines), settings(**data))


def test_a_pinned_version_is_an_argument_of_apt() -> None:
    (pin,) = pinned.due(seen(*DEBIAN), settings(**PIN))
    assert pin.argument == "prometheus-pushgateway=1.5.1-1+b4"
    assert not pin.is_installed


def test_only_pinned_packages_are_looked_at_on_a_host_that_runs() -> None:
    assert look_variables(settings())["pinned"] == ""
    assert look_variables(settings(**PIN))["pinned"] == NAME


@pytest.mark.parametrize(
    "version", ["", "latest", "1.5*", "1.5 -y", "-o", "1.5;id", 1.5, "1" * 201]
)
def test_versions_that_are_refused(version: object) -> None:
    with pytest.raises(Exception, match="pushgateway_package_version"):
        settings(pushgateway_package_version=version)


def test_a_noted_hold_is_one_of_a_package_that_is_still_held() -> None:
    said = {"noted_hold": ["prometheus hold", "curl install", "--all hold", "x;y hold"]}
    assert parse_remains(said).holds == ("prometheus",)
