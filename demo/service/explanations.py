"""Explanations of answers: what page and API ask for, kept for a moment as answers are."""

import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TypedDict

from demo.explain.curves import auc
from demo.explain.explanation import Checks, Explanation, asked, check, explain
from demo.explain.passes import Progress
from demo.inference.named_model import named_model
from demo.models.spec import ImageRequest
from demo.service.service import Answer, Service
from demo.service.uploads import PassingUpload

_EXPLAINED = ("classify", "detect", "segment")
"""Tasks whose models are proposed for a wrong name."""


class CheckFacts(TypedDict):
    """The JSON of a check; areas under the curves, and the rank correlation with random weights.

    The latter and its verdict are null for a box that has too few cells of the map.
    """

    deletion_auc: float
    insertion_auc: float
    random_deletion_auc: float
    random_insertion_auc: float
    better_than_random: bool
    randomised_similarity: float | None
    depends_on_weights: bool | None
    passes: int


class ExplainFacts(TypedDict):
    """The JSON of `/explain`. window_xyxy: what the map lies over, pixels of the upload."""

    model: str
    method: str
    target: str
    score: float
    layer: str
    map_wh: list[int]
    window_xyxy: list[float]
    size_wh: list[int]
    checks: CheckFacts | None
    timing_ms: dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """An answer and the explanation of one of its targets. checks: None before the check.

    key: under which it is kept.
    """

    answer: Answer
    explanation: Explanation
    label: str
    explain_ms: float
    checks: Checks | None = None
    check_ms: float = 0.0
    key: Hashable = ()

    @property
    def facts(self) -> ExplainFacts:
        """The JSON of the API."""
        found, view = self.explanation, self.explanation.prepared.view
        assert view is not None
        return {
            "model": self.answer.spec.name,
            "method": found.question.method.name,
            "target": self.label,
            "score": round(found.score, 6),
            "layer": "+".join(found.question.layers),
            "map_wh": [found.heat.shape[1], found.heat.shape[0]],
            "window_xyxy": [round(value, 2) for value in view.window_xyxy],
            "size_wh": list(view.size_wh),
            "checks": None if self.checks is None else _check_facts(self.checks),
            "timing_ms": {
                "explain": round(self.explain_ms, 2),
                "check": round(self.check_ms, 2),
            },
        }


def _check_facts(checks: Checks) -> CheckFacts:
    found = checks.curves
    return {
        "deletion_auc": round(float(auc(found.deletion)), 4),
        "insertion_auc": round(float(auc(found.insertion)), 4),
        "random_deletion_auc": round(float(auc(found.random_deletion).mean()), 4),
        "random_insertion_auc": round(float(auc(found.random_insertion).mean()), 4),
        "better_than_random": found.better_than_random,
        "randomised_similarity": None if checks.similarity is None else round(checks.similarity, 4),
        "depends_on_weights": checks.depends_on_weights,
        "passes": checks.passes,
    }


class Explanations:
    """Explains answers of a service; a map and its check are made once and kept for a moment."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def answer(
        self, path: str | PassingUpload, model: object, values: Mapping[str, object]
    ) -> Answer:
        """The answer that is explained, of whichever task the model is.

        Args:
            path: the upload.
            model: name of a model.
            values: options of its task, by name.

        Raises DemoError as `Service.predict` does.
        """
        service = self._service
        task = named_model(service.engine, model, _EXPLAINED).task
        return service.predict(task, path, model, values, drawn=False)

    def explain(
        self,
        answer: Answer,
        method: object,
        target: object,
        layer: object,
        progress: Progress | None = None,
    ) -> Explained:
        """The map without its check.

        Args:
            answer: of `answer`.
            method: name of a method; empty is the usual one of the model.
            target: see the task's `target`; empty is the best of the answer.
            layer: one of the model's `cam_layers`; empty is all of them.
            progress: counts the passes of the map while they run, and may stop them.

        Raises DemoError for other names, and for a model that cannot be explained; StoppedError.
        """
        spec = answer.spec
        named = answer.task.target(spec, answer.result, target if isinstance(target, str) else "")
        question = asked(spec, method, named, layer)
        engine, cache = self._service.engine, self._service.cache
        size = answer.query.size
        version = engine.weights_version(spec.name)
        about = (spec.name, question.method.name, named, question.layers)
        key = ("explained", answer.picture.sha256, version, size, about)
        found: Explained | None = cache.get(key)
        if found is None:
            start = time.perf_counter()
            request = ImageRequest(answer.picture.rgb, size)
            made = explain(engine, spec.name, request, question, progress)
            spent_ms = (time.perf_counter() - start) * 1000
            found = Explained(answer, made, spec.labels[named.class_id], spent_ms, key=key)
            cache.put(key, found, _size_bytes(found))
        return found

    def check(self, found: Explained, progress: Progress) -> Explained:
        """The same map with its check, whose passes `progress` counts and may stop.

        Raises DemoError and StoppedError as `explain` does.
        """
        cache = self._service.cache
        kept: Explained | None = cache.get(found.key)
        if kept is not None and kept.checks is not None:
            return kept
        start = time.perf_counter()
        checks = check(self._service.engine, found.answer.spec.name, found.explanation, progress)
        spent_ms = (time.perf_counter() - start) * 1000
        checked = replace(found, checks=checks, check_ms=spent_ms)
        cache.put(found.key, checked, _size_bytes(checked))
        return checked


def _size_bytes(found: Explained) -> int:
    """Memory that an explanation keeps, about: its map, the network's input and the picture."""
    made = found.explanation
    return made.heat.nbytes + made.prepared.inputs.nbytes + found.answer.picture.rgb.nbytes
