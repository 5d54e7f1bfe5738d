"""From a finished run to what stands in weights/: the file, its facts, its card."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from demo.errors import DemoError
from demo.lab.boxes import boxed_photos, negative_photos
from demo.lab.caltech import NOT_IN_CIFAR10, caltech_folder, spread
from demo.lab.card import render
from demo.lab.cifar import cifar10
from demo.lab.classifier import CHECKPOINT, logits_of
from demo.lab.detector import STATE, half_state
from demo.lab.evaluate import (
    Facts,
    false_finds,
    load_classifier,
    load_detector,
    match_photos,
    measure_classifier,
    measure_detector,
    read_photo,
    shrink,
)
from demo.lab.progress import RECORD
from demo.lab.recipe import ClassifierRecipe, DetectorRecipe
from demo.lab.splits import is_test
from demo.lab.unknown import Unknown, calibrate

SOURCE = "trained from scratch by this project (demo/lab)"


def ship_classifier(
    recipe: ClassifierRecipe, data: Path | None, run: Path, weights: Path, cache: Path
) -> Iterator[str]:
    """Write `weights/<name>.safetensors`, .json and .md, measured on the file itself."""
    if not (run / CHECKPOINT).is_file():
        raise DemoError("lab_run_missing", name=recipe.name)
    weights.mkdir(exist_ok=True)
    file = weights / f"{recipe.name}.safetensors"
    state = torch.load(run / CHECKPOINT, weights_only=True)["model"]
    test = cifar10(data, "test", cache)
    logits = {}
    for precision in ("float32", "float16"):
        kept = state if precision == "float32" else half_state(state)
        save_file({key: value.contiguous() for key, value in kept.items()}, file)
        model = load_classifier(file, recipe.network)
        logits[precision] = logits_of(model, test.images, recipe.mean, recipe.std)
        hits = (logits[precision].argmax(1) == test.targets).mean()
        yield f"{precision}: accuracy {hits:.4f}"
    folder = caltech_folder(data, cache)
    things = spread(folder, NOT_IN_CIFAR10, 1000)
    small = np.stack([shrink(read_photo(folder / path), recipe.input_hw[0]) for path in things])
    strange = logits_of(model, small, recipe.mean, recipe.std)
    rule = calibrate(logits["float16"], test.targets, strange)
    measured = measure_classifier(logits["float16"], test.targets, recipe.labels)
    facts = _common(recipe, "classify", recipe.input_hw, recipe.network, file, run)
    facts |= {
        "mean": recipe.mean,
        "std": recipe.std,
        "measured": {"dataset": f"{recipe.dataset} test", "metric": "accuracy"}
        | measured["accuracy"],
        "scores": [],
        "macro": measured["macro"],
        "per_class": measured["per_class"],
        "confusion": measured["confusion"],
        "unknown": asdict(rule),
        "failures": [*recipe.about.failures, *_confusions(measured, recipe.labels), _missed(rule)],
    }
    yield from _write(facts, weights)


def ship_detector(
    recipe: DetectorRecipe, data: Path | None, run: Path, weights: Path
) -> Iterator[str]:
    """The same for a detector; measured on the test parts of its data sets, each and together."""
    if data is None:
        raise DemoError("lab_data_needed", dataset=", ".join(recipe.datasets))
    if not (run / STATE).is_file():
        raise DemoError("lab_run_missing", name=recipe.name)
    weights.mkdir(exist_ok=True)
    file = weights / f"{recipe.name}.safetensors"
    save_file(load_file(run / STATE), file)
    architecture = Path(recipe.architecture).stem
    model = load_detector(file, architecture, recipe.labels)
    matches, scores = [], []
    for name in recipe.datasets:
        photos = [photo for photo in boxed_photos(data, name) if is_test(photo.inside)]
        part = list(match_photos(model, photos, recipe.imgsz, recipe.labels))
        scores += _scores(f"{name} test", measure_detector(part, recipe.labels))
        matches += part
        yield f"{name}: {len(photos)} photos measured"
    measured = measure_detector(matches, recipe.labels)
    scores = _scores(f"{' + '.join(recipe.datasets)} test", measured) + scores
    empty = negative_photos(data, 300, "test")
    finds = false_finds(model, empty, recipe.imgsz, recipe.labels)
    facts = _common(recipe, "detect", (recipe.imgsz,) * 2, architecture, file, run)
    facts |= {
        "mean": None,
        "std": None,
        "measured": scores[0],
        "scores": scores[1:],
        "per_class": measured["per_class"],
        "unknown": None,
        "false_finds": finds,
        "failures": [*recipe.about.failures, _weakest(measured), _false_finds(finds)],
    }
    yield from _write(facts, weights)


def _common(
    recipe: ClassifierRecipe | DetectorRecipe,
    task: str,
    input_hw: tuple[int, int],
    architecture: str,
    file: Path,
    run: Path,
) -> Facts:
    record = json.loads((run / RECORD).read_text("utf-8"))
    state = load_file(file)
    averages = ("running_mean", "running_var", "num_batches_tracked", "dfl.conv.weight")
    return {
        "name": recipe.name,
        "task": task,
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "size_bytes": file.stat().st_size,
        "params": sum(v.numel() for k, v in state.items() if not k.endswith(averages)),
        "precision": "float16",
        "labels": recipe.labels,
        "input_size": input_hw,
        "architecture": architecture,
        "licence": recipe.about.licence,
        "source": SOURCE,
        "recipe": f"demo/lab/recipes/{recipe.name.replace('-', '_')}.py",
        "command": f"python -m demo.lab train {recipe.name} --data DATA",
        "seed": recipe.seed,
        "epochs": record["epochs"],
        "planned_epochs": record["planned_epochs"],
        "train_minutes": round(record["minutes"], 1),
        "machine": record["machine"],
        "data": recipe.about.data,
        "for": recipe.about.good_for,
        "not_for": recipe.about.not_for,
    }


def _write(facts: Facts, weights: Path) -> Iterator[str]:
    # safetensors makes files that only their owner may read.
    (weights / facts["file"]).chmod(0o644)
    text = json.dumps(_rounded(facts), indent=1, ensure_ascii=False) + "\n"
    (weights / f"{facts['name']}.json").write_text(text, "utf-8")
    (weights / f"{facts['name']}.md").write_text(render(json.loads(text)), "utf-8")
    main = facts["measured"]
    interval = f"{main['low']:.4f}–{main['high']:.4f}"
    yield f"{facts['file']}: {main['metric']} {main['value']:.4f} ({interval})"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value


def _scores(dataset: str, measured: Facts) -> list[Facts]:
    return [
        {"dataset": dataset, "metric": metric} | measured[metric]
        for metric in ("mAP50", "mAP50-95")
    ]


def _confusions(measured: Facts, labels: tuple[str, ...]) -> list[str]:
    """The three most frequent mistakes, in words."""
    table = np.array(measured["confusion"])
    np.fill_diagonal(table, 0)
    worst = np.argsort(-table, axis=None)[:3]
    pairs = [divmod(int(place), len(labels)) for place in worst]
    said = [f"{labels[i]} taken for {labels[j]} ({table[i, j]} times)" for i, j in pairs]
    return [f"Most frequent mistakes on the test pictures: {', '.join(said)}."]


def _missed(rule: Unknown) -> str:
    return (
        f"Of {rule.foreign} photos of things it was never shown it calls only {rule.caught} "
        f"unknown; the other {rule.foreign - rule.caught} get the name of one of its classes."
    )


def _weakest(measured: Facts) -> str:
    """The classes of AP50 below one half, in words."""
    weak = {k: row["ap50"] for k, row in measured["per_class"].items() if row["ap50"] < 0.5}
    said = ", ".join(f"{label} {value:.2f}" for label, value in sorted(weak.items(), key=_second))
    return f"Classes of AP50 below one half, whose boxes are often missing or wrong: {said or '–'}."


def _second(pair: tuple[str, float]) -> float:
    return pair[1]


def _false_finds(finds: Facts) -> str:
    return (
        f"On {finds['n']} photos that hold none of its classes (Caltech-101, never trained on) it "
        f"draws a box of score ≥ 0.25 in {finds['0.25']} and of score ≥ 0.5 in {finds['0.5']}."
    )
