"""From a finished run to what stands in weights/: the file, its facts, its card."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from demo.errors import DemoError
from demo.lab.data.cifar import Pictures
from demo.lab.data.cifar_lookalikes import kin
from demo.lab.data.outliers import FOREIGN_OF
from demo.lab.evaluation.classifier import MANY, Facts, load_classifier, measure_classifier
from demo.lab.evaluation.out_of_distribution import Unknown, calibrate, energy
from demo.lab.publish.card import render
from demo.lab.recipe import ClassifierRecipe, Recipe
from demo.lab.training.classifier import CHECKPOINT, logits_of
from demo.lab.training.datasets import DATASETS
from demo.lab.training.detector import half_state
from demo.lab.training.progress import RECORD
from demo.lab.training.soft_labels import CLASSES as HINTS

SOURCE = "trained from scratch by this project (demo/lab)"


def ship_classifier(
    recipe: ClassifierRecipe, data: Path | None, run: Path, weights: Path, cache: Path
) -> Iterator[str]:
    """Write `weights/<name>.safetensors`, .json and .md, measured on the file itself."""
    if not (run / CHECKPOINT).is_file():
        raise DemoError("lab_run_missing", name=recipe.name)
    weights.mkdir(exist_ok=True)
    file = weights / f"{recipe.name}.safetensors"
    test = DATASETS[recipe.dataset](data, "test", cache)
    whole, _ = _stored(recipe, run, file, test, half=False)
    logits, model = _stored(recipe, run, file, test, half=True)
    for precision, rows in (("float32", whole), ("float16", logits)):
        yield f"{precision}: accuracy {(rows.argmax(1) == test.targets).mean():.4f}"
    foreign = FOREIGN_OF[recipe.dataset](data, cache, recipe.input_hw[0])
    strange = logits_of(model, foreign, recipe.mean, recipe.std)
    rule = calibrate(logits, test.targets, strange)
    measured = measure_classifier(logits, test.targets, recipe.labels)
    facts = common_facts(recipe, "classify", recipe.input_hw, recipe.network, file, run)
    facts["elsewhere"] = None
    if recipe.dataset == "cifar10" and data is not None:
        facts["elsewhere"] = _elsewhere(model, recipe, rule, kin(data, recipe.input_hw[0]))
    where = f"{recipe.dataset} test"
    shares = [metric for metric in ("accuracy", "top-5 accuracy") if metric in measured]
    scores = [{"dataset": where, "metric": metric} | measured[metric] for metric in shares]
    facts |= {
        "mean": recipe.mean,
        "std": recipe.std,
        "measured": scores[0],
        "scores": scores[1:],
        "macro": measured["macro"],
        "per_class": measured["per_class"],
        **_confusion(measured, recipe.labels),
        "unknown": asdict(rule),
        "failures": [
            *recipe.about.failures,
            *_confusions(measured, recipe.labels),
            _missed(rule),
            *_strange(facts["elsewhere"]),
        ],
    }
    yield from write_card(facts, weights)


def _stored(
    recipe: ClassifierRecipe, run: Path, file: Path, test: Pictures, half: bool
) -> tuple[NDArray[np.float32], torch.nn.Module]:
    """Write the run's network to `file`, in half precision or whole; its test logits, and it."""
    state = without_hints(torch.load(run / CHECKPOINT, weights_only=True)["model"], recipe)
    kept = half_state(state) if half else state
    save_file({key: value.contiguous() for key, value in kept.items()}, file)
    model = load_classifier(file, recipe.network)
    return logits_of(model, test.images, recipe.mean, recipe.std), model


def _elsewhere(
    model: torch.nn.Module, recipe: ClassifierRecipe, rule: Unknown, pictures: Pictures
) -> Facts:
    """Accuracy and false alarms on photos of its classes that are not of its data set."""
    logits = logits_of(model, pictures.images, recipe.mean, recipe.std)
    right = int((logits.argmax(1) == pictures.targets).sum())
    alarms = int((energy(logits, rule.temperature) < rule.threshold).sum())
    n = len(pictures)
    return {"accuracy": right / n, "false_alarm": alarms / n, "n": n}


def _strange(elsewhere: Facts | None) -> list[str]:
    if elsewhere is None:
        return []
    return [
        f"Photos of airplanes, cats, dogs and horses from elsewhere, their middle square at its "
        f"size ({elsewhere['n']:,} of Caltech-101 and Animal-Pose): {elsewhere['accuracy']:.1%} "
        f"are named right, {elsewhere['false_alarm']:.1%} are wrongly called unknown."
    ]


def without_hints(state: dict[str, torch.Tensor], recipe: ClassifierRecipe) -> dict[str, Any]:
    """The tensors without the outputs that were for a teacher's classes."""
    kept = len(recipe.labels)
    if not recipe.hints:
        return state
    learned = (kept + HINTS,)
    return {k: v[:kept] if v.shape[:1] == learned else v for k, v in state.items()}


def common_facts(
    recipe: Recipe,
    task: str,
    input_size: tuple[int, ...],
    architecture: str,
    file: Path,
    run: Path,
) -> Facts:
    """What every card says, from the recipe, the shipped file and the record of its run.

    input_size: height and width in pixels, or how many random numbers.
    """
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
        "input_size": input_size,
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


def write_card(facts: Facts, weights: Path) -> Iterator[str]:
    """Write `weights/<name>.json` and .md beside the file; one line with the main score."""
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


def _confusion(measured: Facts, labels: tuple[str, ...]) -> Facts:
    """The confusion table, or of many classes the thirty most frequent mistakes."""
    if len(labels) < MANY:
        return {"confusion": measured["confusion"]}
    return {"mistakes": [row for row in _mistakes(measured, labels, 30) if row[2] > 1]}


def _mistakes(measured: Facts, labels: tuple[str, ...], count: int) -> list[tuple[str, str, int]]:
    """(what it is, what the model says, how often), most frequent first."""
    table = np.array(measured["confusion"])
    np.fill_diagonal(table, 0)
    worst = np.argsort(-table, axis=None, kind="stable")[:count]
    pairs = [divmod(int(place), len(labels)) for place in worst]
    return [(labels[i], labels[j], int(table[i, j])) for i, j in pairs]


def _confusions(measured: Facts, labels: tuple[str, ...]) -> list[str]:
    """The three most frequent mistakes, in words."""
    rows = _mistakes(measured, labels, 3)
    said = ", ".join(f"{true} taken for {guess} ({times} times)" for true, guess, times in rows)
    return [f"Most frequent mistakes on the test pictures: {said}."]


def _missed(rule: Unknown) -> str:
    return (
        f"Of {rule.foreign:,} photos of things it was never shown it calls {rule.caught} unknown; "
        f"the other {rule.foreign - rule.caught} get the name of one of its classes."
    )
