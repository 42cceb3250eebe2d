"""The page of a report, in a real browser: Chromium, without a window.

Where there is none these tests are left out; with CI=true they fail.
"""

import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

import reports
from pushgateway_lab.lab.results import Report, State
from pushgateway_lab.report import page

pytestmark = pytest.mark.browser

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

WAIT = 20
"""Seconds for what comes at once, unless the machine has much else to do."""

Show = Callable[..., None]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    if not (BROWSER and DRIVER):
        missing = "needs a browser: apt-get install chromium chromium-driver"
        if os.environ.get("CI") == "true":
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in (*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def chrome(browser: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """The browser as it is on a desk; whatever it complains of fails the test."""
    media(browser)
    size(browser, DESKTOP)
    browser.get("about:blank")
    complaints(browser)
    yield browser
    found = complaints(browser)
    browser.get("about:blank")  # so that nothing reloads any more
    assert not found


@pytest.fixture
def show(chrome: webdriver.Chrome, tmp_path: Path) -> Show:
    """`show(report, every=..., at="#...")` shows a page from a file."""

    def show(report: Report, *, every: float | None = None, at: str = "") -> None:
        path = tmp_path / "report.html"
        path.write_text(page.text(report, every=every), encoding="utf-8")
        chrome.get("about:blank")
        chrome.get(f"{path.as_uri()}{at}")

    return show


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
    """Wait; while a page is being loaded, what is asked for may not be there, or not any more."""
    deadline = time.monotonic() + WAIT
    while True:
        with suppress(WebDriverException):
            if holds():
                return
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


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


# What it shows


def test_the_matrix_is_a_table_of_hosts_by_tasks(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_class())
    assert one(chrome, "caption").text.startswith("Hosts by tasks")
    columns = every(chrome, "thead th[scope=col]")
    assert [column.text.split("\n")[0] for column in columns] == [
        "Host",
        "Stage",
        "Host",
        "4.2.1",
        "4.2.2",
        "4.2.3",
    ]
    assert len(every(chrome, "tbody th[scope=row]")) == 12
    assert row(chrome, 1) == ["cleaned", "done 8/8", "done 6/6", "done 4/4", "done 3/3"]
    assert row(chrome, 3) == [
        "prepared\nbehind",
        "done 8/8",
        "wrong 3/6",
        "open 0/4",
        "open 0/3",
    ]
    assert row(chrome, 6)[0] == "not reached"
    assert "Timed out after 4 s" in row(chrome, 6)[1]


def test_the_summary_counts_hosts(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_class())
    assert [each.text.split("\n") for each in every(chrome, ".counts li")] == [
        ["1", "not prepared"],
        ["3", "prepared"],
        ["5", "configured"],
        ["0", "pushed"],
        ["2", "cleaned"],
        ["1", "not reached"],
        ["2", "something wrong"],
    ]
    assert "Expected: configured, 5 hosts are not." in one(chrome, ".head p").text
    assert chrome.title == "2 wrong, 1 not reached, 12 hosts - Prometheus lab"
    assert one(chrome, "html").get_attribute("lang") == "en"
    widths = [float(each.get_attribute("width") or 0) for each in every(chrome, ".bar rect")]
    assert widths == pytest.approx([100 * number / 12 for number in (1, 3, 5, 2, 1)], abs=0.01)


def test_a_host_opens_with_all_that_was_found(chrome: webdriver.Chrome, show: Show) -> None:
    says = reports.finding(State.WRONG).says
    show(reports.a_class())
    assert not found(chrome, 3).is_displayed()
    summary(chrome, 3).click()
    until(lambda: found(chrome, 3).is_displayed(), "the host did not open")
    assert not found(chrome, 2).is_displayed()
    text = found(chrome, 3).text
    assert "Stage: prepared" in text
    assert "Expected: configured" in text
    assert "4.2.1\nInstall and configure Pushgateway\nwrong 3/6" in text
    checks = found(chrome, 3).find_elements(By.CSS_SELECTOR, "li")
    assert len(checks) == 21
    wrong = next(check for check in checks if check.text.startswith("wrong"))
    assert wrong.text.split("\n") == [
        "wrong",
        "The scrape job keeps the labels of pushes",
        *says.split("\n"),
        "sudoedit /etc/prometheus/prometheus.yml   # honor_labels: true",
        "Copy",
    ]
    summary(chrome, 3).click()
    until(lambda: not found(chrome, 3).is_displayed(), "the host did not close")


def test_a_click_beside_the_name_opens_a_host_too(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_class())
    every(chrome, "tr.at")[2].find_elements(By.CSS_SELECTOR, "td")[1].click()
    until(lambda: found(chrome, 3).is_displayed(), "the host did not open")


def test_a_host_that_was_not_reached_says_why(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_class())
    summary(chrome, 6).click()
    until(lambda: found(chrome, 6).is_displayed(), "the host did not open")
    assert found(chrome, 6).find_element(By.CSS_SELECTOR, ".problem").text == (
        "Timed out after 4 s while connecting to port 22"
    )


def test_times_are_those_of_the_reader(chrome: webdriver.Chrome, show: Show) -> None:
    chrome.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    try:
        show(reports.a_class(), at="#open=vm01.example.org")
        times = every(chrome, ".head time, tr.found li time")
        assert times[0].get_attribute("datetime") == "2026-11-24T06:00:00Z"
        assert re.search(r"3:00:00\sPM", times[0].text)
        assert times[1].get_attribute("datetime") == "2026-11-24T05:55:00Z"
        assert re.search(r"2:55:00\sPM", times[1].text)
    finally:
        chrome.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ""})


