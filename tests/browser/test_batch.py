"""Several pictures at once: put in, answered in turn, chosen, filtered, stopped and saved."""

import base64
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from benchmarks.client import make_unique
from demo.i18n import translate
from tests.browser.acts import BUS, SLOW, choose, open_tab, rows
from tests.browser.conftest import Visit
from tests.browser.test_accessibility import violations
from tests.browser.test_stale_answers import set_confidence

# files: [path, base64] each. A script cannot make a transfer that holds a folder, so what it gives
# answers as one does.
DROP = """
([selector, files, folder]) => {
  const transfer = new DataTransfer();
  const leaves = files.map(([path, data]) => {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    const name = path.split("/").pop(), type = /jpg$/.test(name) ? "image/jpeg" : "";
    const one = new File([bytes], name, { type });
    transfer.items.add(one);
    return { isFile: true, fullPath: `/${path}`, file: (done) => done(one) };
  });
  const parts = [leaves, []];
  const reader = { readEntries: (done) => done(parts.shift()) };
  const none = { readEntries: (done) => done([]) };
  let isRead = false;
  const root = { isDirectory: true, createReader: () => isRead ? none : (isRead = true, reader) };
  const items = DataTransferItem.prototype, asEntry = items.webkitGetAsEntry;
  if (folder) items.webkitGetAsEntry = () => root;
  const target = document.querySelector(selector);
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const event = { dataTransfer: transfer, bubbles: true, cancelable: true };
    target.dispatchEvent(new DragEvent(kind, event));
  }
  items.webkitGetAsEntry = asEntry;
}
"""
BROKEN = b"\xff\xd8\xff\xe0 no picture"

Files = dict[str, bytes]


def street() -> bytes:
    """The bus with its four persons, in a file of its own."""
    return make_unique(BUS.read_bytes())


def wall() -> bytes:
    """A small picture with nothing to be found, unlike any other."""
    noise = np.random.default_rng().integers(80, 90, (48, 64, 3), np.uint8)
    return cv2.imencode(".jpg", noise)[1].tobytes()


