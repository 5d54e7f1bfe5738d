"""What visitors do on the page, for the tests of this folder."""

import re
import time
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import FilePayload, Frame, Locator, Page, TimeoutError, expect

from benchmarks.client import make_unique
from demo.service import examples

BUS = examples.paths()[0]
TABS = {
    name: place
    for place, name in enumerate(
        (
            *("classify", "detect", "segment", "pose", "obb", "video", "compare"),
            *("augment", "inside", "families", "models"),
        )
    )
}
SLOW = 60_000
MENU = "#tabs .overflow-menu > button"
_MOMENT = 5_000


def open_tab(page: Page | Frame, name: str) -> None:
    """Open a tab, also where it is in the overflow menu behind the three dots.

    Gradio lays the tabs out again whenever their room or the chosen tab changes. Where one has gone
    into the menu or has left it meanwhile, it is looked for again.
    """
    panel, end = page.locator(f"#tab-{name}"), time.monotonic() + SLOW / 1000
    while not panel.is_visible() and time.monotonic() < end:
        with suppress(TimeoutError):
            _click_tab(page, name)
            panel.wait_for(timeout=_MOMENT)
    expect(panel).to_be_visible()


def _click_tab(page: Page | Frame, name: str) -> None:
    tabs = page.locator("#tabs button[role=tab]")
    shown = tabs.evaluate_all("tabs => tabs.map((one) => one.dataset.tabId)")
    if name in shown:
        page.locator(f"#tab-{name}-button").click(timeout=_MOMENT)
        return
    entries = [tab for tab in TABS if tab not in shown]
    entry = page.locator("#tabs .overflow-dropdown button").nth(entries.index(name))
    if not entry.is_visible():
        page.locator(MENU).click(timeout=_MOMENT)
    entry.click(timeout=_MOMENT)


def bus() -> FilePayload:
    """The bus in a file that no server has cached, so that the network has to run."""
    return FilePayload(name="bus.jpg", mimeType="image/jpeg", buffer=make_unique(BUS.read_bytes()))


def put(page: Page | Frame, tab: str, picture: Path | FilePayload | None = None) -> None:
    page.set_input_files(f"#{tab}-picture input[type=file]", picture or bus())


def saved(page: Page | Frame, selector: str, text: str) -> tuple[str, bytes]:
    with (page.page if isinstance(page, Frame) else page).expect_download() as caught:
        page.locator(selector).get_by_text(text, exact=True).click()
    download = caught.value
    return download.suggested_filename, Path(download.path()).read_bytes()


def choose(page: Page | Frame, tab: str, model: str) -> None:
    box = page.locator(f"#{tab}-model input")
    box.click()
    box.fill(model)
    page.get_by_role("option").filter(has_text=re.compile(rf"^\W*{model} ·")).first.click()


def rows(page: Page) -> Locator:
    return page.locator("#detect-boxes tbody tr")


def detected(page: Page) -> None:
    """Open Detect, upload the bus and wait for its four persons and one bus."""
    open_tab(page, "detect")
    put(page, "detect")
    expect(rows(page)).to_have_count(5, timeout=SLOW)
    expect(page.locator("#detect-status .legend")).to_contain_text("network")
    expect(page.locator("#detect-status .legend")).not_to_contain_text("answer kept")
