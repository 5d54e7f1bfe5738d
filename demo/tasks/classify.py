"""Classification: probabilities over the labels of a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from demo import validate
from demo.drawing.corner_plates import draw_corner_plates
from demo.drawing.label_plates import clean
from demo.errors import DemoError
from demo.export.files import File, score_files
from demo.export.formats import best_scores_csv
from demo.export.parts import Parts
from demo.export.replay import PICTURE
from demo.labels.names import display_names, labels_of
from demo.models.spec import ModelSpec, UnknownRule
from demo.models.target import Target
from demo.results import Image, Scores
from demo.tasks.base import JsonObject, QueryField, Task

_MAX_TOP_K = 1000
_FRAME_ROWS = 5
_FRAME_PLATES = 3


class Label(BaseModel):
    """A label in the JSON of an answer."""

    label: str
    score: float = Field(description="Its probability, 0–1.")


class KnownBy(BaseModel):
    """The check of whether a picture is one of the classes."""

    method: str
    false_alarm: float | None = Field(description="Share of own pictures that it calls unknown.")
    caught: int | None = Field(description="Foreign pictures that it has caught.")
    foreign: int | None = Field(description="Of how many.")
    missing_package: str | None = Field(description="What a better check would need.")


class Labels(BaseModel):
    """The own part of the JSON of an answer."""

    labels: list[Label] = Field(description="Best first.")
    known: bool = Field(description="False where the picture is probably none of the classes.")
    known_by: KnownBy | None = Field(description="What decided that; null for nothing.")


@dataclass(frozen=True, slots=True)
class ClassifyQuery:
    """How many labels are wanted, best first."""

    top_k: int = 5
    size: int | None = None


class Classify(Task[Scores, ClassifyQuery]):
    """One probability a label, and whether the picture shows any of the labels at all."""

    name = "classify"
    title = "tab_classify"
    order = 10
    streams = True
    quantizes = True
    scored = True
    rows_key = "labels"
    data_sets = ("csv",)
    fields = (QueryField("top_k", "number", 5, "how many labels to answer, best first."),)
    shape = Labels
    summary = "Name what a picture shows."
    model_doc = "the name of a classifier, see /models."
    returns = (
        "Labels with their probability, whether the picture is one of the classes at all, by\n"
        "which check, and where the time went, as JSON."
    )

    def parse(self, spec: ModelSpec, values: Mapping[str, object]) -> ClassifyQuery:
        """top_k: a whole number, 1–1000."""
        return ClassifyQuery(validate.whole(values.get("top_k", 5), "top_k", 1, _MAX_TOP_K))

    def facts(self, spec: ModelSpec, result: Scores, query: ClassifyQuery) -> JsonObject:
        """`labels`, best first, `known`, and `known_by`: what decided that; None for nothing."""
        return {
            "labels": _labels(result, query.top_k),
            "known": result.known,
            "known_by": _known_by(spec.unknown),
        }

    def target(self, spec: ModelSpec, result: Scores, text: str) -> Target:
        """A label or a class id; empty is the best label."""
        if not text:
            return Target(int(result.probabilities.argmax()))
        return Target(class_named(spec, text))

    def targets(self, result: Scores, locale: str = "en") -> list[tuple[str, str]]:
        """Every label, the best first, with its probability."""
        labels, shares = result.labels, result.probabilities.tolist()
        # Of two classes of one label, the label names the first.
        first = {label: i for i, label in reversed(list(enumerate(labels)))}
        best = np.argsort(-result.probabilities, kind="stable").tolist()
        names = [label if first[label] == i else str(i) for i, label in enumerate(labels)]
        shown = display_names(labels, locale)
        return [(f"{shown[i]} · {100 * shares[i]:.1f} %", names[i]) for i in best]

    def files(
        self,
        result: Scores,
        facts: Mapping[str, Any],
        url: str,
        query: ClassifyQuery | None = None,
        picture: str = PICTURE,
    ) -> list[File]:
        """JSON, CSV and the scripts that give the same answer."""
        return score_files(result, facts, url, picture)

    def parts(self, result: Scores, query: ClassifyQuery) -> Parts:
        """The best labels as a table."""
        return Parts(partial(best_scores_csv, result, query.top_k))

    def rows(self, result: Scores, ids: NDArray[np.int64] | None = None) -> list[JsonObject]:
        """The five best labels."""
        return _labels(result, _FRAME_ROWS)

    def frame_facts(self, result: Scores, rows: Sequence[JsonObject]) -> JsonObject:
        """`labels` and `known`."""
        return {self.rows_key: list(rows), "known": result.known}

    def timeline_values(self, result: Scores) -> NDArray[np.float32]:
        """The probabilities."""
        return result.probabilities

    def occurrences(self, result: Scores) -> NDArray[np.int64]:
        """One for the best label."""
        counts = np.zeros(len(result.labels), np.int64)
        counts[int(result.probabilities.argmax())] = 1
        return counts

    def draw_frame(
        self, image: Image, result: Scores, ids: NDArray[np.int64] | None = None
    ) -> Image:
        """A copy with the three best labels in the corner."""
        canvas = image.copy()
        best = result.top(_FRAME_PLATES)
        draw_corner_plates(canvas, [f"{clean(label)} {p:.2f}" for label, p in best])
        return canvas


def class_named(spec: ModelSpec, text: str) -> int:
    """The id of a class, from its label or from the id itself. Raises DemoError for another."""
    [label] = labels_of([text], spec.labels)
    if label in spec.labels:
        return spec.labels.index(str(label))
    if not (text.isdecimal() and text.isascii() and int(text[:9]) < len(spec.labels)):
        raise DemoError("explain_no_class", got=validate.brief(text), name=spec.name)
    return int(text)


def _known_by(rule: UnknownRule | None) -> JsonObject | None:
    if rule is None:
        return None
    return {
        "method": rule.method,
        "false_alarm": rule.false_alarm,
        "caught": rule.caught,
        "foreign": rule.foreign,
        "missing_package": rule.missing or None,
    }


def _labels(result: Scores, count: int) -> list[JsonObject]:
    return [{"label": label, "score": round(p, 6)} for label, p in result.top(count)]


TASK = Classify()
