"""What a recipe is, the recipes of the built-in kinds, and the table of all recipes."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from demo.discover import collect
from demo.errors import DemoError
from demo.lab.about import About

Sizes = tuple[tuple[float, int], ...]
"""(share of the epochs, side of the pictures in pixels), in the order of the training."""


class Recipe(Protocol):
    """What every recipe states; frozen and picklable.

    kind: name of the recipe kind (`demo.lab.kinds`) that trains, evaluates and publishes it.
    """

    @property
    def name(self) -> str:
        """Unique name: of the recipe, its run and its weights."""

    @property
    def kind(self) -> str:
        """Name of its `RecipeKind`."""

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of the data sets that it is trained on."""

    @property
    def epochs(self) -> int:
        """Default number of epochs."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Classes that the network learns; empty for a generator."""

    @property
    def seed(self) -> int:
        """Seed of all random numbers of the training."""

    @property
    def about(self) -> About:
        """Sentences for the card."""


@dataclass(frozen=True, slots=True)
class ClassifierRecipe:
    """How a classifier is trained.

    Args:
        dataset: key of `demo.lab.training.datasets.DATASETS`.
        network: key of `demo.models.networks.classifiers.NETWORKS`.
        mean, std: of the training pixels, RGB in 0–1.
        input_hw: height and width in pixels of the network's input.
        loss: cross-entropy or mse.
        optimizer: sgd (with Nesterov momentum unless that is 0) or adam.
        lr: peak learning rate. schedule: key of `demo.lab.training.schedules.SCHEDULES`.
        l1, l2: weights of the penalties on all weight matrices.
        pad: pixels of reflected border before a random crop back to the size.
        flip: mirror half of the pictures.
        transforms: of `demo.augment` with their parameters, applied before `pad` and `flip`.
        precision: of the forward passes in training, float32 or bfloat16; weights stay float32.
        outliers: key of `demo.lab.data.outliers.OUTLIERS` or "": pictures of other things, one for
            eight pictures of a batch, on which the network learns uniform probabilities.
        outlier_weight: weight of that loss.
        measure_every: epochs between two measurements of the test accuracy.
        sizes: smaller training pictures for the first epochs; empty for `input_hw` throughout.
        soft_labels: mobilenet_v2 checkpoint inside the data folder whose ImageNet probabilities
            the network learns as well (`demo.lab.training.soft_labels`), or "".
        soft_label_weight: weight of that loss.
    """

    kind: ClassVar[str] = "classify"

    name: str
    dataset: str
    network: str
    labels: tuple[str, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    about: About
    input_hw: tuple[int, int] = (32, 32)
    epochs: int = 30
    batch: int = 128
    loss: str = "cross-entropy"
    label_smoothing: float = 0.0
    optimizer: str = "sgd"
    lr: float = 0.1
    momentum: float = 0.9
    l1: float = 0.0
    l2: float = 5e-4
    dropout: float = 0.0
    pad: int = 4
    flip: bool = True
    transforms: tuple[tuple[str, dict[str, object]], ...] = ()
    schedule: str = "one-cycle"
    precision: str = "float32"
    outliers: str = ""
    outlier_weight: float = 0.5
    measure_every: int = 1
    sizes: Sizes = ()
    soft_labels: str = ""
    soft_label_weight: float = 1.0
    seed: int = 0

    @property
    def datasets(self) -> tuple[str, ...]:
        """The one in `dataset`."""
        return (self.dataset,)

    def size_at(self, epoch: int, epochs: int) -> tuple[int, int]:
        """Height and width in pixels of the training pictures of `epoch` (from 0) of `epochs`."""
        side = size_at(self.sizes, epoch, epochs)
        return (side, side) if side else self.input_hw


@dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """How a detector is trained, on a backbone that knows ImageNet.

    Args:
        datasets: sets of `demo.lab.data.detection_photos` whose training photos are used.
        offered: labels that the published network has; the others only teach it differences.
        exclusive: groups of labels of which one thing has only one; a box is dropped where a
            better one of its group covers it.
        imgsz: longest side in pixels of the evaluation.
        sizes: sides of the training pictures; small ones first, which cost little.
        pictures: number in an epoch.
        mosaic: share of pictures of four photos. whole: share of the epochs, the last ones, that
            are without such.
        scales: smallest and largest longest side of a whole photo, as a share of the picture.
        head_lr, backbone_lr: peak learning rates.
        ending: number of last epochs that begin with a quarter of these rates and show larger
            photos, `ending_scales`: big things need the whole picture.
    """

    kind: ClassVar[str] = "detect"

    name: str
    datasets: tuple[str, ...]
    labels: tuple[str, ...]
    about: About
    offered: tuple[str, ...]
    exclusive: tuple[tuple[str, ...], ...] = ()
    imgsz: int = 416
    sizes: Sizes = ((1.0, 256),)
    epochs: int = 10
    batch: int = 16
    pictures: int = 6000
    mosaic: float = 0.5
    whole: float = 0.2
    scales: tuple[float, float] = (0.5, 1.4)
    head_lr: float = 2e-3
    backbone_lr: float = 5e-4
    ending: int = 2
    ending_scales: tuple[float, float] = (0.7, 1.5)
    seed: int = 0

    def size_at(self, epoch: int, epochs: int) -> int:
        """Side in pixels of the training pictures of `epoch` (from 0) of `epochs`."""
        return size_at(self.sizes, epoch, epochs) or self.imgsz

    def mosaic_at(self, epoch: int, epochs: int) -> float:
        """Share of mosaics in `epoch` (from 0) of `epochs`."""
        return self.mosaic if epoch < round((1 - self.whole) * epochs) else 0.0

    def scales_at(self, epoch: int, epochs: int) -> tuple[float, float]:
        """Scales of whole photos in `epoch` (from 0) of `epochs`."""
        return self.scales if epoch < epochs - self.ending else self.ending_scales


@dataclass(frozen=True, slots=True)
class GeneratorRecipe:
    """How a generator is trained against a discriminator; half of the pictures are mirrored.

    Args:
        network: key of `demo.models.networks.gan.GENERATORS`.
        width: channels of both networks at 16×16.
        lr, betas: of Adam, for both networks.
        real_target: the discriminator's target for real pictures, 0–1.
        average: decay of the moving average of the generator's weights, per step.
        features: name of the published classifier whose features the generator is measured by.
    """

    kind: ClassVar[str] = "generate"

    name: str
    dataset: str
    network: str
    about: About
    labels: tuple[str, ...] = ()
    width: int = 64
    epochs: int = 16
    batch: int = 64
    lr: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    real_target: float = 0.9
    average: float = 0.999
    features: str = "cnn-cifar10"
    seed: int = 0

    @property
    def datasets(self) -> tuple[str, ...]:
        """The one in `dataset`."""
        return (self.dataset,)


def size_at(sizes: Sizes, epoch: int, epochs: int) -> int:
    """Side in pixels of the pictures of `epoch` (from 0) of `epochs`; 0 where `sizes` is empty."""
    share_done = 0.0
    for share, size in sizes:
        share_done += share
        if epoch < round(share_done * epochs):
            return size
    return sizes[-1][1] if sizes else 0


def recipes() -> dict[str, Recipe]:
    """Every RECIPE of `demo/lab/recipes`, by name. Raises ValueError where two share a name."""
    return {recipe.name: recipe for recipe in collect("demo.lab.recipes", "RECIPE")}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name. Raises DemoError for an unknown one."""
    table = recipes()
    if name not in table:
        raise DemoError("lab_recipe_unknown", name=name, known=", ".join(table))
    return table[name]