def test_a_report_without_hosts_has_a_page(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.report())
    assert "There are no hosts" in one(chrome, "main").text


def test_it_works_without_its_script(chrome: webdriver.Chrome, show: Show) -> None:
    chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(reports.a_class())
        assert not one(chrome, ".controls").is_displayed()
        summary(chrome, 3).click()
        until(lambda: found(chrome, 3).is_displayed(), "the host did not open")
        assert "2026-11-24 05:55:00 UTC" in found(chrome, 3).text
        assert not every(chrome, "pre button")
    finally:
        chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


# Filter


def test_hosts_are_filtered_by_the_states_they_have_anywhere(
    chrome: webdriver.Chrome, show: Show
) -> None:
    show(reports.a_class())
    assert one(chrome, "#shown").text == "All 12 hosts are shown."
    one(chrome, "#state-wrong").click()
    assert shown_hosts(chrome) == ["vm03", "vm11"]
    assert one(chrome, "#shown").text == "2 of 12 hosts are shown."
    assert one(chrome, "#shown").get_attribute("aria-live") == "polite"
    one(chrome, "#state-unknown").click()
    assert shown_hosts(chrome) == ["vm03", "vm06", "vm08", "vm11"]
    one(chrome, "#state-wrong").click()
    one(chrome, "#state-unknown").click()
    one(chrome, "#state-done").click()
    assert "vm06" not in shown_hosts(chrome)
    assert len(shown_hosts(chrome)) == 11


def test_hosts_are_filtered_by_name(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_class(), at="#open=vm03.example.org")
    one(chrome, "#name").send_keys("VM1")
    assert shown_hosts(chrome) == ["vm10", "vm11", "vm12"]
    assert not found(chrome, 3).is_displayed()
    one(chrome, "#state-wrong").click()
    assert shown_hosts(chrome) == ["vm11"]
    assert one(chrome, "#shown").text == "1 of 12 hosts is shown."
    one(chrome, "#name").send_keys(Keys.CONTROL, "a", Keys.DELETE)
    assert shown_hosts(chrome) == ["vm03", "vm11"]


def test_two_hundred_hosts_are_usable(chrome: webdriver.Chrome, show: Show) -> None:
    crowd = reports.a_crowd(200)
    assert len(page.text(crowd).encode()) < 3_000_000
    show(crowd)
    took = js(
        chrome,
        """
        const name = document.getElementById("name"), began = performance.now();
        name.value = "vm17";
        name.dispatchEvent(new Event("input"));
        document.body.getBoundingClientRect();
        return performance.now() - began;
        """,
    )
    assert took < 2_000
    assert shown_hosts(chrome) == [f"vm17{number}" for number in range(10)]
    summary(chrome, 171).click()
    until(lambda: found(chrome, 171).is_displayed(), "the host did not open")


# Copy


def test_a_command_is_copied_as_it_is(chrome: webdriver.Chrome, show: Show) -> None:
    command = "  first 'a  b' \"$HOME\"\n\tsecond <x> &amp;"
    show(reports.report(reports.host("vm", reports.STUCK, fix=command)), at="#open=vm")
    assert copied(chrome) == command
    assert one(chrome, "#said").get_attribute("textContent") == "Copied."