def zipped(files: Files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def drop(page: Page, tab: str, files: Files, folder: bool = False) -> None:
    box = f"#{tab}-picture"
    expect(page.locator(box)).to_be_visible(timeout=SLOW)
    sent = [(name, base64.b64encode(content).decode()) for name, content in files.items()]
    page.evaluate(DROP, [box, sent, folder])


def section(page: Page, tab: str = "detect") -> Locator:
    return page.locator(f"#{tab}-batch section")


def cells(page: Page, tab: str = "detect") -> Locator:
    return section(page, tab).locator(".batch-strip button")


def is_in(page: Page, state: str, tab: str = "detect") -> None:
    expect(section(page, tab)).to_have_attribute("data-state", state, timeout=SLOW)
    expect(section(page, tab).locator(".batch-body")).not_to_have_attribute("inert", "")


def totals(page: Page, tab: str = "detect") -> Locator:
    return section(page, tab).locator(".batch-totals")


def note(page: Page, key: str, tab: str = "detect", locale: str = "en", **fields: Any) -> None:
    line = page.locator(f"#{tab}-batch-open .batch-note")
    expect(line).to_have_text(translate(key, locale, **fields), timeout=SLOW)


def shown(page: Page, tab: str = "detect") -> str:
    source = page.locator(f"#{tab}-picture img").get_attribute("src", timeout=SLOW)
    return str(source).rpartition("/")[2]


@pytest.fixture
def page(visit: Visit) -> Iterator[Page]:
    """A page on Detect; nothing on it may fail in a script."""
    opened = visit()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    open_tab(opened, "detect")
    yield opened
    assert faults == []


def test_several_that_are_dropped_are_answered_and_one_click_takes_one(page: Page) -> None:
    expect(section(page)).to_be_hidden()
    drop(page, "detect", {"a.jpg": street(), "b.jpg": wall(), "c.jpg": BROKEN, "d.pdf": b"%PDF-"})
    is_in(page, "done")
    expect(cells(page)).to_have_text(["5 boxes", "0 boxes", "no answer"])
    expect(totals(page)).to_have_text("2 pictures · 5 boxes: person 4, bus 1")
    left = section(page).locator(".batch-left")
    expect(left.locator("summary")).to_have_text("2 left out")
    expect(left.locator("li")).to_contain_text(["“d.pdf” is not a picture.", "c.jpg"])
    # The first one is in the tab, where there was none.
    expect(rows(page)).to_have_count(5, timeout=SLOW)
    assert shown(page) == "a.jpg"
    expect(cells(page).nth(0)).to_have_attribute("aria-current", "true")
    expect(cells(page).nth(0)).to_have_attribute("aria-label", "a.jpg: 4 person, 1 bus")
    expect(cells(page).nth(2)).to_have_attribute("title", re.compile("c.jpg.*too early"))
    expect(section(page).locator(".batch-told")).to_have_text(
        "2 pictures · 5 boxes: person 4, bus 1"
    )
    cells(page).nth(1).click()
    expect(rows(page)).to_have_count(0, timeout=SLOW)
    assert shown(page) == "b.jpg"
    # Another picture of the tab is none of them.
    other = FilePayload(name="other.jpg", mimeType="image/jpeg", buffer=street())
    page.locator("#detect-picture").get_by_label("Remove Image").click()
    page.set_input_files("#detect-picture input[type=file]", other)
    expect(rows(page)).to_have_count(5, timeout=SLOW)
    expect(section(page).locator("[aria-current]")).to_have_count(0)
    expect(cells(page)).to_have_count(3)


def test_the_arrow_keys_move_along_and_enter_takes_one(page: Page) -> None:
    drop(page, "detect", {f"{i}.jpg": wall() for i in range(3)})
    is_in(page, "done")
    cells(page).nth(0).focus()
    for key, place in (("ArrowRight", 1), ("End", 2), ("ArrowRight", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        expect(cells(page).nth(place)).to_be_focused()
    expect(section(page).locator("button[tabindex='0']")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(cells(page).nth(1)).to_have_attribute("aria-current", "true")
    expect(page.locator("#detect-picture img")).to_have_attribute(
        "src", re.compile(r"/1\.jpg$"), timeout=SLOW
    )


def test_a_zip_with_broken_pictures_and_a_folder(page: Page) -> None:
    pictures = {f"trip/{i}.jpg": wall() for i in range(6)} | {"trip/bus.jpg": street()}
    broken = {f"trip/broken {i}.jpg": BROKEN for i in range(3)}
    drop(page, "detect", {"trip.zip": zipped(pictures | broken)})
    is_in(page, "done")
    expect(totals(page)).to_have_text("7 pictures · 5 boxes: person 4, bus 1")
    expect(section(page).locator(".batch-left summary")).to_have_text("3 left out")
    # A picture out of the archive is one of the tab's.
    cells(page).filter(has_text="5 boxes").click()
    expect(rows(page)).to_have_count(5, timeout=SLOW)
    image = page.locator("#detect-picture img")
    expect(image).to_have_js_property("naturalWidth", 810)
    thumbnail = cells(page).filter(has_text="5 boxes").locator("img")
    assert thumbnail.evaluate("one => Math.max(one.naturalWidth, one.naturalHeight)") <= 160
    drop(
        page, "detect", {"x/.hidden.jpg": b"", "x/y/a.jpg": wall(), "x/b.jpg": wall()}, folder=True
    )
    expect(totals(page)).to_have_text("2 pictures · nothing found", timeout=SLOW)
    expect(cells(page)).to_have_count(2)


def test_a_run_is_stopped_and_goes_on(page: Page) -> None:
    drop(page, "detect", {"all.zip": zipped({f"{i}.jpg": street() for i in range(60)})})
    section(page).locator("[data-act=stop]").click()
    is_in(page, "stopped")
    count = section(page).locator(".batch-count")
    expect(count).to_have_text(re.compile(r"^Stopped at \d+ of 60$"))
    answered = cells(page).filter(has_text="5 boxes").count()
    assert answered < 60
    page.wait_for_timeout(700)
    assert cells(page).filter(has_text="5 boxes").count() == answered
    section(page).locator("[data-act=continue]").click()
    # Another threshold meanwhile goes on with the same run.
    expect(section(page)).to_have_attribute("data-state", "running", timeout=SLOW)
    set_confidence(page, "0.8")
    is_in(page, "done")
    expect(totals(page)).to_have_text(re.compile(r"^60 pictures · \d+ boxes"))
    set_confidence(page, "0.25")
    expect(totals(page)).to_have_text("60 pictures · 300 boxes: person 240, bus 60")


def test_a_filter_and_a_model_count_anew_and_dim_at_once(page: Page) -> None:
    drop(page, "detect", {"a.jpg": street(), "b.jpg": street()})
    is_in(page, "done")
    passes = page.locator("#detect-status .legend")
    expect(passes).to_contain_text("network", timeout=SLOW)
    held: list[Route] = []
    page.route("**/gradio_api/queue/join*", lambda route: held.append(route))
    set_confidence(page, "0.87")
    expect(section(page).locator(".batch-body")).to_have_attribute("inert", "")
    expect(section(page).locator(".batch-actions")).to_have_attribute("inert", "")
    page.wait_for_timeout(300)
    for route in held:
        route.continue_()
    page.unroute("**/gradio_api/queue/join*")
    is_in(page, "done")
    expect(totals(page)).not_to_have_text(re.compile("10 boxes"))
    choose(page, "detect", "yolo11n")
    expect(section(page).locator(".batch-body")).to_have_attribute("inert", "")
    is_in(page, "done")
    expect(cells(page)).to_have_text([re.compile("box")] * 2)


def test_all_are_saved_in_each_format(page: Page) -> None:
    drop(page, "detect", {"trip.zip": zipped({"a.jpg": street(), "b/a.jpg": street()})})
    is_in(page, "done")
    formats = section(page).locator("select")
    saved: dict[str, zipfile.ZipFile] = {}
    for name in formats.evaluate("one => [...one.options].map((option) => option.value)"):
        formats.select_option(name)
        with page.expect_download() as caught:
            section(page).locator("[data-act=save]").click()
        assert caught.value.suggested_filename == f"vitrine-detect-{name}.zip"
        saved[name] = zipfile.ZipFile(Path(caught.value.path()))
    assert list(saved) == ["coco", "yolo", "voc", "csv", "json", "annotated"]
    coco = json.loads(saved["coco"].read("coco.json"))
    assert [len(coco["images"]), len(coco["annotations"])] == [2, 10]
    names = saved["yolo"].read("data.yaml").decode()
    assert all(f"\n{key}:" in f"\n{names}" for key in ("train", "val", "names"))
    labels = [one for one in saved["yolo"].namelist() if one.startswith("labels/")]
    assert [len(saved["yolo"].read(one).splitlines()) for one in labels] == [5, 5]
    assert sum(one.endswith(".xml") for one in saved["voc"].namelist()) == 2
    assert len(saved["csv"].read("answers.csv").decode().strip().splitlines()) == 11
    assert len(saved["json"].read("answers.json")) > 1000
    pictures = saved["annotated"]
    drawn = np.frombuffer(pictures.read(pictures.namelist()[0]), np.uint8)
    decoded = cv2.imdecode(drawn, cv2.IMREAD_COLOR)
    assert decoded is not None
    assert decoded.shape == (1080, 810, 3)


def test_what_cannot_be_taken_is_told_and_the_earlier_ones_stay(page: Page) -> None:
    drop(page, "detect", {"a.jpg": street(), "b.jpg": wall()})
    is_in(page, "done")
    drop(page, "detect", {f"{i}.jpg": b"" for i in range(201)})
    note(page, "several_too_many", count=201, limit=200)
    drop(page, "detect", {"a.txt": b"a", "b.txt": b"b"}, folder=True)
    note(page, "several_no_picture", count=2)
    drop(page, "detect", {"nothing.zip": zipped({"a.jpg": wall()})[:-30]})
    note(page, "batch_zip_damaged", name="nothing.zip")
    expect(totals(page)).to_have_text("2 pictures · 5 boxes: person 4, bus 1")
    is_in(page, "done")
    section(page).locator("[data-act=close]").click()
    expect(section(page)).to_be_hidden()


def test_in_chinese_on_classify_and_on_a_phone(visit: Visit) -> None:
    page = visit(locale="zh-CN", width=390)
    open_tab(page, "classify")
    page.set_input_files(
        "#classify-batch-open input[data-of=files]",
        [FilePayload(name=f"{i}.jpg", mimeType="image/jpeg", buffer=street()) for i in range(2)],
    )
    is_in(page, "done", "classify")
    expect(section(page, "classify").locator("h2")).to_have_text("多张图片", use_inner_text=True)
    expect(totals(page, "classify")).to_have_text(re.compile("^2 张图片：.+ 2$"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = section(page, "classify").locator(".batch-save").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 380
    # Gradio fades its blocks in; text that is half transparent has less contrast.
    page.wait_for_timeout(1000)
    assert violations(page) == []
