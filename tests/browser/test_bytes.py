"""What travels to the visitor: a photo of 24 megapixels costs what is shown of it."""

import cv2
import numpy as np
import pytest
from playwright.sync_api import FilePayload, Response, expect

from demo.service import examples
from tests.browser.acts import SLOW, open_tab, put
from tests.browser.conftest import Visit


def photo() -> FilePayload:
    """24 megapixels with the detail of a photo: coarse shapes and fine noise."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (40, 60, 3)).astype(np.uint8)
    rgb = cv2.resize(coarse, (6000, 4000), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    rgb += random.integers(-12, 13, rgb.shape, dtype=np.int16)
    data = cv2.imencode(".jpg", np.clip(rgb, 0, 255).astype(np.uint8))[1]
    assert data.size > 4_000_000
    return FilePayload(name="photo.jpg", mimeType="image/jpeg", buffer=bytes(data))


@pytest.mark.parametrize("tab", ["classify", "detect"])
def test_a_large_photo_costs_what_is_shown_of_it(visit: Visit, tab: str) -> None:
    page = visit()
    open_tab(page, tab)
    answers: list[Response] = []
    page.on("response", lambda response: answers.append(response))
    put(page, tab, photo())
    status = "#detect-status" if tab == "detect" else "#classify-answer"
    expect(page.locator(f"{status} .timing")).to_be_visible(timeout=SLOW)
    page.wait_for_timeout(500)
    sizes = {one.url: one.request.sizes()["responseBodySize"] for one in answers}
    # The examples belong to the page, which may still be on its way.
    names = [path.name for path in examples.paths()]
    sizes = {url: size for url, size in sizes.items() if not url.endswith(tuple(names))}
    assert any("photo.jpg" in url for url in sizes)
    assert sum(sizes.values()) <= 400_000, sizes
