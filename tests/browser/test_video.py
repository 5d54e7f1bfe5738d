"""A video on the page: uploaded, with a line, started, watched, stopped, saved."""

import json
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.acts import SLOW, choose, open_tab, saved
from tests.browser.conftest import Visit
from tests.support.clips import encode, square

LINE = "#video-line input, #video-line textarea"
PLOT = ".chart .plot"


def example(page: Page) -> None:
    """Start with six seconds of a bus and people; the network runs on three frames."""
    open_tab(page, "video")
    choose(page, "video", "yolo11n")
    page.locator("#video-every input[type=range]").fill("30")
    page.locator("#video-example").click()
    expect(page.locator("#video-frame img")).to_be_visible(timeout=SLOW)


def put(page: Page, folder: Path, frames: int) -> None:
    path = encode(folder / f"clip{frames}.mp4", [square(i, (160, 120)) for i in range(frames)])
    open_tab(page, "video")
    choose(page, "video", "yolo11n")
    page.set_input_files("#video-file input[type=file]", path)
    expect(page.locator("#video-frame img")).to_be_visible(timeout=SLOW)


def finished(page: Page) -> float:
    """Wait for the player; the length of its video in seconds."""
    expect(page.locator("#video-player video")).to_be_visible(timeout=SLOW)
    page.wait_for_function("document.querySelector('#video-player video').duration > 0")
    expect(page.locator("#video-start")).to_be_visible()
    return float(page.evaluate("document.querySelector('#video-player video').duration"))


def seconds(page: Page) -> float:
    return float(page.evaluate("document.querySelector('#video-player video').currentTime"))


def test_a_line_a_timeline_that_seeks_and_files(visit: Visit) -> None:
    page = visit()
    example(page)
    expect(page.locator("#video-status")).to_contain_text("640 × 480 pixels, 6.0 s, 15 frames")
    frame = page.locator("#video-frame img")
    plain = frame.get_attribute("src") or ""
    frame.click(position={"x": 200, "y": 20})
    expect(page.locator(LINE).first).to_have_value(re.compile(r"^\d+,\d+$"))
    # A click on a picture that is being replaced would be lost.
    expect(frame).not_to_have_attribute("src", plain)
    frame.click(position={"x": 200, "y": 280})
    expect(page.locator(LINE).first).to_have_value(re.compile(r"^(\d+),\d+,\1,\d+$"))
    page.locator("#video-start").click()
    expect(page.locator("#video-stop")).to_be_visible(timeout=SLOW)
    expect(page.locator("#video-status progress")).to_be_visible(timeout=SLOW)
    assert finished(page) == 6
    expect(page.locator("#video-status .facts")).to_contain_text("person")
    expect(page.locator("#video-status .facts dt")).to_have_count(3)
    plot = page.locator(PLOT)
    box = plot.bounding_box()
    assert box is not None
    plot.click(position={"x": box["width"] * 0.75, "y": 40})
    assert abs(seconds(page) - 4.5) < 0.05
    expect(plot).to_have_attribute("aria-valuetext", re.compile(r"^0:04: .*person \d"))
    plot.press("ArrowRight")
    assert abs(seconds(page) - 4.6) < 0.06
    plot.press("Home")
    assert seconds(page) == 0
    name, data = saved(page, "#video-status .download-links", "JSON")
    assert name == "example-yolo11n.json"
    report = json.loads(data)
    assert len(report["frames"]) == 90
    assert set(report["crossings"]) == {"rightward", "leftward"}
    name, data = saved(page, "#video-status .download-links", "Video")
    assert name == "example-yolo11n.mp4"
    assert data[4:8] == b"ftyp"
    page.locator("#video-no-line").click()
    expect(page.locator(LINE).first).to_have_value("")


def test_a_classifier_on_a_phone_in_chinese(visit: Visit) -> None:
    page = visit(width=390, locale="zh-CN", scheme="dark")
    example(page)
    choose(page, "video", "mobilenet_v2")
    for name in ("confidence", "track", "line"):
        expect(page.locator(f"#video-{name}")).to_be_hidden(timeout=SLOW)
    page.locator("#video-start").click()
    finished(page)
    expect(page.locator("#video-status")).to_contain_text("最佳标签")
    expect(page.locator(PLOT)).to_contain_text(" %")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_one_visitor_leaves_the_queue_and_the_other_stops_the_run(
    visit: Visit, tmp_path: Path
) -> None:
    first, second = visit(), visit()
    put(first, tmp_path, 3000)  # so long that the run does not end while the second one waits
    put(second, tmp_path, 20)
    first.locator("#video-start").click()
    expect(first.locator("#video-preview img")).to_be_visible(timeout=SLOW)
    expect(first.locator("#video-status")).to_contain_text("of 3000 frames")
    second.locator("#video-start").click()
    expect(second.locator("#video-status")).to_contain_text("has place 1 in the line")
    second.locator("#video-leave").click()
    expect(second.locator("#video-start")).to_be_visible()
    expect(second.locator("#video-status")).not_to_contain_text("in the line")
    first.locator("#video-stop").click()
    assert 0 < finished(first) < 300
    expect(first.locator("#video-status")).to_contain_text("Stopped early")


def test_errors_are_reported_and_the_next_video_is_accepted(visit: Visit, tmp_path: Path) -> None:
    sheet = tmp_path / "list.mp4"
    sheet.write_bytes(b"#EXTM3U\nhttp://127.0.0.1/x\n")
    page = visit()
    open_tab(page, "video")
    warning = page.locator("#video-status .note.warn")
    page.locator("#video-start").click()
    expect(warning).to_contain_text("no video yet", timeout=SLOW)
    page.set_input_files("#video-file input[type=file]", sheet)
    expect(warning).to_contain_text("HLS playlist", timeout=SLOW)
    page.locator("#video-file").get_by_label("Clear").click()
    put(page, tmp_path, 4)
    page.locator(LINE).first.fill("1,2,3")
    page.locator("#video-start").click()
    expect(warning).to_contain_text("four numbers", timeout=SLOW)
    page.locator(LINE).first.fill("1,2,3,4")
    page.locator("#video-track input").uncheck()
    page.locator("#video-start").click()
    expect(warning).to_contain_text("tracking switched on", timeout=SLOW)


def test_a_label_that_a_model_cannot_blur_is_an_error(visit: Visit, tmp_path: Path) -> None:
    """The label stays chosen when the model changes to one that does not know it."""
    page = visit()
    put(page, tmp_path, 4)
    choose(page, "video", "yolo-vitrine")
    page.locator("#video-more > button").click()
    names = page.locator("#video-blur input")
    names.click()
    names.fill("face")
    page.get_by_role("option").filter(has_text=re.compile(r"^\W*face\W*$")).click()
    names.press("Escape")
    choose(page, "video", "yolo11n")
    page.locator("#video-start").click()
    warning = page.locator("#video-status .note.warn")
    expect(warning).to_contain_text("yolo11n does not know “face” and cannot blur it", timeout=SLOW)
    choose(page, "video", "yolo-vitrine")
    page.locator("#video-start").click()
    finished(page)


def test_start_is_within_the_first_screen_of_a_phone(visit: Visit) -> None:
    page = visit(width=390)
    open_tab(page, "video")
    bottom = "e => e.getBoundingClientRect().bottom + window.scrollY"
    start = page.locator("#video-start")
    assert start.evaluate(bottom) < 844
    page.locator("#video-example").click()
    expect(page.locator("#video-frame img")).to_be_visible(timeout=SLOW)
    expect(page.locator("#video-line")).to_be_visible()
    assert start.evaluate(bottom) < 844
