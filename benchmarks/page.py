"""The page as a newcomer meets it, on a bare machine: `python -m benchmarks.page [--rounds 3]`.

Prints what stands in the README: the time from the address of Detect to the first answer, the first
example tapped as soon as it is there; that from the tap to the drawn answer; the bytes of the
page's HTML; those that come down for the answer to a photo of 24 megapixels; and how far the page
shifts while it comes, at the widths of a laptop and a phone. Medians, and the spread of the rounds.

Each round has a server of its own without a folder of weights, which has loaded its detector, as
one that runs for a while has. `--port N` is its port, else a free one; `--address URL` measures a
server that runs already, whose kept answers may make the later rounds faster.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import httpx
import numpy as np

from benchmarks import browser, figures, needs, readme_table
from benchmarks.client import Client, make_unique, median
from benchmarks.servers import running
from demo.service import examples

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload, Page, Response

HTML_BAR_BYTES, ANSWER_BAR_BYTES, SHIFT_BAR = 60_000, 400_000, 0.02
WIDTHS = {1440: 900, 390: 844}
"""Width of a laptop and of a phone, and height, CSS pixels."""
_SLOW_MS = 60_000
_SETTLE_MS = 1500
"""Time in which a page that has come may still move, and the rest of an answer arrive."""

_CLOCK = """(() => {
  addEventListener("click", () => (window.tapped = performance.now()), true);
  const look = () => {
    const drawn = document.querySelector("#detect-answer img");
    if (window.tapped && drawn?.complete && drawn.naturalWidth) window.answered = performance.now();
    else requestAnimationFrame(look);
  };
  look();
})();"""
"""Notes the times of the last click and of the drawn answer, ms from the start of navigation."""
_SHIFT = """(settleMs) => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), settleMs);
})"""
"""Layout Instability, https://wicg.github.io/layout-instability: the shifts of the page so far."""


@dataclass
class Rounds:
    """One number a round and figure. Times in s; shift: the worst tab's at each width."""

    first_answer_s: list[float] = field(default_factory=list)
    tap_s: list[float] = field(default_factory=list)
    html_bytes: list[float] = field(default_factory=list)
    answer_bytes: list[float] = field(default_factory=list)
    shift: dict[int, list[float]] = field(default_factory=lambda: {width: [] for width in WIDTHS})


