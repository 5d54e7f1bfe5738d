"""Throughput of the video pipeline against the bare library, which writes no output.

`python -m benchmarks.video [--frames N] [--rounds N] [--threads N]`: yolo11n at 640 on two videos.
Ours: decoding, inference, tracking, drawing, H.264 and audio, by `demo.video.pipeline.VideoRun`.
The peer: `YOLO("yolo11n.pt").predict(stream=True)` in a process of its own, without any encoding.
They alternate on the same file. Fails below the bar, and where the output has another number of
frames than the input. The README has the video with the smaller ratio.
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

from benchmarks import bars, figures, needs
from benchmarks.bars import Bar
from benchmarks.client import median
from benchmarks.detect_http import paused
from benchmarks.needs import WEIGHTS
from benchmarks.sample_videos import VIDEOS, frames_in, with_tone
from demo.inference.engine import Engine
from demo.inference.local_engine import LocalEngine
from demo.settings import Settings
from demo.system import cores, settle_heaps
from demo.tracking.options import StreamOptions
from demo.video.limits import VideoLimits
from demo.video.pipeline import VideoRun

NAMES = ("people.mp4", "bottles.mp4")
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
"""For each path on its input: the number of frames and the seconds that they took."""

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

    def predict(video: Path) -> tuple[int, float]:
        stdin.write(f"{video}\n")
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


def ours(engine: Engine, target: Path) -> Turn:
    """A function that runs the pipeline on a video: number of written frames, seconds."""

    def make(video: Path) -> tuple[int, float]:
        start = time.perf_counter()
        *_, last = VideoRun(
            engine, video, target, StreamOptions(engine.spec("yolo11n")), VideoLimits()
        ).steps()
        return last.done, time.perf_counter() - start

    return make


def compare(
    name: str, video: Path, target: Path, own: Turn, peer: Turn, rounds: int
) -> dict[str, float]:
    """Measure one video and print a line; its figures. Raises RuntimeError for lost frames."""
    speeds: dict[str, list[float]] = {"own": [], "peer": []}
    for turn in range(rounds):
        order = [("own", own), ("peer", peer)]
        for side, measure in order if turn % 2 == 0 else reversed(order):
            frames, seconds = measure(video)
            speeds[side].append(frames / seconds)
    read, made = frames_in(video), frames_in(target)
    fast, plain = median(speeds["own"]), median(speeds["peer"])
    print(
        f"{name:12} {read} frames in, {made} out; ours {fast:.1f} a second, "
        f"bare predict() {plain:.1f}, {fast / plain:.2f} x, {rounds} rounds"
    )
    if read != made:
        raise RuntimeError(f"{name} has {read} frames, and {made} were written")
    return {"rate": fast, "to_bare": fast / plain, "bare_rate": plain}


def main(words: list[str]) -> int:
    """Print a line for each video; returns 1 if one misses the bar."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.video", description=__doc__)
    parser.add_argument("--frames", type=int, help="of each video; default: all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=cores(), help="of torch, both sides")
    figures.add_option(parser)
    options = parser.parse_args(words)
    needs.weights("yolo11n.pt")
    needs.data(*(f"videos/{name}" for name in NAMES))
    settings = Settings(weights_dir=WEIGHTS, offline=True, device="cpu", threads=options.threads)
    settle_heaps()
    engine = LocalEngine(settings)
    found = []
    with tempfile.TemporaryDirectory() as folder, bare(options.threads) as (predict, process):
        target = Path(folder) / "out.mp4"
        make = ours(engine, target)

        def own(video: Path) -> tuple[int, float]:
            with paused(process):
                return make(video)

        warm = with_tone(VIDEOS / NAMES[0], Path(folder) / "warm.mp4", _WARM)
        own(warm)
        predict(warm)
        for name in NAMES:
            video = with_tone(VIDEOS / name, Path(folder) / name, options.frames)
            found.append(compare(name, video, target, own, predict, options.rounds))
    engine.close()
    worst = min(found, key=lambda one: one["to_bare"])
    figures.save(options.json, {"video.worst": worst})
    bar = Bar("ours ÷ bare predict(stream=True)", worst["to_bare"], 1.5, 1.8, most=False)
    return 0 if bars.told([bar]) else 1


if __name__ == "__main__":
    needs.run(main)
