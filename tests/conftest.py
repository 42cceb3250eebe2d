"""Lab hosts for tests: real Debian systems, made when a test asks for one.

A test that uses any of these fixtures carries the marker `hosts`, so `-m "not hosts"` selects
the rest. Where no host can be booted, such tests are left out and the summary says so; with
CI=true they fail.
"""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import browsing
from browsing import Chrome
from expectations import INSTALLED
from labhost import Host, HostSpec, Lab, PyinfraCommand, PyinfraResult, machine, stop_all
from labhost.image import ensure_image
from pushgateway_lab.lab.results import Report
from pushgateway_lab.report import page

_LEFT_OUT = "needs lab hosts"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "hosts: needs lab hosts (set by itself)")
    config.addinivalue_line("markers", "browser: needs Chromium and its driver")
    config.addinivalue_line("markers", "all_releases: builds an image of every Debian release")
    config.addinivalue_line(
        "markers",
        "lab_host(suite, packages, user, ...): the fields of the HostSpec that `lab_host` boots; "
        "on a module, those of `module_host`",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    obstacle = machine.obstacle()
    for item in items:
        if "lab" not in getattr(item, "fixturenames", ()):
            continue
        item.add_marker(pytest.mark.hosts)
        # In CI the fixture fails instead: there, a test that did not run is no success.
        if obstacle and os.environ.get("CI") != "true":
            item.add_marker(pytest.mark.skip(reason=f"{_LEFT_OUT}: {obstacle}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    left_out = sum(_LEFT_OUT in reason for reason in reasons)
    if left_out:
        terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
        terminalreporter.line(f"{left_out} tests on hosts were left out: {machine.obstacle()}")


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The network that all hosts of this run share."""
    if obstacle := machine.obstacle():
        pytest.fail(f"{_LEFT_OUT}: {obstacle}", pytrace=False)
    # Ended from outside, a run removes its hosts as it does after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Lab.make() as made:
        yield made


@pytest.fixture
def boot_hosts(lab: Lab) -> Iterator[Callable[..., list[Host]]]:
    """`boot_hosts(*specs)` boots hosts at the same time, for one test."""
    yield from _host_factory(lab)


@pytest.fixture(scope="module")
def boot_module_hosts(lab: Lab) -> Iterator[Callable[..., list[Host]]]:
    """`boot_module_hosts(*specs)` boots hosts that all tests of a module share."""
    yield from _host_factory(lab)


@pytest.fixture
def boot_host(boot_hosts: Callable[..., list[Host]]) -> Callable[..., Host]:
    """`boot_host(suite=..., packages=...)`, the fields of a `HostSpec`, boots one for one test."""
    return lambda **fields: boot_hosts(HostSpec(**fields))[0]


@pytest.fixture
def lab_host(request: pytest.FixtureRequest, boot_host: Callable[..., Host]) -> Host:
    """A fresh host for one test, as its marker `lab_host` describes it."""
    return boot_host(**_marked_fields(request))


@pytest.fixture
def sessions(lab_host: Host) -> Callable[[], int]:
    """How many commands the host was asked to run since the last question."""
    lab_host.run("echo 'LogLevel VERBOSE' >/etc/ssh/sshd_config.d/00-verbose.conf")
    lab_host.run("systemctl restart ssh")
    asked = 0

    def since_then() -> int:
        nonlocal asked
        before = asked
        # Of a session's processes, only one logs this line.
        log = lab_host.run(
            "journalctl --sync; journalctl -o cat | grep -c 'Starting session:'", check=False
        )
        asked = int(log.stdout)
        return asked - before

    return since_then


@pytest.fixture(scope="module")
def module_host(
    request: pytest.FixtureRequest, boot_module_hosts: Callable[..., list[Host]]
) -> Host:
    """One host for all tests of a module, as the `lab_host` in its `pytestmark` describes it."""
    return boot_module_hosts(HostSpec(**_marked_fields(request)))[0]


@pytest.fixture
def pyinfra_command(tmp_path: Path) -> Iterator[PyinfraCommand]:
    """The command line of pyinfra: `run`, `start`, `finish`, `run_locally`."""
    command = PyinfraCommand(tmp_path)
    yield command
    command.close()


@pytest.fixture
def run_pyinfra(pyinfra_command: PyinfraCommand) -> Callable[..., PyinfraResult]:
    """`run_pyinfra(host, "deploy/bootstrap.py", "-y", data=..., sudo=...)`, to its end."""
    return pyinfra_command.run


@pytest.fixture(scope="session")
def promtool(lab: Lab) -> Path:
    """Debian 12's promtool, out of the image that hosts with Prometheus are stacked on."""
    del lab  # where no host can be booted, no image can be built
    return ensure_image("bookworm", INSTALLED).lower_directories[0] / "usr/bin/promtool"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    if not (browsing.BROWSER and browsing.DRIVER):
        missing = "needs a browser: apt-get install chromium chromium-driver"
        if os.environ.get("CI") == "true":
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
    driver = browsing.launch(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()


@pytest.fixture
def chrome(browser: Chrome) -> Iterator[Chrome]:
    """The browser as it is on a desk; whatever it complains of fails the test."""
    browsing.media(browser)
    browsing.size(browser, browsing.DESKTOP)
    browser.get("about:blank")
    browsing.complaints(browser)
    yield browser
    found = browsing.complaints(browser)
    browser.get("about:blank")  # so that nothing reloads any more
    assert not found


@pytest.fixture
def show(chrome: Chrome, tmp_path: Path) -> browsing.Show:
    """`show(report, every=..., at="#...")` shows a page from a file."""

    def show(report: Report, *, every: float | None = None, at: str = "") -> None:
        path = tmp_path / "report.html"
        path.write_text(page.text(report, every=every), encoding="utf-8")
        chrome.get("about:blank")
        chrome.get(f"{path.as_uri()}{at}")

    return show


def _host_factory(lab: Lab) -> Iterator[Callable[..., list[Host]]]:
    booted: list[Host] = []

    def boot(*specs: HostSpec) -> list[Host]:
        hosts = lab.boot_all(specs)
        booted.extend(hosts)
        return hosts

    yield boot
    stop_all(booted)


def _marked_fields(request: pytest.FixtureRequest) -> dict[str, Any]:
    marker = request.node.get_closest_marker("lab_host")
    return dict(marker.kwargs) if marker else {}
