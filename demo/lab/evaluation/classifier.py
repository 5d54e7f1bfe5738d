"""Scores of a published classifier on the test part of its data set."""

import numpy as np
from numpy.typing import NDArray

from demo.errors import DemoError
from demo.lab.cards.classifier import ClassifierCard, ClassifierScores, ClassScores, MacroScores
from demo.lab.cards.facts import Estimate
from demo.lab.evaluation.networks import load_classifier
from demo.lab.options import EvaluateOptions
from demo.lab.training.classifier import logits_of
from demo.lab.training.datasets import DATASETS
from demo.results.metrics import class_scores, confusion_matrix, wilson

MANY_CLASSES = 20
"""From so many classes on the top-5 accuracy is measured, and the confusion table is too wide."""


def evaluate_classifier(
    card: ClassifierCard, datasets: tuple[str, ...], options: EvaluateOptions
) -> ClassifierScores:
    """Measure a published classifier on one of `datasets`, those that it was trained on.

    Raises:
        DemoError: another data set is asked for, or the data are missing.
    """
    check_dataset(card.name, options.dataset, datasets)
    pictures = DATASETS[options.dataset](options.data, "test", options.cache)
    model = load_classifier(options.weights / card.file, card.architecture)
    logits = logits_of(model, pictures.images, card.mean, card.std)
    return measure_classifier(logits, pictures.targets, card.labels)


def check_dataset(name: str, dataset: str, allowed: tuple[str, ...]) -> None:
    """Raise DemoError unless the weights `name` can be measured on `dataset`."""
    if dataset not in allowed:
        known = ", ".join(allowed)
        raise DemoError("lab_dataset_unknown", name=name, dataset=dataset, known=known)


def measure_classifier(
    logits: NDArray[np.float32], targets: NDArray[np.int64], labels: tuple[str, ...]
) -> ClassifierScores:
    """Accuracy with its 95 % interval, macro and per-class scores, and the confusion table.

    With `MANY_CLASSES` or more the top-5 accuracy too. logits: N×C; targets: N.
    """
    predicted = logits.argmax(1)
    matrix = confusion_matrix(targets, predicted, len(labels))
    rows = class_scores(matrix)
    facts = {
        "accuracy": share_of(int((predicted == targets).sum()), len(targets)),
        "macro": MacroScores(
            precision=float(np.mean([row.precision for row in rows])),
            recall=float(np.mean([row.recall for row in rows])),
            f1=float(np.mean([row.f1 for row in rows])),
        ),
        "per_class": {
            label: ClassScores(
                precision=round(row.precision, 4),
                recall=round(row.recall, 4),
                f1=round(row.f1, 4),
                support=row.support,
            )
            for label, row in zip(labels, rows, strict=True)
        },
        "confusion": matrix.tolist(),
    }
    if len(labels) >= MANY_CLASSES:
        best = np.argsort(-logits, axis=1)[:, :5]
        hits = int((best == targets[:, None]).sum())
        facts["top5_accuracy"] = share_of(hits, len(targets))
    return ClassifierScores.model_validate(facts)


def share_of(hits: int, n: int) -> Estimate:
    """hits / n with its 95 % interval."""
    low, high = wilson(hits, n)
    return Estimate(value=hits / n, low=low, high=high, n=n)
