"""The live camera in a real Chromium whose fake camera shows a generated video."""

import re
import time
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from demo.results import Image
from demo.service import examples
from tests.browser.acts import SLOW, choose, open_tab
from tests.browser.conftest import SIZE_WH, StartCamera
from tests.conftest import Server
from tests.support.webcams import Webcam, still

LISTEN = """task => {
  window.answers = [];
  document.querySelector(`section.camera-pane[data-task=${task}]`).addEventListener(
    "answered", (event) => window.answers.push(event.detail));
}"""

# A visitor takes half a second to allow the camera.
DELAY_PERMISSION = """() => {
  const devices = navigator.mediaDevices, ask = devices.getUserMedia.bind(devices);
  window.asked = 0;
  devices.getUserMedia = async (constraints) => {
    window.asked += 1;
    await new Promise((done) => setTimeout(done, 500));
    return ask(constraints);
  };
}"""


def bus() -> Image:
    return np.asarray(cv2.imread(str(examples.paths()[0]), cv2.IMREAD_COLOR_RGB), np.uint8)


def at_the_camera(
    browser: Browser | BrowserContext, url: str, task: str = "detect", **options: Any
) -> Page:
    """The page with the camera chosen; its answers are collected in `window.answers`."""
    if isinstance(browser, BrowserContext):
        page = browser.new_page()
    else:
        page = browser.new_page(**{"locale": "en-US", "permissions": ["camera"], **options})
    page.goto(url)
    page.wait_for_selector("#tabs button[role=tab]")
    open_tab(page, task)
    page.locator(f"#tab-{task} .modes [data-mode=camera]").click()
    expect(page.locator(f"#{task}-camera canvas")).to_be_visible()
    page.evaluate(LISTEN, task)
    return page


def go(page: Page, task: str = "detect") -> None:
    page.locator(f"#{task}-camera [data-action=toggle]").click()


def answers(page: Page, number: int) -> list[dict[str, Any]]:
    """At least `number` answers that arrive after this call."""
    page.evaluate("window.answers.length = 0")
    page.wait_for_function(f"window.answers.length >= {number}", timeout=SLOW)
    found: list[dict[str, Any]] = page.evaluate("window.answers")
    return found


def labels(page: Page) -> list[str]:
    return sorted(box["label"] for box in answers(page, 3)[-1]["facts"]["boxes"])


def test_the_camera_is_answered_while_controls_change(
    server: Server, camera_showing: StartCamera
) -> None:
    page = at_the_camera(camera_showing(bus()), server.url)
    choose(page, "detect", "yolo11n")
    go(page)
    assert labels(page)[0] == "bus"
    assert labels(page).count("person") >= 3
    expect(page.locator("#detect-camera .chips")).to_contain_text("bus × 1")
    pattern = re.compile(r"[\d.]+ answers a second · \d+ ms from camera to screen · \d+ ms on the")
    expect(page.locator("#detect-camera .camera-stats")).to_have_text(pattern)
    shown = page.evaluate(
        "() => { const c = document.querySelector('#detect-camera canvas');"
        "return [c.width, c.height, ...c.getContext('2d').getImageData(0, 0, c.width, 1).data]; }"
    )
    assert tuple(shown[:2]) == SIZE_WH
    assert np.ptp(shown[2:]) > 50
    page.locator("#detect-confidence input[type=number]").fill("0.95")
    page.locator("#detect-confidence input[type=number]").press("Enter")
    page.wait_for_function("window.answers.at(-1).facts.boxes.length === 0", timeout=SLOW)
    choose(page, "detect", "yolo26n")
    page.wait_for_function("window.answers.at(-1).facts.model === 'yolo26n'", timeout=SLOW)
    go(page)
    expect(page.locator("#detect-camera [data-action=toggle]")).to_have_text("Start the camera")
    page.wait_for_timeout(500)
    before = page.evaluate("window.answers.length")
    page.wait_for_timeout(500)
    assert page.evaluate("window.answers.length") == before


def test_a_double_click_on_start_requests_the_camera_once(
    server: Server, camera_showing: StartCamera
) -> None:
    page = at_the_camera(camera_showing(bus()), server.url)
    page.evaluate(DELAY_PERMISSION)
    page.locator("#detect-camera [data-action=toggle]").dblclick()
    answers(page, 2)
    assert page.evaluate("window.asked") == 1
    expect(page.locator("#detect-camera [data-action=toggle]")).to_have_text("Stop")
    go(page)
    go(page)
    answers(page, 2)
    assert page.evaluate("window.asked") == 2


def test_two_browsers_get_the_answers_of_their_own_cameras(
    server: Server, camera_showing: StartCamera
) -> None:
    full = at_the_camera(camera_showing(bus()), server.url)
    empty = at_the_camera(camera_showing(np.full((480, 640, 3), 128, np.uint8)), server.url)
    for page in (full, empty):
        choose(page, "detect", "yolo11n")
        go(page)
    for _ in range(3):
        assert "bus" in labels(full)
        assert labels(empty) == []
    seen = [answer["facts"] for answer in answers(full, 5)]
    numbers = [facts["frame"] for facts in seen]
    assert numbers == sorted(set(numbers))
    tracks = {box["track"] for box in seen[-1]["boxes"] if box["label"] == "bus"}
    assert tracks == {box["track"] for box in seen[0]["boxes"] if box["label"] == "bus"}
    full.context.close()
    assert labels(empty) == []


