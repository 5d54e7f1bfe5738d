"""Memory of a long video run: resident bytes at a tenth of the frames and at the end.

`python -m benchmarks.video_memory [--frames N]`: a synthetic video of 160×120 with audio and a fake
detector, so that ten thousand frames take a minute or two. The object in it jumps every forty
frames, so that tracks begin and end; all reports are written.
"""

import argparse
import tempfile
from pathlib import Path

import av
import numpy as np
import psutil
from av.video.frame import VideoFrame

from benchmarks import figures, needs
from benchmarks.sample_videos import with_tone
from demo.results import Image
from demo.tracking.options import StreamOptions
from demo.video.limits import VideoLimits
from demo.video.pipeline import VideoRun
from demo.video.reports import CsvReport, JsonReport, MotReport
from tests.support.finder import Finder, engine

BAR_MB = 100
_JUMP_FRAMES = 40
"""Frames between two jumps of the object."""


def picture(index: int) -> Image:
    """A red square on grey, H×W×3 uint8 RGB; it moves, and jumps at times."""
    x, top = np.random.default_rng(index // _JUMP_FRAMES).integers(0, (100, 60)).tolist()
    left = x + index % _JUMP_FRAMES
    pixels = np.full((120, 160, 3), 60, np.uint8)
    pixels[top : top + 20, left : left + 20] = (220, 20, 20)
    return pixels


def write_video(path: Path, frames: int) -> Path:
    """A video of `frames` pictures, 25 a second, with a tone."""
    silent = path.with_suffix(".silent.mp4")
    with av.open(str(silent), "w", format="mp4") as output:
        track = output.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        track.width, track.height = 160, 120
        for index in range(frames):
            output.mux(track.encode(VideoFrame.from_ndarray(picture(index), "rgb24")))
        output.mux(track.encode(None))
    return with_tone(silent, path)


def growth(job: VideoRun, first: int) -> tuple[float, float, float, int]:
    """MB at frame `first`, at the end and at the peak between them; number of frames."""
    resident: list[float] = []
    process = psutil.Process()
    for progress in job.steps():
        if progress.done >= first:
            resident.append(process.memory_info().rss / 1e6)
    return resident[0], resident[-1], max(resident), progress.done


def main(words: list[str]) -> int:
    """Print the figures; returns 1 if memory grows by more than the bar."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.video_memory", description=__doc__)
    parser.add_argument("--frames", type=int, default=10_000)
    figures.add_option(parser)
    options = parser.parse_args(words)
    frames = options.frames
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "models").mkdir()
        running = engine(folder / "models", Finder())
        source = write_video(folder / "in.mp4", frames)
        reports = [JsonReport(folder / "a.json"), CsvReport(folder / "a.csv")]
        job = VideoRun(
            running,
            source,
            folder / "out.mp4",
            StreamOptions(running.spec("finder")),
            VideoLimits(),
            [*reports, MotReport(folder / "a.txt")],
        )
        first, last, peak, done = growth(job, frames // 10)
        running.close()
    print(
        f"{done} frames, {sum(job.summary['tracks'].values())} tracks: {first:.0f} MB at frame "
        f"{frames // 10}, {last:.0f} MB at the end, {peak:.0f} MB at most; "
        f"growth {peak - first:+.1f} MB (bar {BAR_MB})"
    )
    if done == frames:
        figures.save(options.json, {"video_memory.growth": {"growth_mb": peak - first}})
    return 0 if done == frames and peak - first <= BAR_MB else 1


if __name__ == "__main__":
    needs.run(main)
