"""Every tab against the rules of axe-core, light and dark, with an answer where there is one."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.acts import SLOW, TABS, open_tab, put
from tests.browser.conftest import Visit

ANSWERS = {
    "classify": "#classify-answer .legend",
    "detect": "#detect-boxes tbody tr",
    "compare": "table.compare-numbers",
    "inside": "#inside-cell h2",
}
"""Tab → what is there once its answer is."""


def violations(page: Page) -> list[str]:
    """Rules that the page breaks, and the first element that does."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("tab", list(TABS))
def test_a_tab_keeps_to_the_rules(tab: str, scheme: str, visit: Visit) -> None:
    page = visit(scheme=scheme, width=1600)
    open_tab(page, tab)
    if tab in ANSWERS:
        put(page, tab)
        expect(page.locator(ANSWERS[tab]).first).to_be_visible(timeout=SLOW)
    # Gradio fades its blocks in; text that is half transparent has less contrast.
    page.wait_for_timeout(1500)
    assert violations(page) == []


def test_a_page_that_breaks_a_rule_is_seen(visit: Visit) -> None:
    page = visit()
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<button></button>')")
    assert any(one.startswith("button-name") for one in violations(page))


@pytest.mark.timeout(400)
def test_an_explanation_keeps_to_the_rules(visit: Visit) -> None:
    page = visit()
    put(page, "classify")
    expect(page.locator(ANSWERS["classify"])).to_be_visible(timeout=SLOW)
    page.locator("#classify-why button").first.click()
    expect(page.locator("#classify-why-maps .why-heat")).to_be_visible(timeout=3 * SLOW)
    page.wait_for_timeout(1500)
    assert violations(page) == []