def test_a_classifier_answers_about_the_camera(server: Server, camera_showing: StartCamera) -> None:
    page = at_the_camera(camera_showing(bus()), server.url, "classify")
    choose(page, "classify", "mobilenet_v2")
    go(page, "classify")
    best = answers(page, 3)[-1]["facts"]["labels"]
    assert len(best) == 5
    expect(page.locator("#classify-camera table.score-bars tr")).to_have_count(5)
    expect(page.locator("#classify-camera table.score-bars")).to_contain_text(best[0]["label"])


def test_a_line_a_heat_map_and_a_snapshot(server: Server, camera_showing: StartCamera) -> None:
    page = at_the_camera(camera_showing(bus()), server.url)
    choose(page, "detect", "yolo11n")
    go(page)
    answers(page, 2)
    canvas = page.locator("#detect-camera canvas")
    page.locator("#detect-camera [data-switch=line]").check()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.5 * box["height"], steps=4)
    page.mouse.up()
    page.wait_for_function("window.answers.at(-1).facts.crossings", timeout=SLOW)
    page.locator("#detect-camera [data-switch=heat]").check()
    answers(page, 2)
    with page.expect_download() as caught:
        page.locator("#detect-camera [data-action=snapshot]").click()
    picture = cv2.imread(str(caught.value.path()))
    assert picture is not None
    assert (picture.shape[1], picture.shape[0]) == SIZE_WH
    page.locator("#detect-camera [data-action=record]").click()
    answers(page, 3)
    with page.expect_download() as recording:
        page.locator("#detect-camera [data-action=record]").click()
    assert re.fullmatch(r"vitrine-[\d-]+\.(mp4|webm)", recording.value.suggested_filename)
    assert Path(recording.value.path()).stat().st_size > 1000


def test_closing_the_page_frees_the_place_for_the_next_visitor(
    shared_data: Path, camera_showing: StartCamera
) -> None:
    weights = str(shared_data / "weights")
    own_server = Server(VITRINE_WEIGHTS=weights, VITRINE_STREAMS="1").wait()
    try:
        browser = camera_showing(bus())
        first, second = (at_the_camera(browser, own_server.url) for _ in range(2))
        go(first)
        answers(first, 2)
        go(second)
        note = second.locator("#detect-camera .camera-status")
        expect(note).to_have_text(re.compile(r"your place in the line is 1"), timeout=SLOW)
        left = time.monotonic()
        first.close()
        expect(note).not_to_have_text(re.compile(r"place in the line"), timeout=SLOW)
        assert time.monotonic() - left < 2
        answers(second, 1)
    finally:
        assert "Traceback" not in own_server.stop()


def test_a_network_camera_needs_no_camera_in_the_browser(
    shared_data: Path, chromium: Browser
) -> None:
    picture = np.asarray(cv2.resize(bus(), SIZE_WH, interpolation=cv2.INTER_AREA), np.uint8)
    webcam = Webcam()
    webcam.paths["/video"] = lambda: still(picture)
    address = webcam.url("/video", "root:hunter2@")
    own_server = Server(
        VITRINE_WEIGHTS=str(shared_data / "weights"), VITRINE_CAMERAS=f"door={address}"
    )
    try:
        page = at_the_camera(chromium, own_server.wait().url, permissions=[])
        choose(page, "detect", "yolo11n")
        pick = page.locator("#detect-camera [data-camera]")
        expect(page.locator("#detect-camera [data-switch=mirror]")).to_be_visible()
        pick.select_option("door")
        expect(page.locator("#detect-camera [data-switch=mirror]")).to_be_hidden()
        go(page)
        assert labels(page)[0] == "bus"
        numbers = [one["facts"]["frame"] for one in answers(page, 5)]
        assert numbers == sorted(set(numbers))
        pattern = re.compile(r"^[\d.]+ answers a second · \d+ ms on the server · \d+ of \d+ frames")
        expect(page.locator("#detect-camera .camera-stats")).to_have_text(pattern)
        page.locator("#detect-camera [data-switch=heat]").check()
        answers(page, 2)
        assert webcam.listening == 1
        for text in (
            page.content(),
            httpx.get(own_server.url).text,
            httpx.get(own_server.url + "/config").text,
        ):
            assert "hunter2" not in text
            assert f"127.0.0.1:{webcam.server_port}" not in text
        go(page)
        until = time.monotonic() + 10
        while webcam.listening and time.monotonic() < until:
            time.sleep(0.02)
        assert webcam.listening == 0
        page.close()
    finally:
        printed = own_server.stop()
        webcam.shutdown()
        webcam.server_close()
    assert "Traceback" not in printed
    assert "hunter2" not in printed


def test_a_refused_camera_is_reported(server: Server, chromium: Browser) -> None:
    page = at_the_camera(chromium, server.url, permissions=[])
    go(page)
    expect(page.locator("#detect-camera .camera-status")).to_have_text(
        re.compile("did not allow the camera|No camera was found")
    )
    page.close()


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_the_camera_fits_a_phone(server: Server, chromium: Browser, locale: str) -> None:
    page = at_the_camera(
        chromium, server.url, locale=locale, viewport={"width": 390, "height": 844}, permissions=[]
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    word, front = ("开启摄像头", "前置") if locale == "zh-CN" else ("Start the camera", "Front")
    expect(page.locator("#detect-camera option[value=user]")).to_have_text(front)
    expect(page.locator("#detect-camera [data-action=toggle]")).to_have_text(
        word, use_inner_text=True
    )
    expect(page.locator("#detect-picture")).to_be_hidden()
    page.locator("#tab-detect .modes [data-mode=picture]").click()
    expect(page.locator("#detect-picture")).to_be_visible()
    expect(page.locator("#detect-camera")).to_be_hidden()
    page.close()
