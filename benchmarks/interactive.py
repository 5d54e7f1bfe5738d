"""Interactive latency: the confidence slider and nine augmentation previews.

`python -m benchmarks.interactive`. Times are complete HTTP round trips of a client on the same
machine; the server's own time is less.
"""

import argparse
import time
from typing import Any

import cv2
import numpy as np

from benchmarks import figures, needs
from benchmarks.client import Client, median
from benchmarks.detect_http import photo
from benchmarks.servers import running
from demo.images.encode import encode_jpeg


def resized(width: int, height: int) -> bytes:
    """bus.jpg as a JPEG of another size."""
    bgr = cv2.imdecode(np.frombuffer(photo().read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    rgb = cv2.cvtColor(cv2.resize(bgr, (width, height)), cv2.COLOR_BGR2RGB)
    return encode_jpeg(np.asarray(rgb, np.uint8))


def slider(client: Client) -> figures.Figures:
    """Move the confidence slider over a 2-megapixel picture."""
    image = client.upload(resized(1225, 1633))
    client.call("detect", image, "yolo11n", 0.25, 0.7, [])
    times = []
    for step in range(40):
        start = time.perf_counter()
        client.call("detect", image, "yolo11n", 0.1 + step / 100, 0.7, [])
        times.append((time.perf_counter() - start) * 1000)
    print(f"confidence slider, 2 megapixels: p50 {median(times):.1f} ms, worst {max(times):.1f} ms")
    return {"interactive.slider": {"ms": median(times)}}


def previews(client: Client) -> figures.Figures:
    """Nine previews of a 12-megapixel photo: the first time, and with another seed."""
    pipeline: list[dict[str, Any]] = [
        {"name": name, "params": {}}
        for name in ("rotation", "horizontal_flip", "crop", "colour_jitter")
    ]
    first, again = [], []
    for turn in range(7):
        image = client.upload(resized(3000, 4000 + turn))
        start = time.perf_counter()
        client.call("augment", image, pipeline, 9, turn)
        middle = time.perf_counter()
        client.call("augment", image, pipeline, 9, turn + 100)
        end = time.perf_counter()
        first.append((middle - start) * 1000)
        again.append((end - middle) * 1000)
    print(f"nine previews, 12 megapixels: p50 {median(first):.0f} ms, decoding included")
    print(f"nine previews, another seed:  p50 {median(again):.0f} ms")
    values = {"first_ms": median(first), "again_ms": median(again)}
    return {"interactive.previews": values}


def main(words: list[str]) -> None:
    """Print both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.interactive", description=__doc__)
    figures.add_option(parser)
    options = parser.parse_args(words)
    needs.weights("yolo11n.pt")
    with running(ordinary=False) as (url, _), Client(url) as visitor:
        found = {**slider(visitor), **previews(visitor)}
    figures.save(options.json, found)


if __name__ == "__main__":
    needs.run(main)
