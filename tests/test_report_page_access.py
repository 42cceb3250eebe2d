"""The accessibility of a report's page: contrast, keyboard, screen reader, phone and paper."""

import pytest

import reports
from browsing import (
    ENTER,
    PHONE,
    TAB,
    Chrome,
    Show,
    every,
    found,
    js,
    media,
    one,
    shown_hosts,
    size,
    summary,
    until,
)

pytestmark = pytest.mark.browser


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
def test_all_text_can_be_read(chrome: Chrome, show: Show, scheme: str) -> None:
    media(chrome, prefers_color_scheme=scheme)
    opened = "&".join(f"open=vm{number:02}.example.org" for number in range(1, 13))
    show(reports.a_class(), at=f"#{opened}")
    contrasts, background = js(chrome, CONTRASTS)
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}[scheme]
    assert len(contrasts) >= 7  # the text, the muted text, and four states
    assert {what: ratio for what, ratio in contrasts.items() if ratio < 4.5} == {}


def test_states_differ_by_more_than_colour(chrome: Chrome, show: Show) -> None:
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


def test_the_keyboard_is_enough(chrome: Chrome, show: Show) -> None:
    show(reports.a_class())
    active = chrome.switch_to.active_element
    for _ in range(30):
        active.send_keys(TAB)
        active = chrome.switch_to.active_element
        assert js(chrome, "return getComputedStyle(arguments[0]).outlineStyle", active) != "none"
        if active.get_attribute("id") == "host-1":
            break
    assert active.get_attribute("id") == "host-1"
    active.send_keys(ENTER)
    until(lambda: found(chrome, 1).is_displayed(), "Enter opens the host")
    active.send_keys(ENTER)
    until(lambda: not found(chrome, 1).is_displayed(), "Enter closes the host")


def test_everything_that_is_operated_has_a_name(chrome: Chrome, show: Show) -> None:
    show(reports.a_class(), at="#open=vm03.example.org")
    controls = every(chrome, "input, select, button, summary, [tabindex]")
    assert len(controls) > 12
    for control in controls:
        assert control.accessible_name, control.get_attribute("outerHTML")
    assert summary(chrome, 1).accessible_name == "vm01.example.org"


@pytest.mark.parametrize("name", ["vm03.example.org", "x" * 63 + ".example.org"])
def test_it_fits_a_phone(chrome: Chrome, show: Show, name: str) -> None:
    size(chrome, PHONE)
    host = reports.host(name, reports.STUCK, says="/a/path" * 30, fix="a-command" * 30)
    show(reports.report(host, *reports.a_class().hosts, expected="pushed"), at=f"#open={name}")
    assert found(chrome, 1).is_displayed()
    assert js(chrome, "return [document.documentElement.scrollWidth, innerWidth]") == [360, 360]
    widest = "Math.max(...[...document.querySelectorAll('tr.found > td > div *')].map(right))"
    right = "const right = (each) => each.getBoundingClientRect().right;"
    assert js(chrome, f"{right} return {widest}") <= 360
    # A table that is too wide scrolls in its own box, under the names of the hosts.
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


def test_on_paper_it_has_all_findings_and_no_controls(chrome: Chrome, show: Show) -> None:
    show(reports.a_class(), at="#state=wrong")
    assert not found(chrome, 3).is_displayed()
    media(chrome, "print")
    assert not one(chrome, ".controls").is_displayed()
    assert shown_hosts(chrome) == ["vm03", "vm11"]
    assert [number for number in range(1, 13) if found(chrome, number).is_displayed()] == [3, 11]
    buttons = every(chrome, "button")
    assert buttons
    assert not [button for button in buttons if button.is_displayed()]
    assert js(chrome, "return getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    printed = chrome.print_page()
    assert len(printed) > 10_000


def test_nothing_moves_for_those_who_want_it_still(chrome: Chrome, show: Show) -> None:
    show(reports.a_class())
    moves = (
        "return [...document.querySelectorAll('*')].filter((each) =>"
        " parseFloat(getComputedStyle(each).transitionDuration)).length"
    )
    assert js(chrome, moves)
    media(chrome, prefers_reduced_motion="reduce")
    assert not js(chrome, moves)
