"""Nothing moves while the page comes (Layout Instability, https://wicg.github.io/layout-instability)."""

import pytest
from playwright.sync_api import expect

from tests.browser.acts import SLOW
from tests.browser.conftest import Visit

_SHIFT = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 1500);
})"""


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_moves_while_the_page_comes(visit: Visit, width: int) -> None:
    page = visit(width=width)
    expect(page.locator("html.loading")).to_have_count(0, timeout=SLOW)
    expect(page.locator("#classify-examples img").last).to_be_visible()
    assert page.evaluate(_SHIFT) <= 0.02
