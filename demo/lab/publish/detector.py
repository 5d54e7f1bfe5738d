"""Publication of a trained detector: weight file, measured facts, card."""

from collections.abc import Iterator, Mapping

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from demo.lab.cards.card import Origin
from demo.lab.cards.detector import DetectorCard, DetectorScores, FalsePositives
from demo.lab.cards.facts import Score
from demo.lab.data.boxed_photos import Photo, negative_photos
from demo.lab.data.folders import require_folder
from demo.lab.evaluation.detector import (
    DETECTION_SETS,
    count_false_positives,
    foreign_validation_photos,
    held_out_photos,
    match_photos,
    measure_detector,
)
from demo.lab.evaluation.networks import load_detector
from demo.lab.options import PublishOptions
from demo.lab.publish.files import origin, weights_path, write_card
from demo.lab.publish.thresholds import best_thresholds, shift_scores
from demo.lab.recipe import DetectorRecipe
from demo.lab.training.detector import STATE
from demo.models.yolo import LITE

_MIN_BOXES = 3
"""Number of true boxes in a set from which its AP50 counts for naming weak classes."""
_WEAK_AP50 = 0.5
"""AP50 below which a class is named among the failures."""
_NEGATIVES = 300
"""Photos of other things on which false positives are counted."""

_CONFIDENCE = 0.25
"""The program's threshold; the scores of each class are shifted to have their best F1 there."""

ScoresBySet = Mapping[str, DetectorScores]


def publish_detector(recipe: DetectorRecipe, options: PublishOptions) -> Iterator[str]:
    """Write `weights/<name>.safetensors`, .json and .md, measured on the file itself.

    Classes that the recipe does not offer are removed from the network. Thresholds come from the
    validation photos; the test photos only measure.

    Raises:
        DemoError: there is no finished run, or the data are missing.
    """
    data = require_folder(options.data, ", ".join(recipe.datasets))
    file = weights_path(recipe, options, STATE)
    labels = recipe.offered
    state = keep_classes(load_file(options.run / STATE), recipe.labels, labels)
    save_file(state, file)
    validation = {name: held_out_photos(data, name, "validation") for name in DETECTION_SETS}
    validation["caltech101"] = foreign_validation_photos(data)
    model = load_detector(file, LITE, labels)
    best, iou = best_thresholds(model, validation, labels, recipe.imgsz)
    stated = ", ".join(f"{label} {score:.2f}" for label, score in zip(labels, best, strict=True))
    yield f"best F1 on validation photos at an overlap of {iou} and scores of {stated}"
    save_file(shift_scores(state, best, _CONFIDENCE), file)
    thresholds = (_CONFIDENCE, iou)
    model = load_detector(file, LITE, labels)
    photos = {name: held_out_photos(data, name) for name in DETECTION_SETS}
    scores = _measure(model, photos, labels, recipe.imgsz)
    negatives = negative_photos(data, _NEGATIVES, "test")
    false_positives = count_false_positives(model, negatives, recipe.imgsz, labels, thresholds[0])
    facts = origin(recipe, (recipe.imgsz, recipe.imgsz), LITE, file, options.run)
    card = _card(recipe, facts, labels, scores, false_positives, thresholds)
    yield from write_card(card, options.weights)


def _card(
    recipe: DetectorRecipe,
    facts: Origin,
    labels: tuple[str, ...],
    scores: ScoresBySet,
    false_positives: FalsePositives,
    thresholds: tuple[float, float],
) -> DetectorCard:
    rows = [row for name in DETECTION_SETS for row in _score_rows(name, scores[name])]
    main = next(row for row in rows if row.dataset.startswith("animals"))
    weakest = _weakest_sentence(scores)
    return DetectorCard.of(
        facts,
        labels=labels,
        not_offered=tuple(label for label in recipe.labels if label not in labels),
        mean=None,
        std=None,
        measured=main,
        scores=tuple(row for row in rows if row is not main),
        per_class=_class_rows(scores, labels),
        out_of_distribution=None,
        confidence=thresholds[0],
        iou=thresholds[1],
        exclusive=_groups(recipe.exclusive, labels),
        false_finds=false_positives,
        failures=(
            *recipe.about.failures,
            weakest,
            _false_positives_sentence(false_positives, thresholds[0]),
        ),
    )


def _measure(
    model: nn.Module, photos: dict[str, list[Photo]], labels: tuple[str, ...], size: int
) -> ScoresBySet:
    """The scores on each set of photos."""
    return {
        name: measure_detector(list(match_photos(model, part, size, labels)), labels)
        for name, part in photos.items()
    }


def _groups(
    groups: tuple[tuple[str, ...], ...], labels: tuple[str, ...]
) -> tuple[tuple[str, ...], ...]:
    """The groups without labels that are not offered, where two are left."""
    kept = [tuple(label for label in group if label in labels) for group in groups]
    return tuple(group for group in kept if len(group) > 1)


def keep_classes(
    state: dict[str, Tensor], learned: tuple[str, ...], labels: tuple[str, ...]
) -> dict[str, Tensor]:
    """The tensors of a `LiteDetector` with the class outputs of `labels` only.

    The last layer of each of the three class branches has one row a class. The width of the
    branches before it does not depend on the number of classes, up to 64.
    """
    rows = torch.tensor([learned.index(label) for label in labels])
    last_layer = (".2.weight", ".2.bias")
    return {
        key: value[rows].clone() if ".cv3." in key and key.endswith(last_layer) else value
        for key, value in state.items()
    }


def _score_rows(name: str, measured: DetectorScores) -> list[Score]:
    return [Score.of(f"{name} test", *pair) for pair in measured.estimates().items()]


def _class_rows(
    scores: ScoresBySet, labels: tuple[str, ...]
) -> dict[str, dict[str, int | float | None]]:
    """Label → AP50 and number of true boxes on each set; AP50 is None where it has none."""
    table: dict[str, dict[str, int | float | None]] = {}
    for label in labels:
        table[label] = {}
        for name, measured in scores.items():
            row = measured.per_class.get(label)
            table[label][f"{name} AP50"] = row.ap50 if row else None
            table[label][f"{name} boxes"] = row.boxes if row else 0
    return table


def _weakest_sentence(scores: ScoresBySet) -> str:
    """The classes with a low AP50 on any of the sets."""
    lowest: dict[str, float] = {}
    for measured in scores.values():
        for label, row in measured.per_class.items():
            if row.boxes >= _MIN_BOXES:
                lowest[label] = min(row.ap50, lowest.get(label, 1.0))
    weak = sorted((value, label) for label, value in lowest.items() if value < _WEAK_AP50)
    words = ", ".join(f"{label} {value:.2f}" for value, label in weak) or "–"
    return f"Classes of AP50 below one half, whose boxes are often missing or wrong: {words}."


def _false_positives_sentence(counts: FalsePositives, confidence: float) -> str:
    return (
        f"On {counts.n} photos of single things that it does not know (Caltech-101, never trained "
        f"on) it draws a box in {counts.at_confidence} at its own confidence of {confidence:.2f}, "
        f"in {counts.above_25} at 0.25 and in {counts.above_50} at 0.5."
    )
