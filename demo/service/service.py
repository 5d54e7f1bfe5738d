"""From an uploaded file to an answer: what the page, the HTTP API and the tools all call."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from demo import tasks
from demo.augment.pipeline import Pipeline, checked_seed, preview
from demo.augment.script import script
from demo.drawing.detections import draw_detections
from demo.errors import DemoError
from demo.images.decode import Picture
from demo.images.limits import Limits
from demo.inference.engine import Engine, Prediction
from demo.inference.named_model import named_model, no_such_model
from demo.labels.names import localized
from demo.models.spec import ImageRequest, ModelSpec
from demo.results import Detections, Image, Result, Timing
from demo.service.answer_cache import AnswerCache
from demo.service.bulk_answers import BulkAnswers
from demo.service.comparisons import Comparisons
from demo.service.facts import answer_facts
from demo.service.memory_budget import Claim, MemoryBudget
from demo.service.own_mapping import in_own_mapping
from demo.service.pictures import Pictures
from demo.service.uploads import PassingUpload, UploadStore
from demo.settings import Settings
from demo.system import cores, trim
from demo.tasks.base import AnyTask, Query

T = TypeVar("T")

_MAX_PENDING = 64
"""Visitors whose answers may be under way at once, those waiting for a download included."""
_BYTES_A_CORE = 180_000_000
"""Memory for large pictures that are decoded or answered at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The answer to one request about a picture, ready to be shown.

    picture: as decoded. prediction: of the engine. timing: of this request alone; what was kept
    from a moment ago costs nothing. facts: the JSON of the API. result: the part of the
    prediction's result that the query asks for. annotated: it drawn on a copy of the picture, where
    the task draws and the caller wants to see it.
    """

    task: AnyTask
    spec: ModelSpec
    query: Query
    picture: Picture
    prediction: Prediction
    timing: Timing
    facts: dict[str, Any]
    result: Result
    annotated: Image | None


@dataclass(frozen=True, slots=True, eq=False)
class AugmentAnswer:
    """Augmentation previews; facts: the JSON of `/augment`; times in ms of this request."""

    picture: Picture
    images: list[Image]
    facts: dict[str, Any]
    decode_ms: float
    apply_ms: float


class Service:
    """Opens uploads and asks models, keeping both for a moment."""

    def __init__(self, settings: Settings, engine: Engine, uploads: UploadStore) -> None:
        self.settings = settings
        self.engine = engine
        self.uploads = uploads
        self.cache = AnswerCache(settings.recent_budget_mb * 1_000_000, settings.keep_minutes * 60)
        self._workers = ThreadPoolExecutor(_MAX_PENDING, "answer")
        self._pictures = Pictures(Limits.of(settings), self.cache, _MAX_PENDING)
        self._memory = MemoryBudget(_BYTES_A_CORE * max(2, cores()))
        # More of them at once take far more memory, and are hardly faster.
        self._working = threading.BoundedSemaphore(engine.concurrency)
        self.comparisons = Comparisons(engine, self.open, self.ask)
        self.bulk = BulkAnswers(engine, self._pictures, self._memory)

    def warm_up(self) -> None:
        """Load in the background what the page opens on, and what draws its first answer."""
        self.engine.warm_up()
        threading.Thread(target=_draw_once, name="warm-up-draw", daemon=True).start()

    def open(self, path: str | PassingUpload) -> tuple[Picture, float]:
        """The decoded upload and the milliseconds of decoding now (0 where it was kept).

        Raises DemoError for a picture that is not here, broken or beyond the limits.
        """
        with self._memory.claim() as claim:
            return self._open(path, claim)

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Start `work` in a thread, so that its caller can show what it waits for.

        Raises DemoError once the service is closed.
        """
        try:
            return self._workers.submit(work)
        except RuntimeError:
            raise DemoError("server_stopping") from None

    def close(self) -> None:
        """Cancel what waits, break off downloads and end the engine."""
        self._workers.shutdown(wait=False, cancel_futures=True)
        self._pictures.close()
        self.engine.close()

    def forget(self) -> None:
        """Drop what was kept in memory longer than its file may be, and release the memory."""
        self.cache.expire()
        trim()

    def spec(self, model: object, task: str) -> ModelSpec:
        """The facts of a model of that task.

        Raises DemoError for any other name: for an unknown one with similar names of the task, else
        with models of the task that are present.
        """
        spec = named_model(self.engine, model, (task,))
        if spec.task != task:
            raise no_such_model(self.engine, model, (task,))
        return spec

    def names(self, task: str) -> list[str]:
        """Names of the models of a task that are present on this machine."""
        return [m["name"] for m in self.engine.models() if m["task"] == task and m["available"]]

    def predict(
        self,
        task: str,
        path: str | PassingUpload,
        model: object,
        values: Mapping[str, object],
        locale: str = "en",
        *,
        drawn: bool = True,
    ) -> Answer:
        """The answer of a task's endpoint, `/classify` or `/detect`.

        Args:
            task: name of the task.
            path: the upload; of a passing one the prediction has no view.
            model: name of a model of that task.
            values: options by name, see the task's `parse`.
            locale: one of `demo.i18n.LOCALES`, of the names that are drawn.
            drawn: False leaves nothing annotated.

        Raises DemoError for a wrong value, a wrong file, or a model that cannot answer.
        """
        spec, chosen = self.spec(model, task), tasks.find(task)
        query, viewed = chosen.parse(spec, values), not isinstance(path, PassingUpload)
        with self._memory.claim() as claim:
            picture, decode_ms = self._open(path, claim)
            # What remains is the picture and its annotated copy. Nobody waits for a download.
            resident = self.engine.status(spec.name).state == "resident"
            claim.shrink(2 * picture.rgb.nbytes if resident else 0)
            with self._working if resident else nullcontext():
                prediction, timing = self._run(picture, spec.name, query.size, viewed)
                start = time.perf_counter()
                result = chosen.refine(spec, prediction.result, query)
                refined_at = time.perf_counter()
                shown = localized(result, locale)
                annotated = chosen.draw(picture.rgb, shown, query) if drawn else None
                end = time.perf_counter()
        timing = replace(timing, decode=decode_ms)
        if chosen.draws:
            refined_ms = timing.postprocess + (refined_at - start) * 1000
            draw_ms = 0.0 if annotated is None else (end - refined_at) * 1000
            timing = replace(timing, postprocess=refined_ms, draw=draw_ms)
        own = chosen.facts(spec, result, query)
        facts = answer_facts(prediction, timing, own, picture.rgb.shape[1::-1])
        return Answer(chosen, spec, query, picture, prediction, timing, facts, result, annotated)

    def ask(self, picture: Picture, spec: ModelSpec, query: Query) -> tuple[Prediction, Timing]:
        """A model's whole answer about an opened picture, and what it costs now."""
        resident = self.engine.status(spec.name).state == "resident"
        with self._working if resident else nullcontext():
            return self._run(picture, spec.name, query.size)

    def augment(
        self, path: str | PassingUpload, pipeline: object, count: object, seed: object
    ) -> AugmentAnswer:
        """The answer of `/augment`: `count` previews drawn from `seed`. Raises DemoError."""
        steps = Pipeline.parse(pipeline)
        picture, decode_ms = self.open(path)
        with self._working:
            start = time.perf_counter()
            previews = preview(picture.rgb, steps, count, seed)
        elapsed = (time.perf_counter() - start) * 1000
        drawn = [one.sampled for one in previews]
        facts = {
            "pipeline": steps.as_json(),
            "seed": checked_seed(seed),
            "drawn": drawn,
            "code": script(steps, checked_seed(seed), drawn),
        }
        return AugmentAnswer(picture, [one.image for one in previews], facts, decode_ms, elapsed)

    def _open(self, path: str | PassingUpload, claim: Claim) -> tuple[Picture, float]:
        try:
            if isinstance(path, PassingUpload):
                return self._pictures.decode(path.content, claim)
            return self._pictures.open(self.uploads.touch(path), claim)
        except FileNotFoundError:  # deleted while it waited to be decoded
            raise DemoError("picture_gone", minutes=self.settings.keep_minutes) from None

    def _run(
        self, picture: Picture, name: str, size: int | None, viewed: bool = True
    ) -> tuple[Prediction, Timing]:
        """The model's answer, and what it cost now. viewed: with what the network saw."""
        key = ("answer", picture.sha256, name, self.engine.weights_version(name), size)
        without_view = ("answer without view", *key[1:])
        kept: Prediction | None = self.cache.get(key)
        if kept is None and not viewed:
            kept = self.cache.get(without_view)
        if kept is not None:
            return kept, Timing()
        prediction = self.engine.run(name, ImageRequest(picture.rgb, size))
        view = prediction.view if viewed else None
        if view is not None:
            view = replace(view, image=in_own_mapping(view.image))
        prediction = replace(prediction, view=view)
        size_bytes = prediction.result.size_bytes + (view.image.nbytes if view else 0)
        self.cache.put(key if viewed else without_view, prediction, size_bytes)
        return prediction, prediction.timing


def _draw_once() -> None:
    """Draw one label: the first one costs OpenCV 35 ms for its font."""
    box = np.array([[4, 20, 60, 60]], np.float32)
    found = Detections(box, np.ones(1, np.float32), np.zeros(1, np.int64), ("warm",), (64, 64))
    draw_detections(np.zeros((64, 64, 3), np.uint8), found)