def test_a_command_is_copied_where_a_browser_has_no_clipboard_for_pages(
    chrome: webdriver.Chrome, show: Show
) -> None:
    show(reports.report(reports.host("vm", reports.STUCK, fix="a\nb")), at="#open=vm")
    js(chrome, "window.kept = navigator.clipboard")
    js(chrome, "Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    assert copied(chrome, "window.kept") == "a\nb"


def copied(chrome: webdriver.Chrome, clipboard: str = "navigator.clipboard") -> object:
    chrome.execute_cdp_cmd(
        "Browser.grantPermissions",
        {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]},
    )
    button = every(chrome, "pre button")[0]
    button.click()
    until(lambda: button.text == "Copied", "it does not say that it copied")
    return js(chrome, f"return {clipboard}.readText()")


# The address


def test_a_reload_and_a_link_show_the_same(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_crowd(60), every=15)
    one(chrome, "#name").send_keys("vm0")
    one(chrome, "#state-wrong").click()
    one(chrome, "#state-open").click()
    one(chrome, "#every option[value='30']").click()
    one(chrome, "#pause").click()
    summary(chrome, 3).click()
    until(lambda: "open=" in chrome.current_url, "the open host is not in the address")
    js(chrome, "scrollTo(0, 333)")
    until(lambda: "y=333" in chrome.current_url, "the position is not in the address")
    hosts, address = shown_hosts(chrome), chrome.current_url

    def is_the_same() -> None:
        assert shown_hosts(chrome) == hosts
        assert one(chrome, "#name").get_property("value") == "vm0"
        assert one(chrome, "#every").get_property("value") == "30"
        assert one(chrome, "#pause").text == "Resume"
        assert one(chrome, "#waits").text == "paused"
        assert [index for index in range(1, 61) if found(chrome, index).is_displayed()] == [3]
        assert js(chrome, "return scrollY") == 333

    assert len(hosts) == 50
    chrome.refresh()
    until(lambda: one(chrome, "#waits").text, "it does not say that it is paused")
    is_the_same()
    chrome.get("about:blank")
    chrome.get(address)
    until(lambda: one(chrome, "#waits").text, "it does not say that it is paused")
    is_the_same()


def test_an_address_with_nonsense_does_no_harm(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_class(), at="#name=%zz&state=x&every=abc&open=nobody&y=a&x=&focus=%00")
    one(chrome, "#name").send_keys(Keys.CONTROL, "a", Keys.DELETE)
    assert len(shown_hosts(chrome)) == 12
    assert one(chrome, "#every").get_property("value") == "0"


# Reload. A page that reloads twice a second is paused until it is as a test wants it.


def mark(chrome: webdriver.Chrome) -> None:
    js(chrome, "window.marked = true")


def marked(chrome: webdriver.Chrome) -> bool:
    return bool(js(chrome, "return window.marked === true"))


def stays(chrome: webdriver.Chrome, seconds: float) -> bool:
    """Whether the page does not reload for some time."""
    time.sleep(seconds)
    return marked(chrome)


def resume(chrome: webdriver.Chrome) -> None:
    """Mark the page and have it reload again, without the focus going anywhere."""
    js(chrome, "window.marked = true; document.getElementById('pause').click()")


def test_it_reloads_with_what_was_chosen(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_class(), every=0.5, at="#paused=1")
    one(chrome, "#state-wrong").click()
    resume(chrome)
    until(lambda: not marked(chrome), "it does not reload")
    until(lambda: shown_hosts(chrome) == ["vm03", "vm11"], "the filter is lost")


def test_the_focus_survives_a_reload(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_class(), every=0.5, at="#paused=1")
    js(chrome, "document.getElementById('host-4').focus()")
    resume(chrome)
    until(lambda: not marked(chrome), "it does not reload")
    until(
        lambda: js(chrome, "return document.activeElement.id") == "host-4", "the focus is elsewhere"
    )


def test_a_reload_shows_what_is_new(chrome: webdriver.Chrome, show: Show, tmp_path: Path) -> None:
    show(reports.a_class(), every=0.5)
    new = page.text(reports.report(reports.host("new")), every=None)
    (tmp_path / "report.html").write_text(new, encoding="utf-8")
    until(lambda: shown_hosts(chrome) == ["new"], "the new report is not shown")


def test_a_pause_stops_it(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_class(), every=0.5, at="#paused=1")
    mark(chrome)
    assert stays(chrome, 1.5)
    assert one(chrome, "#pause").text == "Resume"
    resume(chrome)
    until(lambda: not marked(chrome), "it does not resume")
    pause = """
        const pause = document.getElementById("pause");
        if (!pause || document.readyState !== "complete") return false;
        pause.click();
        window.marked = true;
        return pause.textContent === "Resume";
    """
    until(lambda: js(chrome, pause), "it is not paused")
    assert stays(chrome, 1.5)
    assert "paused=1" in chrome.current_url


