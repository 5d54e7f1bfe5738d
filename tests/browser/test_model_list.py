"""The list of models while it is opened and typed into."""

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.acts import SLOW, open_tab
from tests.browser.conftest import Visit
from tests.conftest import Server


def offered(page: Page) -> Locator:
    """The rows of the opened list."""
    return page.get_by_role("listbox").get_by_role("option")


def test_what_is_typed_at_once_stays(visit: Visit) -> None:
    page = visit()
    open_tab(page, "detect")
    box = page.locator("#detect-model input")
    box.click()
    box.fill("yolo26")
    page.wait_for_timeout(1500)  # opening the list asks the server what is there
    assert box.input_value() == "yolo26"
    expect(offered(page).first).to_contain_text("yolo26")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """A server whose folder of weights is empty at first."""
    running = Server(VITRINE_WEIGHTS=str(tmp_path), VITRINE_CACHE=str(tmp_path / "cache")).wait()
    yield running
    assert "Traceback" not in running.stop()


def test_a_file_that_arrives_is_in_the_opened_list(
    own: Server, tmp_path: Path, chromium: Browser, shared_data: Path
) -> None:
    page = chromium.new_page(locale="en-US")
    page.goto(own.url)
    page.wait_for_selector("#tabs button[role=tab]")
    open_tab(page, "detect")
    box = page.locator("#detect-model input")
    box.click()
    here = offered(page).filter(has_text=re.compile(r"^\W*mine · yours"))
    expect(offered(page).first).to_contain_text("yolo-vitrine")
    expect(here).to_have_count(0)
    box.blur()
    shutil.copy(shared_data / "weights" / "yolo11n.pt", tmp_path / "mine.pt")
    end = time.monotonic() + SLOW / 1000
    while here.count() == 0 and time.monotonic() < end:
        box.blur()
        box.click()
        page.wait_for_timeout(500)
    expect(here).to_have_count(1)
    page.close()
