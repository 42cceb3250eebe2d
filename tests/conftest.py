"""Lab hosts for tests: real Debian systems, booted when a test asks for one.

A test with one of these fixtures has the marker `hosts`, so `-m "not hosts"` selects all others. On a machine
that cannot boot hosts, these tests are skipped and the summary says so; with CI=true they fail.
"""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pyinfra.context import ctx_state

import browsing
from browsing import Chrome
from expectations import INSTALLED
from labhost import (
    Host,
    HostSpec,
    Lab,
    PyinfraCommand,
    PyinfraResult,
    WarmPyinfra,
    machine,
    stop_all,
)
from labhost.image import ensure_image
from pushgateway_lab.credentials import hashes, lab_authority
from pushgateway_lab.lab.results import Report
from pushgateway_lab.report import page
from web_looks import PASSWORD

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
        # In CI the fixture fails instead: a test that did not run must not count as a success.
        if obstacle and os.environ.get("CI") != "true":
            item.add_marker(pytest.mark.skip(reason=f"{_LEFT_OUT}: {obstacle}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    left_out = sum(_LEFT_OUT in reason for reason in reasons)
    if left_out:
        terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
        terminalreporter.line(f"{left_out} tests on hosts were left out: {machine.obstacle()}")


@pytest.fixture(autouse=True)
def no_run() -> Iterator[None]:
    """Leave no run behind: after an error inside `ctx_state.use`, pyinfra keeps its state, with what the run knows."""
    yield
    ctx_state.reset()


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Keep the state of a test out of the home directory, and forget the checks of other tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for remembering in (hashes.new, hashes.fits, hashes._remembered, lab_authority._is_good):
        remembering.cache_clear()
    return tmp_path / "state/pushgateway-lab"


@pytest.fixture
def users(tmp_path: Path) -> dict[str, str]:
    """The users of a Pushgateway with the files of their passwords: one, with `web_looks.PASSWORD`."""
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    return {"trainer": str(tmp_path / "password")}


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The lab, whose network all hosts of this run share."""
    if obstacle := machine.obstacle():
        pytest.fail(f"{_LEFT_OUT}: {obstacle}", pytrace=False)
    # On SIGTERM, a run removes its hosts as it does on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Lab.make() as made:
        yield made


@pytest.fixture
def boot_hosts(lab: Lab) -> Iterator[Callable[..., list[Host]]]:
    """Return `boot_hosts(*specs)`, which boots hosts at the same time, for one test."""
    yield from _host_factory(lab)


@pytest.fixture(scope="module")
def boot_module_hosts(lab: Lab) -> Iterator[Callable[..., list[Host]]]:
    """Return `boot_module_hosts(*specs)`, which boots hosts for all tests of a module."""
    yield from _host_factory(lab)


@pytest.fixture
def boot_host(boot_hosts: Callable[..., list[Host]]) -> Callable[..., Host]:
    """Return `boot_host(suite=..., packages=...)`, which boots a host for one test; see `HostSpec`."""
    return lambda **fields: boot_hosts(HostSpec(**fields))[0]


@pytest.fixture
def lab_host(request: pytest.FixtureRequest, boot_host: Callable[..., Host]) -> Host:
    """A new host for one test, described by the marker `lab_host`."""
    return boot_host(**_marked_fields(request))


@pytest.fixture
def sessions(lab_host: Host) -> Callable[[], int]:
    """Return a function that counts the commands that the host got since its last call."""
    lab_host.run("echo 'LogLevel VERBOSE' >/etc/ssh/sshd_config.d/00-verbose.conf")
    lab_host.run("systemctl restart ssh")
    asked = 0

    def since_then() -> int:
        nonlocal asked
        before = asked
        # Only one process of each session logs this line.
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
    """One host for all tests of a module, described by `lab_host` in its `pytestmark`."""
    return boot_module_hosts(HostSpec(**_marked_fields(request)))[0]


@pytest.fixture(scope="session")
def warm_pyinfra() -> Iterator[WarmPyinfra]:
    """The process that forks for each run of pyinfra, see `labhost.warm_pyinfra`."""
    warm = WarmPyinfra()
    yield warm
    warm.close()


@pytest.fixture
def pyinfra_command(tmp_path: Path, warm_pyinfra: WarmPyinfra) -> Iterator[PyinfraCommand]:
    """The command line of pyinfra: `run`, `start`, `finish`, `run_locally`."""
    command = PyinfraCommand(tmp_path, warm_pyinfra)
    yield command
    command.close()


@pytest.fixture
def run_pyinfra(pyinfra_command: PyinfraCommand) -> Callable[..., PyinfraResult]:
    """Return `run_pyinfra(host, "deploy/bootstrap.py", "-y", data=..., sudo=...)`, which runs to the end."""
    return pyinfra_command.run


@pytest.fixture(scope="session")
def promtool(lab: Lab) -> Path:
    """Debian 12's promtool, from the image of hosts with Prometheus."""
    del lab  # a machine that cannot boot hosts cannot build images
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
    """A browser with a desktop's window; any message in its console fails the test."""
    browsing.media(browser)
    browsing.size(browser, browsing.DESKTOP)
    browser.get("about:blank")
    browsing.complaints(browser)
    yield browser
    found = browsing.complaints(browser)
    browser.get("about:blank")  # so that no page reloads any more
    assert not found


@pytest.fixture
def show(chrome: Chrome, tmp_path: Path) -> browsing.Show:
    """Return `show(report, every=..., at="#...")`, which opens a report's page from a file."""

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
