"""The sets of pictures that a classifier can be trained and measured on."""

from collections.abc import Callable, Mapping
from pathlib import Path

from demo.lab.data.cifar import Pictures, cifar10
from demo.lab.data.outliers import OUTLIERS
from demo.lab.data.photo101 import photo101
from demo.lab.recipe import ClassifierRecipe
from demo.lab.training.classifier import Extra
from demo.lab.training.soft_labels import hints

DATASETS: Mapping[str, Callable[[Path | None, str, Path], Pictures]] = {
    "cifar10": cifar10,
    "photo-101": photo101,
}
"""Name → (local folder or None for the official source, part train or test, cache) → pictures."""


def extra_of(recipe: ClassifierRecipe, data: Path | None, cache: Path, train: Pictures) -> Extra:
    """The outliers and hints that a recipe asks for. Raises DemoError where `data` lacks them."""
    outliers = said = None
    if recipe.outliers:
        outliers = OUTLIERS[recipe.outliers](data, cache, train.images.shape[1])
    if recipe.hints:
        kept = cache / f"{recipe.dataset}-{Path(recipe.hints).stem}.npy"
        said = hints(data / recipe.hints if data else None, train, kept)
    return Extra(outliers, said)
