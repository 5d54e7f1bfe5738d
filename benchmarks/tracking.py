"""Tracking quality against ground truth, compared with ultralytics' own tracker.

`python -m benchmarks.tracking [--frames N] [--scenes N] [--threads N]`: yolo11n at 640 on videos of
`benchmarks.moving`, ours by `demo.video.pipeline.VideoRun` with its MOTChallenge report, the peer
by `model.track(persist=True, tracker="bytetrack.yaml")` on the same file; airplanes and motorcycles
only, with either label. Scores are those of py-motmetrics; a box matches the ground truth at an IoU
of one half or more (MOTChallenge). A box on an object that is almost completely occluded counts as
false, for both. Of videos without ground truth, the tracks are described and not scored.
"""

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks import figures, moving, needs
from benchmarks.moving import Boxes, Truth
from benchmarks.needs import WEIGHTS
from benchmarks.sample_videos import VIDEOS, frames_in, with_tone
from demo.geometry import boxes
from demo.inference.engine import Engine
from demo.inference.local_engine import LocalEngine
from demo.models.coco import LABELS
from demo.models.spec import ImageRequest
from demo.results import Detections, Image
from demo.settings import Settings
from demo.system import cores
from demo.tracking.options import StreamOptions
from demo.video.limits import VideoLimits
from demo.video.pipeline import VideoRun
from demo.video.reports import MotReport

LABELS_BY_VIDEO = {"people.mp4": "person", "bottles.mp4": "bottle"}
_COUNT = 6
_SCORES = {
    "num_switches": "id switches",
    "num_fragmentations": "fragments",
    "mota": "MOTA",
    "idf1": "IDF1",
    "num_false_positives": "false boxes",
    "num_misses": "missed",
    "num_objects": "true boxes",
}

Tracks = list[Truth]
"""The tracked boxes of each frame."""
Follow = Callable[[Path, Sequence[str]], Tracks]


def ours(engine: Engine, folder: Path) -> Follow:
    """A function that tracks objects of some classes in a video by the pipeline."""

    def follow(video: Path, classes: Sequence[str]) -> Tracks:
        report = folder / "ours.txt"
        options = StreamOptions(engine.spec("yolo11n"), classes=tuple(classes))
        *_, last = VideoRun(
            engine, video, folder / "ours.mp4", options, VideoLimits(), [MotReport(report)]
        ).steps()
        rows: dict[int, list[list[float]]] = defaultdict(list)
        for line in report.read_text().splitlines():
            frame, *values = map(float, line.split(",")[:6])
            rows[int(frame) - 1].append(values)
        return [_tracks(rows[index]) for index in range(last.done)]

    return follow


def _tracks(rows: list[list[float]]) -> Truth:
    """Of id, left, top, width and height, pixels counting from 1."""
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Truth(table[:, 0].astype(np.int64), boxes.xywh_to_xyxy(table[:, 1:] - (1, 1, 0, 0)))


def peer(video: Path, classes: Sequence[str]) -> Tracks:
    """ultralytics' `model.track`, all else as it comes."""
    from ultralytics import YOLO

    numbers = [LABELS.index(name) for name in classes]
    answers: Any = YOLO(WEIGHTS / "yolo11n.pt").track(
        video,
        persist=True,
        tracker="bytetrack.yaml",
        imgsz=640,
        classes=numbers,
        stream=True,
        verbose=False,
        device="cpu",
    )
    found = []
    for answer in answers:
        ids = answer.boxes.id
        kept = ids is not None
        numbered = ids.numpy() if kept else np.zeros(0)
        xyxy = answer.boxes.xyxy.numpy() if kept else np.zeros((0, 4))
        found.append(Truth(numbered.astype(np.int64), xyxy.astype(np.float32)))
    return found


def events(truths: list[Truth], tracks: Tracks) -> Any:
    """The accumulator of py-motmetrics with all frames."""
    import motmetrics

    book = motmetrics.MOTAccumulator(auto_id=True)
    for truth, track in zip(truths, tracks, strict=True):
        distance = 1 - boxes.iou(truth.xyxy, track.xyxy).astype(np.float64)
        distance[distance > 0.5] = np.nan
        book.update(truth.ids, track.ids, distance)
    return book


