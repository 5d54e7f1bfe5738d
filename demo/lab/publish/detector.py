"""Publication of a trained detector: weight file, measured facts, card."""

from collections.abc import Iterator, Mapping
from pathlib import Path

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
    held_out_photos,
    match_photos,
    measure_detector,
    with_labels,
)
from demo.lab.evaluation.networks import load_detector
from demo.lab.options import PublishOptions
from demo.lab.publish.files import origin, weights_path, write_card
from demo.lab.recipe import DetectorRecipe
from demo.lab.training.detector import STATE

MIN_AP50 = 0.2
"""A label is published where its AP50 on any of the sets is at least this."""
MIN_BOXES = 3
"""Number of true boxes in a set from which its AP50 counts."""
_WEAK_AP50 = 0.5
"""AP50 below which a class is named among the failures."""
_NEGATIVES = 300
"""Photos of other things on which false positives are counted."""

ScoresBySet = Mapping[str, DetectorScores]


def publish_detector(recipe: DetectorRecipe, options: PublishOptions) -> Iterator[str]:
    """Write `weights/<name>.safetensors`, .json and .md, measured on the file itself.

    Classes that reach `MIN_AP50` on no set are removed from the network.

    Raises:
        DemoError: there is no finished run, or the data are missing.
    """
    data = require_folder(options.data, ", ".join(recipe.datasets))
    file = weights_path(recipe, options, STATE)
    architecture = Path(recipe.architecture).stem
    state = load_file(options.run / STATE)
    save_file(state, file)
    photos = {name: held_out_photos(data, name, recipe.labels) for name in DETECTION_SETS}
    model = load_detector(file, architecture, recipe.labels)
    labels = published_labels(_measure(model, photos, recipe.labels, recipe.imgsz), recipe.labels)
    yield f"offered: {', '.join(labels)}"
    save_file(keep_classes(state, recipe.labels, labels), file)
    model = load_detector(file, architecture, labels)
    kept = {name: [with_labels(p, labels) for p in part] for name, part in photos.items()}
    scores = _measure(model, kept, labels, recipe.imgsz)
    negatives = negative_photos(data, _NEGATIVES, "test")
    false_positives = count_false_positives(model, negatives, recipe.imgsz, labels)
    facts = origin(recipe, (recipe.imgsz, recipe.imgsz), architecture, file, options.run)
    card = _card(recipe, facts, labels, scores, false_positives)
    yield from write_card(card, options.weights)


def _card(
    recipe: DetectorRecipe,
    facts: Origin,
    labels: tuple[str, ...],
    scores: ScoresBySet,
    false_positives: FalsePositives,
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
        false_finds=false_positives,
        failures=(*recipe.about.failures, weakest, _false_positives_sentence(false_positives)),
    )


def _measure(
    model: nn.Module, photos: dict[str, list[Photo]], labels: tuple[str, ...], size: int
) -> ScoresBySet:
    """The scores on each set of photos."""
    return {
        name: measure_detector(list(match_photos(model, part, size, labels)), labels)
        for name, part in photos.items()
    }


def published_labels(scores: ScoresBySet, labels: tuple[str, ...]) -> tuple[str, ...]:
    """The labels whose AP50 reaches `MIN_AP50` on a set with at least `MIN_BOXES` boxes."""

    def is_found(label: str) -> bool:
        tables = [measured.per_class for measured in scores.values()]
        rows = [table[label] for table in tables if label in table]
        return any(row.boxes >= MIN_BOXES and row.ap50 >= MIN_AP50 for row in rows)

    return tuple(label for label in labels if is_found(label))


def keep_classes(
    state: dict[str, Tensor], learned: tuple[str, ...], labels: tuple[str, ...]
) -> dict[str, Tensor]:
    """The tensors of a YOLO11 or YOLO26 detector with the class outputs of `labels` only.

    The last layer of each of the three class branches has one row a class. The width of the
    branches before it must not depend on the number of classes, which holds for up to 64.
    """
    rows = torch.tensor([learned.index(label) for label in labels])
    last_layer = (".2.weight", ".2.bias")
    return {
        key: value[rows].clone() if ".cv3." in key and key.endswith(last_layer) else value
        for key, value in state.items()
    }


def _score_rows(name: str, measured: DetectorScores) -> list[Score]:
    dataset = f"{name} test" if name != "caltech101" else "caltech101 test, boxes of yolo11n"
    return [Score.of(dataset, *pair) for pair in measured.estimates().items()]


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
    """The classes with a low AP50 on everyday photos."""
    lowest: dict[str, float] = {}
    for name in ("boxes3", "animals", "coco128"):
        for label, row in scores[name].per_class.items():
            if row.boxes >= MIN_BOXES:
                lowest[label] = min(row.ap50, lowest.get(label, 1.0))
    weak = sorted((value, label) for label, value in lowest.items() if value < _WEAK_AP50)
    words = ", ".join(f"{label} {value:.2f}" for value, label in weak) or "–"
    return f"Classes of AP50 below one half, whose boxes are often missing or wrong: {words}."


def _false_positives_sentence(counts: FalsePositives) -> str:
    return (
        f"On {counts.n} photos of single things without a box by anybody (Caltech-101, never "
        f"trained on) it draws a box of score ≥ 0.25 in {counts.above_25} and of score ≥ 0.5 in "
        f"{counts.above_50}; some of those things it does know."
    )
