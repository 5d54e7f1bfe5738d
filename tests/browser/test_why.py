"""The section "Why?" under an answer: nothing before it is opened, then a map and its check."""

import io
import json

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.acts import SLOW, choose, put, saved
from tests.browser.conftest import Visit

MAPS = "#classify-why-maps"
MAP_OPACITY = "e => getComputedStyle(e).opacity"


@pytest.mark.timeout(400)
def test_a_visitor_asks_why(visit: Visit) -> None:
    page = visit()
    put(page, "classify")
    expect(page.locator("#classify-answer .legend")).to_be_visible(timeout=SLOW)
    choose(page, "classify", "cnn-cifar10")
    expect(page.locator("#classify-answer .legend")).to_contain_text("cnn-cifar10", timeout=SLOW)
    assert page.locator(".why-layers").count() == 0, "it costs nothing while it is closed"

    page.locator("#classify-why button").first.click()
    heat = page.locator(f"{MAPS} .why-heat")
    expect(heat).to_be_visible(timeout=SLOW)
    label = page.locator("#classify-answer table th").first.inner_text()
    expect(page.locator(f"{MAPS} figcaption").first).to_contain_text(label)
    expect(page.locator(f"{MAPS} svg")).to_have_count(2, timeout=3 * SLOW)
    expect(page.locator(MAPS)).to_contain_text("random")
    expect(page.locator(MAPS)).to_contain_text("arXiv:1810.03292")

    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.locator("#classify-why .why-opacity input").fill("20")
    assert heat.evaluate(MAP_OPACITY) == "0.2"
    assert [url for url in requests if "queue" in url] == []

    name, data = saved(page, MAPS, "NPY")
    assert name == "why-layer-cam.npy"
    raw = np.load(io.BytesIO(data))
    assert raw.shape == (16, 16)
    assert raw.dtype == np.float32
    assert json.loads(saved(page, MAPS, "JSON")[1])["map_wh"] == [16, 16]

    page.locator("#classify-why-other input").click()
    other = page.locator("li[role=option]").first
    chosen = other.inner_text().split(" · ")[0].strip()
    other.click()
    expect(page.locator(f"{MAPS} .why-heat")).to_have_count(2, timeout=3 * SLOW)
    expect(page.locator(f"{MAPS} figcaption").filter(has_text="speaks for").nth(1)).to_contain_text(
        chosen.lstrip("✓").strip()
    )
    # The opacity stays, though both maps are new.
    assert page.locator(f"{MAPS} .why-heat").nth(1).evaluate(MAP_OPACITY) == "0.2"
