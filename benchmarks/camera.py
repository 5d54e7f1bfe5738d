"""The live camera in a real Chromium with a video as its camera: `python -m benchmarks.camera`.

Measures answers a second against the limit of the server's time per frame, the delay from camera to
screen, two browsers at once, and, in the same run, the same network behind Gradio's own streaming.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import psutil

from benchmarks import bars, figures, needs
from benchmarks.bars import Bar
from benchmarks.browser import check, chromium, playwright
from benchmarks.needs import WEIGHTS
from benchmarks.sample_videos import VIDEOS
from benchmarks.servers import ROOT, free_port, running, wait

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

_SIZE = (640, 360)
_FRAMES = 200
_FRAME_RATE = 30
"""Of a webcam. The 10 of people.mp4 are fewer than the answers a second."""
_WARM_S = 8

_LISTEN = """() => {
  window.answers = [];
  const pane = document.querySelector("section.camera-pane[data-task=detect]");
  pane.addEventListener("answered", (event) => {
    const { facts, delay } = event.detail;
    window.answers.push(
      [performance.now(), delay, facts.server_ms, facts.timing_ms.draw, facts.boxes.length]);
  });
}"""
_STAMP = """() => {
  // Every captured frame carries its number as 16 black or white squares in its lowest rows.
  window.answers = [];
  const taken = new Map();
  let number = 0;
  const cell = 16;
  const plain = HTMLCanvasElement.prototype.toDataURL;
  HTMLCanvasElement.prototype.toDataURL = function (...values) {
    const pen = this.getContext("2d");
    number = (number + 1) % 65536;
    taken.set(number, performance.now());
    for (let i = 0; i < 16; i++) {
      pen.fillStyle = (number >> i) & 1 ? "#fff" : "#000";
      pen.fillRect(i * cell, this.height - cell, cell, cell);
    }
    return plain.apply(this, values);
  };
  const board = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  let last = "";
  const look = () => {
    const image = document.querySelector("#out img");
    if (image?.complete && image.naturalWidth && image.src !== last) {
      last = image.src;
      board.canvas.width = image.naturalWidth;
      board.canvas.height = image.naturalHeight;
      board.drawImage(image, 0, 0);
      let read = 0;
      for (let i = 0; i < 16; i++) {
        const place = [i * cell + cell / 2, board.canvas.height - cell / 2, 1, 1];
        if (board.getImageData(...place).data[0] > 127) read |= 1 << i;
      }
      const start = taken.get(read);
      if (start) window.answers.push([performance.now(), performance.now() - start, 0, 0, 0]);
    }
    requestAnimationFrame(look);
  };
  look();
}"""


def require() -> None:
    """Raise MissingError where the browser, the films or the weights are not here."""
    check()
    needs.weights("yolo11n.pt")
    needs.data("videos/people.mp4", "videos/bottles.mp4")


def write_y4m(source: Path, target: Path) -> None:
    """Write the first frames of a video in Y4M, the format of Chromium's fake camera."""
    with av.open(str(source)) as video, target.open("wb") as raw:
        size = f"W{_SIZE[0]} H{_SIZE[1]} F{_FRAME_RATE}:1"
        raw.write(f"YUV4MPEG2 {size} Ip A1:1 C420jpeg\n".encode())
        for index, frame in enumerate(video.decode(video=0)):
            if index == _FRAMES:
                return
            small = frame.reformat(*_SIZE, "yuv420p").to_ndarray()
            raw.write(b"FRAME\n" + np.ascontiguousarray(small).tobytes())


@contextmanager
def browser_with(driver: "Playwright", video: Path) -> Iterator["Browser"]:
    """A Chromium whose camera plays `video` in a loop."""
    with chromium(
        driver,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={video}",
    ) as browser:
        yield browser


def start_own(browser: "Browser", url: str) -> "Page":
    """The Detect tab of our page with its camera running and yolo11n answering."""
    page = browser.new_page(permissions=["camera"], viewport={"width": 1280, "height": 900})
    page.goto(url)
    page.locator("#tabs button[role=tab]").nth(1).click()
    page.locator("#tab-detect .modes [data-mode=camera]").click()
    box = page.locator("#detect-model input")
    box.click()
    box.fill("yolo11n")
    page.get_by_role("option").filter(has_text="yolo11n ·").first.click()
    page.evaluate(_LISTEN)
    page.locator("#detect-camera [data-action=toggle]").click()
    page.wait_for_function("window.answers.length > 2", timeout=120_000)
    return page


