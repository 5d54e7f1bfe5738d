"""The README's screenshot of the page: `python -m benchmarks.screenshot`.

The Detect tab with ultralytics' yolo26n and a photo of its package.
"""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.servers import running
from demo.service import examples

TARGET = Path(__file__).with_name("screenshot.png")
_EXAMPLE = 0


def main() -> None:
    """Write benchmarks/screenshot.png."""
    with running(ordinary=False) as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
        page.goto(url)
        page.locator("#tabs button[role=tab]").nth(1).click()
        page.set_input_files("#detect-picture input[type=file]", examples.paths()[_EXAMPLE])
        page.wait_for_selector("#detect-boxes table", timeout=60_000)
        page.wait_for_timeout(500)
        page.screenshot(path=TARGET)
        browser.close()
    print(f"wrote {TARGET.name}, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
