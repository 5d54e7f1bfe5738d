"""The README's screenshot of the page: `python -m benchmarks.screenshot`.

The Detect tab on a bare machine, as the printed command opens it, with the first of its examples;
another picture was answered before, so that the times are those of a server that is in use.
"""

import tempfile
from pathlib import Path

import cv2

from benchmarks import browser, needs
from benchmarks.client import Client
from benchmarks.detect_http import photo
from benchmarks.page import bare_server

TARGET = Path(__file__).with_name("screenshot.png")
_SLOW_MS = 60_000


def main(_: list[str]) -> None:
    """Write benchmarks/screenshot.png."""
    with (
        browser.playwright() as driver,
        browser.chromium(driver) as chromium,
        bare_server(None) as url,
        tempfile.TemporaryDirectory() as folder,
    ):
        with Client(url) as client:
            client.call(
                "detect", client.upload(photo().read_bytes()), "yolo-vitrine", 0.25, 0.7, []
            )
        page = chromium.new_page(viewport={"width": 1280, "height": 800}, locale="en-US")
        page.goto(f"{url}/detect")
        page.locator("#detect-examples img:visible").first.click(timeout=_SLOW_MS)
        page.wait_for_selector("#detect-boxes table", timeout=_SLOW_MS)
        page.mouse.move(0, 0)
        page.wait_for_timeout(1000)
        shot = Path(folder) / "shot.png"
        page.screenshot(path=shot)
        # As small as the format allows: Chromium's own encoder is made for speed.
        pixels = cv2.imread(str(shot))
        assert pixels is not None
        cv2.imwrite(str(TARGET), pixels, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(f"wrote {TARGET.name}, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    needs.run(main)
