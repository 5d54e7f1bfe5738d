"""From an uploaded file to an answer: what the page, the HTTP API and the tools all call."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from demo import validate
from demo.augment.pipeline import Pipeline, checked_seed, preview
from demo.augment.script import script
from demo.drawing.detections import draw_detections
from demo.errors import DemoError
from demo.geometry import boxes
from demo.images.decode import Picture, decode
from demo.images.limits import Limits
from demo.inference.engine import Engine, Prediction
from demo.models.spec import ModelSpec
from demo.results import Detections, Image, Scores, Timing
from demo.service.answer_cache import AnswerCache
from demo.service.uploads import UploadStore
from demo.settings import Settings
from demo.system import cores, trim

T = TypeVar("T")

DETECT_SIZES = (256, 320, 416, 512, 640, 800, 960, 1280)
LOWEST_CONFIDENCE = 0.01
_WAITING = 64
"""Visitors whose answers may be under way at once, those waiting for a download included."""
DEFAULT_CONFIDENCE = 0.25
DEFAULT_IOU = 0.7
"""The defaults of ultralytics' predict, so that both answer alike."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One answer, ready to be shown.

    picture: as decoded. answer: as the engine gave it. timing: of this request alone; what was
    kept from a moment ago costs nothing. facts: the JSON shape of the API.
    """

    picture: Picture
    answer: Prediction
    timing: Timing
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn(Shown):
    """A detector's answer: the boxes that are left, drawn on a copy of the picture."""

    detections: Detections
    annotated: Image


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """Augmentation previews; facts: the JSON shape of `/augment`; times in ms of this request."""

    picture: Picture
    images: list[Image]
    facts: dict[str, Any]
    decode_ms: float
    apply_ms: float