def start_peer(browser: "Browser", url: str) -> "Page":
    """Gradio's streaming page with numbered frames."""
    page = browser.new_page(permissions=["camera"], viewport={"width": 1280, "height": 900})
    page.goto(url)
    page.evaluate(_STAMP)
    page.locator("#in button").filter(has_text="Click to Access Webcam").click()
    page.locator("#in button").filter(has_text="Record").click()
    page.wait_for_function("window.answers.length > 2", timeout=120_000)
    return page


def measured(page: "Page", seconds: float) -> list[list[float]]:
    """The answers of a period: time, delay, server time and drawing time in ms, boxes."""
    page.evaluate("window.answers.length = 0")
    page.wait_for_timeout(seconds * 1000)
    rows: list[list[float]] = page.evaluate("window.answers")
    return rows


def report(name: str, rows: list[list[float]]) -> tuple[float, float, float]:
    """Print one row; returns answers a second, p95 of the delay and median server time, ms."""
    span = (rows[-1][0] - rows[0][0]) / 1000
    rate = (len(rows) - 1) / span
    delays = sorted(row[1] for row in rows)
    p95 = delays[int(0.95 * (len(delays) - 1))]
    server, drawing = (statistics.median(row[i] for row in rows) for i in (2, 3))
    facts = f", server {server:.0f} ms a frame, {drawing:.1f} of them drawing and JPEG"
    print(
        f"{name}: {rate:.1f} answers a second, delay p50 {statistics.median(delays):.0f} ms, "
        f"p95 {p95:.0f} ms" + (facts if server else "")
    )
    return rate, p95, server


@contextmanager
def peer() -> Iterator[str]:
    """Gradio's own streaming on a free port."""
    port = free_port()
    environ = os.environ | {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "VITRINE_WEIGHTS": str(WEIGHTS),
        "VITRINE_OFFLINE": "1",
    }
    command = [sys.executable, "-m", "benchmarks.camera_peer"]
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
    try:
        wait(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def measure_one(driver: "Playwright", video: Path, seconds: float) -> tuple[float, float]:
    """Our page in one browser: rate and delay with their bars, and growth of the server."""
    with running(ordinary=False) as (url, process), browser_with(driver, video) as browser:
        page = start_own(browser, url)
        page.wait_for_timeout(_WARM_S * 1000)
        server = psutil.Process(process.pid)
        before = server.memory_info().rss
        rate, p95, ms = report("own page", measured(page, seconds))
        grown = (server.memory_info().rss - before) / 1e6
        print(f"  rate against 1 / server time: {rate * ms / 1000:.2f} (bar 0.80)")
        print(f"  delay p95 beyond server time: {p95 - ms:.0f} ms (bar 150)")
        print(f"  server memory over {seconds:.0f} s: {grown:+.1f} MB")
        return rate, p95


def measure_two(driver: "Playwright", videos: list[Path], seconds: float) -> None:
    """Our page in two browsers with different cameras."""
    with ExitStack() as stack:
        url, _ = stack.enter_context(running(ordinary=False))
        pages: list[Any] = [
            start_own(stack.enter_context(browser_with(driver, video)), url) for video in videos
        ]
        for page in pages:
            page.evaluate("window.answers.length = 0")
        pages[0].wait_for_timeout(seconds * 1000)
        for video, page in zip(videos, pages, strict=True):
            report(f"two at once, {video.stem}", page.evaluate("window.answers"))


def main(words: list[str]) -> int:
    """Print all measurements; returns 1 where the peer is too near."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="of each measurement")
    figures.add_option(parser)
    options = parser.parse_args(words)
    seconds = options.seconds
    require()
    with tempfile.TemporaryDirectory() as folder, playwright() as driver:
        videos = [Path(folder) / f"{name}.y4m" for name in ("people", "bottles")]
        for video in videos:
            write_y4m(VIDEOS / f"{video.stem}.mp4", video)
        rate, p95 = measure_one(driver, videos[0], seconds)
        with peer() as url, browser_with(driver, videos[0]) as browser:
            page = start_peer(browser, url)
            page.wait_for_timeout(_WARM_S * 1000)
            other, late, _ = report("Gradio's streaming", measured(page, seconds))
        print(f"  own page: {rate / other:.2f} × its rate, {p95 / late:.2f} × its delay")
        measure_two(driver, videos, seconds)
    shares = {"to_gradio": rate / other, "delay_to_gradio": p95 / late}
    figures.save(options.json, {"camera.one": {"rate": rate, "p95_ms": p95, **shares}})
    bar = Bar("answers a second ÷ Gradio's streaming", rate / other, 3, 4, most=False)
    return 0 if bars.told([bar]) else 1


if __name__ == "__main__":
    needs.run(main)
