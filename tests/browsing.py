"""Chromium, without a window, and what tests ask it about the page of a report."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from waiting import wait_for

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
    "--hide-scrollbars",  # a phone has none that take room
    "--lang=en-US",
)
DESKTOP, PHONE = (1280, 800), (360, 740)

Show = Callable[..., None]


def media(chrome: webdriver.Chrome, kind: str = "", **features: str) -> None:
    wanted = {"prefers-color-scheme": "light", "prefers-reduced-motion": "no-preference"}
    wanted |= {name.replace("_", "-"): value for name, value in features.items()}
    chrome.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {
            "media": kind,
            "features": [{"name": name, "value": value} for name, value in wanted.items()],
        },
    )


def size(chrome: webdriver.Chrome, of: tuple[int, int]) -> None:
    width, height = of
    chrome.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )


def complaints(chrome: webdriver.Chrome) -> list[Any]:
    """What its console says, since it was last asked."""
    return list(chrome.get_log("browser"))  # type: ignore[no-untyped-call]


def js(chrome: webdriver.Chrome, script: str, *arguments: Any) -> Any:
    return chrome.execute_script(script, *arguments)


def until(holds: Callable[[], object], what: str) -> None:
    """Wait; while a page is being loaded, the elements of the last one are gone."""
    wait_for(holds, what, passing=WebDriverException)


def one(chrome: webdriver.Chrome, selector: str) -> WebElement:
    return chrome.find_element(By.CSS_SELECTOR, selector)


def every(chrome: webdriver.Chrome, selector: str) -> list[WebElement]:
    return chrome.find_elements(By.CSS_SELECTOR, selector)


def shown_hosts(chrome: webdriver.Chrome) -> list[str]:
    """The hosts whose rows are to be seen, without their domain."""
    names = js(
        chrome,
        "return [...document.querySelectorAll('summary')]"
        ".filter((each) => each.checkVisibility()).map((each) => each.textContent)",
    )
    return [name.removesuffix(".example.org") for name in names]


def found(chrome: webdriver.Chrome, number: int) -> WebElement:
    """What was found on a host, as its row below its own; counted from 1."""
    return one(chrome, f"tbody:nth-of-type({number}) > tr.found")


def summary(chrome: webdriver.Chrome, number: int) -> WebElement:
    return one(chrome, f"#host-{number}")


def row(chrome: webdriver.Chrome, number: int) -> list[str]:
    cells = every(chrome, "tr.at")[number - 1].find_elements(By.CSS_SELECTOR, "td")
    return [cell.text for cell in cells]


def resume(chrome: webdriver.Chrome) -> None:
    """Mark the page and have it reload again, without the focus going anywhere."""
    js(chrome, "window.marked = true; document.getElementById('pause').click()")


def launch(profile: Path, *arguments: str) -> webdriver.Chrome:
    """Start a browser with a profile of its own, with more arguments than `ARGUMENTS`."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for argument in (*ARGUMENTS, *arguments, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
