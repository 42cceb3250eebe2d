"""The content of a report's page, in a real browser: Chromium, without a window.

Without Chromium these tests are skipped; with CI=true they fail.
"""

import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import reports
from browsing import Chrome, Show, complaints, every, found, js, one, resume, row, summary, until
from pushgateway_lab.lab.results import State
from pushgateway_lab.report import page

pytestmark = pytest.mark.browser


# Content


def test_the_matrix_is_a_table_of_hosts_by_tasks(chrome: Chrome, show: Show) -> None:
    show(reports.a_class())
    assert one(chrome, "caption").text.startswith("The number of done checks, by host and task.")
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
    assert row(chrome, 6)[0] == "not looked at"
    assert "Timed out after 4 s" in row(chrome, 6)[1]


def test_the_summary_counts_hosts(chrome: Chrome, show: Show) -> None:
    show(reports.a_class())
    assert [each.text.split("\n") for each in every(chrome, ".counts li")] == [
        ["1", "not prepared"],
        ["3", "prepared"],
        ["5", "configured"],
        ["0", "pushed"],
        ["2", "cleaned"],
        ["1", "not looked at"],
        ["2", "something wrong"],
    ]
    assert "Expected: configured, 5 hosts have not reached it." in one(chrome, ".head p").text
    assert chrome.title == "2 wrong, 1 not looked at, 12 hosts - Prometheus lab"
    assert one(chrome, "html").get_attribute("lang") == "en"
    widths = [float(each.get_attribute("width") or 0) for each in every(chrome, ".bar rect")]
    assert widths == pytest.approx([100 * number / 12 for number in (1, 3, 5, 2, 1)], abs=0.01)


def test_a_host_opens_with_all_that_was_found(chrome: Chrome, show: Show) -> None:
    says = reports.finding(State.WRONG).says
    show(reports.a_class())
    assert not found(chrome, 3).is_displayed()
    summary(chrome, 3).click()
    until(lambda: found(chrome, 3).is_displayed(), "the host opens")
    assert not found(chrome, 2).is_displayed()
    text = found(chrome, 3).text
    assert "Stage: prepared" in text
    assert "Expected: configured" in text
    assert "4.2.1\nInstall and configure Pushgateway\nwrong 3/6" in text
    checks = every(found(chrome, 3), "li")
    assert len(checks) == 21
    titles = [each.text for each in every(found(chrome, 3), "h2")]
    # Tasks that need attention come first.
    assert [title.split("\n")[0] for title in titles] == ["4.2.1", "4.2.2", "4.2.3", "Host"]
    wrong = next(check for check in checks if check.text.startswith("wrong"))
    assert wrong.text.split("\n") == [
        "wrong",
        "The scrape job keeps the labels of pushes",
        *says.split("\n"),
        "sudoedit /etc/prometheus/prometheus.yml   # honor_labels: true",
        "Copy",
    ]
    summary(chrome, 3).click()
    until(lambda: not found(chrome, 3).is_displayed(), "the host closes")


def test_a_click_beside_the_name_opens_a_host_too(chrome: Chrome, show: Show) -> None:
    show(reports.a_class())
    every(every(chrome, "tr.at")[2], "td")[1].click()
    until(lambda: found(chrome, 3).is_displayed(), "the host opens")


def test_a_host_that_was_not_reached_says_why(chrome: Chrome, show: Show) -> None:
    show(reports.a_class())
    summary(chrome, 6).click()
    until(lambda: found(chrome, 6).is_displayed(), "the host opens")
    assert one(found(chrome, 6), ".problem").text == (
        "Timed out after 4 s while connecting to port 22"
    )


def test_times_are_those_of_the_reader(chrome: Chrome, show: Show) -> None:
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


def test_a_report_without_hosts_has_a_page(chrome: Chrome, show: Show) -> None:
    show(reports.report())
    assert "There are no hosts" in one(chrome, "main").text


def test_it_works_without_its_script(chrome: Chrome, show: Show) -> None:
    chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(reports.a_class())
        assert not one(chrome, ".controls").is_displayed()
        summary(chrome, 3).click()
        until(lambda: found(chrome, 3).is_displayed(), "the host opens")
        assert "2026-11-24 05:55:00 UTC" in found(chrome, 3).text
        assert not every(chrome, "pre button")
    finally:
        chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


# Safety


def test_what_a_host_says_is_text(chrome: Chrome, show: Show) -> None:
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
    until(lambda: found(chrome, 1).is_displayed(), "the host opens")
    assert found(chrome, 1).text.count("<script>alert(1)</script>") >= 2
    until(lambda: "open=" in chrome.current_url, "the open host is in the address")
    chrome.refresh()
    until(lambda: found(chrome, 1).is_displayed(), "the host is found again")


def test_nothing_leaves_the_page(chrome: Chrome, tmp_path: Path) -> None:
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
            until(lambda: len(asked) >= 2, "it reloads")
            chrome.get("about:blank")
        finally:
            server.shutdown()
    assert set(asked) == {"/report.html"}


def test_no_other_script_runs_and_nothing_is_loaded(chrome: Chrome, show: Show) -> None:
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
    until(lambda: set(js(chrome, "return refused")) == refused, "all of it is refused")
    assert not js(chrome, "return window.injected")
    assert len(complaints(chrome)) >= len(refused)  # and rightly
