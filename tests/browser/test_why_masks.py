"""The section "Why?" under Segment: the map of one chosen mask."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.acts import SLOW, open_tab, put
from tests.browser.conftest import Visit
from tests.conftest import Server
from tests.support.checkpoints import network, save


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own with a segmenter."""
    folder = tmp_path_factory.mktemp("own")
    save(network("yolo11n-seg", ("person", "bus")), Path(folder, "mine.pt"), 160)
    running = Server(VITRINE_WEIGHTS=str(folder)).wait()
    yield running
    printed = running.stop()
    assert "Traceback" not in printed, printed


@pytest.mark.timeout(300)
def test_a_visitor_asks_about_a_mask(visit: Visit) -> None:
    page = visit()
    open_tab(page, "segment")
    put(page, "segment")
    expect(page.locator("#segment-boxes tbody tr").first).to_be_visible(timeout=SLOW)
    page.locator("#segment-why button").first.click()
    maps = page.locator("#segment-why-maps")
    expect(maps.locator(".why-heat")).to_be_visible(timeout=SLOW)
    label = page.locator("#segment-boxes tbody tr td").nth(1).inner_text()
    expect(maps.locator("figcaption").first).to_contain_text(label)
    box = page.locator("#segment-why-box")
    expect(box).to_contain_text("Mask")
    expect(maps.locator("svg")).to_have_count(2, timeout=3 * SLOW)
    first = maps.locator(".why-heat").get_attribute("src") or ""
    field = box.locator("input")
    field.click()
    field.fill("4 ·")
    page.locator("li[role=option]").filter(has_text=re.compile(r"^\W*4 · ")).click()
    # Not by expect(), which would print the whole picture.
    page.wait_for_function(
        "first => document.querySelector('#segment-why-maps .why-heat')?.src !== first",
        arg=first,
        timeout=SLOW,
    )
