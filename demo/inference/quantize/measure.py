"""What quantization costs and gains: bytes, latency, changed answers, and the score."""

import statistics
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demo import tasks
from demo.backends.openvino_cpu import OpenvinoRunner, Shape, set_threads
from demo.inference.agreement import same_boxes
from demo.inference.convert import FAST_TOLERANCE
from demo.inference.onnx_check import apart
from demo.inference.quantize.photos import boxes_of, class_of, read
from demo.models.own.onnx_session import OnnxSession
from demo.models.score import Score
from demo.models.spec import ImageRequest, ModelSpec, Outputs, Prepared
from demo.results import Detections, Result
from demo.results.metrics import Matches, average_precisions, bootstrap_map, match, wilson
from demo.system import cores
from demo.tasks.detect import default_thresholds

_WARM_UP, _PASSES = 3, 31
_CHECKED = 3
"""Pictures by which the back end is chosen, as a server does it."""
_IOU = 0.7
"""Of the suppression of boxes before a mean average precision, as usual."""

_Run = Callable[[NDArray[np.float32]], Outputs]
Answers = list[tuple[Path, Result, Result]]
"""Of each picture: its file, the answer in float32 and in int8."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """kept: pictures, of `pictures`, with the same first class or the same boxes.

    boxes: of a detector in float32; boxes_kept: those that int8 finds with the same label at an
    overlap of 0.5; boxes_new: those that only int8 finds.
    """

    pictures: int
    kept: int
    boxes: int = 0
    boxes_kept: int = 0
    boxes_new: int = 0


@dataclass(frozen=True, slots=True)
class Measurement:
    """Of float32 first, then of int8. latency_ms: median of passes that took turns.

    backend: what ran int8, as a server would choose it. scores: None where no label stands beside
    the pictures that were held out.
    """

    size_bytes: tuple[int, int]
    latency_ms: tuple[float, float]
    shape: Shape
    backend: str
    agreement: Agreement
    scores: tuple[Score, Score] | None


class Pair:
    """The network in float32 by OpenVINO, and in int8 by what a server would choose for it.

    That is OpenVINO where it reads the file as ONNX Runtime does. It does not always: its
    transformations for low precision change the answers of some graphs.
    """

    def __init__(self, spec: ModelSpec, before: bytes, after: bytes) -> None:
        """before, after: of the ONNX files."""
        self._spec, self._contents = spec, (before, after)
        set_threads(cores())
        self._session = OnnxSession(after, cores())
        self._is_read_alike = True

    def measure(self, held_out: Sequence[Path], data_set: str) -> Measurement:
        """All of it, on pictures that the network was not calibrated with; data_set: their name."""
        self._is_read_alike = all(map(self._reads_alike, held_out[:_CHECKED]))
        prepared = {path: self._prepare(path).inputs.shape[1:] for path in held_out}
        [(shape, _)] = Counter(prepared.values()).most_common(1)
        latency = self._latency(shape)
        answers = list(self._answers(sorted(prepared, key=lambda path: prepared[path])))
        return Measurement(
            (len(self._contents[0]), len(self._contents[1])),
            latency,
            shape,
            "openvino-int8" if self._is_read_alike else "onnxruntime",
            _agreement(self._spec, answers),
            _scores(self._spec, answers, data_set),
        )

    def _prepare(self, path: Path) -> Prepared:
        return self._spec.family.preprocess(ImageRequest(read(path)))

    def _reads_alike(self, path: Path) -> bool:
        prepared = self._prepare(path)
        _, fast = self._compile(prepared.inputs.shape[1:])
        expected = self._by_session(prepared.inputs)
        difference = apart(self._spec, prepared, fast(prepared.inputs), expected, exact=False)
        return difference <= FAST_TOLERANCE

    def _compile(self, shape: Shape) -> tuple[_Run, _Run]:
        before, after = (OpenvinoRunner(c, shape, "f32", cores()).run for c in self._contents)
        return before, after if self._is_read_alike else self._by_session

    def _by_session(self, inputs: NDArray[np.float32]) -> Outputs:
        return tuple(self._session.run(inputs))

    def _latency(self, shape: Shape) -> tuple[float, float]:
        """Medians, ms; the two take turns, so that what else the machine does disturbs both."""
        runs = self._compile(shape)
        times: tuple[list[float], list[float]] = ([], [])
        inputs = np.random.default_rng(0).random((1, *shape), np.float32)
        for turn in range(_WARM_UP + _PASSES):
            for run, taken in zip(runs, times, strict=True):
                start = time.perf_counter()
                run(inputs)
                if turn >= _WARM_UP:
                    taken.append((time.perf_counter() - start) * 1000)
        return statistics.median(times[0]), statistics.median(times[1])

    def _answers(self, paths: Sequence[Path]) -> Iterator[tuple[Path, Result, Result]]:
        """paths: those of one shape behind each other, so that each is compiled once."""
        compiled: Shape | None = None
        for path in paths:
            prepared = self._prepare(path)
            shape = prepared.inputs.shape[1:]
            if shape != compiled:
                runs, compiled = self._compile(shape), shape
            before, after = (
                self._spec.family.postprocess(run(prepared.inputs), prepared) for run in runs
            )
            yield path, before, after


def _agreement(spec: ModelSpec, answers: Answers) -> Agreement:
    task = tasks.find(spec.task)
    confidence, iou = default_thresholds(spec)
    pictures = kept = boxes = boxes_kept = boxes_new = 0
    for _, before, after in answers:
        pictures += 1
        pair = [_shown(spec, answer, confidence, iou) for answer in (before, after)]
        if pair[0] is None or pair[1] is None:
            first, second = (task.timeline_values(answer) for answer in (before, after))
            kept += int(first.argmax() == second.argmax())
            continue
        same = same_boxes(pair[0], pair[1])
        boxes, boxes_kept = boxes + len(pair[0]), boxes_kept + same
        boxes_new += len(pair[1]) - same
        kept += int(same == len(pair[0]) == len(pair[1]))
    return Agreement(pictures, kept, boxes, boxes_kept, boxes_new)


def _shown(spec: ModelSpec, answer: Result, confidence: float, iou: float) -> Detections | None:
    """The boxes that people see; None for a task without any."""
    task = tasks.find(spec.task)
    if task.detections(answer) is None:
        return None
    found = task.suppress(answer, iou) if spec.needs_nms else answer
    boxes = task.detections(found)
    return None if boxes is None else boxes.select(confidence)


def _scores(spec: ModelSpec, answers: Answers, data_set: str) -> tuple[Score, Score] | None:
    task = tasks.find(spec.task)
    if task.finds_boxes:
        return _precision(spec, answers, data_set)
    known = [
        (truth, [int(task.timeline_values(one).argmax()) for one in pair])
        for path, *pair in answers
        if (truth := class_of(path, spec.labels)) is not None
    ]
    if not known:
        return None
    hits = [sum(found[i] == truth for truth, found in known) for i in (0, 1)]
    before, after = (_accuracy(hit, len(known), data_set) for hit in hits)
    return before, after


def _accuracy(hits: int, n: int, data_set: str) -> Score:
    low, high = wilson(hits, n)
    return _score("top-1", hits / n, (low, high), n, data_set)


def _precision(spec: ModelSpec, answers: Answers, data_set: str) -> tuple[Score, Score] | None:
    """Both mean average precisions over the pictures that have a file of boxes."""
    matches: tuple[list[Matches], list[Matches]] = ([], [])
    for path, *pair in answers:
        for one, found in zip(pair, matches, strict=True):
            boxes = _shown(spec, one, 0.0, _IOU)
            assert boxes is not None
            truth = boxes_of(path, boxes.size_wh, len(spec.labels))
            if truth is not None:
                found.append(match(boxes, truth))
    if not any(one.true_boxes.sum() for one in matches[0]):
        return None
    before, after = (_mean_precision(found, data_set) for found in matches)
    return before, after


def _mean_precision(found: Sequence[Matches], data_set: str) -> Score:
    value = float(np.nanmean(average_precisions(found)))
    with warnings.catch_warnings():
        # Of few pictures some draws hold no true box: no interval then.
        warnings.simplefilter("ignore", RuntimeWarning)
        interval = bootstrap_map(found)["mAP50-95"]
    return _score("mAP50-95", value, interval, len(found), data_set)


def _score(
    metric: str, value: float, interval: tuple[float, float], n: int, data_set: str
) -> Score:
    percent = round(100 * value, 2)
    score: Score = {"metric": metric, "value": percent, "dataset": data_set, "n": n}
    if not np.isfinite(interval).all():
        return score
    low, high = (round(100 * end, 2) for end in interval)
    return {**score, "low": low, "high": high}