def scored(books: dict[str, list[Any]]) -> dict[str, dict[str, float]]:
    """The scores of each tracker over all videos, by the names of py-motmetrics."""
    import motmetrics

    host = motmetrics.metrics.create()
    found = {}
    for name, kept in books.items():
        scores = host.compute_many(kept, metrics=list(_SCORES), generate_overall=True)
        found[name] = {key: float(scores.loc["OVERALL"][key]) for key in _SCORES}
    return found


def table(scores: dict[str, dict[str, float]]) -> str:
    """One line a tracker."""
    lines = []
    for name, row in scores.items():
        columns = (
            f"{title} {row[key]:.3f}"
            if title.isupper() or "IDF" in title
            else f"{title} {row[key]:.0f}"
            for key, title in _SCORES.items()
        )
        lines.append(f"{name:12} " + ", ".join(columns))
    return "\n".join(lines)


def described(tracks: Tracks) -> str:
    """Number, length and interruptions of tracks without ground truth."""
    frames_of: dict[int, list[int]] = defaultdict(list)
    for index, frame in enumerate(tracks):
        for number in frame.ids.tolist():
            frames_of[number].append(index)
    if not frames_of:
        return "no tracks"
    lengths = [len(frames) for frames in frames_of.values()]
    gaps = sum(int((np.diff(frames) > 1).sum()) for frames in frames_of.values())
    return (
        f"{len(frames_of)} tracks, median length {median(lengths):g} frames, {gaps} interruptions"
    )


def finds(engine: Engine) -> Callable[[Image, Boxes], bool]:
    """Whether yolo11n finds an object that is alone: a score of 0.5 and an IoU of 0.7."""

    def sees(picture: Image, box: Boxes) -> bool:
        found = engine.run("yolo11n", ImageRequest(picture)).result
        assert isinstance(found, Detections)
        chosen = found.select(0.5, moving.CLASSES)
        return bool((boxes.iou(chosen.xyxy, box[None].astype(np.float32)) >= 0.7).any())

    return sees


def main(words: list[str]) -> int:
    """Print the scores, and the description of the videos without ground truth."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tracking", description=__doc__)
    parser.add_argument("--frames", type=int, help="of each video; default: 400, all of real ones")
    parser.add_argument("--scenes", type=int, default=4, help="videos with ground truth")
    parser.add_argument("--threads", type=int, default=cores(), help="of torch")
    figures.add_option(parser)
    options = parser.parse_args(words)
    needs.packages("motmetrics")
    needs.weights("yolo11n.pt")
    needs.data("boxes3/boxes.csv", *(f"videos/{title}" for title in LABELS_BY_VIDEO))
    settings = Settings(weights_dir=WEIGHTS, offline=True, device="cpu", threads=options.threads)
    engine = LocalEngine(settings)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sides: dict[str, Follow] = {"ours": ours(engine, folder), "ultralytics": peer}
        books: dict[str, list[Any]] = {side: [] for side in sides}
        for seed in range(options.scenes):
            things = moving.scene(WEIGHTS.parent, seed, _COUNT, finds(engine))
            video = folder / f"{seed}.mp4"
            truths = moving.write_video(video, things, seed, options.frames or 400)
            for side, follow in sides.items():
                books[side].append(events(truths, follow(video, moving.CLASSES)))
        print(
            f"{options.scenes} videos of {len(truths)} frames, {_COUNT} things each, seeds from 0"
        )
        scores = scored(books)
        print(table(scores))
        for title, label in LABELS_BY_VIDEO.items():
            video = with_tone(VIDEOS / title, folder / title, options.frames)
            print(f"{title}, {frames_in(video)} frames, {label}; described, not scored")
            for side, follow in sides.items():
                print(f"{side:12} {described(follow(video, [label]))}")
    engine.close()
    own, other = scores["ours"], scores["ultralytics"]
    values = {
        "mota": own["mota"],
        "idf1": own["idf1"],
        "switches": own["num_switches"],
        "peer_mota": other["mota"],
        "peer_idf1": other["idf1"],
        "peer_switches": other["num_switches"],
    }
    figures.save(options.json, {"tracking.scores": values})
    return 0


if __name__ == "__main__":
    needs.run(main)
