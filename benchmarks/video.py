"""A whole video through the pipeline against the bare library, which writes nothing.

`python -m benchmarks.video [--frames N] [--rounds N] [--threads N]`: yolo11n at 640 over two films.
Ours: decoding, inference, tracking, drawing, H.264 and audio, by `demo.video.pipeline.VideoRun`.
The peer: `YOLO("yolo11n.pt").predict(stream=True)` in a process of its own, without any encoding.
They alternate on the same file. Fails below the bar, and where the output has another number of
frames than the input.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch  # noqa: F401  first: ultralytics limits the threads of a torch imported after it

from benchmarks.client import median
from benchmarks.detect_http import paused
from benchmarks.sample_videos import VIDEOS, frames_in, with_tone
from benchmarks.servers import WEIGHTS
from demo.inference.engine import Engine
from demo.inference.local_engine import LocalEngine
from demo.settings import Settings
from demo.system import cores, settle_heaps
from demo.tracking.options import StreamOptions
from demo.video.limits import VideoLimits
from demo.video.pipeline import VideoRun

BAR = 1.0
"""Ours at least as fast as the bare library."""
FILMS = ("people.mp4", "bottles.mp4")
_WARM = 20
BARE = """
import sys, time, torch
torch.set_num_threads({threads})
from ultralytics import YOLO
model = YOLO({weights!r})
# The predictor leaves torch one thread fewer than there are cores, and opens with this event.
model.add_callback("on_predict_start", lambda _: torch.set_num_threads({threads}))
for line in sys.stdin:
    start = time.perf_counter()
    frames = sum(1 for _ in model.predict(line.strip(), imgsz=640, stream=True, verbose=False))
    print("frames", frames, time.perf_counter() - start, flush=True)
"""
"""For each path that it reads: how many frames were answered, and in how many seconds."""

Turn = Callable[[Path], tuple[int, float]]


@contextmanager
def bare(threads: int) -> Iterator[tuple[Turn, "subprocess.Popen[str]"]]:
    """`YOLO.predict(stream=True)` in its process, stopped at the end."""
    code = BARE.format(threads=threads, weights=str(WEIGHTS / "yolo11n.pt"))
    environ = os.environ | {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false"}
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def predict(film: Path) -> tuple[int, float]:
        stdin.write(f"{film}\n")
        stdin.flush()
        for line in stdout:
            if line.startswith("frames "):
                _, frames, seconds = line.split()
                return int(frames), float(seconds)
        raise RuntimeError("the peer has ended")

    try:
        yield predict, process
    finally:
        stdin.close()
        process.wait(30)


def ours(engine: Engine, goal: Path) -> Turn:
    """The pipeline, to be called with a film: frames that were made, and seconds."""

    def make(film: Path) -> tuple[int, float]:
        start = time.perf_counter()
        *_, last = VideoRun(
            engine, film, goal, StreamOptions(engine.spec("yolo11n")), VideoLimits()
        ).steps()
        return last.done, time.perf_counter() - start

    return make


def compare(name: str, film: Path, goal: Path, own: Turn, peer: Turn, rounds: int) -> bool:
    """Measure one film and print a line; whether it meets the bar with every frame there."""
    speeds: dict[str, list[float]] = {"own": [], "peer": []}
    for turn in range(rounds):
        order = [("own", own), ("peer", peer)]
        for who, measure in order if turn % 2 == 0 else reversed(order):
            frames, seconds = measure(film)
            speeds[who].append(frames / seconds)
    read, made = frames_in(film), frames_in(goal)
    fast, plain = median(speeds["own"]), median(speeds["peer"])
    print(
        f"{name:12} {read} frames in, {made} out; ours {fast:.1f} a second, "
        f"bare predict() {plain:.1f}, {fast / plain:.2f} x (bar {BAR:g}), {rounds} rounds"
    )
    return read == made and fast / plain >= BAR


def main(words: list[str]) -> int:
    """Print a line for each film; 1 where one misses the bar."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.video", description=__doc__)
    parser.add_argument("--frames", type=int, help="of each film; else all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=cores(), help="of torch, both sides")
    wish = parser.parse_args(words)
    settings = Settings(weights_dir=WEIGHTS, offline=True, device="cpu", threads=wish.threads)
    settle_heaps()
    engine = LocalEngine(settings)
    good = True
    with tempfile.TemporaryDirectory() as folder, bare(wish.threads) as (predict, process):
        goal = Path(folder) / "out.mp4"
        make = ours(engine, goal)

        def own(film: Path) -> tuple[int, float]:
            with paused(process):
                return make(film)

        warm = with_tone(VIDEOS / FILMS[0], Path(folder) / "warm.mp4", _WARM)
        own(warm)
        predict(warm)
        for name in FILMS:
            film = with_tone(VIDEOS / name, Path(folder) / name, wish.frames)
            good &= compare(name, film, goal, own, predict, wish.rounds)
    engine.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
