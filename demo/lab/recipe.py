"""What a recipe is, and the table of all recipes (`demo/lab/recipes/*.py`)."""

from dataclasses import dataclass, field

from demo.discover import collect
from demo.errors import DemoError
from demo.lab.generator_recipe import GeneratorRecipe


@dataclass(frozen=True, slots=True)
class About:
    """What the card tells people beside the numbers; plain sentences."""

    good_for: str
    not_for: str
    licence: str
    data: tuple[str, ...]
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClassifierRecipe:
    """How one classifier is trained.

    network: a key of `demo.models.networks.classifiers.NETWORKS`; batch norm is a matter of the network. mean,
    std: of the training pixels, RGB, in 0–1. pad: pixels of reflected border before a random crop
    back to the size; flip: mirror half of the pictures; transforms: of `demo.augment` with their
    parameters, applied before both. loss: cross-entropy or mse. optimizer: sgd (plain with
    momentum 0) or adam. schedule: a key of `demo.lab.training.schedules.SCHEDULES`, lr its peak. l1, l2:
    weights of the penalties on all weight matrices. precision: of the forward passes in training,
    float32 or bfloat16; weights and sums are float32 either way. outliers: a key of
    `demo.lab.data.outliers.OUTLIERS` or "", photos of other things that the network learns to be
    unsure of, one for eight of its own, their loss weighed by outlier_weight. measure_every:
    epochs between two looks at the test accuracy. sizes: (share of the epochs, side in pixels) in
    order where a training begins with smaller pictures; empty for `input_hw` throughout. hints: a
    mobilenet_v2 checkpoint inside the data folder whose ImageNet probabilities the network learns
    beside its classes (`demo.lab.training.soft_labels`), that loss weighed by hint_weight.
    """

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
    sizes: tuple[tuple[float, int], ...] = ()
    hints: str = ""
    hint_weight: float = 1.0
    seed: int = 0

    def size_at(self, epoch: int, epochs: int) -> tuple[int, int]:
        """Height and width in pixels of the training pictures of `epoch` (from 0) of `epochs`."""
        side = stage(self.sizes, epoch, epochs)
        return (side, side) if side else self.input_hw


@dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """How one detector is trained, by ultralytics' own trainer.

    architecture: a model YAML of ultralytics, never a checkpoint. imgsz: longest side in pixels
    of the loaded photos and of the evaluation. sizes: (share of the epochs, side in pixels), in
    order: small pictures first, which cost little, the full size last. options: further
    arguments of the trainer. precision: of the forward passes in training, float32 or bfloat16.
    teacher: a COCO checkpoint inside the data folder that the network learns from as well
    (`demo.lab.training.distillation`), of the architecture teacher_architecture. start: the recipe whose network
    this one goes on from, "" for random weights. repeats: (label, times), how often a training
    photo is shown in one epoch where the teacher sees that label.
    """

    name: str
    datasets: tuple[str, ...]
    architecture: str
    labels: tuple[str, ...]
    about: About
    imgsz: int = 256
    sizes: tuple[tuple[float, int], ...] = ((1.0, 256),)
    epochs: int = 20
    batch: int = 16
    negatives: int = 0
    precision: str = "float32"
    teacher: str = ""
    teacher_architecture: str = "yolo11n"
    start: str = ""
    repeats: tuple[tuple[str, int], ...] = ()
    options: dict[str, object] = field(default_factory=dict)
    seed: int = 0

    def size_at(self, epoch: int, epochs: int) -> int:
        """Side in pixels of the training pictures of `epoch` (from 0) out of `epochs`."""
        return stage(self.sizes, epoch, epochs) or self.imgsz


def stage(sizes: tuple[tuple[float, int], ...], epoch: int, epochs: int) -> int:
    """The size of the stage that `epoch` (from 0) of `epochs` lies in; 0 where there are none."""
    done = 0.0
    for share, size in sizes:
        done += share
        if epoch < round(done * epochs):
            return size
    return sizes[-1][1] if sizes else 0


Recipe = ClassifierRecipe | DetectorRecipe | GeneratorRecipe


def recipes() -> dict[str, Recipe]:
    """Every RECIPE of `demo/lab/recipes`, by name. Raises ValueError where two share a name."""
    return {recipe.name: recipe for recipe in collect("demo.lab.recipes", "RECIPE")}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name. Raises DemoError for an unknown one."""
    table = recipes()
    if name not in table:
        raise DemoError("lab_recipe_unknown", name=name, known=", ".join(table))
    return table[name]
