"""From a finished run of a detector to what stands in weights/: the file, its facts, its card."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from demo.errors import DemoError
from demo.lab.data.boxed_photos import Photo, negative_photos
from demo.lab.evaluation.detector import (
    DETECTION_SETS,
    Facts,
    false_finds,
    held_out,
    load_detector,
    match_photos,
    measure_detector,
    of_labels,
)
from demo.lab.publish.classifier import common_facts, write_card
from demo.lab.recipe import DetectorRecipe
from demo.lab.training.detector import STATE

OFFERED = 0.2
"""Least AP50 on any of the sets for a class to be offered at all."""
ENOUGH = 3
"""Least number of true boxes in a set for its AP50 to count for that."""


def ship_detector(
    recipe: DetectorRecipe, data: Path | None, run: Path, weights: Path
) -> Iterator[str]:
    """Write `weights/<name>.safetensors`, .json and .md, measured on the file itself.

    Classes that reach `OFFERED` nowhere are cut out of the network. Raises DemoError where there
    are no data or no run.
    """
    if data is None:
        raise DemoError("lab_data_needed", dataset=", ".join(recipe.datasets))
    if not (run / STATE).is_file():
        raise DemoError("lab_run_missing", name=recipe.name)
    weights.mkdir(exist_ok=True)
    file = weights / f"{recipe.name}.safetensors"
    architecture = Path(recipe.architecture).stem
    save_file(load_file(run / STATE), file)
    photos = {name: held_out(data, name, recipe.labels) for name in DETECTION_SETS}
    model = load_detector(file, architecture, recipe.labels)
    learned = _by_set(model, photos, recipe.labels, recipe.imgsz)
    labels = offered(learned, recipe.labels)
    yield f"offered: {', '.join(labels)}"
    save_file(without(load_file(run / STATE), recipe.labels, labels), file)
    model = load_detector(file, architecture, labels)
    kept = {name: [of_labels(p, labels) for p in part] for name, part in photos.items()}
    found = _by_set(model, kept, labels, recipe.imgsz)
    finds = false_finds(model, negative_photos(data, 300, "test"), recipe.imgsz, labels)
    facts = common_facts(recipe, "detect", (recipe.imgsz,) * 2, architecture, file, run)
    scores = [row for name in DETECTION_SETS for row in _scores(name, found[name])]
    best = next(row for row in scores if row["dataset"].startswith("animals"))
    facts |= {
        "labels": labels,
        "not_offered": [label for label in recipe.labels if label not in labels],
        "mean": None,
        "std": None,
        "measured": best,
        "scores": [row for row in scores if row is not best],
        "per_class": _rows(found, labels),
        "unknown": None,
        "false_finds": finds,
        "failures": [*recipe.about.failures, _weakest(found, labels), _false_finds(finds)],
    }
    yield from write_card(facts, weights)


def _by_set(
    model: Any, photos: dict[str, list[Photo]], labels: tuple[str, ...], size: int
) -> dict[str, Facts]:
    """The scores on each set of photos."""
    return {
        name: measure_detector(list(match_photos(model, part, size, labels)), labels)
        for name, part in photos.items()
    }


def offered(found: dict[str, Facts], labels: tuple[str, ...]) -> tuple[str, ...]:
    """The labels whose AP50 reaches `OFFERED` on a set with at least `ENOUGH` boxes of them."""

    def reached(label: str) -> bool:
        tables = [facts["per_class"] for facts in found.values()]
        rows = [table[label] for table in tables if label in table]
        return any(row["boxes"] >= ENOUGH and row["ap50"] >= OFFERED for row in rows)

    return tuple(label for label in labels if reached(label))


def without(
    state: dict[str, torch.Tensor], learned: tuple[str, ...], labels: tuple[str, ...]
) -> dict[str, torch.Tensor]:
    """The tensors of a YOLO11 or YOLO26 head with the outputs of `labels` alone.

    The last layer of each of the three class branches has one row a class. The width of the
    branches before it must not depend on the number of classes, which holds up to 64 of them.
    """
    rows = torch.tensor([learned.index(label) for label in labels])
    last = (".2.weight", ".2.bias")
    return {
        key: value[rows].clone() if ".cv3." in key and key.endswith(last) else value
        for key, value in state.items()
    }


def _scores(name: str, measured: Facts) -> list[Facts]:
    dataset = f"{name} test" if name != "caltech101" else "caltech101 test, boxes of yolo11n"
    return [{"dataset": dataset, "metric": m} | measured[m] for m in ("mAP50", "mAP50-95")]


def _rows(found: dict[str, Facts], labels: tuple[str, ...]) -> Facts:
    """Label → AP50 and number of true boxes on each set; AP50 is None where it has none."""
    empty = {"ap50": None, "boxes": 0}
    table: Facts = {}
    for label in labels:
        row: Facts = {}
        for name, facts in found.items():
            mine = facts["per_class"].get(label, empty)
            row |= {f"{name} AP50": mine["ap50"], f"{name} boxes": mine["boxes"]}
        table[label] = row
    return table


def _weakest(found: dict[str, Facts], labels: tuple[str, ...]) -> str:
    """The classes of AP50 below one half on everyday photos, in words."""
    weak: dict[str, float] = {}
    for name in ("boxes3", "animals", "coco128"):
        for label, row in found[name]["per_class"].items():
            if row["boxes"] >= ENOUGH:
                weak[label] = min(row["ap50"], weak.get(label, 1.0))
    low = sorted((value, label) for label, value in weak.items() if value < 0.5)
    said = ", ".join(f"{label} {value:.2f}" for value, label in low)
    return f"Classes of AP50 below one half, whose boxes are often missing or wrong: {said or '–'}."


def _false_finds(finds: Facts) -> str:
    return (
        f"On {finds['n']} photos of single things without a box by anybody (Caltech-101, never "
        f"trained on) it draws a box of score ≥ 0.25 in {finds['0.25']} and of score ≥ 0.5 in "
        f"{finds['0.5']}; some of those things it does know."
    )
