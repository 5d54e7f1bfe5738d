"""What is put in besides one file: several, a folder, a text, another kind, beside the box."""

import base64
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from demo.i18n import LOCALES, translate
from tests.browser.acts import BUS, SLOW, detected, open_tab, rows
from tests.browser.conftest import Visit
from tests.support.clips import encode, square

# files: [name, type, base64] each. A script cannot make a transfer that holds a folder, so its
# files answer as one does.
DROP = """
([selector, files, text, folder]) => {
  const transfer = new DataTransfer();
  for (const [name, type, data] of files) {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  if (text) { transfer.setData("text/plain", text); transfer.setData("text/uri-list", text); }
  const items = DataTransferItem.prototype, asEntry = items.webkitGetAsEntry;
  if (folder) items.webkitGetAsEntry = () => ({ isDirectory: true });
  const target = document.querySelector(selector);
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const event = { dataTransfer: transfer, bubbles: true, cancelable: true };
    target.dispatchEvent(new DragEvent(kind, event));
  }
  items.webkitGetAsEntry = asEntry;
}
"""
PASTE = """
([files, text]) => {
  const transfer = new DataTransfer();
  for (const [name, type, data] of files) {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  if (text) transfer.setData("text/plain", text);
  const event = { clipboardData: transfer, bubbles: true, cancelable: true };
  document.body.dispatchEvent(new ClipboardEvent("paste", event));
}
"""
BOX = "#{tab}-picture [aria-dropeffect=copy]"
VIDEO_BOX = "#video-file [aria-dropeffect=copy]"

File = tuple[str, str, str]


def file(name: str, data: bytes, kind: str = "image/jpeg") -> File:
    return name, kind, base64.b64encode(data).decode()


def bus(name: str = "bus.jpg") -> File:
    return file(name, BUS.read_bytes())


def drop(page: Page, selector: str, *files: File, text: str = "", folder: bool = False) -> None:
    expect(page.locator(selector)).to_be_visible(timeout=SLOW)
    page.evaluate(DROP, [selector, files, text, folder])


def note(page: Page, key: str, locale: str = "en", **fields: Any) -> None:
    expect(page.locator(".upload-note")).to_have_text(
        translate(key, locale, **fields), timeout=SLOW
    )


@pytest.mark.parametrize("locale", LOCALES)
def test_of_several_pictures_one_is_taken_and_the_page_says_so(visit: Visit, locale: str) -> None:
    page = visit(locale)
    uploaded: list[str] = []
    page.on("request", lambda request: uploaded.append(request.url))
    open_tab(page, "augment")
    plain = file("wall.png", cv2.imencode(".png", np.full((9, 9, 3), 90, np.uint8))[1].tobytes())
    drop(page, BOX.format(tab="augment"), bus("first.jpg"), plain, bus("third.jpg"))
    note(page, "upload_several", locale, count=3, name="first.jpg")
    expect(page.locator("#augment-previews button img").first).to_be_visible(timeout=SLOW)
    bodies = [url for url in uploaded if "/upload?" in url or url.endswith("/upload")]
    assert len(bodies) == 1


def test_the_sentence_goes_with_the_next_picture(visit: Visit) -> None:
    page = visit()
    open_tab(page, "detect")
    drop(page, BOX.format(tab="detect"), text="https://example.org/a.jpg")
    note(page, "upload_no_file")
    drop(page, BOX.format(tab="detect"), bus())
    expect(rows(page)).to_have_count(5, timeout=SLOW)
    expect(page.locator(".upload-note")).to_have_count(0)


def test_what_is_no_picture_is_told(visit: Visit) -> None:
    page = visit()
    open_tab(page, "classify")
    box = BOX.format(tab="classify")
    drop(page, box, file("a.pdf", b"%PDF-", "application/pdf"))
    note(page, "upload_not_picture", name="a.pdf")
    drop(page, box, file("a.txt", b"text", "text/plain"), file("b.txt", b"text", "text/plain"))
    note(page, "upload_not_picture", name="a.txt")
    # The box ends its look of a thing being dragged over it, and takes the next one.
    drop(page, box, file("odd name.HEIC", b"no picture", ""))
    warning = page.locator("#classify-answer .note.warn")
    expect(warning).to_contain_text("not a picture of a known kind", timeout=SLOW)


def test_a_folder_on_a_tab_that_takes_one_picture_is_told(visit: Visit) -> None:
    page = visit()
    open_tab(page, "augment")
    drop(page, BOX.format(tab="augment"), file("folder", b""), folder=True)
    note(page, "upload_folder")


def test_a_picture_beside_the_box_goes_into_it(visit: Visit) -> None:
    """Without the script the browser leaves the page and shows the file."""
    page = visit()
    open_tab(page, "detect")
    drop(page, "#footer", bus())
    expect(rows(page)).to_have_count(5, timeout=SLOW)
    drop(page, "#footer", text="words of the page")
    expect(page.locator(".upload-note")).to_have_count(0)


def test_pasted_files_and_words(visit: Visit) -> None:
    page = visit()
    detected(page)
    page.evaluate(PASTE, [[], "https://example.org/a.jpg"])
    note(page, "upload_no_file")
    page.evaluate(PASTE, [[bus("a.jpg"), bus("b.jpg")], ""])
    expect(page.locator("#detect-batch .batch-strip button")).to_have_count(2, timeout=SLOW)
    expect(rows(page)).to_have_count(5, timeout=SLOW)
    page.locator("#detect-confidence input[type=number]").focus()
    page.evaluate(PASTE, [[file("a.pdf", b"%PDF-", "application/pdf")], ""])
    note(page, "upload_not_picture", name="a.pdf")


def test_a_film_among_pictures_is_offered_to_video(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    open_tab(page, "detect")
    clip = encode(tmp_path / "clip.mp4", [square(i) for i in range(6)]).read_bytes()
    drop(page, BOX.format(tab="detect"), file("clip.mp4", clip, "video/mp4"))
    offered = page.locator(".upload-note")
    expect(offered).to_contain_text(translate("upload_film", "en", name="clip.mp4"))
    offered.get_by_role("button").click()
    expect(page.locator("#video-status")).to_contain_text("64 × 48 pixels", timeout=SLOW)
    expect(offered).to_have_count(0)


def test_in_chinese_a_second_picture_takes_the_place_of_the_first(visit: Visit) -> None:
    page = visit(locale="zh-CN")
    open_tab(page, "detect")
    drop(page, BOX.format(tab="detect"), bus())
    expect(rows(page)).to_have_count(5, timeout=SLOW)
    page.evaluate(PASTE, [[bus("other.jpg")], ""])
    expect(page.locator("#detect-picture img")).to_have_attribute(
        "src", re.compile("other"), timeout=SLOW
    )


def test_several_videos_and_a_picture_on_the_video_tab(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    open_tab(page, "video")
    clip = encode(tmp_path / "clip.mp4", [square(i) for i in range(6)]).read_bytes()
    drop(page, VIDEO_BOX, *(file(f"{i}.mp4", clip, "video/mp4") for i in (1, 2)))
    note(page, "upload_several", count=2, name="1.mp4")
    expect(page.locator("#video-status")).to_contain_text("64 × 48 pixels", timeout=SLOW)
    page.locator("#video-file").get_by_label("Clear").first.click()
    drop(page, VIDEO_BOX, bus())
    expect(page.locator("#video-status .note.warn")).to_contain_text("JPEG", timeout=SLOW)
    expect(page.locator(".upload-note")).to_have_count(0)
