"""Measuring shipped weights: what `weights/<name>.safetensors` scores on pictures it never saw."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import nn

from demo.errors import DemoError
from demo.lab.evaluation.detector import (
    DETECTION_SETS,
    held_out,
    load_detector,
    match_photos,
    measure_detector,
)
from demo.lab.evaluation.metrics import class_scores, confusion, wilson
from demo.lab.recipe import ClassifierRecipe, find_recipe
from demo.lab.training.classifier import logits_of
from demo.lab.training.datasets import DATASETS
from demo.models.networks.classifiers import NETWORKS

Facts = dict[str, Any]
"""What the JSON card of a weight file says."""


def read_facts(weights: Path, name: str) -> Facts:
    """The card `weights/<name>.json`. Raises DemoError where there is none."""
    card = weights / f"{name}.json"
    if not card.is_file():
        known = ", ".join(sorted(path.stem for path in weights.glob("*.json")))
        raise DemoError("lab_weights_unknown", name=name, known=known or "–")
    facts: Facts = json.loads(card.read_text("utf-8"))
    return facts


def load_classifier(file: Path, architecture: str) -> nn.Module:
    """The network of a safetensors file, float32, in evaluation mode."""
    model = NETWORKS[architecture]()
    model.load_state_dict(load_file(file))
    return model.float().eval()


MANY = 20
"""From so many classes on the five best answers count too, and the confusion table is too wide."""


def _share(hits: int, n: int) -> Facts:
    low, high = wilson(hits, n)
    return {"value": hits / n, "low": low, "high": high, "n": n}


def measure_classifier(
    logits: NDArray[np.float32], targets: NDArray[np.int64], labels: tuple[str, ...]
) -> Facts:
    """Accuracy with its 95 % interval, macro and per-class scores, and the confusion table.

    With `MANY` classes or more the top-5 accuracy too.
    """
    guesses = logits.argmax(1)
    hits = int((guesses == targets).sum())
    table = confusion(targets, guesses, len(labels))
    rows = class_scores(table)
    shares = {"accuracy": hits}
    if len(labels) >= MANY:
        best = np.argsort(-logits, axis=1)[:, :5]
        shares["top-5 accuracy"] = int((best == targets[:, None]).sum())
    return {
        **{metric: _share(count, len(targets)) for metric, count in shares.items()},
        "macro": {
            "precision": float(np.mean([row.precision for row in rows])),
            "recall": float(np.mean([row.recall for row in rows])),
            "f1": float(np.mean([row.f1 for row in rows])),
        },
        "per_class": {
            label: {
                "precision": round(row.precision, 4),
                "recall": round(row.recall, 4),
                "f1": round(row.f1, 4),
                "support": row.support,
            }
            for label, row in zip(labels, rows, strict=True)
        },
        "confusion": table.tolist(),
    }


def evaluate(weights: Path, facts: Facts, dataset: str, data: Path | None, cache: Path) -> Facts:
    """Measure a shipped classifier or detector on the test part of a set it can be measured on.

    dataset: of `DATASETS` for a classifier, the one it was trained on; of `DETECTION_SETS` for a
    detector, which needs `data`. Raises DemoError for another one.
    """
    classifier = facts["task"] == "classify"
    recipe = find_recipe(facts["name"])
    sets = (recipe.dataset,) if isinstance(recipe, ClassifierRecipe) else DETECTION_SETS
    if dataset not in sets:
        known = ", ".join(sets)
        raise DemoError("lab_dataset_unknown", name=facts["name"], dataset=dataset, known=known)
    labels = tuple(facts["labels"])
    file = weights / facts["file"]
    if classifier:
        pictures = DATASETS[dataset](data, "test", cache)
        model = load_classifier(file, facts["architecture"])
        mean, std = tuple(facts["mean"]), tuple(facts["std"])
        logits = logits_of(model, pictures.images, mean, std)
        return measure_classifier(logits, pictures.targets, labels)
    if data is None:
        raise DemoError("lab_data_needed", dataset=dataset)
    detector = load_detector(file, facts["architecture"], labels)
    photos = held_out(data, dataset, labels)
    matches = list(match_photos(detector, photos, facts["input_size"][0], labels))
    return measure_detector(matches, labels)