def test_it_waits_while_text_is_selected(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_class(), every=0.5, at="#paused=1")
    js(chrome, "getSelection().selectAllChildren(document.querySelector('h1'))")
    resume(chrome)
    assert stays(chrome, 1.5)
    assert one(chrome, "#waits").text == "waits: text is selected"
    js(chrome, "getSelection().removeAllRanges()")
    until(lambda: not marked(chrome), "it does not go on")


def test_it_waits_while_somebody_types(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_class(), every=0.5, at="#paused=1")
    one(chrome, "#name").send_keys("vm1")
    resume(chrome)
    assert stays(chrome, 1.5)
    assert one(chrome, "#waits").text == "waits: somebody types"
    one(chrome, "#name").send_keys(Keys.TAB)
    until(lambda: not marked(chrome), "it does not go on")


def test_it_does_not_reload_where_the_report_is_made_once(
    chrome: webdriver.Chrome, show: Show
) -> None:
    show(reports.a_class(), every=None)
    assert one(chrome, "#every").get_property("value") == "0"
    assert not one(chrome, "#pause").is_enabled()
    assert js(
        chrome, "return [...document.querySelectorAll('#every option')].map((o) => o.value)"
    ) == [
        "0",
        "5",
        "15",
        "30",
        "60",
    ]
    mark(chrome)
    assert stays(chrome, 1)


# Safety


def test_what_a_host_says_is_text(chrome: webdriver.Chrome, show: Show) -> None:
    hostile = reports.HOSTILE
    host = reports.host(hostile, reports.STUCK, says=hostile, fix=hostile)
    show(reports.report(host, reports.unreached("x", hostile)))
    assert js(chrome, "return document.scripts.length") == 1
    assert len(every(chrome, "tbody")) == 2
    name = js(chrome, "return document.querySelector('summary').textContent")
    assert name.startswith("<script>alert(1)</script> \"'&amp; </td></script><!-- ]]> {{ 7 * 7 }}")
    assert r"\x1b[31mred" in name
    assert r"\u202eback\u2066wards \x00 \ud800" in name
    summary(chrome, 1).click()
    until(lambda: found(chrome, 1).is_displayed(), "the host did not open")
    assert found(chrome, 1).text.count("<script>alert(1)</script>") >= 2
    until(lambda: "open=" in chrome.current_url, "the open host is not in the address")
    chrome.refresh()
    until(lambda: found(chrome, 1).is_displayed(), "the host is not found again")


def test_nothing_leaves_the_page(chrome: webdriver.Chrome, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(page.text(reports.a_class(), every=0.5), encoding="utf-8")
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_request(self, *_: object) -> None:
            asked.append(self.path)

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=tmp_path)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/report.html"
            chrome.get(f"{address}#paused=1&open=vm03.example.org")
            assert found(chrome, 3).is_displayed()
            assert js(chrome, "return performance.getEntriesByType('resource').length") == 0
            resume(chrome)
            until(lambda: len(asked) >= 2, "it does not reload")
            chrome.get("about:blank")
        finally:
            server.shutdown()
    assert set(asked) == {"/report.html"}


def test_no_other_script_runs_and_nothing_is_loaded(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_class())
    js(
        chrome,
        """
        window.refused = [];
        addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
        const script = document.createElement("script");
        script.textContent = "window.injected = true";
        const image = document.createElement("img");
        image.src = "http://127.0.0.1:9/";
        const style = document.createElement("style");
        style.textContent = "body { display: none }";
        document.body.append(script, image, style);
        fetch("http://127.0.0.1:9/").catch(() => {});
        """,
    )
    refused = {"script-src-elem", "img-src", "style-src-elem", "connect-src"}
    until(lambda: set(js(chrome, "return refused")) == refused, "something was not refused")
    assert not js(chrome, "return window.injected")
    assert len(complaints(chrome)) >= len(refused)  # and rightly


# For everybody


