"""Many visitors at once: `python -m benchmarks.load [--minutes 10] [--clients 25]`.

Each client, in this process and on one core, asks for classes, boxes and augmentations in turn,
over plain HTTP, with a new session and a picture never seen before for every request. Its answers
are compared with those that the server gave to a single visitor. Meanwhile another one asks for a
small file, and the memory of the server is read every second. Since every answer under way takes
some, its median in the tenth of the run before the midpoint is compared with that in the last one.
"""

import argparse
import os
import statistics
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import psutil

from benchmarks import figures, needs
from benchmarks.client import Client, make_unique
from benchmarks.servers import running
from demo.geometry.boxes import iou

PHOTOS = needs.DATA / "coco128"
PING_BAR_MS, GROWTH_BAR_MB, IOU_BAR = 250.0, 20.0, 0.99
_PHOTOS, _PING_EVERY_S = 16, 0.1


@dataclass
class Tally:
    """What the clients saw. request_ms, ping_ms: one number each; faults: sentences."""

    request_ms: list[float] = field(default_factory=list)
    ping_ms: list[float] = field(default_factory=list)
    equal: int = 0
    faults: list[str] = field(default_factory=list)


def ask(client: Client, kind: str, jpeg: bytes) -> Any:
    """One request with a new session and a new file; the part of its answer that is compared."""
    client.session = uuid4().hex
    picture = client.upload(make_unique(jpeg))
    if kind == "classify":
        return client.call("classify", picture, "photo-101", 3)[0]["labels"]
    if kind == "detect":
        drawn, facts = client.call("detect", picture, "yolo-vitrine", 0.25, 0.7, [])
        client.fetch(drawn)
        return facts["boxes"]
    steps = [{"name": "rotation"}, {"name": "colour_jitter"}]
    previews, facts = client.call("augment", picture, steps, 4, 11)
    return [facts["drawn"], [client.fetch(preview["image"]) for preview in previews]]


def same(kind: str, expected: Any, got: Any) -> bool:
    """Whether two answers agree: the top label, boxes of IoU 0.99, pixels bit for bit."""
    if kind == "classify":
        return bool(expected[0]["label"] == got[0]["label"])
    if kind == "augment":
        return bool(expected == got)
    if [box["label"] for box in expected] != [box["label"] for box in got]:
        return False
    if not expected:
        return True
    first, second = (np.array([box["xyxy"] for box in boxes]) for boxes in (expected, got))
    return bool((iou(first, second).diagonal() >= IOU_BAR).all())


def visit(
    url: str, solo: dict[tuple[str, int], Any], photos: Sequence[bytes], end: float, tally: Tally
) -> None:
    """Ask until `end`, a time of time.monotonic()."""
    kinds = list(solo)
    turn = threading.get_ident() % len(kinds)
    with Client(url) as client:
        while time.monotonic() < end:
            kind, number = kinds[turn % len(kinds)]
            turn += 1
            start = time.perf_counter()
            try:
                got = ask(client, kind, photos[number])
            except (RuntimeError, httpx.HTTPError) as error:
                tally.faults.append(f"{kind}: {error!r}")
                continue
            tally.request_ms.append((time.perf_counter() - start) * 1000)
            if same(kind, solo[kind, number], got):
                tally.equal += 1
            else:
                tally.faults.append(f"{kind} of photo {number} is another answer")


def ping(url: str, end: float, tally: Tally) -> None:
    """Ask for a small file until `end`."""
    with httpx.Client(base_url=url, timeout=30) as http:
        while time.monotonic() < end:
            start = time.perf_counter()
            http.get("/theme.css").raise_for_status()
            tally.ping_ms.append((time.perf_counter() - start) * 1000)
            time.sleep(_PING_EVERY_S)


def report(tally: Tally, growth_mb: float) -> bool:
    """Print the figures; whether all bars hold."""
    done = len(tally.request_ms)
    slowest = percentile(tally.ping_ms, 99)
    p50, p99 = percentile(tally.request_ms, 50), percentile(tally.request_ms, 99)
    print(f"requests {done}, p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    print(f"answers equal to those of a single visitor: {tally.equal} of {done}")
    print(f"errors and other answers: {len(tally.faults)}", *tally.faults[:10], sep="\n    ")
    print(f"ping p50 {percentile(tally.ping_ms, 50):.0f} ms, p99 {slowest:.0f} ms", end=" ")
    print(f"(bar {PING_BAR_MS:.0f})")
    print(f"memory from the midpoint: {growth_mb:+.1f} MB (bar {GROWTH_BAR_MB:+.0f})")
    fast = slowest <= PING_BAR_MS and growth_mb <= GROWTH_BAR_MB
    return fast and not tally.faults and done > 0


def percentile(values: Sequence[float], share: int) -> float:
    """A percentile, 1–99."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def main(words: list[str]) -> int:
    """Print the figures; returns 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=25)
    figures.add_option(parser)
    options = parser.parse_args(words)
    needs.data("coco128")
    paths = sorted(PHOTOS.rglob("*.jpg"))[:_PHOTOS]
    photos = [path.read_bytes() for path in paths]
    tally = Tally()
    with running(ordinary=False) as (url, process):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        with Client(url) as client:
            kinds = [(kind, n) for n in range(len(photos)) for kind in KINDS]
            solo = {(kind, n): ask(client, kind, photos[n]) for kind, n in kinds}
        start = time.monotonic()
        end = start + options.minutes * 60
        with ThreadPoolExecutor(options.clients + 1) as pool:
            visits = [pool.submit(ping, url, end, tally)]
            for _ in range(options.clients):
                visits.append(pool.submit(visit, url, solo, photos, end, tally))
            memory = []
            while time.monotonic() < end - 1:
                memory.append(memory_mb(process.pid))
                time.sleep(1)
            for one in visits:
                one.result()
    growth_mb = growth_of(memory)
    held = report(tally, growth_mb)
    tenths = [statistics.median(part) for part in np.array_split(memory, 10)]
    print("memory in each tenth of the run, MB:", *(f"{value:.0f}" for value in tenths))
    values = {
        "equal": tally.equal,
        "answers": tally.equal + len(tally.faults),
        "ping_ms": percentile(tally.ping_ms, 99),
        "growth_mb": growth_mb,
    }
    figures.save(options.json, {"load.clients": values})
    return 0 if held else 1


def growth_of(memory: Sequence[float]) -> float:
    """Median of the last tenth of equally spaced readings, less that of the tenth before the half.

    memory: at least two readings.
    """
    half, tenth = len(memory) // 2, max(len(memory) // 10, 1)
    return statistics.median(memory[-tenth:]) - statistics.median(memory[half - tenth : half])


def memory_mb(pid: int) -> float:
    """Resident memory of a process, MB."""
    return float(psutil.Process(pid).memory_info().rss / 1e6)


KINDS = ("classify", "detect", "augment")

if __name__ == "__main__":
    needs.run(main)
