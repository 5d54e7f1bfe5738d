"""Uploads: dropped, pasted, from the webcam, too large, with a hostile name."""

import base64
import json
import re
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pillow_heif
import pytest
from playwright.sync_api import Browser, Dialog, FilePayload, Page, Response, expect

from tests.browser.acts import BUS, SLOW, bus, detected, open_tab, put, rows, saved
from tests.browser.conftest import Visit
from tests.conftest import Server

DROP = """
([selector, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], "bus.jpg", { type: "image/jpeg" }));
  const target = document.querySelector(selector);
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const event = { dataTransfer: transfer, bubbles: true, cancelable: true };
    target.dispatchEvent(new DragEvent(kind, event));
  }
}
"""

COPY = """
async (data) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const item = new ClipboardItem({ "image/png": new Blob([bytes], { type: "image/png" }) });
  await navigator.clipboard.write([item]);
}
"""


def text_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def copy(page: Page, path: Path) -> None:
    """Put a picture on the clipboard, as a program that copies one does."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(COPY, text_of(cv2.imencode(".png", cv2.imread(str(path)))[1].tobytes()))


def test_a_dropped_file_answers(visit: Visit) -> None:
    page = visit()
    open_tab(page, "detect")
    area = "#detect-picture [aria-dropeffect=copy]"
    expect(page.locator(area)).to_be_visible()
    page.evaluate(DROP, [area, text_of(BUS.read_bytes())])
    expect(rows(page)).to_have_count(5, timeout=SLOW)


def test_the_paste_button_answers(visit: Visit) -> None:
    page = visit()
    open_tab(page, "detect")
    copy(page, BUS)
    page.locator("#detect-picture").get_by_label("Paste from clipboard").click()
    expect(rows(page)).to_have_count(5, timeout=SLOW)


def test_pasting_replaces_the_picture(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    detected(page)
    half = tmp_path / "half.png"
    cv2.imwrite(str(half), cv2.resize(cv2.imread(str(BUS)), None, fx=0.5, fy=0.5))
    copy(page, half)
    page.keyboard.press("Control+V")
    width = "document.querySelector('#detect-answer img')?.naturalWidth"
    page.wait_for_function(f"{width} === 405", timeout=SLOW)
    expect(page.locator("#detect-status .chips")).to_contain_text("bus 1")


def test_a_snapshot_of_the_camera_answers(server: Server, camera: Browser) -> None:
    page = camera.new_page(locale="en-US", permissions=["camera"])
    page.goto(server.url)
    page.locator("#classify-picture").get_by_label("Capture from camera").click()
    page.locator("#classify-picture").get_by_title("grant webcam access").click()
    expect(page.locator("#classify-picture video")).to_be_visible(timeout=SLOW)
    page.wait_for_function("document.querySelector('#classify-picture video').videoWidth > 0")
    expect(page.locator("#classify-answer table.score-bars")).to_have_count(0)
    page.locator("#classify-picture").get_by_label("capture photo").click()
    expect(page.locator("#classify-answer table.score-bars tbody tr")).to_have_count(
        5, timeout=SLOW
    )
    _, data = saved(page, "#classify-downloads", "JSON")
    size = page.evaluate(
        "(i => [i.naturalWidth, i.naturalHeight])(document.querySelector('#classify-picture img'))"
    )
    assert json.loads(data)["size_wh"] == size


@pytest.mark.parametrize("tab", ["classify", "detect"])
def test_too_many_pixels_are_reported_on_the_page(visit: Visit, tmp_path: Path, tab: str) -> None:
    large = tmp_path / "large.jpg"
    cv2.imwrite(str(large), np.full((5000, 5100, 3), 128, np.uint8))
    page = visit()
    open_tab(page, tab)
    put(page, tab, large)
    note = page.locator(f"#{tab}-answer .note.warn, #{tab}-status .note.warn")
    expect(note).to_contain_text("5100 × 5000 pixels, 25.5 megapixels", timeout=SLOW)
    expect(note).to_contain_text("the limit is 25 megapixels")


@pytest.mark.parametrize("size_bytes", [20_500_000, 21_000_000])
def test_too_many_bytes_are_reported_on_the_page(
    visit: Visit, tmp_path: Path, size_bytes: int
) -> None:
    heavy = tmp_path / "heavy.jpg"
    heavy.write_bytes(BUS.read_bytes().ljust(size_bytes, b"\0"))
    page = visit()
    open_tab(page, "detect")
    put(page, "detect", heavy)
    told = page.get_by_text(re.compile(r"\b2[01](\.\d+)? ?MB", re.IGNORECASE)).first
    expect(told).to_be_visible(timeout=SLOW)


def test_an_upload_without_room_is_one_sentence_on_the_page(
    chromium: Browser, tmp_path: Path
) -> None:
    heavy = tmp_path / "heavy.jpg"
    heavy.write_bytes(BUS.read_bytes().ljust(1_500_000, b"\0"))
    server = Server(VITRINE_UPLOADS_MB="1").wait()
    page = chromium.new_page(locale="zh-CN")
    page.goto(server.url)
    put(page, "classify", heavy)
    told = page.get_by_text("这次上传超过了为全部上传保留的 1 MB").first
    expect(told).to_be_visible(timeout=SLOW)
    assert "{" not in told.inner_text()
    page.close()
    server.stop()


def test_a_name_with_markup_does_no_harm(visit: Visit) -> None:
    name = '"><img src=x onerror=alert(1)>.jpg'
    page = visit()
    dialogs: list[str] = []

    def dialog(opened: Dialog) -> None:
        dialogs.append(opened.message)
        opened.dismiss()

    page.on("dialog", dialog)
    for tab in ("classify", "detect"):
        open_tab(page, tab)
        file = FilePayload(name=name, mimeType="image/jpeg", buffer=bus()["buffer"])
        page.set_input_files(f"#{tab}-picture input[type=file]", file)
        expect(page.locator(f"#{tab}-downloads a").first).to_be_visible(timeout=SLOW)
        assert page.locator("img[src=x], [onerror]").count() == 0
        names = page.locator(f"#{tab}-downloads a").evaluate_all("all => all.map(a => a.download)")
        assert names
        assert not any(set('<>"/') & set(saved_as) for saved_as in names), names
    assert not dialogs


@pytest.mark.parametrize(
    ("kind", "is_preview"), [("WEBP", False), ("AVIF", False), ("TIFF", True), ("HEIF", True)]
)
def test_formats_that_browsers_do_not_know_are_shown_without_a_copy_of_the_upload(
    visit: Visit, tmp_path: Path, kind: str, is_preview: bool
) -> None:
    pillow_heif.register_heif_opener()
    file = tmp_path / f"bus.{kind.lower()}"
    PIL.Image.open(BUS).resize((270, 360)).save(file, kind)
    page = visit()
    kinds: list[str] = []

    def note(answer: Response) -> None:
        if answer.url.endswith(file.name):
            kinds.append(answer.headers["content-type"])

    page.on("response", lambda answer: note(answer))
    put(page, "classify", file)
    rows = page.locator("#classify-answer table.score-bars tbody tr")
    expect(rows).to_have_count(5, timeout=SLOW)
    width = "document.querySelector('#classify-picture img')?.naturalWidth"
    page.wait_for_function(f"{width} === 270", timeout=SLOW)
    page.wait_for_timeout(1000)
    picture = page.locator("#classify-picture img").first
    expect(picture).to_have_attribute("src", re.compile(rf"/{file.name}$"))
    assert [kind == "image/jpeg" for kind in kinds] == [is_preview]