class Service:
    """Opens pictures and asks models, keeping both for a moment."""

    def __init__(self, settings: Settings, engine: Engine, uploads: UploadStore) -> None:
        self.settings = settings
        self.engine = engine
        self.uploads = uploads
        self._recent = AnswerCache(
            settings.recent_budget_mb * 1_000_000, settings.keep_minutes * 60
        )
        # A picture of 25 megapixels takes 200 MB while it is decoded; more at once gain nothing.
        self._workers = ThreadPoolExecutor(_WAITING, "answer")
        self._opening = threading.BoundedSemaphore(max(2, cores()))

    def warm_up(self) -> None:
        """Load in the background what the page opens on, and what draws its first answer."""
        self.engine.warm_up()
        threading.Thread(target=_draw_once, name="warm-up-draw", daemon=True).start()

    def open(self, path: str) -> tuple[Picture, float]:
        """The decoded upload and the milliseconds that it took now (0 where it was kept).

        Raises DemoError for a picture that is not here, broken or beyond the limits.
        """
        real = self.uploads.touch(path)
        kept = self._recent.get(("picture", real))
        if kept is not None:
            return kept, 0.0
        limits = Limits.of(self.settings)
        limits.check_file(real.stat().st_size)  # first, since a video may be larger than memory
        with self._opening:
            start = time.perf_counter()
            picture = decode(real.read_bytes(), limits)
            elapsed = (time.perf_counter() - start) * 1000
            self._recent.put(("picture", real), picture, picture.rgb.nbytes)
        return picture, elapsed

    def beside(self, work: Callable[[], T]) -> "Future[T]":
        """Start `work` in a thread; its caller can tell the visitor what it waits for."""
        return self._workers.submit(work)

    def close(self) -> None:
        """Give up what waits, break off downloads and end the engine."""
        self._workers.shutdown(wait=False, cancel_futures=True)
        self.engine.close()

    def forget(self) -> None:
        """Drop what was kept in memory longer than its file may be, and give the memory back."""
        self._recent.expire()
        trim()

    def spec(self, model: object, task: str) -> ModelSpec:
        """The facts of a model of that task. Raises DemoError for any other name."""
        if isinstance(model, str):
            spec = self.engine.spec(model)
            if spec.task == task:
                return spec
        there = self.names(task)
        if not there:
            raise DemoError("no_model")
        got = validate.brief(model)
        raise DemoError("unknown_model", name=got, some=", ".join(there[:8]))

    def classify(self, path: str, model: object, top_k: object) -> Shown:
        """The answer of `/classify`; see DESIGN's JSON shape. Raises DemoError."""
        name = self.spec(model, "classify").name
        top = validate.whole(top_k, "top_k", 1, 1000)
        picture, answer, timing = self._ask(path, name, None)
        scores = answer.result
        assert isinstance(scores, Scores)
        best = [{"label": label, "score": round(score, 6)} for label, score in scores.top(top)]
        facts = _facts(answer, timing, labels=best, known=scores.known)
        return Shown(picture, answer, timing, facts)

    def detect(
        self,
        path: str,
        model: object,
        confidence: object = DEFAULT_CONFIDENCE,
        iou: object = DEFAULT_IOU,
        classes: object = (),
        size: object = None,
        line_width: object = 0,
    ) -> Drawn:
        """The answer of `/detect`. Raises DemoError.

        size: longest side of the network's input, pixels; None is the one that the model was
        trained for. line_width: pixels; 0 fits the picture.
        """
        spec = self.spec(model, "detect")
        low = validate.number(confidence, "confidence", LOWEST_CONFIDENCE, 1.0)
        overlap = validate.number(iou, "iou", 0.0, 1.0)
        wanted = validate.names(classes, "classes", spec.labels)
        side = None if size is None else validate.whole(size, "size", 64, 1280)
        width = validate.whole(line_width, "line_width", 0, 20)
        picture, answer, timing = self._ask(path, spec.name, side)
        found = answer.result
        assert isinstance(found, Detections)
        start = time.perf_counter()
        # A box is only ever suppressed by one with a higher score, so filtering before or after
        # gives the same boxes, and filtering first is cheaper.
        chosen = found.select(low, wanted)
        chosen = boxes.nms(chosen, overlap) if spec.needs_nms else chosen
        middle = time.perf_counter()
        annotated = draw_detections(picture.rgb, chosen, line_width=width or None)
        end = time.perf_counter()
        timing = replace(
            timing,
            postprocess=timing.postprocess + (middle - start) * 1000,
            draw=(end - middle) * 1000,
        )
        facts = _facts(answer, timing, boxes=_rows(chosen))
        return Drawn(picture, answer, timing, facts, chosen, annotated)

    def augment(self, path: str, pipeline: object, count: object, seed: object) -> Made:
        """The answer of `/augment`: `count` previews drawn from `seed`. Raises DemoError."""
        steps = Pipeline.parse(pipeline)
        picture, decode_ms = self.open(path)
        start = time.perf_counter()
        made = preview(picture.rgb, steps, count, seed)
        elapsed = (time.perf_counter() - start) * 1000
        drawn = [one.sampled for one in made]
        facts = {
            "pipeline": steps.as_json(),
            "seed": checked_seed(seed),
            "drawn": drawn,
            "code": script(steps, checked_seed(seed), drawn),
        }
        return Made(picture, [one.image for one in made], facts, decode_ms, elapsed)

    def _ask(self, path: str, name: str, size: int | None) -> tuple[Picture, Prediction, Timing]:
        picture, decode_ms = self.open(path)
        key = ("answer", picture.sha256, name, size)
        kept = self._recent.get(key)
        if kept is not None:
            return picture, kept, Timing(decode=decode_ms)
        answer = self.engine.run(name, picture.rgb, size)
        self._recent.put(key, answer, _size_bytes(answer))
        return picture, answer, replace(answer.timing, decode=decode_ms)

    def names(self, task: str) -> list[str]:
        """Names of the models of a task that are present on this machine."""
        return [m["name"] for m in self.engine.models() if m["task"] == task and m["available"]]


def _draw_once() -> None:
    """The first label costs OpenCV 35 ms for its font."""
    box = np.array([[4, 20, 60, 60]], np.float32)
    found = Detections(box, np.ones(1, np.float32), np.zeros(1, np.int64), ("warm",), (64, 64))
    draw_detections(np.zeros((64, 64, 3), np.uint8), found)


def _facts(answer: Prediction, timing: Timing, **own: object) -> dict[str, Any]:
    return {
        "model": answer.model,
        "weights_sha256": answer.weights_sha256,
        **own,
        "size_wh": list(answer.size_wh),
        "device": answer.device,
        "timing_ms": timing.as_dict(),
    }


def _rows(found: Detections) -> list[dict[str, Any]]:
    columns: Iterable[tuple[Any, Any, Any]] = zip(
        found.xyxy.tolist(), found.scores.tolist(), found.class_ids.tolist(), strict=True
    )
    return [
        {
            "label": found.labels[class_id],
            "class_id": class_id,
            "score": round(score, 4),
            "xyxy": [round(v, 1) for v in xyxy],
        }
        for xyxy, score, class_id in columns
    ]


def _size_bytes(answer: Prediction) -> int:
    result = answer.result
    if isinstance(result, Detections):
        return answer.seen.nbytes + 40 * len(result)
    return answer.seen.nbytes + result.probabilities.nbytes