CONTRASTS = """
const luminance = (color) => {
  const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map((each) => {
    each /= 255;
    return each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (element) => {
  for (let each = element; each; each = each.parentElement) {
    const color = getComputedStyle(each).backgroundColor;
    if (color.startsWith("rgb(")) return color;
  }
};
const found = {};
for (const each of document.querySelectorAll("body *")) {
  const says = [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!says || !each.checkVisibility() || each.disabled) continue;
  const style = getComputedStyle(each);
  const [low, high] = [luminance(style.color), luminance(behind(each))].sort((a, b) => a - b);
  const what = `${style.color} on ${behind(each)}`;
  found[what] = Math.min(found[what] ?? 99, (high + 0.05) / (low + 0.05));
}
return [found, behind(document.body)];
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read(chrome: webdriver.Chrome, show: Show, scheme: str) -> None:
    media(chrome, prefers_color_scheme=scheme)
    opened = "&".join(f"open=vm{number:02}.example.org" for number in range(1, 13))
    show(reports.a_class(), at=f"#{opened}")
    contrasts, background = js(chrome, CONTRASTS)
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}[scheme]
    assert len(contrasts) >= 7  # the text, what is quiet, and four states
    assert {what: ratio for what, ratio in contrasts.items() if ratio < 4.5} == {}


def test_states_differ_by_more_than_colour(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_class())
    symbols = {
        state: js(
            chrome,
            f"return getComputedStyle(document.querySelector('td.{state} > b'), '::before').content",
        )
        for state in ("done", "open", "wrong", "unknown")
    }
    assert len(set(symbols.values())) == 4
    assert "none" not in symbols.values()


def test_the_keyboard_is_enough(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_class())
    active = chrome.switch_to.active_element
    for _ in range(30):
        active.send_keys(Keys.TAB)
        active = chrome.switch_to.active_element
        assert js(chrome, "return getComputedStyle(arguments[0]).outlineStyle", active) != "none"
        if active.get_attribute("id") == "host-1":
            break
    assert active.get_attribute("id") == "host-1"
    active.send_keys(Keys.ENTER)
    until(lambda: found(chrome, 1).is_displayed(), "Enter does not open the host")
    active.send_keys(Keys.ENTER)
    until(lambda: not found(chrome, 1).is_displayed(), "Enter does not close the host")


def test_everything_that_is_operated_has_a_name(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_class(), at="#open=vm03.example.org")
    for control in every(chrome, "input, select, button, summary, [tabindex]"):
        assert control.accessible_name, control.get_attribute("outerHTML")
    assert summary(chrome, 1).accessible_name == "vm01.example.org"


@pytest.mark.parametrize("name", ["vm03.example.org", "x" * 63 + ".example.org"])
def test_it_fits_a_phone(chrome: webdriver.Chrome, show: Show, name: str) -> None:
    size(chrome, PHONE)
    host = reports.host(name, reports.STUCK, says="/a/path" * 30, fix="a-command" * 30)
    show(reports.report(host, *reports.a_class().hosts, expected="pushed"), at=f"#open={name}")
    assert found(chrome, 1).is_displayed()
    assert js(chrome, "return [document.documentElement.scrollWidth, innerWidth]") == [360, 360]
    widest = "Math.max(...[...document.querySelectorAll('tr.found > td > div *')].map(right))"
    right = "const right = (each) => each.getBoundingClientRect().right;"
    assert js(chrome, f"{right} return {widest}") <= 360
    # What does not fit scrolls in its own box, under the names of the hosts.
    js(chrome, "document.getElementById('box').scrollLeft = 60")
    scrolled, left, wide = js(
        chrome,
        """
        const box = document.getElementById("box"), edge = box.getBoundingClientRect().left;
        const of = (selector) => document.querySelector(selector).getBoundingClientRect();
        return [box.scrollLeft, of("tbody th").left - edge, of("tr.found > td > div").width];
        """,
    )
    assert (scrolled, left) == (60, 0)
    assert wide <= 360
    assert "prepared" in every(chrome, "tbody th")[0].text


def test_on_paper_it_has_all_findings_and_no_controls(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_class(), at="#state=wrong")
    assert not found(chrome, 3).is_displayed()
    media(chrome, "print")
    assert not one(chrome, ".controls").is_displayed()
    assert shown_hosts(chrome) == ["vm03", "vm11"]
    assert [number for number in range(1, 13) if found(chrome, number).is_displayed()] == [3, 11]
    assert not [button for button in every(chrome, "button") if button.is_displayed()]
    assert js(chrome, "return getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    printed = chrome.print_page()
    assert len(printed) > 10_000


def test_nothing_moves_for_those_who_want_it_still(chrome: webdriver.Chrome, show: Show) -> None:
    show(reports.a_class())
    moves = (
        "return [...document.querySelectorAll('*')].filter((each) =>"
        " parseFloat(getComputedStyle(each).transitionDuration)).length"
    )
    assert js(chrome, moves)
    media(chrome, prefers_reduced_motion="reduce")
    assert not js(chrome, moves)
