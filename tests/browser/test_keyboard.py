"""The keyboard alone: it reaches and works everything on Detect, sees where it is, and gets out."""

import re

from playwright.sync_api import Page, expect

from tests.browser.acts import SLOW, detected, rows
from tests.browser.conftest import Visit

CONFIDENCE = "#detect-confidence input[type=range]"
REACHED = (
    *("#copy-link", "#theme-switch", "#language-switch", "#tabs button[role=tab]"),
    *("#tab-detect .modes button", "#detect-picture button", "#detect-examples button"),
    *("#detect-downloads a", "#detect-model input", CONFIDENCE, "#detect-classes input"),
    *("#detect-more button.label-wrap", "#footer a"),
)
STOP = """(selectors) => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  const ring = style.outlineStyle !== "none" || style.boxShadow !== "none";
  return [one.outerHTML.slice(0, 160), ring && box.width > 0 && box.right > 0,
          selectors.filter((selector) => one.matches(selector))];
}"""
Stop = tuple[str, bool, list[str]]
"""The start of an element, whether it is seen that it has the focus, what it is of `REACHED`."""


def stops(page: Page, key: str, number: int = 80) -> list[Stop]:
    """Where the focus rests while a key is pressed again and again: more often than there are."""
    found: list[Stop] = []
    for _ in range(number):
        page.keyboard.press(key)
        # Between the end of the page and its start no element has it.
        if (stop := page.evaluate(STOP, REACHED)) is not None:
            html, is_shown, selectors = stop
            found.append((html, is_shown, selectors))
    return found


def go_to(page: Page, selector: str, most: int = 90) -> None:
    """Press Tab until `selector` has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} was not reached with {most} Tabs")


def test_every_control_is_reached_and_shows_it_and_none_holds_the_focus(visit: Visit) -> None:
    page = visit()
    detected(page)
    # Until the answer is taken up, its files are out of reach.
    expect(page.locator("#detect-downloads a").first).to_be_visible(timeout=SLOW)
    expect(page.locator("#tab-detect [aria-busy=true]")).to_have_count(0, timeout=SLOW)
    for key in ("Tab", "Shift+Tab"):
        there = stops(page, key)
        assert [html for html, is_shown, _ in there if not is_shown] == []
        assert {one for _, _, selectors in there for one in selectors} == set(REACHED), key


def test_an_example_a_model_a_slider_and_a_file_need_no_mouse(visit: Visit) -> None:
    page = visit()
    go_to(page, "#tabs button[data-tab-id=detect]")
    page.keyboard.press("Enter")
    expect(page.locator("#detect-picture")).to_be_visible()
    go_to(page, "#detect-examples button")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(5, timeout=SLOW)
    go_to(page, "#detect-model input")
    page.wait_for_timeout(700)  # opening the list asks the server what is there
    page.keyboard.press("Control+a")
    page.keyboard.type("yolo11n")
    expect(page.locator("li[role=option]").first).to_contain_text("yolo11n")
    page.keyboard.press("Enter")
    expect(page.locator("#detect-status .legend")).to_contain_text("yolo11n", timeout=SLOW)
    go_to(page, CONFIDENCE)
    page.keyboard.press("End")
    expect(page.locator("#detect-status")).to_contain_text("Nothing found")
    page.keyboard.press("Home")
    expect(rows(page).first).to_be_visible(timeout=SLOW)
    go_to(page, "#detect-downloads a")
    with page.expect_download() as caught:
        page.keyboard.press("Enter")
    assert re.search(r"bus.*\.jpg$", caught.value.suggested_filename)
