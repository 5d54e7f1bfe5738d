"""Detection over HTTP against the bare library and an ordinary Gradio app.

`python -m benchmarks.detect_http [rounds]`: bus.jpg of the ultralytics package, yolo11n at 640.
A request uploads the file, calls the endpoint and fetches the annotated picture. The three take
turns, and while one is measured the processes of the others are stopped: an idle Gradio server
wakes a thousand times a second, which is noise on two cores.
"""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks import bars, figures, needs
from benchmarks.bars import Bar
from benchmarks.client import Client, make_unique, median
from benchmarks.needs import WEIGHTS
from benchmarks.rest_client import RestClient
from benchmarks.servers import running, wait_until_idle
from demo.system import cores

BARE = """
import sys, time, torch, cv2
from ultralytics import YOLO
model = YOLO({weights!r})
image = cv2.imread({photo!r})
model.predict(image, imgsz=640, verbose=False)
left = torch.get_num_threads()
for line in sys.stdin:
    torch.set_num_threads(int(line) or left)
    start = time.perf_counter()
    model.predict(image, imgsz=640, verbose=False)[0].plot()
    print((time.perf_counter() - start) * 1000, flush=True)
"""
"""`YOLO.predict()` and `plot()` in a separate process, one call for each line on its input.

The line is the number of torch threads, or 0 for the library's own choice: one fewer than cores.
"""

_REQUESTS_A_TURN = 5
"""Requests in a row before the next of the three is measured."""


def photo() -> Path:
    """bus.jpg, 810×1080, 4 persons and 1 bus."""
    spec = find_spec("ultralytics")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "assets" / "bus.jpg"


def ours(client: Client, jpeg: bytes) -> None:
    """One complete request to this application; every answer is checked."""
    image = client.upload(make_unique(jpeg))
    picture, facts = client.call("detect", image, "yolo11n", 0.25, 0.7, [])
    labels = sorted(box["label"] for box in facts["boxes"])
    if labels != ["bus", "person", "person", "person", "person"]:
        raise AssertionError(f"wrong answer: {labels}")
    client.fetch(picture)


def ordinary(client: Client, jpeg: bytes) -> None:
    """One complete request to the ordinary app."""
    image = client.upload(make_unique(jpeg))
    (picture,) = client.call("detect", image)
    client.fetch(picture)


def timed(request: Callable[[], Any]) -> float:
    """Duration of one call, milliseconds."""
    start = time.perf_counter()
    request()
    return (time.perf_counter() - start) * 1000


@contextmanager
def paused(*others: "subprocess.Popen[Any]") -> Iterator[None]:
    """Stop other processes inside the block."""
    for other in others:
        other.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for other in others:
            other.send_signal(signal.SIGCONT)


def throughput(url: str, request: Callable[[Client, bytes], None], jpeg: bytes, each: int) -> float:
    """Requests a second of 8 clients at once, each with `each` requests in a row."""
    clients = [Client(url) for _ in range(8)]
    for client in clients[:2]:
        request(client, jpeg)

    def visit(client: Client) -> None:
        for _ in range(each):
            request(client, jpeg)

    start = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(visit, clients))
    return 8 * each / (time.perf_counter() - start)


def main(words: list[str]) -> int:
    """Print the table; returns 1 where the bar is missed."""
    options = _options(words)
    rounds = options.rounds
    needs.weights("yolo11n.pt")
    jpeg = photo().read_bytes()
    code = BARE.format(weights=str(WEIGHTS / "yolo11n.pt"), photo=str(photo()))
    bare = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert bare.stdin is not None
    assert bare.stdout is not None
    stdin, stdout = bare.stdin, bare.stdout

    def predict(threads: int) -> float:
        stdin.write(f"{threads}\n")
        stdin.flush()
        return float(stdout.readline())

    with (
        running(ordinary=False) as (our_url, our_server),
        running(ordinary=True) as (plain_url, plain_server),
    ):
        our_client, plain_client = Client(our_url), Client(plain_url)
        for _ in range(3):
            predict(cores())
            ours(our_client, jpeg)
            ordinary(plain_client, jpeg)
        # What is converted in the background would slow all three down.
        with RestClient(our_url, "yolo11n") as asking:
            print(f"ours by {asking.settle(jpeg)}")
        wait_until_idle(our_server)
        times: dict[str, list[float]] = {
            "bare": [],
            "bare, as it comes": [],
            "ours": [],
            "ordinary": [],
        }
        for _ in range(rounds):
            with paused(our_server, plain_server):
                times["bare"] += [predict(cores()) for _ in range(_REQUESTS_A_TURN)]
                times["bare, as it comes"] += [predict(0) for _ in range(_REQUESTS_A_TURN)]
            with paused(bare, plain_server):
                times["ours"] += [
                    timed(lambda: ours(our_client, jpeg)) for _ in range(_REQUESTS_A_TURN)
                ]
            with paused(bare, our_server):
                times["ordinary"] += [
                    timed(lambda: ordinary(plain_client, jpeg)) for _ in range(_REQUESTS_A_TURN)
                ]
        middle = {name: median(values) for name, values in times.items()}
        for name, value in middle.items():
            ratio = value / middle["bare"]
            print(f"{name:17} p50 {value:6.1f} ms  {ratio:.2f} x bare predict()+plot()")
        stdin.close()
        bare.wait(30)
        rates = []
        for _ in range(3):
            with paused(plain_server):
                own = throughput(our_url, ours, jpeg, 6)
            with paused(our_server):
                rates.append((own, throughput(plain_url, ordinary, jpeg, 3)))
        own, plain = median([r[0] for r in rates]), median([r[1] for r in rates])
        print(f"8 clients: ours {own:.1f} requests/s, ordinary {plain:.1f}, {own / plain:.2f} x")
    figures.save(options.json, _figures(middle, own, plain))
    share = middle["ours"] / middle["bare"]
    return 0 if bars.told([Bar("ours ÷ bare predict()+plot()", share, 1.15, 1.0)]) else 1


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detect_http", description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=10)
    figures.add_option(parser)
    return parser.parse_args(words)


def _figures(ms: dict[str, float], own: float, plain: float) -> figures.Figures:
    """Of the medians by name, and of the requests a second of 8 clients."""
    photo_figures = {
        "ms": ms["ours"],
        "to_bare": ms["ours"] / ms["bare"],
        "bare_ms": ms["bare"],
        "to_default": ms["ours"] / ms["bare, as it comes"],
        "default_ms": ms["bare, as it comes"],
        "ordinary_to_bare": ms["ordinary"] / ms["bare"],
        "ordinary_ms": ms["ordinary"],
    }
    clients = {"rate": own, "to_ordinary": own / plain, "ordinary_rate": plain}
    return {"detect_http.photo": photo_figures, "detect_http.clients": clients}


if __name__ == "__main__":
    needs.run(main)
