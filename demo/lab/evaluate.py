"""Measuring shipped weights: what `weights/<name>.safetensors` scores on pictures it never saw."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import nn

from demo.errors import DemoError
from demo.images import Limits, decode
from demo.lab.boxes import Photo, boxed_photos
from demo.lab.cifar import cifar10
from demo.lab.classifier import logits_of
from demo.lab.metrics import (
    Matches,
    Truth,
    average_precisions,
    bootstrap_map,
    class_scores,
    confusion,
    match,
    wilson,
)
from demo.lab.splits import is_test
from demo.letterbox import CenterCrop, Letterbox
from demo.models import ultra
from demo.models.nets import NETWORKS
from demo.results import Detections, Image
from demo.settings import Settings

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


def measure_classifier(
    logits: NDArray[np.float32], targets: NDArray[np.int64], labels: tuple[str, ...]
) -> Facts:
    """Accuracy with its 95 % interval, macro and per-class scores, and the confusion table."""
    guesses = logits.argmax(1)
    hits = int((guesses == targets).sum())
    table = confusion(targets, guesses, len(labels))
    rows = class_scores(table)
    low, high = wilson(hits, len(targets))
    return {
        "accuracy": {"value": hits / len(targets), "low": low, "high": high, "n": len(targets)},
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


def read_photo(path: Path) -> Image:
    """A photo through the program's own decoder, H×W×3 uint8 RGB."""
    return decode(path.read_bytes(), Limits.of(Settings())).rgb


def shrink(image: Image, side: int) -> Image:
    """Shortest side to `side` with antialiasing, then the middle square, as torchvision does it."""
    from torchvision.transforms.v2 import functional

    height, width = image.shape[:2]
    crop = CenterCrop.fit((width, height), side, side)
    pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)
    small = functional.resize(pixels, list(crop.resized_wh[::-1]), antialias=True)
    middle: Image = functional.center_crop(small, [side, side]).permute(1, 2, 0).numpy()
    return middle


def load_detector(file: Path, architecture: str, labels: tuple[str, ...]) -> Any:
    """The detector of a safetensors file, float32, fused, built from ultralytics' model YAML."""
    model = ultra.build(architecture, len(labels))
    model.load_state_dict(load_file(file))
    return model.float().eval().fuse(verbose=False).to(memory_format=torch.channels_last)


@torch.inference_mode()
def detect(model: Any, image: Image, size: int, labels: tuple[str, ...]) -> Detections:
    """All boxes of score ≥ 0.001 after suppression at overlap 0.7, at most 300, as for mAP."""
    from ultralytics.utils.nms import non_max_suppression

    box = Letterbox.fit((image.shape[1], image.shape[0]), size)
    pixels = torch.from_numpy(np.ascontiguousarray(box.apply(image))).permute(2, 0, 1)[None]
    inputs = (pixels.float() / 255).contiguous(memory_format=torch.channels_last)
    found = non_max_suppression(model(inputs), 0.001, 0.7, multi_label=True, max_det=300)[0]
    rows = found.numpy().astype(np.float32)
    scores = rows[:, 4].clip(0, 1)
    return Detections(
        box.restore(rows[:, :4]), scores, rows[:, 5].astype(np.int64), labels, box.size_wh
    )


def match_photos(
    model: Any, photos: list[Photo], size: int, labels: tuple[str, ...]
) -> Iterator[Matches]:
    """Detect in each photo and settle its boxes, in order."""
    for photo in photos:
        xyxy = np.array(photo.boxes, np.float32).reshape(-1, 4)
        ids = np.array([labels.index(label) for label in photo.labels], np.int64)
        yield match(detect(model, read_photo(photo.path), size, labels), Truth(xyxy, ids))


def measure_detector(matches: list[Matches], labels: tuple[str, ...]) -> Facts:
    """mAP50 and mAP50-95 with 95 % bootstrap intervals over photos, and both for each class."""
    table = average_precisions(matches)
    intervals = bootstrap_map(matches)
    truths = np.sum([photo.truths for photo in matches], axis=0)
    values = {"mAP50": float(np.nanmean(table[:, 0])), "mAP50-95": float(np.nanmean(table))}
    facts: Facts = {
        metric: {
            "value": value,
            "low": intervals[metric][0],
            "high": intervals[metric][1],
            "n": len(matches),
        }
        for metric, value in values.items()
    }
    facts["per_class"] = {
        label: {
            "ap50": round(float(table[i, 0]), 4),
            "ap50_95": round(float(table[i].mean()), 4),
            "boxes": int(truths[i]),
        }
        for i, label in enumerate(labels)
        if truths[i]
    }
    return facts


def false_finds(model: Any, photos: list[Photo], size: int, labels: tuple[str, ...]) -> Facts:
    """How many photos without any of the classes get a box of score ≥ 0.25, and of ≥ 0.5."""
    best = [detect(model, read_photo(p.path), size, labels).scores.max(initial=0) for p in photos]
    return {str(least): int((np.array(best) >= least).sum()) for least in (0.25, 0.5)} | {
        "n": len(photos)
    }


def evaluate(weights: Path, facts: Facts, dataset: str, data: Path | None, cache: Path) -> Facts:
    """Measure a shipped file on the test part of one data set it can be measured on.

    dataset: cifar10 for a classifier; boxes3 or animals for a detector, which need `data`.
    Raises DemoError for another one.
    """
    sets = ("cifar10",) if facts["task"] == "classify" else ("boxes3", "animals")
    if dataset not in sets:
        known = ", ".join(sets)
        raise DemoError("lab_dataset_unknown", name=facts["name"], dataset=dataset, known=known)
    labels = tuple(facts["labels"])
    file = weights / facts["file"]
    if facts["task"] == "classify":
        pictures = cifar10(data, "test", cache)
        model = load_classifier(file, facts["architecture"])
        mean, std = tuple(facts["mean"]), tuple(facts["std"])
        logits = logits_of(model, pictures.images, mean, std)
        return measure_classifier(logits, pictures.targets, labels)
    if data is None:
        raise DemoError("lab_data_needed", dataset=dataset)
    photos = [photo for photo in boxed_photos(data, dataset) if is_test(photo.inside)]
    detector = load_detector(file, facts["architecture"], labels)
    size = facts["input_size"][0]
    return measure_detector(list(match_photos(detector, photos, size, labels)), labels)
