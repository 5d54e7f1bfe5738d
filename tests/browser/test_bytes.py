"""What travels to the visitor: a photo of 24 megapixels costs what is shown of it."""

import pytest
from playwright.sync_api import expect

from benchmarks.page import ANSWER_BAR_BYTES, HTML_BAR_BYTES, bytes_down, html_bytes, large_photo
from tests.browser.acts import SLOW, open_tab, put
from tests.browser.conftest import Visit
from tests.conftest import Server


@pytest.mark.parametrize("tab", ["classify", "detect"])
def test_a_large_photo_costs_what_is_shown_of_it(visit: Visit, tab: str) -> None:
    page = visit()
    open_tab(page, tab)
    photo = large_photo()
    assert len(photo["buffer"]) > 4_000_000
    status = "#detect-status" if tab == "detect" else "#classify-answer"

    def ask() -> None:
        put(page, tab, photo)
        expect(page.locator(f"{status} .timing")).to_be_visible(timeout=SLOW)

    sizes = bytes_down(page, ask)
    assert any("photo.jpg" in url for url in sizes)
    assert sum(sizes.values()) <= ANSWER_BAR_BYTES, sizes


def test_the_pages_html_is_small(server: Server) -> None:
    assert 10_000 < html_bytes(server.url) <= HTML_BAR_BYTES
