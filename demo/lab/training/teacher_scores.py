"""Best scores of a teacher in training photos, computed once and stored."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from demo.geometry.letterbox import Letterbox
from demo.lab.data.boxed_photos import Photo
from demo.lab.data.read import read_photo
from demo.lab.training.distillation import Teacher

_BATCH = 32
_PADDING = 114 / 255


def best_scores(
    teacher: Teacher, photos: list[Photo], size: int, cache_file: Path
) -> list[list[float]]:
    """The teacher's best probability for each label in each photo, letterboxed to `size` pixels.

    The result is stored in `cache_file` and read from there for the same photos, labels and size.
    """
    key = {"labels": teacher.labels, "size": size, "photos": [p.path_in_set for p in photos]}
    if cache_file.is_file():
        cached = json.loads(cache_file.read_text("utf-8"))
        if {name: cached[name] for name in key} == key:
            stored: list[list[float]] = cached["best"]
            return stored
    best: list[list[float]] = []
    for start in range(0, len(photos), _BATCH):
        scores, _ = teacher(_letterboxed(photos[start : start + _BATCH], size))
        best += [[round(value, 3) for value in row] for row in scores.amax(1).tolist()]
    cache_file.parent.mkdir(parents=True, exist_ok=True)
    cache_file.write_text(json.dumps(key | {"best": best}), "utf-8")
    return best


def _letterboxed(photos: Sequence[Photo], size: int) -> Tensor:
    """N×3×size×size float32 RGB in 0–1, channels last, padded at the right and bottom."""
    # A letterbox here is as small as its photo allows; a batch needs one size.
    batch = torch.full((len(photos), 3, size, size), _PADDING)
    for canvas, photo in zip(batch, photos, strict=True):
        image = read_photo(photo.path)
        boxed = Letterbox.fit((image.shape[1], image.shape[0]), size).apply(image)
        pixels = torch.from_numpy(np.ascontiguousarray(boxed)).permute(2, 0, 1) / 255
        canvas[:, : boxed.shape[0], : boxed.shape[1]] = pixels
    return batch.contiguous(memory_format=torch.channels_last)
