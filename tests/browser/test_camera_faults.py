"""What the camera's page does when the browser fails it: the light goes out, the stream goes on."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from demo.i18n import translate
from tests.browser.acts import SLOW
from tests.browser.conftest import Launch
from tests.browser.test_camera import answers, at_the_camera, go
from tests.conftest import Server

# The tracks that the page has been given, to see whether they are released.
WATCH = """
window.tracks = [];
const ask = MediaDevices.prototype.getUserMedia;
MediaDevices.prototype.getUserMedia = async function (constraints) {
  const stream = await ask.call(this, constraints);
  window.tracks.push(...stream.getTracks());
  return stream;
};
"""
NO_PLAY = """
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  return this.srcObject ? Promise.reject(new DOMException("no", "AbortError")) : play.call(this);
};
"""
NO_SOCKET = """
window.WebSocket = class { constructor() { throw new DOMException("no", "SecurityError"); } };
"""
NULL_BLOBS = """
let nulls = 3;
const toBlob = HTMLCanvasElement.prototype.toBlob;
HTMLCanvasElement.prototype.toBlob = function (call, ...rest) {
  if (nulls-- > 0) setTimeout(() => call(null)); else toBlob.call(this, call, ...rest);
};
"""
NO_CONTEXT = """
let without = 3;
const getContext = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (...asked) {
  return !this.isConnected && without-- > 0 ? null : getContext.apply(this, asked);
};
"""
NO_BITMAP = """
let broken = 2;
const decode = window.createImageBitmap;
window.createImageBitmap = (...given) =>
  broken-- > 0 ? Promise.reject(new DOMException("no", "InvalidStateError")) : decode(...given);
"""
UNEVEN = """
let calls = 0;
const decode = window.createImageBitmap;
window.createImageBitmap = async (...given) => {
  if (calls++ % 2) await new Promise((done) => setTimeout(done, 150));
  return decode(...given);
};
"""
NO_LIST = """
MediaDevices.prototype.enumerateDevices = () => Promise.reject(new DOMException("no"));
"""
NO_TYPE = "MediaRecorder.isTypeSupported = () => false;"
NO_TYPES = "delete MediaRecorder.isTypeSupported;"
NO_RECORDER = "delete window.MediaRecorder;"
NO_SNAPSHOT = "HTMLCanvasElement.prototype.toBlob = function (call) { call(null); };"
RELEASED = "window.tracks.length > 0 && window.tracks.every((one) => one.readyState === 'ended')"


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Iterator[Browser]:
    """One browser for all: its camera shows a test pattern and is allowed without asking."""
    made = launch("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    yield made
    made.close()


class Visitor:
    """A page whose browser has been changed before its scripts ran."""

    def __init__(self, browser: Browser, server: Server) -> None:
        self._context = browser.new_context(locale="en-US", permissions=["camera"])
        self._url = server.url
        self.faults: list[str] = []

    def open(self, change: str) -> Page:
        self._context.add_init_script(WATCH + change)
        page = at_the_camera(self._context, self._url)
        page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        return page

    def close(self) -> None:
        self._context.close()


@pytest.fixture
def visitor(browser: Browser, server: Server) -> Iterator[Visitor]:
    made = Visitor(browser, server)
    yield made
    made.close()
    assert made.faults == []


def told(page: Page, key: str) -> None:
    expect(page.locator("#detect-camera .camera-status")).to_have_text(
        translate(key, "en"), timeout=SLOW
    )


@pytest.mark.parametrize(("change", "key"), [(NO_PLAY, "live_not_shown"), (NO_SOCKET, "live_lost")])
def test_the_light_goes_out_if_the_camera_cannot_be_used(
    visitor: Visitor, change: str, key: str
) -> None:
    page = visitor.open(change)
    go(page)
    told(page, key)
    page.wait_for_function(RELEASED)
    expect(page.locator("#detect-camera [data-action=toggle]")).to_have_text("Start the camera")
    go(page)  # and it can be tried again
    page.wait_for_function("window.tracks.length === 2")
    page.wait_for_function(RELEASED)


@pytest.mark.parametrize("change", [NULL_BLOBS, NO_CONTEXT, NO_BITMAP, NO_LIST])
def test_a_frame_that_the_browser_cannot_handle_is_passed_over(
    visitor: Visitor, change: str
) -> None:
    page = visitor.open(change)
    go(page)
    answers(page, 3)
    go(page)
    page.wait_for_function(RELEASED)


def test_an_older_answer_is_never_drawn_over_a_newer_one(visitor: Visitor) -> None:
    """Two may be decoded at once, and the newer one be ready first."""
    page = visitor.open(UNEVEN)
    go(page)
    numbers = [one["facts"]["frame"] for one in answers(page, 12)]
    assert numbers == sorted(set(numbers))
    go(page)
    page.wait_for_function(RELEASED)


def test_a_camera_that_ends_is_told(visitor: Visitor) -> None:
    page = visitor.open("")
    go(page)
    answers(page, 1)
    page.evaluate("window.tracks[0].dispatchEvent(new Event('ended'))")
    told(page, "live_ended")
    page.wait_for_function(RELEASED)


@pytest.mark.parametrize("change", [NO_TYPE, NO_TYPES])
def test_a_recording_of_a_type_that_the_browser_chooses(visitor: Visitor, change: str) -> None:
    page = visitor.open(change)
    go(page)
    answers(page, 1)
    record = page.locator("#detect-camera [data-action=record]")
    record.click()
    answers(page, 3)
    with page.expect_download() as caught:
        record.dblclick()
    assert re.fullmatch(r"vitrine-[\d-]+\.(mp4|webm)", caught.value.suggested_filename)
    assert Path(caught.value.path()).stat().st_size > 1000


@pytest.mark.parametrize(("change", "action"), [(NO_RECORDER, "record"), (NO_SNAPSHOT, "snapshot")])
def test_what_cannot_be_saved_is_told(visitor: Visitor, change: str, action: str) -> None:
    page = visitor.open("")
    go(page)
    answers(page, 1)
    page.evaluate(f"() => {{ {change} }}")
    page.locator(f"#detect-camera [data-action={action}]").click()
    told(page, "live_not_saved")
