"""Every view against the structure that it had when its HTML was written by hand in f-strings.

The files in `expected` are the output of that version for the same values.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from demo.export.files import File
from demo.images.convert import Note
from demo.images.decode import Picture, decode
from demo.images.encode import encode_png
from demo.images.limits import Limits
from demo.inference.engine import ModelRow, Prediction
from demo.models.spec import InputView, ModelSpec, UnknownRule
from demo.results import Detections, Scores, Timing
from demo.tracking.class_timeline import ClassSeries, TimelineSnapshot
from demo.tracking.line_counter import CountingLine
from demo.video.first_frame import FirstFrame
from demo.video.job import VideoJob
from demo.video.progress import Progress
from demo.web.views import answer as answer_view
from demo.web.views import camera as camera_view
from demo.web.views import page_frame, timeline
from demo.web.views import video as video_view
from demo.web.views.answers import classify as classify_view
from demo.web.views.answers import detect as detect_view
from demo.web.views.models_table import missing_models, models_table
from tests.web.views.dom import dom

EXPECTED = Path(__file__).parent / "expected"
HOSTILE = "\"><script>alert(1)</script>&'{{ 7 * 7 }}{% raw %}"
RGB = np.full((30, 40, 3), 200, np.uint8)
PICTURE = decode(encode_png(RGB), Limits())
LINKS = [File("JSON", "a.json", b"{}", "application/json")]


@dataclass
class Noted:
    notes: tuple[Note, ...] = (Note("note_turned"), Note("no_picture"))


@dataclass
class Spec:
    unknown: UnknownRule | None


def floats(*values: float) -> Any:
    return np.array(values, np.float32)


def spec(*rule: Any) -> ModelSpec:
    return cast(ModelSpec, Spec(UnknownRule(*rule) if rule else None))


RULE = ("energy", 1.0, 2.0, 0.05, 90, 100)
SCORES = Scores(floats(0.7, 0.25, 0.05), ("tea pot", HOSTILE, "cup"))
STRANGE = Scores(floats(0.7, 0.3), ("cat", "dog"), known=False)
FOUND = Detections(
    np.array([[1, 2, 11, 22], [0, 0, 5, 5.5]], np.float32),
    floats(0.5, 0.256),
    np.array([0, 1]),
    ("cat", HOSTILE),
    (40, 30),
)
NONE_OF_MANY = Detections.empty(tuple(f"c{i}" for i in range(13)), (40, 30))
VIEW = InputView((0.0, 5.0, 40.0, 25.0), RGB, (40, 30))
PREDICTION = Prediction(
    "m<1>", "0" * 64, "torch-cpu", FOUND, Timing(forward=12.4), "CPU · 2 cores", VIEW
)
COUNTED = TimelineSnapshot(
    np.arange(4.0),
    4.0,
    False,
    (
        ClassSeries("person", 0, 3, floats(1, 1, 0, 2)),
        ClassSeries(HOSTILE, 5, 1, floats(0, 1, 1, 1)),
    ),
    2,
)
SCORED = TimelineSnapshot(
    np.array([0.0, 0.5]), 1.0, True, (ClassSeries("cup", 3, 2, floats(0.25, 0.75)),)
)


def row(name: str, **more: object) -> ModelRow:
    facts = {
        "name": name,
        "task": "detect",
        "available": False,
        "embedded": False,
        "packaged": False,
        "own": False,
        "command": f"python -m demo.weights fetch {name}",
        "obstacle": "",
        "file": f"{name}.pt",
        "lineage": "YOLO" + name,
        "params": 5_300_000,
        "size_bytes": 5_000_000,
        "published": {"dataset": "COCO", "metric": "mAP", "value": 39.5},
        "measured": None,
        "licence": name,
        **more,
    }
    return cast(ModelRow, facts)


ROWS = [
    row("absent" + HOSTILE),
    row("kept out", obstacle="weights_missing"),
    row("here", available=True, params=None, size_bytes=None, published=None),
    row(
        "own",
        available=True,
        embedded=True,
        task="classify",
        measured={"metric": "top-1", "value": 91.25},
    ),
]


@dataclass
class Timeline:
    series: TimelineSnapshot

    def snapshot(self) -> TimelineSnapshot:
        return self.series


@dataclass
class Finished:
    """What the views read of a finished job."""

    summary: dict[str, Any]
    notes: list[Note] = field(default_factory=list)
    scored: bool = False
    timeline: Timeline = field(default_factory=lambda: Timeline(COUNTED))
    elapsed_s: float = 75.04
    labels: tuple[str, ...] = ("person", "c1", "c2", "cup", "c4", HOSTILE)
    files: dict[str, Path] = field(
        default_factory=lambda: {
            "video": Path("/tmp/a b&c/x-m.mp4"),
            "JSON": Path("/tmp/a b&c") / f"x-{HOSTILE.replace('/', '')}.json",
        }
    )


def job(summary: dict[str, Any] | None = None, **options: Any) -> VideoJob:
    facts = {"frames_seen": 90, "model": "m<1>", "device": "CPU", "stopped_early": False}
    facts |= {"broken_packets": 0, "boxes": {}}
    return cast(VideoJob, Finished(facts | (summary or {}), **options))


TRACKED = job(
    {
        "tracks": {"person": 3, HOSTILE: 1},
        "crossings": {"rightward": {"person": 2}, "leftward": {}},
        "stopped_early": True,
        "broken_packets": 3,
    }
)
BOXED = job(
    {"boxes": {f"c{i}": 20 - i for i in range(15)}}, labels=tuple(f"c{i}" for i in range(20))
)
NOTED = job(
    notes=[Note("video_note_converted", {"facts": HOSTILE}), Note("video_note_silent")],
)
NAMED = job(scored=True, timeline=Timeline(SCORED))

CASES: dict[str, Callable[[], str]] = {
    "note": lambda: answer_view.note(HOSTILE, "warn"),
    "empty": lambda: answer_view.empty("empty_answer"),
    "empty_previews": lambda: answer_view.hint("empty_previews"),
    "picture_notes": lambda: answer_view.picture_notes(cast(Picture, Noted()), "en"),
    "timing": lambda: answer_view.timing(Timing(10, 10.2, 60, 0.2, 10), PREDICTION, "zh-CN"),
    "timing_kept": lambda: answer_view.timing(Timing(draw=3), PREDICTION, "en"),
    "score_bars": lambda: classify_view.score_bars(SCORES, 2, "en"),
    "score_bars_unknown": lambda: classify_view.score_bars(STRANGE, 5, "en"),
    "headline": lambda: classify_view.headline(STRANGE, spec(*RULE), "zh-CN"),
    "missing_models": lambda: missing_models(ROWS, "en"),
    "unknown_notice_uncalibrated": lambda: classify_view.unknown_notice(SCORES, spec(), "zh-TW"),
    "unknown_notice_known": lambda: classify_view.unknown_notice(SCORES, spec(*RULE), "en"),
    "unknown_notice_unknown": lambda: classify_view.unknown_notice(STRANGE, spec(*RULE), "en"),
    "model_input": lambda: answer_view.model_input(PICTURE, VIEW, "en"),
    "nothing_found": lambda: detect_view.nothing_found(FOUND, "en"),
    "nothing_found_many": lambda: detect_view.nothing_found(NONE_OF_MANY, "en"),
    "class_counts": lambda: detect_view.class_counts(FOUND),
    "boxes_table": lambda: detect_view.boxes_table(FOUND, "zh-TW"),
    "download_links": lambda: answer_view.download_links(
        [File(HOSTILE, HOSTILE, b"x", "text/csv"), *LINKS], "en"
    ),
    "download_links_picture": lambda: answer_view.download_links(
        LINKS, "zh-CN", f"/tmp/{HOSTILE} b.jpg"
    ),
    "download_link": lambda: answer_view.download_link(f"/tmp/{HOSTILE}", HOSTILE),
    "header": lambda: page_frame.header(HOSTILE),
    "footer": lambda: page_frame.footer(10.5, HOSTILE, HOSTILE),
    "models": lambda: models_table(ROWS, [], "en"),
    "models_none": lambda: models_table([], [], "en"),
    "camera_modes": lambda: camera_view.mode_switch(),
    "camera_detect": lambda: camera_view.camera_pane("detect", ["door", HOSTILE]),
    "camera_classify": lambda: camera_view.camera_pane("classify", []),
    "timeline_counts": lambda: timeline.chart(COUNTED, "en"),
    "timeline_scores": lambda: timeline.chart(SCORED, "zh-CN"),
    "video_input": lambda: video_view.input_facts(FirstFrame(RGB, 6.04, 29.97, 181), "en"),
    "video_waiting": lambda: video_view.progress(Progress(0, 9, 0.0, None), HOSTILE, "en"),
    "video_progress": lambda: video_view.progress(Progress(5, 90, 12.34, 83.2), "", "en"),
    "video_progress_overrun": lambda: video_view.progress(Progress(95, 90, 0.0, None), "", "en"),
    "video_progress_unknown": lambda: video_view.progress(Progress(5, 0, 12.34, None), "", "zh-TW"),
    "video_player": lambda: video_view.player(TRACKED, "en"),
    "video_summary_tracked": lambda: video_view.summary(TRACKED, CountingLine(0, 0, 10, 0), "en"),
    "video_summary_boxes": lambda: video_view.summary(BOXED, None, "zh-CN"),
    "video_summary_labels": lambda: video_view.summary(NAMED, None, "en"),
    "video_summary_notes": lambda: video_view.summary(NOTED, None, "zh-CN"),
    "video_summary_empty": lambda: video_view.summary(job(), None, "en"),
    "video_files": lambda: video_view.download_links(TRACKED, "en"),
}


def test_every_expected_structure_is_compared() -> None:
    assert {path.stem for path in EXPECTED.glob("*.html")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_the_structure_is_as_expected(name: str) -> None:
    expected = (EXPECTED / f"{name}.html").read_text("utf-8").removesuffix("\n")
    assert dom(CASES[name]()) == dom(expected)


@pytest.mark.parametrize("name", CASES)
def test_hostile_text_stays_text(name: str) -> None:
    nodes = dom(CASES[name]())
    assert ("start", "script", ()) not in nodes
    assert "49" not in "".join(node[1] for node in nodes if node[0] == "text")
