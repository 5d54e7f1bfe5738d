"""Data that classifiers are trained and measured on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demo.lab.data.cifar import Pictures, cifar10
from demo.lab.data.outliers import OUTLIERS
from demo.lab.data.photo101 import photo101
from demo.lab.recipe import ClassifierRecipe
from demo.lab.training.soft_labels import soft_labels

DATASETS: Mapping[str, Callable[[Path | None, str, Path], Pictures]] = {
    "cifar10": cifar10,
    "photo-101": photo101,
}
"""Name → (local folder or None for the official source, part train or test, cache) → pictures."""


@dataclass(frozen=True, slots=True, eq=False)
class ClassifierData:
    """Everything that a classifier is trained and tested on.

    Args:
        train, test: labelled pictures.
        outliers: M×H×W×3 uint8 RGB, pictures of none of the classes, or None.
        soft_labels: N×K float16, a teacher's probabilities for the training pictures, or None.
    """

    train: Pictures
    test: Pictures
    outliers: NDArray[np.uint8] | None = None
    soft_labels: NDArray[np.float16] | None = None


def load_data(recipe: ClassifierRecipe, data: Path | None, cache: Path) -> ClassifierData:
    """The data that a recipe asks for. Raises DemoError where `data` lacks a part of them."""
    train, test = (DATASETS[recipe.dataset](data, part, cache) for part in ("train", "test"))
    outliers = probabilities = None
    if recipe.outliers:
        outliers = OUTLIERS[recipe.outliers](data, cache, train.images.shape[1])
    if recipe.soft_labels:
        cache_file = cache / f"{recipe.dataset}-{Path(recipe.soft_labels).stem}.npy"
        teacher = data / recipe.soft_labels if data else None
        probabilities = soft_labels(teacher, train, cache_file)
    return ClassifierData(train, test, outliers, probabilities)
