"""This checkout against another one of the same project, such as a worktree of an earlier commit.

`python -m benchmarks.regression OTHER [--rounds N] [--video FILE]`: requests over plain HTTP, the
first page, idle memory, and a video through yolo11n by the command line. Both take turns; while one
server is measured the other is stopped (SIGSTOP), and no picture is sent twice.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psutil

from benchmarks import needs
from benchmarks.client import Client, make_unique, median
from benchmarks.detect_http import photo
from benchmarks.needs import WEIGHTS
from benchmarks.servers import ROOT, free_port, wait

_REQUESTS_A_TURN = 5
"""Requests in a row before the other checkout's turn."""
_IDLE_S = 15
_STEPS: list[dict[str, object]] = [
    {"name": name, "params": {}} for name in ("rotation", "crop", "colour_jitter", "noise")
]


class Checkout:
    """A checkout of the project, with a server of its own while it is measured."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.video_module = "demo.video" if (folder / "demo" / "video").is_dir() else "demo.live"
        self.environ = os.environ | {
            "VITRINE_WEIGHTS": str(WEIGHTS),
            "VITRINE_OFFLINE": "1",
            "PYTHONPATH": str(folder),
        }

    def serve(self) -> tuple[subprocess.Popen[bytes], str, float]:
        """Start the server. Returns its process, its address and the seconds to the first page."""
        port = free_port()
        environ = self.environ | {"GRADIO_SERVER_PORT": str(port)}
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=self.folder, env=environ, stdout=subprocess.DEVNULL
        )
        url = f"http://127.0.0.1:{port}"
        wait(url, process)
        return process, url, time.perf_counter() - start

    def run_video(self, source: Path) -> float:
        """Seconds of the command line for one video, tracked and drawn."""
        with tempfile.TemporaryDirectory() as folder:
            words = [str(source), str(Path(folder) / "out.mp4"), "--model", "yolo11n"]
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", self.video_module, *words],
                cwd=self.folder,
                env=self.environ,
                check=True,
                capture_output=True,
            )
            return time.perf_counter() - start


def requests(client: Client, jpeg: bytes) -> dict[str, Callable[[], object]]:
    """The measured requests by name; all but the last one send a picture of their own."""
    kept = client.upload(make_unique(jpeg))
    client.call("detect", kept, "yolo11n", 0.25, 0.7, [])

    def fresh() -> dict[str, object]:
        return client.upload(make_unique(jpeg))

    return {
        "detect": lambda: client.call("detect", fresh(), "yolo11n", 0.25, 0.7, []),
        "classify": lambda: client.call("classify", fresh(), "mobilenet_v2", 5),
        "augment": lambda: client.call("augment", fresh(), _STEPS, 9, 7),
        "confidence": lambda: client.call("detect", kept, "yolo11n", 0.3, 0.7, []),
    }


def compare(what: str, here: list[float], there: list[float], unit: str) -> None:
    """Print both medians and their ratio."""
    ours, theirs = median(here), median(there)
    print(
        f"{what}: {ours:.2f} {unit}, other {theirs:.2f} {unit}, {ours / theirs:.3f} x", flush=True
    )


def measure_http(checkouts: list[Checkout], rounds: int) -> None:
    """Requests over HTTP, in turns of a few."""
    jpeg = photo().read_bytes()
    with ExitStack() as stack:
        processes, calls = [], []
        for checkout in checkouts:
            process, url, _ = checkout.serve()
            stack.callback(stop, process)
            client = stack.enter_context(Client(url))
            calls.append(requests(client, jpeg))
            processes.append(process)
        for call in calls:
            for request in call.values():
                for _ in range(_REQUESTS_A_TURN):
                    request()
        for name in calls[0]:
            times: list[list[float]] = [[], []]
            for turn in range(2 * rounds):
                side = turn % 2
                processes[1 - side].send_signal(signal.SIGSTOP)
                for _ in range(_REQUESTS_A_TURN):
                    start = time.perf_counter()
                    calls[side][name]()
                    times[side].append((time.perf_counter() - start) * 1000)
                processes[1 - side].send_signal(signal.SIGCONT)
            compare(name, times[0], times[1], "ms")


def measure_start(checkouts: list[Checkout], rounds: int) -> None:
    """Seconds to the first page, and the resident memory of the idle server."""
    pages: list[list[float]] = [[], []]
    memory: list[list[float]] = [[], []]
    for turn in range(2 * rounds):
        process, _, seconds = checkouts[turn % 2].serve()
        time.sleep(_IDLE_S)
        pages[turn % 2].append(seconds)
        memory[turn % 2].append(psutil.Process(process.pid).memory_info().rss / 1e6)
        stop(process)
    compare("first page", pages[0], pages[1], "s")
    compare("idle memory", memory[0], memory[1], "MB")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server as a service manager would."""
    process.send_signal(signal.SIGCONT)
    process.send_signal(signal.SIGTERM)
    process.wait(30)


def main(words: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.regression", description=__doc__)
    parser.add_argument("other", type=Path, help="folder of the other checkout")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--video", type=Path, help="a video of some seconds; else none is run")
    arguments = parser.parse_args(words)
    needs.weights("yolo11n.pt", "mobilenet_v2.pth")
    if not (arguments.other / "app.py").is_file():
        raise needs.MissingError(
            f"{arguments.other} is no checkout of this project; name a folder with its app.py."
        )
    checkouts = [Checkout(ROOT), Checkout(arguments.other.resolve())]
    measure_http(checkouts, arguments.rounds)
    if arguments.video is not None:
        source = arguments.video.resolve()
        times: list[list[float]] = [[], []]
        for turn in range(2 * max(arguments.rounds // 2, 1)):
            times[turn % 2].append(checkouts[turn % 2].run_video(source))
        compare("video", times[0], times[1], "s")
    measure_start(checkouts, max(arguments.rounds // 2, 1))


if __name__ == "__main__":
    needs.run(main)
