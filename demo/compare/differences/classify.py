"""Where classifiers agree: their probabilities for the best labels of any of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from demo.compare.differences.base import Change, Difference, Said
from demo.compare.labels import label_key
from demo.results import Scores
from demo.tasks.base import JsonObject

TOP_K = 5


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What each model gives one label.

    scores: probability by model, 0–1; None where the model has no class of that name. top_of: the
    models that give it the highest probability of all their labels.
    """

    label: str
    scores: Mapping[str, float | None]
    top_of: tuple[str, ...]


class ClassifyDifference(Difference[Scores]):
    """Labels mapped by name across the class sets of the models."""

    name = "classify"

    def agreement(self, results: Mapping[str, Scores]) -> JsonObject:
        """`same`: one best label for all; `labels`: the five best of each model."""
        rows = label_rows(results)
        return {
            "same": same_top(rows, len(results)),
            "labels": [
                {
                    "label": row.label,
                    "scores": {
                        model: None if score is None else round(score, 6)
                        for model, score in row.scores.items()
                    },
                }
                for row in rows
            ],
        }

    def pair(self, a: Scores, b: Scores) -> JsonObject:
        """Labels among the five best of both models, or of one alone."""
        tops = [{label_key(label): label for label, _ in one.top(TOP_K)} for one in (a, b)]
        return {
            "both": [label for key, label in tops[0].items() if key in tops[1]],
            "only_a": [label for key, label in tops[0].items() if key not in tops[1]],
            "only_b": [label for key, label in tops[1].items() if key not in tops[0]],
        }

    def change(self, before: Scores, after: Scores) -> Change:
        """The best labels, where they are others, or where one is taken for unknown."""
        [(label_a, score_a)], [(label_b, score_b)] = before.top(1), after.top(1)
        if label_key(label_a) == label_key(label_b) and before.known == after.known:
            return Change()
        return Change(
            (Said(label_a, score_a, before.known),), (Said(label_b, score_b, after.known),)
        )


def label_rows(results: Mapping[str, Scores]) -> list[LabelRow]:
    """The five best labels of each model, once each: by how many models prefer it, then by score.

    Classes of one name count together within a model.
    """
    known = {model: _by_key(one) for model, one in results.items()}
    best = {model: label_key(one.top(1)[0][0]) for model, one in results.items()}
    names: dict[str, str] = {}
    for one in results.values():
        for label, _ in one.top(TOP_K):
            names.setdefault(label_key(label), label)
    rows = [
        LabelRow(
            label,
            {model: scores.get(key) for model, scores in known.items()},
            tuple(model for model in results if best[model] == key),
        )
        for key, label in names.items()
    ]
    return sorted(rows, key=lambda row: (-len(row.top_of), -_mean(row)))


def same_top(rows: list[LabelRow], models: int) -> bool:
    """Whether the first row is the best label of every model."""
    return len(rows[0].top_of) == models


def _by_key(result: Scores) -> dict[str, float]:
    sums: dict[str, float] = {}
    for label, probability in zip(result.labels, result.probabilities.tolist(), strict=True):
        sums[label_key(label)] = sums.get(label_key(label), 0.0) + probability
    return sums


def _mean(row: LabelRow) -> float:
    return float(np.mean([score for score in row.scores.values() if score is not None]))


DIFFERENCE = ClassifyDifference()
