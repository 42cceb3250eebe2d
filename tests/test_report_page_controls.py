"""The controls of a report's page: filter, copy, share, reload."""

import time
from pathlib import Path

import pytest

import reports
from browsing import (
    CONTROL,
    DELETE,
    TAB,
    Chrome,
    Show,
    every,
    found,
    js,
    one,
    resume,
    shown_hosts,
    summary,
    until,
)
from pushgateway_lab.report import page

pytestmark = pytest.mark.browser


# Filter


def test_hosts_are_filtered_by_the_states_they_have_anywhere(chrome: Chrome, show: Show) -> None:
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


def test_hosts_are_filtered_by_name(chrome: Chrome, show: Show) -> None:
    show(reports.a_class(), at="#open=vm03.example.org")
    one(chrome, "#name").send_keys("VM1")
    assert shown_hosts(chrome) == ["vm10", "vm11", "vm12"]
    assert not found(chrome, 3).is_displayed()
    one(chrome, "#state-wrong").click()
    assert shown_hosts(chrome) == ["vm11"]
    assert one(chrome, "#shown").text == "1 of 12 hosts is shown."
    one(chrome, "#name").send_keys(CONTROL, "a", DELETE)
    assert shown_hosts(chrome) == ["vm03", "vm11"]


def test_two_hundred_hosts_are_usable(chrome: Chrome, show: Show) -> None:
    crowd = reports.a_crowd(200)
    assert len(page.text(crowd).encode()) < 3_000_000
    show(crowd)
    one(chrome, "#name").send_keys("vm17")
    assert shown_hosts(chrome) == [f"vm17{number}" for number in range(10)]
    summary(chrome, 171).click()
    until(lambda: found(chrome, 171).is_displayed(), "the host opens")


# Copy


def test_a_command_is_copied_as_it_is(chrome: Chrome, show: Show) -> None:
    command = "  first 'a  b' \"$HOME\"\n\tsecond <x> &amp;"
    show(reports.report(reports.host("vm", reports.STUCK, fix=command)), at="#open=vm")
    assert copied(chrome) == command
    assert one(chrome, "#said").get_attribute("textContent") == "Copied."


def test_a_command_is_copied_where_a_browser_has_no_clipboard_for_pages(
    chrome: Chrome, show: Show
) -> None:
    show(reports.report(reports.host("vm", reports.STUCK, fix="a\nb")), at="#open=vm")
    js(chrome, "window.kept = navigator.clipboard")
    js(chrome, "Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    assert copied(chrome, "window.kept") == "a\nb"


def copied(chrome: Chrome, clipboard: str = "navigator.clipboard") -> object:
    chrome.execute_cdp_cmd(
        "Browser.grantPermissions",
        {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]},
    )
    button = every(chrome, "pre button")[0]
    button.click()
    until(lambda: button.text == "Copied", "it says that it copied")
    return js(chrome, f"return {clipboard}.readText()")


# The address


def test_a_reload_and_a_link_show_the_same(chrome: Chrome, show: Show) -> None:
    show(reports.a_crowd(60), every=15)
    one(chrome, "#name").send_keys("vm0")
    one(chrome, "#state-wrong").click()
    one(chrome, "#state-open").click()
    one(chrome, "#every option[value='30']").click()
    one(chrome, "#pause").click()
    summary(chrome, 3).click()
    until(lambda: "open=" in chrome.current_url, "the open host is in the address")
    js(chrome, "scrollTo(0, 333)")
    until(lambda: "y=333" in chrome.current_url, "the position is in the address")
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
    until(lambda: one(chrome, "#waits").text, "it says that it is paused")
    is_the_same()
    chrome.get("about:blank")
    chrome.get(address)
    until(lambda: one(chrome, "#waits").text, "it says that it is paused")
    is_the_same()


def test_an_address_with_nonsense_does_no_harm(chrome: Chrome, show: Show) -> None:
    show(reports.a_class(), at="#name=%zz&state=x&every=abc&open=nobody&y=a&x=&focus=%00")
    one(chrome, "#name").send_keys(CONTROL, "a", DELETE)
    assert len(shown_hosts(chrome)) == 12
    assert one(chrome, "#every").get_property("value") == "0"


# Reload. These pages reload twice a second, so a test pauses its page while it prepares it.


def mark(chrome: Chrome) -> None:
    js(chrome, "window.marked = true")


def marked(chrome: Chrome) -> bool:
    return bool(js(chrome, "return window.marked === true"))


def stays(chrome: Chrome, seconds: float) -> bool:
    """Return whether the page does not reload for some time."""
    time.sleep(seconds)
    return marked(chrome)


def test_it_reloads_with_what_was_chosen(chrome: Chrome, show: Show) -> None:
    show(reports.a_class(), every=0.5, at="#paused=1")
    one(chrome, "#state-wrong").click()
    resume(chrome)
    until(lambda: not marked(chrome), "it reloads")
    until(lambda: shown_hosts(chrome) == ["vm03", "vm11"], "the filter is kept")


def test_the_focus_survives_a_reload(chrome: Chrome, show: Show) -> None:
    show(reports.a_class(), every=0.5, at="#paused=1")
    js(chrome, "document.getElementById('host-4').focus()")
    resume(chrome)
    until(lambda: not marked(chrome), "it reloads")
    until(lambda: js(chrome, "return document.activeElement.id") == "host-4", "the focus is kept")


def test_a_reload_shows_what_is_new(chrome: Chrome, show: Show, tmp_path: Path) -> None:
    show(reports.a_class(), every=0.5)
    new = page.text(reports.report(reports.host("new")), every=None)
    (tmp_path / "report.html").write_text(new, encoding="utf-8")
    until(lambda: shown_hosts(chrome) == ["new"], "the new report is shown")


def test_a_pause_stops_it(chrome: Chrome, show: Show) -> None:
    show(reports.a_class(), every=0.5, at="#paused=1")
    mark(chrome)
    assert stays(chrome, 1.5)
    assert one(chrome, "#pause").text == "Resume"
    resume(chrome)
    until(lambda: not marked(chrome), "it resumes")
    pause = """
        const pause = document.getElementById("pause");
        if (!pause || document.readyState !== "complete") return false;
        pause.click();
        window.marked = true;
        return pause.textContent === "Resume";
    """
    until(lambda: js(chrome, pause), "it is paused")
    assert stays(chrome, 1.5)
    assert "paused=1" in chrome.current_url


def test_it_waits_while_text_is_selected(chrome: Chrome, show: Show) -> None:
    show(reports.a_class(), every=0.5, at="#paused=1")
    js(chrome, "getSelection().selectAllChildren(document.querySelector('h1'))")
    resume(chrome)
    assert stays(chrome, 1.5)
    assert one(chrome, "#waits").text == "waits: text is selected"
    js(chrome, "getSelection().removeAllRanges()")
    until(lambda: not marked(chrome), "it goes on")


def test_it_waits_while_somebody_types(chrome: Chrome, show: Show) -> None:
    show(reports.a_class(), every=0.5, at="#paused=1")
    one(chrome, "#name").send_keys("vm1")
    resume(chrome)
    assert stays(chrome, 1.5)
    assert one(chrome, "#waits").text == "waits: you are typing"
    one(chrome, "#name").send_keys(TAB)
    until(lambda: not marked(chrome), "it goes on")


def test_it_does_not_reload_where_the_report_is_made_once(chrome: Chrome, show: Show) -> None:
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
