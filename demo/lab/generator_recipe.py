"""What a recipe of a generator is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from demo.lab.recipe import About


@dataclass(frozen=True, slots=True)
class GeneratorRecipe:
    """How one generator is trained against a discriminator.

    network: a key of `demo.models.networks.gan.GENERATORS`. width: channels of both networks at 16×16.
    lr, betas: of Adam, both networks. real_target: what the discriminator is to say of real
    pictures, 0–1. average: share of the moving average of the generator's weights that stays at
    each step. features: name of the weights of a classifier, in the same folder, whose features
    the made pictures are measured by. Half of the pictures are mirrored.
    """

    name: str
    dataset: str
    network: str
    about: "About"
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
