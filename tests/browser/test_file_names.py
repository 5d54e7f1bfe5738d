"""Pictures of any name are shown and answered, whatever the server's routes are called."""

import pytest
from playwright.sync_api import FilePayload, expect

from tests.browser.acts import SLOW, bus, put
from tests.browser.conftest import Visit

NAMES = ["monitoring.jpg", "vibe-check.jpg", "deep_link.jpg", "computer%20vision.jpg", "100%.jpg"]


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_of_any_name_is_shown_and_answered(visit: Visit, name: str) -> None:
    page = visit()
    put(page, "classify", FilePayload(name=name, mimeType="image/jpeg", buffer=bus()["buffer"]))
    expect(page.locator("#classify-answer table.score-bars")).to_be_visible(timeout=SLOW)
    preview = page.locator("#classify-picture img").first
    expect(preview).to_be_visible()
    assert (
        preview.evaluate("async (image) => { await image.decode(); return image.naturalWidth }") > 0
    )
