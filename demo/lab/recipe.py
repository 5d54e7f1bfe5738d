"""What a recipe is, and the table of all recipes (`demo/lab/recipes/*.py`)."""

from dataclasses import dataclass, field

from demo.discover import collect
from demo.errors import DemoError


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

    network: a key of `demo.models.nets.NETWORKS`. mean, std: of the training pixels, RGB, in 0–1.
    pad: pixels of reflected border before a random crop back to the size; flip: mirror half of
    the pictures. loss: cross-entropy or mse. optimizer: sgd or adam. lr: the peak of a one-cycle
    schedule. l1, l2: weights of the penalties on all weight matrices.
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
    seed: int = 0


@dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """How one detector is trained, by ultralytics' own trainer.

    architecture: a model YAML of ultralytics, never a checkpoint. imgsz: longest side in pixels
    of the loaded photos and of the evaluation. sizes: (share of the epochs, side in pixels), in
    order: small pictures first, which cost little, the full size last. options: further
    arguments of the trainer.
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
    options: dict[str, object] = field(default_factory=dict)
    seed: int = 0

    def size_at(self, epoch: int, epochs: int) -> int:
        """Side in pixels of the training pictures of `epoch` (from 0) out of `epochs`."""
        done = 0.0
        for share, size in self.sizes:
            done += share
            if epoch < round(done * epochs):
                return size
        return self.sizes[-1][1]


Recipe = ClassifierRecipe | DetectorRecipe


def recipes() -> dict[str, Recipe]:
    """Every RECIPE of `demo/lab/recipes`, by name. Raises ValueError where two share a name."""
    return {recipe.name: recipe for recipe in collect("demo.lab.recipes", "RECIPE")}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name. Raises DemoError for an unknown one."""
    table = recipes()
    if name not in table:
        raise DemoError("lab_recipe_unknown", name=name, known=", ".join(table))
    return table[name]