def large_photo() -> "FilePayload":
    """A file that no server has seen: 24 megapixels with the detail of a photo."""
    random = np.random.default_rng(0)
    # Coarse shapes and fine noise.
    coarse = random.integers(0, 256, (40, 60, 3)).astype(np.uint8)
    rgb = cv2.resize(coarse, (6000, 4000), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    rgb += random.integers(-12, 13, rgb.shape, dtype=np.int16)
    data = bytes(cv2.imencode(".jpg", np.clip(rgb, 0, 255).astype(np.uint8))[1])
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": make_unique(data)}


def bytes_down(page: "Page", ask: Callable[[], None]) -> dict[str, int]:
    """Bytes of the body of each response to `ask`, by address.

    Those of the examples do not count: they belong to the page, which may still be on its way.
    """
    responses: list[Response] = []
    page.on("response", lambda response: responses.append(response))
    ask()
    page.wait_for_timeout(_SETTLE_MS)
    sizes = {one.url: one.request.sizes()["responseBodySize"] for one in responses}
    names = tuple(path.name for path in examples.paths())
    return {url: size for url, size in sizes.items() if not url.endswith(names)}


def shift(page: "Page") -> float:
    """How far the page has shifted without its visitor since it was opened (CLS)."""
    page.wait_for_selector("html:not(.loading) #tabs", timeout=_SLOW_MS)
    moved: float = page.evaluate(_SHIFT, _SETTLE_MS)
    return moved


def html_bytes(url: str) -> int:
    """Bytes of the page's HTML, gzipped. Raises RuntimeError where it does not come so."""
    with httpx.stream("GET", url, headers={"accept-encoding": "gzip"}, timeout=30) as answer:
        if answer.headers.get("content-encoding") != "gzip":
            raise RuntimeError("the page's HTML came without compression")
        return sum(len(part) for part in answer.iter_raw())


def first_answer(page: "Page", url: str) -> tuple[float, float]:
    """Seconds from navigation, and from the tap on the first example, to the drawn answer."""
    page.add_init_script(_CLOCK)
    page.goto(f"{url}/detect", wait_until="commit")
    page.locator("#detect-examples img:visible").first.click(timeout=_SLOW_MS)
    page.wait_for_function("window.answered", timeout=_SLOW_MS)
    tapped, answered = page.evaluate("[window.tapped, window.answered]")
    return answered / 1000, (answered - tapped) / 1000


def large_answer(page: "Page", url: str, photo: "FilePayload") -> int:
    """Bytes that come down for the answer to a large photo."""
    page.goto(f"{url}/detect")
    page.wait_for_selector("html:not(.loading) #detect-examples img:visible", timeout=_SLOW_MS)

    def ask() -> None:
        page.set_input_files("#detect-picture input[type=file]", photo)
        page.wait_for_selector("#detect-status .timing", timeout=_SLOW_MS)

    return sum(bytes_down(page, ask).values())


def tabs_of(page: "Page", url: str) -> list[str]:
    """Names of the tabs, which are their addresses."""
    page.goto(url)
    page.wait_for_selector("#tabs [role=tabpanel]", state="attached", timeout=_SLOW_MS)
    panels = page.locator("#tabs [role=tabpanel]")
    return [name.removeprefix("tab-") for name in panels.evaluate_all("all => all.map(e => e.id)")]


def measure(chromium: "Browser", url: str, photo: "FilePayload", rounds: Rounds) -> None:
    """Add one round."""

    @contextmanager
    def visit(width: int) -> Iterator["Page"]:
        size = {"width": width, "height": WIDTHS[width]}
        page = chromium.new_page(viewport=size, locale="en-US")  # type: ignore[arg-type]
        yield page
        page.close()

    with visit(1440) as page:
        first, tap = first_answer(page, url)
    rounds.first_answer_s.append(first)
    rounds.tap_s.append(tap)
    rounds.html_bytes.append(html_bytes(url))
    with visit(1440) as page:
        rounds.answer_bytes.append(large_answer(page, url, photo))
    with visit(1440) as page:
        tabs = tabs_of(page, url)
    for width in WIDTHS:
        moved = []
        for tab in tabs:
            with visit(width) as page:
                page.goto(f"{url}/{tab}")
                moved.append(shift(page))
        rounds.shift[width].append(max(moved))


@contextmanager
def bare_server(port: int | None) -> Iterator[str]:
    """The address of a new server that has no weights but its own, its detector loaded."""
    with tempfile.TemporaryDirectory() as cache:
        environ = {"VITRINE_WEIGHTS": "", "VITRINE_CACHE": cache}
        if port is not None:
            environ["GRADIO_SERVER_PORT"] = str(port)
        with running(ordinary=False, environ=environ) as (url, _):
            _wait_for_detector(url)
            yield url


def _wait_for_detector(url: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    with Client(url) as client:
        while time.monotonic() < end:
            [models] = client.call("models")
            if any(one["resident"] for one in models if one["task"] == "detect"):
                return
            time.sleep(0.2)
    raise TimeoutError(f"no detector was loaded within {seconds:g} s")


def figures_of(rounds: Rounds) -> figures.Figures:
    """Of each row of the README its median, the lowest and the highest of the rounds."""
    wide, narrow = (figures.spread(values) for values in rounds.shift.values())
    html, answer = (
        figures.spread([value / 1000 for value in values])
        for values in (rounds.html_bytes, rounds.answer_bytes)
    )
    return {
        "page.first_answer": {"seconds": figures.spread(rounds.first_answer_s)},
        "page.tap": {"seconds": figures.spread(rounds.tap_s)},
        "page.html": {"kb": html, "bar_kb": HTML_BAR_BYTES / 1000},
        "page.answer": {"kb": answer, "bar_kb": ANSWER_BAR_BYTES / 1000},
        "page.shift": {"wide": wide, "narrow": narrow, "bar": SHIFT_BAR},
    }


def main(words: list[str]) -> int:
    """Print the table; returns 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--port", type=int, help="of the servers; default: a free one")
    where.add_argument("--address", metavar="URL", help="of a server that runs already")
    figures.add_option(parser)
    options = parser.parse_args(words)
    photo, rounds = large_photo(), Rounds()
    with browser.playwright() as driver, browser.chromium(driver) as chromium:
        for _ in range(options.rounds):
            if options.address:
                measure(chromium, options.address.rstrip("/"), photo, rounds)
                continue
            with bare_server(options.port) as url:
                measure(chromium, url, photo, rounds)
    found = figures_of(rounds)
    print(*readme_table.told(found), sep="\n")
    figures.save(options.json, found)
    shifts = max(median(values) for values in rounds.shift.values())
    held = median(rounds.html_bytes) <= HTML_BAR_BYTES and shifts <= SHIFT_BAR
    return 0 if held and median(rounds.answer_bytes) <= ANSWER_BAR_BYTES else 1


if __name__ == "__main__":
    needs.run(main)
