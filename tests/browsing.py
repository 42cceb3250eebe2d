"""Chromium, without a window, and questions of tests about the page of a report."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from waiting import wait_for

if TYPE_CHECKING:  # only tests that start a browser import this
    from selenium import webdriver
    from selenium.webdriver.remote.webelement import WebElement

Chrome: TypeAlias = "webdriver.Chrome"
Element: TypeAlias = "WebElement"
Within: TypeAlias = "webdriver.Chrome | WebElement"

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",  # a phone has none that take space
    "--lang=en-US",
)
TAB, ENTER, CONTROL, DELETE = "\ue004", "\ue007", "\ue009", "\ue017"
"""Codes of keys in WebDriver."""

DESKTOP, PHONE = (1280, 800), (360, 740)

Show = Callable[..., None]


def media(chrome: Chrome, kind: str = "", **features: str) -> None:
    wanted = {"prefers-color-scheme": "light", "prefers-reduced-motion": "no-preference"}
    wanted |= {name.replace("_", "-"): value for name, value in features.items()}
    chrome.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {
            "media": kind,
            "features": [{"name": name, "value": value} for name, value in wanted.items()],
        },
    )


def size(chrome: Chrome, of: tuple[int, int]) -> None:
    width, height = of
    chrome.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )


def complaints(chrome: Chrome) -> list[Any]:
    """Return the messages in the browser's console since the last call."""
    return list(chrome.get_log("browser"))  # type: ignore[no-untyped-call]


def js(chrome: Chrome, script: str, *arguments: Any) -> Any:
    return chrome.execute_script(script, *arguments)


def until(holds: Callable[[], object], what: str) -> None:
    """Wait until a condition holds; errors of WebDriver during a reload of the page mean "not yet"."""
    from selenium.common.exceptions import WebDriverException

    wait_for(holds, what, passing=WebDriverException)


def one(within: Within, selector: str) -> Element:
    return within.find_element("css selector", selector)


def every(within: Within, selector: str) -> list[Element]:
    return within.find_elements("css selector", selector)


def shown_hosts(chrome: Chrome) -> list[str]:
    """Return the hosts with visible rows, without their domain."""
    names = js(
        chrome,
        "return [...document.querySelectorAll('summary')]"
        ".filter((each) => each.checkVisibility()).map((each) => each.textContent)",
    )
    return [name.removesuffix(".example.org") for name in names]


def found(chrome: Chrome, number: int) -> Element:
    """Return the row with a host's findings; hosts are counted from 1."""
    return one(chrome, f"tbody:nth-of-type({number}) > tr.found")


def summary(chrome: Chrome, number: int) -> Element:
    return one(chrome, f"#host-{number}")


def row(chrome: Chrome, number: int) -> list[str]:
    return [cell.text for cell in every(every(chrome, "tr.at")[number - 1], "td")]


def resume(chrome: Chrome) -> None:
    """Mark the page and let it reload again, without a change of the focus."""
    js(chrome, "window.marked = true; document.getElementById('pause').click()")


def launch(profile: Path, *arguments: str) -> Chrome:
    """Start a browser with a profile of its own, with further arguments besides `ARGUMENTS`."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for argument in (*ARGUMENTS, *arguments, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
