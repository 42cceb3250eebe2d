"""Which way a server is installed, and which release is due, from a look and the settings."""

import pytest

from looks import unit
from pushgateway_lab.installations import missing_packages, pushgateway, release
from pushgateway_lab.installations.release import PROMETHEUS, PUSHGATEWAY
from pushgateway_lab.run.host_error import HostError
from snapshots import DEBIAN, seen, settings

NO_APT = ("service_manager systemd", "tool curl")
INSTALLED = ("release pushgateway 1.5.1", *unit("prometheus-pushgateway.service"))
BY_RELEASE = {"pushgateway_install_method": "release"}


@pytest.mark.parametrize(
    ("lines", "data", "method"),
    [
        (DEBIAN, {}, "package"),
        (NO_APT, {}, "release"),
        (DEBIAN, BY_RELEASE, "release"),
        (NO_APT, {"pushgateway_install_method": "package"}, "package"),
        (INSTALLED, {}, "release"),
        ((*DEBIAN, *unit("prometheus-pushgateway.service")), {}, "existing"),
        ((*NO_APT, "package prometheus-pushgateway installed 1"), {}, "existing"),
        (
            NO_APT,
            {"pushgateway_url": "http://push:9091", "pushgateway_targets": ["push:9091"]},
            "existing",
        ),
    ],
)  # fmt: skip
def test_the_method_of_the_pushgateway(
    lines: tuple[str, ...], data: dict[str, object], method: str
) -> None:
    assert release.method(seen(*lines), settings(**data), PUSHGATEWAY) == method


@pytest.mark.parametrize(
    ("lines", "data", "due"),
    [
        (DEBIAN, {}, []),
        (DEBIAN, BY_RELEASE, ["pushgateway 1.11.2"]),
        (NO_APT, {}, ["prometheus 3.5.3", "pushgateway 1.11.2"]),
        ((*DEBIAN, *INSTALLED), {}, []),
        # A newer toolkit changes no version unasked.
        ((*DEBIAN, *INSTALLED), BY_RELEASE, []),
        ((*DEBIAN, *INSTALLED), {"pushgateway_release_version": "1.5.1"}, []),
        ((*DEBIAN, *INSTALLED), {"pushgateway_release_version": "v1.6.0"}, ["pushgateway 1.6.0"]),
        ((*DEBIAN, "release pushgateway unfinished", *INSTALLED[1:]), {}, ["pushgateway 1.11.2"]),
        ((*DEBIAN, INSTALLED[0]), {}, ["pushgateway 1.11.2"]),
    ],
)
def test_the_releases_that_are_due(
    lines: tuple[str, ...], data: dict[str, object], due: list[str]
) -> None:
    found = release.due(seen(*lines), settings(**data))
    assert [f"{each.product.name} {each.version}" for each in found] == due


@pytest.mark.parametrize(
    ("lines", "data", "says"),
    [
        (
            DEBIAN,
            {"pushgateway_install_method": "existing"},
            "There is no Pushgateway on this host",
        ),
        (DEBIAN, {"prometheus_install_method": "existing"}, "There is no Prometheus on this host"),
        ((*DEBIAN, *INSTALLED[1:]), BY_RELEASE, "pushgateway.service is on this host, and was not"),
        (("service_manager init", "tool curl"), BY_RELEASE, "which does not run on this host"),
    ],
)
def test_what_cannot_be_installed_is_refused(
    lines: tuple[str, ...], data: dict[str, object], says: str
) -> None:
    with pytest.raises(HostError, match=says):
        release.due(seen(*lines), settings(**data))


def test_the_unit_of_a_release_is_restricted_without_a_drop_in() -> None:
    found = pushgateway(seen(*DEBIAN, *INSTALLED), settings(pushgateway_harden=True))
    assert found.to_harden(()) == ""
    assert pushgateway(seen(*DEBIAN), settings()).to_harden(()).startswith("#")


def test_no_package_is_missing_for_a_server_from_a_release() -> None:
    both = {f"{each.name}_install_method": "release" for each in (PROMETHEUS, PUSHGATEWAY)}
    assert missing_packages(seen(*DEBIAN), settings(**both)) == []
    assert missing_packages(seen(*NO_APT), settings()) == []
    one = settings(pushgateway_install_method="release")
    assert missing_packages(seen(*DEBIAN), one) == ["prometheus"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("pushgateway_install_method", "tarball"),
        ("pushgateway_release_version", "latest"),
        ("pushgateway_release_version", 1.11),
        ("pushgateway_release_version", "1.11.2; id"),
        ("pushgateway_release_source", "https://mirror.example.org/pushgateway.tar.gz"),
        ("pushgateway_release_sha256", {"amd64": "abc"}),
        ("pushgateway_release_sha256", {"sparc": "0" * 64}),
        ("pushgateway_release_sha256", "0" * 64),
    ],
)
def test_settings_that_are_refused(key: str, value: object) -> None:
    with pytest.raises(Exception, match=key):
        settings(**{key: value})
