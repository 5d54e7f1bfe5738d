"""Nothing moves while the page comes (Layout Instability, https://wicg.github.io/layout-instability)."""

import pytest
from playwright.sync_api import expect

from benchmarks.page import SHIFT_BAR, shift
from tests.browser.acts import SLOW
from tests.browser.conftest import Visit


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_moves_while_the_page_comes(visit: Visit, width: int) -> None:
    page = visit(width=width)
    expect(page.locator("html.loading")).to_have_count(0, timeout=SLOW)
    expect(page.locator("#classify-examples img").last).to_be_visible()
    assert shift(page) <= SHIFT_BAR


def test_what_moves_is_counted(visit: Visit) -> None:
    page = visit()
    expect(page.locator("html.loading")).to_have_count(0, timeout=SLOW)
    page.evaluate("document.body.prepend(document.body.appendChild(document.createElement('div')))")
    page.evaluate("document.body.firstElementChild.style.height = '300px'")
    assert shift(page) > SHIFT_BAR
