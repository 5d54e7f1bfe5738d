"""What visitors do on the page, for the tests of this folder."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from demo import examples

BUS = examples.paths()[0]
TABS = {"classify": 0, "detect": 1, "augment": 2, "models": 3}
SLOW = 60_000


def open_tab(page: Page, name: str) -> None:
    page.locator("#tabs button[role=tab]").nth(TABS[name]).click()


def put(page: Page, tab: str, path: Path = BUS) -> None:
    page.set_input_files(f"#{tab}-picture input[type=file]", path)


def saved(page: Page, selector: str, text: str) -> tuple[str, bytes]:
    with page.expect_download() as caught:
        page.locator(selector).get_by_text(text, exact=True).click()
    download = caught.value
    return download.suggested_filename, Path(download.path()).read_bytes()


def choose(page: Page, tab: str, model: str) -> None:
    box = page.locator(f"#{tab}-model input")
    box.click()
    box.fill(model)
    page.get_by_role("option").filter(has_text=re.compile(rf"^\W*{model} ·")).first.click()


def rows(page: Page) -> Locator:
    return page.locator("#detect-boxes tbody tr")


def detected(page: Page, path: Path = BUS) -> None:
    """Open Detect, put the bus in and wait for its four persons and one bus."""
    open_tab(page, "detect")
    put(page, "detect", path)
    expect(rows(page)).to_have_count(5, timeout=SLOW)
